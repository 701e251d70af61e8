"""The envelope: what every message looks like, and what is refused as no event."""

import json
import time
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest
from pydantic_core import from_json

from contracts.envelope import NotAnEventError, render, render_batch, render_time, split_batch, unwrap, uuid7, wrap
from contracts.facts import ALL_FACTS, by_type
from contracts.registration.stays import StayStarted
from tests.support.facts import make_stay

KNOWN = by_type(ALL_FACTS)
RECORDED_AT = datetime(2026, 3, 1, 8, 30, tzinfo=UTC)


def make_raw(**changes: Any) -> dict[str, Any]:
    fact = StayStarted(stay=make_stay())
    event = wrap(
        fact, sequence=1, service="registration", recorded_at=RECORDED_AT, causation="request", correlation="first"
    )
    raw: dict[str, Any] = from_json(render(event))
    return {**raw, **changes}


def test_an_event_is_a_cloud_event_that_says_who_where_and_which_place_in_its_stream() -> None:
    stay = make_stay()

    raw = make_raw()

    assert raw["specversion"] == "1.0"
    assert raw["source"] == "/districts/320507/registration"
    assert raw["type"] == "registration.stay_started.v1"
    assert raw["subject"] == f"stay/{stay.stay_id}"
    assert raw["time"] == "2026-03-01T08:30:00.000000Z"
    assert raw["datacontenttype"] == "application/json"
    assert raw["dataschema"] == "/schemas/registration.stay_started.v1.json"
    assert (raw["sequence"], raw["division"], raw["personid"]) == (1, stay.street, stay.person_id)
    assert (raw["causationid"], raw["correlationid"]) == ("request", "first")


def test_every_attribute_is_named_as_cloud_events_allow() -> None:
    names = make_raw().keys() - {"data"}

    assert all(name.isascii() and name.isalnum() and name.islower() and len(name) <= 20 for name in names)


def test_what_is_wrapped_and_rendered_is_read_back_alike() -> None:
    raw = make_raw()

    event = unwrap(raw, KNOWN)

    assert event.data == StayStarted(stay=make_stay())
    assert from_json(render(event)) == raw


def test_an_event_goes_to_the_district_that_must_hear_it() -> None:
    assert unwrap(make_raw(), KNOWN).routing_key == "registration.stay_started.v1.320507"


def test_times_are_rendered_in_utc_so_that_text_order_is_time_order() -> None:
    shanghai = timezone(timedelta(hours=8))
    moments = [
        datetime(2026, 3, 1, 7, 59, 59, 999999, tzinfo=shanghai),
        datetime(2026, 3, 1, 0, 0, tzinfo=UTC),
        datetime(2026, 3, 1, 8, 0, 0, 1, tzinfo=shanghai),
    ]

    rendered = [render_time(moment) for moment in moments]

    assert rendered == [
        "2026-02-28T23:59:59.999999Z",
        "2026-03-01T00:00:00.000000Z",
        "2026-03-01T00:00:00.000001Z",
    ]
    assert rendered == sorted(rendered)


def test_ids_are_uuids_of_version_7_that_carry_the_time() -> None:
    before = time.time_ns() // 1_000_000

    ids = [UUID(uuid7()) for _ in range(200)]

    after = time.time_ns() // 1_000_000
    assert {found.version for found in ids} == {7}
    assert {found.variant for found in ids} == {"specified in RFC 4122"}
    assert all(before <= found.int >> 80 <= after for found in ids)
    assert len(set(ids)) == len(ids)


def test_unknown_fields_are_ignored_in_the_envelope_in_the_fact_and_in_its_subject() -> None:
    raw = make_raw(tomorrow="new")
    raw["data"]["tomorrow"] = {"also": "new"}
    raw["data"]["stay"]["tomorrow"] = 1

    event = unwrap(raw, KNOWN)

    assert event.data == StayStarted(stay=make_stay())


def without(*path: str) -> dict[str, Any]:
    raw = make_raw()
    place = raw
    for name in path[:-1]:
        place = place[name]
    del place[path[-1]]
    return raw


def with_stay(**changes: Any) -> dict[str, Any]:
    raw = make_raw()
    raw["data"]["stay"].update(changes)
    return raw


@pytest.mark.parametrize(
    "raw",
    [
        None, 7, "text", [], {}, {"type": None}, {"type": "registration.stay_started.v1"},
        make_raw(type="registration.stay_started.v2"), make_raw(type=["registration.stay_started.v1"]),
        make_raw(specversion="0.3"), make_raw(sequence="first"), make_raw(time="yesterday"), make_raw(data=None),
        make_raw(data=[]), make_raw(data={}), make_raw(subject="stay/of-somebody-else"),
        make_raw(datacontenttype="text/xml"),
        without("id"), without("sequence"), without("data"), without("data", "stay"),
        without("data", "stay", "person_id"),
        with_stay(person_id="李小满"), with_stay(street="3205"), with_stay(started_on="2026-02-30"),
        with_stay(state="gone"),
    ],
)  # fmt: skip
def test_what_is_no_event_is_refused_with_a_reason(raw: Any) -> None:
    with pytest.raises(NotAnEventError) as refusal:
        unwrap(raw, KNOWN)

    assert str(refusal.value)


def test_a_fact_that_this_reader_does_not_hear_is_refused() -> None:
    with pytest.raises(NotAnEventError, match="unknown fact"):
        unwrap(make_raw(), {})


@pytest.mark.parametrize(
    "raw",
    [with_stay(person_id="李小满"), with_stay(birth="11010519491231002X"), make_raw(type="李小满 11010519491231002X")],
)
def test_a_refusal_says_where_it_is_wrong_without_repeating_what_was_there(raw: dict[str, Any]) -> None:
    with pytest.raises(NotAnEventError) as refusal:
        unwrap(raw, KNOWN)

    assert "李小满" not in str(refusal.value)
    assert "11010519491231002X" not in str(refusal.value)


def test_a_batch_is_an_array_of_its_events() -> None:
    events = [json.dumps(make_raw()) for _ in range(3)]

    split = split_batch(render_batch(events))

    assert split == [json.loads(event) for event in events]


def test_a_single_event_is_a_batch_of_one() -> None:
    assert split_batch(b'{"type": "x"}') == [{"type": "x"}]


def test_a_batch_may_be_empty() -> None:
    assert split_batch(render_batch([])) == []


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b"not json", b"[1,]", b'{"a":1}{"b":2}', b"[" * 100_000])
def test_what_is_not_json_is_refused(body: bytes) -> None:
    with pytest.raises(NotAnEventError, match="not JSON"):
        split_batch(body)
