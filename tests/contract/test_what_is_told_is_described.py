"""Whatever an audience may be told, by any terms, is as the schemas for integrators say; AsyncAPI names all of it."""

import json
from collections.abc import Iterator
from itertools import count, product
from typing import Any

import pytest
from jsonschema import Draft202012Validator, ValidationError  # type: ignore[import-untyped]  # ships no types

from contracts import schemas
from contracts.envelope import Event, Fact, render_time, unwrap
from contracts.facts import ALL_FACTS, by_type
from contracts.feeds.asyncapi import WAYS
from contracts.feeds.feeds import FEEDS, TOLD_FACTS, Attribute, FeedName, Told
from contracts.feeds.subscriptions import AgeBand, TimeUnit
from contracts.feeds.words import HAPPENED, IS
from services.feeds.domain.entries import make_entries
from services.feeds.domain.releases import render_event
from services.feeds.domain.telling import tell
from tests.support.node import judge, parse_asyncapi, read_as_cloudevents
from tests.support.subscriptions import everything_of, make_terms
from tests.support.told import TOLD_TYPES, closed_schema, must_be_as_described

Json = dict[str, Any]

KNOWN = by_type(ALL_FACTS)


def sampled() -> Iterator[Event[Fact]]:
    """Yield the committed samples of facts that some feed tells of."""
    for path in sorted(schemas.SAMPLES.glob("*.json")):
        event = unwrap(json.loads(path.read_text(encoding="utf-8")), KNOWN)
        if isinstance(event.data, TOLD_FACTS):
            yield event


def everything_told() -> Iterator[Json]:
    """Yield what is told of each sample, as exactly and as vaguely as terms allow."""
    positions = count(1)
    for event, time, age in product(sampled(), TimeUnit, AgeBand):
        for feed, district, kept in make_entries(event):
            if age is AgeBand.NONE or FEEDS[feed].tells_ages:
                terms = make_terms(**{**everything_of(feed), "time": time, "age": age})
                told = {"id": event.id.replace("-", ""), "type": event.type, "data": tell(terms, kept)}
                moment = render_time(event.time)
                yield render_event(told, position=next(positions), district=district, time=moment)


TOLD = list(everything_told())
ONE_OF_EACH = {event["type"]: event for event in TOLD}


def asyncapi() -> Json:
    document: Json = json.loads((schemas.FOLDER / schemas.ASYNCAPI_OF_FEEDS).read_text(encoding="utf-8"))
    return document


def test_whatever_may_be_told_is_described() -> None:
    must_be_as_described(TOLD)

    assert {event["type"] for event in TOLD} == set(TOLD_TYPES)


@pytest.mark.parametrize(
    "wrong",
    [
        {"position": 0},
        {"id": "a-name"},
        {"personid": "0" * 32},
        {"data": {"street": "320507"}},
        {"data": {"person_id": "0" * 32}},
        {"data": {"started_on": "2026-3-1"}},
    ],
    ids=str,
)
def test_nothing_else_is(wrong: Json) -> None:
    with pytest.raises(ValidationError):
        must_be_as_described([{**TOLD[0], **wrong}])


def test_everything_that_is_told_has_words() -> None:
    assert HAPPENED.keys() == set(Told)
    assert IS.keys() == set(Attribute)


def test_ajv_and_the_library_of_cloudevents_take_it_too() -> None:
    told = [(event["type"], event) for event in TOLD]

    assert judge({kind: closed_schema(kind) for kind in TOLD_TYPES}, told) == []
    assert read_as_cloudevents(TOLD) == []


def test_ajv_and_the_library_of_cloudevents_refuse_what_is_none() -> None:
    kind, none = TOLD[0]["type"], {**TOLD[0], "time": "noon"}

    assert judge({kind: closed_schema(kind)}, [(kind, none)]) == [f'{kind}: data/time must match format "date-time"']
    assert read_as_cloudevents([none]) != []


# --- AsyncAPI


def test_the_official_parser_finds_nothing_wrong_with_the_document() -> None:
    assert parse_asyncapi(json.dumps(asyncapi())) == []


@pytest.mark.parametrize(("name", "way"), list(product(FEEDS, WAYS)))
def test_a_feed_can_be_followed_in_every_way_and_all_its_events_are_messages(name: FeedName, way: str) -> None:
    document = asyncapi()
    events = [event for kind, event in ONE_OF_EACH.items() if kind.split(".")[1] in FEEDS[name].told]
    payloads = {
        key: {**resolve(document, message["$ref"])["payload"], "components": document["components"]}
        for key, message in document["channels"][f"{name}_{way}"]["messages"].items()
    }

    if way in ("events", "queue", "stream"):
        assert payloads.keys() == {event["type"] for event in events}
        for event in events:
            Draft202012Validator(payloads[event["type"]]).validate(event)
    else:
        (page,) = payloads.values()
        Draft202012Validator(page).validate(events)
        with pytest.raises(ValidationError):
            Draft202012Validator(page).validate([{**events[0], "type": "feeds.none.v1"}])


def resolve(document: Json, reference: str) -> Any:
    found: Any = document
    for step in reference.removeprefix("#/").split("/"):
        found = found[step]
    return found
