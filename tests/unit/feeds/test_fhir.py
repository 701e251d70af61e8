"""What FHIR R4 says of a feed: valid, by its profiles, and just what the feed tells."""

from typing import Any

import pytest
from fhir.resources.R4B.bundle import Bundle
from fhir.resources.R4B.subscription import Subscription as FhirSubscription

from services.feeds.domain.releases import pseudonym
from services.feeds.fhir import ABSENT, Detail, write_events, write_status, write_subscription
from tests.support.subscriptions import make_subscription, make_terms

STANDING = make_subscription(terms=make_terms())
NOW = "2026-11-27T02:00:00.000000Z"
TOLD: dict[str, Any] = {"street": "320507001", "started_on": "2026-03-05", "ended_on": None, "born": "1945-1949"}


def make_event(position: int, **data: Any) -> dict[str, Any]:
    return {
        "id": pseudonym(b"k" * 32, "hospital", str(position)),
        "type": "feeds.stay_started.v2",
        "time": "2026-11-26T16:00:00.000000Z",
        "position": position,
        "data": data,
    }


def write(detail: Detail, *events: dict[str, Any]) -> dict[str, Any]:
    bundle = write_events(STANDING, events, 9, detail, NOW)
    Bundle.model_validate(bundle)
    return bundle


def named(parameters: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the values of parameters by name, but for the events."""
    values = ({key: value for key, value in one.items() if key not in {"name", "part"}} for one in parameters)
    return {one["name"]: next(iter(value.values()), None) for one, value in zip(parameters, values, strict=True)}


def test_a_bundle_begins_with_the_status_and_has_what_each_event_is_about() -> None:
    event = make_event(7, **TOLD)

    status, focus = write(Detail.FULL_RESOURCE, event)["entry"]

    told = status["resource"]["parameter"]
    numbered = named(told.pop()["part"])
    assert status["request"]["url"] == f"Subscription/{STANDING.subscription_id}/$status"
    assert named(told) == {
        "subscription": {"reference": f"Subscription/{STANDING.subscription_id}"},
        "topic": "urn:houniao:fhir/SubscriptionTopic/stays",
        "status": "active",
        "type": "query-event",
        "events-since-subscription-start": "9",
    }
    assert (numbered["event-number"], numbered["timestamp"]) == ("7", event["time"])
    assert numbered["focus"]["reference"] == focus["fullUrl"] == f"urn:uuid:{focus['resource']['id']}"
    assert focus["resource"]["code"]["coding"][0]["code"] == "stay_started"
    assert focus["resource"]["identifier"][0]["value"] == event["id"]
    assert focus["resource"]["extension"] == [
        {"url": "urn:houniao:fhir/street", "valueString": "320507001"},
        {"url": "urn:houniao:fhir/started_on", "valueDate": "2026-03-05"},
        {"url": "urn:houniao:fhir/ended_on", "extension": [{"url": ABSENT, "valueCode": "unknown"}]},
        {"url": "urn:houniao:fhir/born", "valueString": "1945-1949"},
    ]


@pytest.mark.parametrize("value", ["2026-W10", "2026-03", 5, 0.5, [{"form": "csv"}], "320507"])
def test_any_value_that_a_feed_tells_is_valid(value: Any) -> None:
    write(Detail.FULL_RESOURCE, make_event(1, told=value))


def test_of_ids_alone_nothing_of_what_happened_is_told_and_of_less_not_even_these() -> None:
    events = [make_event(1, **TOLD), make_event(2)]

    ids, numbers = (write(detail, *events) for detail in (Detail.ID_ONLY, Detail.EMPTY))

    assert [len(one["entry"]) for one in (ids, numbers)] == [1, 1]
    assert "320507001" not in str(ids)
    parts = [one["part"] for one in numbers["entry"][0]["resource"]["parameter"] if "part" in one]
    assert [[part["name"] for part in part_of] for part_of in parts] == [["event-number", "timestamp"]] * 2
    assert "topic" not in named(numbers["entry"][0]["resource"]["parameter"])


def test_the_status_and_the_subscription_are_valid() -> None:
    status = Bundle.model_validate(write_status(STANDING, 9, NOW))
    subscription: Any = FhirSubscription.model_validate(write_subscription(STANDING))

    assert (status.type, status.total) == ("searchset", 1)
    assert subscription.criteria == "urn:houniao:fhir/SubscriptionTopic/stays"
    assert subscription.channel.payload__ext.extension[0].valueCode == "full-resource"
