"""A release tells of k people alike or of nobody, and counts what that took."""

from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest

from contracts.feeds.subscriptions import TimeUnit
from services.feeds.domain.releases import Release, pseudonym, release, render_event, start_of_unit, sum_up
from tests.support.subscriptions import make_terms

KEY = b"k" * 32


def make_entry(number: int, *, person: int | None = None, kind: str = "stay_started", **data: Any) -> dict[str, Any]:
    told = {
        "street": "320507001",
        "state": "open",
        "started_on": "2026-03-05",
        "ended_on": None,
        "birth_year": 1949,
        "sex": "female",
        "hukou_province": "32",
        "purpose": "family",
    }
    return {
        "id": f"event-{number}",
        "type": f"registration.{kind}.v1",
        "person_id": f"person-{number if person is None else person}",
        "data": told | data,
    }


def made(*entries: dict[str, Any], **terms: Any) -> Release:
    return release(make_terms(**terms), entries, audience="hospital", key=KEY)


def test_five_people_alike_are_told_of_with_full_detail() -> None:
    told = made(*(make_entry(number) for number in range(5)))

    assert [event["data"]["purpose"] for event in told.events] == ["family"] * 5
    assert (told.waiting, told.asked, told.told, +told.given_up) == ([], {"5": 5}, {"5": 5}, {})


def test_four_people_wait_for_a_fifth() -> None:
    four = [make_entry(number) for number in range(4)]

    assert (made(*four).events, made(*four).waiting) == ([], four)
    assert len(made(*four, make_entry(4)).events) == 5


def test_what_is_about_nobody_is_told_one_by_one_in_the_order_it_was_heard() -> None:
    held = [
        {**make_entry(number, kind="stay_ended" if number % 2 else "stay_started"), "person_id": None}
        for number in range(9)
    ]

    told = made(*held)

    assert [event["id"] for event in told.events] == [pseudonym(KEY, "hospital", entry["id"]) for entry in held]
    assert (told.waiting, +told.asked, +told.told, +told.given_up) == ([], {}, {}, {})


def test_one_persons_five_events_are_one_person() -> None:
    told = made(*(make_entry(number, person=1) for number in range(5)))

    assert (told.events, len(told.waiting)) == ([], 5)


def test_what_tells_people_apart_is_given_up_until_five_are_alike() -> None:
    streets = [make_entry(number, street=f"32050700{number}", sex="male", birth_year=2020) for number in range(1, 6)]

    told = made(*streets)

    assert [event["data"] for event in told.events] == [{}] * 5, "the street is the last to be given up"
    assert told.waiting == []
    assert (told.asked, told.told, +told.given_up) == ({"1": 5}, {"5": 5}, {"street": 5})


def test_no_more_is_given_up_than_it_takes() -> None:
    purposes = [make_entry(number, purpose=purpose) for number, purpose in enumerate("abcde")]

    told = made(*purposes)

    assert "purpose" not in told.events[0]["data"]
    assert told.events[0]["data"]["hukou_province"] == "32"
    assert +told.given_up == {"purpose": 5}


def test_those_alike_are_told_of_fully_whatever_the_others_are() -> None:
    told = made(
        *(make_entry(number) for number in range(5)), *(make_entry(number, sex="male") for number in range(5, 9))
    )

    assert [event["data"]["sex"] for event in told.events] == ["female"] * 5
    assert len(told.waiting) == 4


def test_another_fact_is_never_taken_for_alike() -> None:
    told = made(*(make_entry(number) for number in range(4)), make_entry(4, kind="stay_retracted"))

    assert (told.events, len(told.waiting)) == ([], 5)


def test_more_than_five_may_be_wanted() -> None:
    nine = [make_entry(number) for number in range(9)]

    assert made(*nine, k=10).events == []
    assert len(made(*nine, make_entry(9), k=10).events) == 10


def test_what_does_not_concern_the_audience_neither_counts_nor_waits() -> None:
    elsewhere = [make_entry(number, street="320507002") for number in range(5)]

    told = made(*elsewhere, make_entry(9), streets=("320507001",))

    assert (told.events, [entry["id"] for entry in told.waiting]) == ([], ["event-9"])


def test_each_audience_has_an_order_and_names_of_its_own_that_only_the_key_can_make() -> None:
    entries = [make_entry(number) for number in range(50)]
    names = [entry["id"] for entry in entries]

    def order(audience: str, key: bytes) -> list[str]:
        known = {pseudonym(key, audience, name): name for name in names}
        return [known[event["id"]] for event in release(make_terms(), entries, audience=audience, key=key).events]

    orders = [order("hospital", KEY), order("school", KEY), order("hospital", b"l" * 32), names]

    assert [sorted(one) for one in orders] == [sorted(names)] * 4
    assert len({tuple(one) for one in orders}) == 4
    assert order("hospital", KEY) == order("hospital", KEY)


def test_where_an_audiences_name_ends_and_another_begins_makes_a_difference() -> None:
    assert pseudonym(KEY, "school-1", "23") != pseudonym(KEY, "school-12", "3")


def test_counts_of_releases_are_summed_up() -> None:
    first = sum_up({}, made(*(make_entry(number) for number in range(5))))
    second = sum_up(first, made(*(make_entry(number, purpose=str(number)) for number in range(6))))

    assert second == {"asked": {"5": 5, "1": 6}, "told": {"5": 11}, "given_up": {"purpose": 6}}
    assert Counter(second["told"]).total() == 11


@pytest.mark.parametrize(
    ("unit", "began"),
    [
        (TimeUnit.MOMENT, "2026-11-25T17:31:22+00:00"),
        (TimeUnit.HOUR, "2026-11-25T17:00:00+00:00"),
        (TimeUnit.DAY, "2026-11-25T16:00:00+00:00"),
        (TimeUnit.WEEK, "2026-11-22T16:00:00+00:00"),
        (TimeUnit.MONTH, "2026-10-31T16:00:00+00:00"),
    ],
)
def test_a_unit_of_time_begins_in_china(unit: TimeUnit, began: str) -> None:
    moment = datetime(2026, 11, 25, 17, 31, 22, tzinfo=UTC)

    assert start_of_unit(moment, unit) == datetime.fromisoformat(began)


def test_what_is_told_is_a_cloud_event_with_a_position_and_no_subject_or_sequence() -> None:
    event = made(*(make_entry(number) for number in range(5)), attributes=("street",), age="none").events[0]

    assert render_event(event, position=7, district="320507", time="2026-11-25T16:00:00.000000Z") == {
        "specversion": "1.0",
        "id": event["id"],
        "source": "/districts/320507/feeds",
        "type": "feeds.stay_started.v2",
        "time": "2026-11-25T16:00:00.000000Z",
        "datacontenttype": "application/json",
        "position": 7,
        "data": {"street": "320507001"},
    }
