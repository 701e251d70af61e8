"""A feed as FHIR R4: its subscription, how far it is, and its events, as the guide Subscriptions R5 Backport has them.

http://hl7.org/fhir/uv/subscriptions-backport. What an event is about is a `Basic`: it is nobody's, so that no resource
of a person would be true of it.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from contracts.feeds.subscriptions import Subscription

Resource = dict[str, Any]

BASE = "urn:houniao:fhir"
GUIDE = "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition"
ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
DAY_OR_MONTH = re.compile(r"\d{4}-\d{2}(-\d{2})?")


class Detail(StrEnum):
    """How much of an event is told: its number, what it is about as well, or all of that too."""

    EMPTY = "empty"
    ID_ONLY = "id-only"
    FULL_RESOURCE = "full-resource"


def write_subscription(subscription: Subscription) -> Resource:
    """Return a subscription that stands; nothing is sent for it, what was told is asked for."""
    assert subscription.terms is not None
    asked_for = {"system": f"{BASE}/channel", "code": "query", "display": "$events"}
    content = {"url": f"{GUIDE}/backport-payload-content", "valueCode": Detail.FULL_RESOURCE.value}
    return {
        "resourceType": "Subscription",
        "id": subscription.subscription_id,
        "meta": {"profile": [f"{GUIDE}/backport-subscription"]},
        "status": "active",
        "end": f"{subscription.terms.expires_on}T23:59:59+08:00",
        "reason": subscription.purpose,
        "criteria": _topic(subscription),
        "channel": {
            "type": "rest-hook",
            "_type": {"extension": [{"url": f"{GUIDE}/backport-channel-type", "valueCoding": asked_for}]},
            "payload": "application/fhir+json",
            "_payload": {"extension": [content]},
        },
    }


def write_status(subscription: Subscription, end: int, now: str) -> Resource:
    """Return how far a feed is."""
    status = _status(subscription, end, "query-status", [])
    return {
        "resourceType": "Bundle",
        "type": "searchset",
        "timestamp": now,
        "total": 1,
        "entry": [{"fullUrl": f"urn:uuid:{status['id']}", "resource": status, "search": {"mode": "match"}}],
    }


def write_events(
    subscription: Subscription, events: Sequence[Mapping[str, Any]], end: int, detail: Detail, now: str
) -> Resource:
    """Return events that were told, of a feed that ends at a position."""
    numbered = [_notification(event, detail) for event in events]
    status = _status(subscription, end, "query-event", numbered, with_topic=detail is not Detail.EMPTY)
    asked = {"method": "GET", "url": f"Subscription/{subscription.subscription_id}/$status"}
    first = {"fullUrl": f"urn:uuid:{status['id']}", "resource": status, "request": asked, "response": {"status": "200"}}
    return {
        "resourceType": "Bundle",
        "meta": {"profile": [f"{GUIDE}/backport-subscription-notification-r4"]},
        "type": "history",
        "timestamp": now,
        "entry": [first, *(_entry(event) for event in events if detail is Detail.FULL_RESOURCE)],
    }


def _topic(subscription: Subscription) -> str:
    return f"{BASE}/SubscriptionTopic/{subscription.feed}"


def _status(
    subscription: Subscription, end: int, kind: str, numbered: Iterable[Resource], *, with_topic: bool = True
) -> Resource:
    topic = [{"name": "topic", "valueCanonical": _topic(subscription)}] if with_topic else []
    reference = {"reference": f"Subscription/{subscription.subscription_id}"}
    return {
        "resourceType": "Parameters",
        "id": str(uuid4()),
        "meta": {"profile": [f"{GUIDE}/backport-subscription-status-r4"]},
        "parameter": [
            {"name": "subscription", "valueReference": reference},
            *topic,
            {"name": "status", "valueCode": "active"},
            {"name": "type", "valueCode": kind},
            {"name": "events-since-subscription-start", "valueString": str(end)},
            *numbered,
        ],
    }


def _notification(event: Mapping[str, Any], detail: Detail) -> Resource:
    parts: list[Resource] = [
        {"name": "event-number", "valueString": str(event["position"])},
        {"name": "timestamp", "valueInstant": event["time"]},
    ]
    if detail is not Detail.EMPTY:
        parts.append({"name": "focus", "valueReference": {"reference": _address(event), "type": "Basic"}})
    return {"name": "notification-event", "part": parts}


def _entry(event: Mapping[str, Any]) -> Resource:
    made = {"method": "POST", "url": "Basic"}
    return {"fullUrl": _address(event), "resource": _focus(event), "request": made, "response": {"status": "201"}}


def _address(event: Mapping[str, Any]) -> str:
    return f"urn:uuid:{UUID(event['id'])}"


def _focus(event: Mapping[str, Any]) -> Resource:
    """Return what an event says: its kind, and an extension for each field; what is not known is absent as unknown."""
    _, kind, _ = event["type"].split(".")
    told = [{"url": f"{BASE}/{name}", **_value(value)} for name, value in event["data"].items()]
    return {
        "resourceType": "Basic",
        "id": str(UUID(event["id"])),
        **({"extension": told} if told else {}),
        "identifier": [{"system": f"{BASE}/event", "value": event["id"]}],
        "code": {"coding": [{"system": f"{BASE}/fact", "code": kind}]},
    }


def _value(value: Any) -> Resource:
    if value is None:
        return {"extension": [{"url": ABSENT, "valueCode": "unknown"}]}
    if isinstance(value, str):
        return {"valueDate" if DAY_OR_MONTH.fullmatch(value) else "valueString": value}
    if isinstance(value, int | float):
        return {"valueDecimal": value}
    return {"valueString": json.dumps(value, ensure_ascii=False)}
