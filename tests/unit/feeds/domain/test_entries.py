"""What an integrator sees of a stay, what no integrator ever sees, and the names that each of them gets."""

from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from contracts.envelope import Fact
from contracts.facts import HEARD_BY
from contracts.reference.identity import Sex
from contracts.registration.stays import DestinationKind, Stay, StayEnded, StayStarted, StayState
from services.feeds.domain.entries import make_entry, pseudonym, render_entry
from tests.support.facts import PEOPLE, EventList, envelop, make_stay
from tests.support.histories import stay_histories
from tests.support.models import any_of
from tests.support.samples import sample_of

KEY = b"k" * 32
PATIENT = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
SHOWN = {"street", "state", "started_on", "ended_on", "sex", "purpose"}
"""Fields of a stay that an entry shows as they are."""
NAMED = {"person_id", "stay_id"}
"""Fields that an entry has names of its own for."""
BLURRED = {"birth", "hukou_division"}
"""Fields of which an entry shows the year and the province alone."""


def enter(stay: Stay) -> dict[str, Any]:
    (event,) = envelop([StayStarted(stay=stay)])
    return make_entry(event)


def rendered(entry: dict[str, Any], audience: str = "hospital", key: bytes = KEY) -> dict[str, Any]:
    return render_entry(entry, position=7, district="320507", audience=audience, key=key)


# --- what an entry carries


def test_an_entry_says_where_when_and_what_kind_of_person() -> None:
    stay = make_stay(
        state=StayState.ENDED,
        ended_on=date(2026, 2, 1),
        birth=date(1988, 4, 17),
        sex=Sex.FEMALE,
        hukou_division="520526",
        purpose="labour",
    )

    (event,) = envelop([StayEnded(stay=stay)])

    assert rendered(make_entry(event))["data"] == {
        "stay": pseudonym(KEY, "hospital", stay.stay_id),
        "person": pseudonym(KEY, "hospital", stay.person_id),
        "street": "320507001",
        "state": "ended",
        "started_on": "2026-01-01",
        "ended_on": "2026-02-01",
        "birth_year": 1988,
        "sex": "female",
        "hukou_province": "52",
        "purpose": "labour",
    }


def test_what_is_not_known_is_none() -> None:
    entry = rendered(enter(make_stay()))

    nothing = {"ended_on", "birth_year", "hukou_province", "purpose"}
    assert {name for name, value in entry["data"].items() if value is None} == nothing


@pytest.mark.parametrize("kind", HEARD_BY["feeds"], ids=lambda kind: kind.__name__)
def test_an_entry_is_a_cloud_event_of_feeds_with_its_place_in_the_stream_and_in_the_feed(kind: type[Fact]) -> None:
    event = sample_of(kind)

    entry = rendered(make_entry(event))

    data = entry.pop("data")
    assert entry == {
        "specversion": "1.0",
        "id": pseudonym(KEY, "hospital", event.id),
        "source": "/districts/320507/feeds",
        "type": kind.TYPE.replace("registration.", "feeds."),
        "subject": f"stay/{data['stay']}",
        "time": event.model_dump(mode="json")["time"],
        "datacontenttype": "application/json",
        "sequence": event.sequence,
        "position": 7,
        "division": event.division,
    }


# --- what an entry never carries


@PATIENT
@given(history=stay_histories())
def test_a_feed_entry_says_nothing_by_which_a_person_is_known_elsewhere(history: EventList) -> None:
    entries = [make_entry(event) for event in history]

    told = [
        str(render_entry(entry, position=1, district="320507", audience="hospital", key=b"k" * 32)) for entry in entries
    ]

    for event, text in zip(history, told, strict=True):
        stay = event.data.stay
        secrets = (stay.person_id, stay.stay_id, event.id, stay.contested_by, stay.birth and stay.birth.isoformat())
        assert not any(secret in text for secret in secrets if secret)


@PATIENT
@given(one=any_of(Stay), other=any_of(Stay))
def test_nothing_else_that_is_known_of_a_stay_makes_any_difference_to_its_entry(one: Stay, other: Stay) -> None:
    alike = other.model_copy(update={name: getattr(one, name) for name in SHOWN | NAMED | BLURRED})

    assert enter(alike) == enter(one)


def test_of_a_birthday_the_year_is_told_and_of_the_household_the_province() -> None:
    one = make_stay(birth=date(1988, 1, 1), hukou_division="520526")
    other = make_stay(birth=date(1988, 12, 31), hukou_division="522301")

    assert enter(one) == enter(other)
    assert enter(one) != enter(make_stay(birth=date(1989, 1, 1), hukou_division="520526"))
    assert enter(one) != enter(make_stay(birth=date(1988, 1, 1), hukou_division="530526"))


def test_what_somebody_typed_or_decided_at_the_office_is_never_told() -> None:
    kept_back: dict[str, Any] = {
        "origin": "341204",
        "destination": "310110",
        "dwelling": "rented",
        "hazard": "noise",
        "community": "朱泾社区",
        "grid": "320507001003",
        "relationship": "daughter",
        "household_id": "d" * 32,
        "guardian_id": "e" * 32,
        "contested_by": "f" * 32,
        "destination_kind": DestinationKind.EXTERNAL,
    }

    text = str(rendered(enter(make_stay(**kept_back))))

    assert not [value for value in kept_back.values() if value in text]


def test_who_and_what_caused_a_fact_is_never_told() -> None:
    event = sample_of(StayStarted)

    text = str(rendered(make_entry(event)))

    assert event.causationid
    assert event.causationid not in text
    assert event.correlationid not in text


# --- names


@PATIENT
@given(history=stay_histories())
def test_two_audiences_share_no_name_of_a_person_stay_or_event(history: EventList) -> None:
    entry = make_entry(history[0])

    first, second = (
        render_entry(entry, position=1, district="320507", audience=audience, key=b"k" * 32)
        for audience in ("hospital", "school")
    )

    assert first["id"] != second["id"]
    assert first["data"]["person"] != second["data"]["person"]
    assert first["data"]["stay"] != second["data"]["stay"]


def test_one_audience_knows_a_person_by_one_name_wherever_they_stay_and_nobody_else_by_it() -> None:
    here, there = (rendered(enter(make_stay(PEOPLE[0], street))) for street in ("320507001", "320812001"))
    somebody_else = rendered(enter(make_stay(PEOPLE[1])))

    assert here["data"]["person"] == there["data"]["person"]
    assert here["data"]["stay"] != there["data"]["stay"]
    assert here["data"]["person"] != somebody_else["data"]["person"]


def test_a_name_is_32_hexadecimal_digits_that_only_the_key_can_make() -> None:
    entry = enter(make_stay())

    name, other = (rendered(entry, key=key)["data"]["person"] for key in (KEY, b"l" * 32))

    assert len(bytes.fromhex(name)) == 16
    assert name != other


def test_where_an_audiences_name_ends_and_a_persons_begins_makes_a_difference() -> None:
    assert pseudonym(KEY, "school-1", "23") != pseudonym(KEY, "school-12", "3")
