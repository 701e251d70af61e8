"""Which routing keys a queue is bound to: the districts served, and what is heard of every district."""

from contracts.registration.notices import NoticeSent
from contracts.registration.stays import StayEnded, StayStarted
from services.runtime.inbox import binding_keys


def test_an_instance_for_all_districts_hears_everything_of_everywhere() -> None:
    assert binding_keys((StayStarted, StayEnded), ()) == [
        "registration.stay_started.v1.*",
        "registration.stay_ended.v1.*",
    ]


def test_an_instance_for_some_districts_hears_theirs_alone() -> None:
    assert binding_keys((StayStarted,), ("320507", "320812")) == [
        "registration.stay_started.v1.320507",
        "registration.stay_started.v1.320812",
    ]


def test_some_facts_are_heard_of_every_district_and_the_rest_of_those_served() -> None:
    keys = binding_keys((StayStarted, NoticeSent), ("320507",), everywhere=(NoticeSent,))

    assert keys == ["registration.stay_started.v1.320507", "registration.notice_sent.v1.*"]
