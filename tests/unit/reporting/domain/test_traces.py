"""Since when it is known where somebody is who left a stay, by their later stays, others' notices, deaths, merges."""

from datetime import date
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.reporting.domain.traces import Claim, Known, trace
from tests.support.facts import make_person

A, B = "a" * 32, "b" * 32


def may(day: int) -> date:
    return date(2026, 5, day)


def claim(name: str, day: int, person: str = A, **more: Any) -> Claim:
    return Claim(name, person, may(day), recorded_at=f"2026-06-01T00:00:{day:02}Z", **more)


MERGED = make_person(A, merged_into=B, linked=(B,))


def test_who_left_is_found_with_the_next_later_stay() -> None:
    known = Known([claim("one", 1), claim("two", 5), claim("three", 9)])

    assert trace(known) == {"one": may(5), "two": may(9), "three": None}


def test_a_retracted_stay_finds_nobody() -> None:
    assert trace(Known([claim("one", 1), claim("two", 5, stands=False)]))["one"] is None


def test_of_two_stays_from_the_same_day_the_later_recorded_goes_on() -> None:
    one, two = claim("one", 5), Claim("two", A, may(5), "2026-06-02T00:00:00Z")

    assert trace(Known([one, two])) == {"one": may(5), "two": None}


def test_who_left_is_found_by_another_districts_notice_of_the_arrival() -> None:
    assert trace(Known([claim("one", 1)], elsewhere=[claim("far", 7)])) == {"one": may(7)}


def test_the_stay_itself_says_more_than_the_notice_of_it() -> None:
    stays = [claim("one", 1), claim("two", 8, stands=False)]

    assert trace(Known(stays, elsewhere=[claim("two", 5)]))["one"] is None


def test_who_left_is_found_where_the_other_district_confirms_it() -> None:
    assert trace(
        Known([claim("one", 1), claim("two", 9)], arrived=[("one", may(7)), ("one", may(4)), ("other", may(2))])
    )["one"] == may(4)


def test_who_died_is_not_under_way() -> None:
    assert trace(Known([claim("one", 1)], people=[make_person(A, died_on=may(3))])) == {"one": may(3)}


def test_a_merge_lets_another_ids_stay_be_the_next_and_undone_it_does_not() -> None:
    stays = [claim("one", 1), claim("two", 5, B)]

    assert trace(Known(stays, people=[MERGED])) == {"one": may(5), "two": None}
    assert trace(Known(stays, people=[make_person(A, linked=(B,))])) == {"one": None, "two": None}


@st.composite
def knowledge(draw: st.DrawFn) -> Known:
    """Make any knowledge of two people who may be one."""
    days, people = st.integers(1, 9), st.sampled_from((A, B))
    stays = [
        claim(f"stay-{number}", draw(days), draw(people), stands=draw(st.booleans()))
        for number in range(draw(st.integers(1, 5)))
    ]
    elsewhere = [claim(f"far-{number}", draw(days), draw(people)) for number in range(draw(st.integers(0, 2)))]
    return Known(stays, draw(st.lists(st.just(MERGED), max_size=1)), elsewhere)


@given(known=knowledge())
def test_a_person_is_under_way_from_one_stay_at_most(known: Known) -> None:
    people = [{A, B}] if known.people else [{A}, {B}]

    for ids in people:
        last = [
            stay.stay_id
            for stay in known.stays
            if stay.stands and stay.person_id in ids and trace(known)[stay.stay_id] is None
        ]
        assert len(last) <= 1


@given(data=st.data(), known=knowledge())
def test_the_order_of_knowing_is_nothing(data: st.DataObject, known: Known) -> None:
    other = Known(
        data.draw(st.permutations(list(known.stays))), known.people, data.draw(st.permutations(list(known.elsewhere)))
    )

    assert trace(other) == trace(known)
