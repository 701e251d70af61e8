"""Who is one person: merges by any district, in any order, contradicting each other, and undone."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from contracts.registration.people import Person, deaths, ever_linked, one_person
from tests.support.facts import FIRST_DAY, make_person

A, B, C, D = (letter * 32 for letter in "abcd")


def merged(one: str, into: str, district: str = "320507") -> Person:
    return make_person(one, district, merged_into=into, linked=(into,))


def test_merges_of_two_districts_make_three_ids_one_person() -> None:
    found = one_person([merged(A, B), merged(B, C, "320812")])

    assert found == dict.fromkeys((A, B, C), frozenset({A, B, C}))


def test_merges_in_a_ring_make_one_person() -> None:
    assert one_person([merged(A, B), merged(B, A, "320812")])[A] == {A, B}


def test_whom_one_district_unmerged_another_may_still_hold_for_one() -> None:
    unmerged = make_person(A, "320507", linked=(B,))

    assert one_person([unmerged]) == {}
    assert one_person([unmerged, merged(A, B, "320812")])[B] == {A, B}


def test_who_was_ever_linked_stays_so_after_the_merge_is_undone() -> None:
    assert ever_linked([make_person(A, linked=(B,)), merged(C, B)])[A] == {A, B, C}


def test_a_death_is_that_of_every_id_of_the_person_on_the_first_day_that_is_told() -> None:
    first, later = date(2026, 5, 1), date(2026, 5, 3)

    found = deaths([make_person(B, died_on=later), make_person(A, "320812", died_on=first), merged(A, B), merged(C, D)])

    assert found == {A: first, B: first}


@st.composite
def records(draw: st.DrawFn) -> list[Person]:
    ids = st.sampled_from((A, B, C, D))
    pairs = draw(st.lists(st.tuples(ids, ids), max_size=6, unique=True))
    days = draw(st.lists(st.sampled_from((None, FIRST_DAY)), min_size=len(pairs), max_size=len(pairs)))
    return [
        make_person(one, f"{320500 + number}", merged_into=into, linked=(into,), died_on=day)
        for number, ((one, into), day) in enumerate(zip(pairs, days, strict=True))
    ]


@given(data=st.data(), told=records())
def test_the_order_of_telling_is_nothing(data: st.DataObject, told: list[Person]) -> None:
    other = data.draw(st.permutations(told))

    assert one_person(other) == one_person(told)
    assert deaths(other) == deaths(told)


@given(told=records())
def test_ids_that_are_one_say_so_of_each_other(told: list[Person]) -> None:
    found = one_person(told)

    for one, ids in found.items():
        assert one in ids
        assert all(found[other] == ids for other in ids)
    assert all(found[record.person_id] == found[record.merged_into] for record in told if record.merged_into)
