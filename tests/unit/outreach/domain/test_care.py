"""Care: cases that are opened, visited, paired, closed and opened again; where each stands; how far a campaign is."""

from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.outreach.care import CareCase, CareCaseFact, CareNeed, CloseReason, Help, Pairing, Spell, Visit, case_id
from contracts.refusals import RefusedError
from contracts.registration.stays import Ending, StayState
from services.outreach.domain import care
from services.outreach.domain.care import MOST_VISITS, CaseStanding, Lived, Progress
from tests.support.facts import PEOPLE

TODAY, OPENED = date(2026, 11, 20), date(2026, 1, 5)
STREET, NEED = "320507001", CareNeed.HARDSHIP
CASE = CareCase(
    case_id=case_id(STREET, PEOPLE[0], NEED), street=STREET, person_id=PEOPLE[0], need=NEED, opened_on=OPENED
)
CLOSED = CASE.model_copy(update={"closed_on": date(2026, 6, 1), "close_reason": CloseReason.NEED_MET})


def make_visit(on: date = date(2026, 2, 3), name: str = "1", given: tuple[Help, ...] = ()) -> Visit:
    return Visit(visit_id=name * 32, visited_on=on, visited_by="v-2", help=given)


def visited(*days: date, case: CareCase = CASE) -> CareCase:
    visits = tuple(make_visit(day, f"{number:x}") for number, day in enumerate(days))
    return case.model_copy(update={"visits": visits})


def test_a_case_is_opened_once() -> None:
    fact = care.open_case(None, CASE, TODAY)

    assert fact is not None
    assert fact.case == CASE
    assert care.open_case(CASE, CASE, TODAY) is None
    assert care.open_case(visited(OPENED), CASE, TODAY) is None


def test_a_closed_case_is_opened_again_and_nothing_is_lost() -> None:
    closed = visited(date(2026, 2, 3), case=CLOSED)
    again = CASE.model_copy(update={"opened_on": date(2026, 9, 1), "household": PEOPLE[1:]})

    fact = care.open_case(closed, again, TODAY)

    assert fact is not None
    assert fact.case.visits == closed.visits
    before = Spell(opened_on=OPENED, closed_on=date(2026, 6, 1), close_reason=CloseReason.NEED_MET)
    assert fact.case.earlier == (before,)
    assert (fact.case.opened_on, fact.case.closed_on) == (date(2026, 9, 1), None)
    assert fact.case.last_seen_on == date(2026, 9, 1)


@pytest.mark.parametrize(
    ("known", "changed", "code"),
    [
        (None, {"opened_on": date(2026, 11, 21)}, "future_date"),
        (CASE, {"opened_on": date(2026, 1, 6)}, "case_known"),
        (CASE, {"household": PEOPLE[1:]}, "case_known"),
        (CLOSED, {"opened_on": date(2026, 5, 31)}, "no_case_then"),
    ],
)
def test_what_cant_be_opened_is_refused(known: CareCase | None, changed: dict[str, Any], code: str) -> None:
    with pytest.raises(RefusedError) as refused:
        care.open_case(known, CASE.model_copy(update=changed), TODAY)

    assert refused.value.code == code


def test_a_visit_takes_its_place_by_day_and_is_recorded_once() -> None:
    known = visited(date(2026, 3, 1))
    earlier = make_visit(date(2026, 2, 3), "e", (Help(kind="money", quantity=500_00),))

    fact = care.visit(known, earlier, TODAY)

    assert fact is not None
    assert fact.case.visits == (earlier, *known.visits)
    assert care.visit(fact.case, earlier, TODAY) is None


@pytest.mark.parametrize(
    ("known", "made", "code"),
    [
        (CASE, make_visit(date(2026, 1, 4)), "no_case_then"),
        (CASE, make_visit(date(2026, 11, 21)), "future_date"),
        (CLOSED, make_visit(), "case_closed"),
        (CASE, make_visit(given=(Help(kind="gold", quantity=1),)), "unknown_help"),
        (CASE, make_visit(given=(Help(kind="goods", quantity=1),) * 2), "unknown_help"),
        (visited(*[OPENED] * MOST_VISITS), make_visit(name="z"), "too_many_visits"),
    ],
)
def test_what_cant_be_a_visit_is_refused(known: CareCase, made: Visit, code: str) -> None:
    with pytest.raises(RefusedError) as refused:
        care.visit(known, made, TODAY)

    assert refused.value.code == code


def test_somebody_or_an_institution_stands_by() -> None:
    pairing = Pairing(paired_on=OPENED, staff="v-2")

    fact = care.pair(CASE, pairing, TODAY)

    assert fact is not None
    assert fact.case.pairing == pairing
    assert care.pair(fact.case, pairing, TODAY) is None


@pytest.mark.parametrize(
    ("known", "pairing", "code"),
    [
        (CASE, Pairing(paired_on=OPENED), "staff_or_institution"),
        (CASE, Pairing(paired_on=OPENED, staff="v-2", institution_id="7" * 32), "staff_or_institution"),
        (CASE, Pairing(paired_on=date(2026, 1, 4), staff="v-2"), "no_case_then"),
        (CASE, Pairing(paired_on=date(2026, 11, 21), staff="v-2"), "future_date"),
        (CLOSED, Pairing(paired_on=OPENED, staff="v-2"), "case_closed"),
    ],
)
def test_what_cant_be_a_pairing_is_refused(known: CareCase, pairing: Pairing, code: str) -> None:
    with pytest.raises(RefusedError) as refused:
        care.pair(known, pairing, TODAY)

    assert refused.value.code == code


def test_a_case_is_closed_once() -> None:
    fact = care.close(CASE, date(2026, 6, 1), CloseReason.NEED_MET, TODAY)

    assert fact is not None
    assert fact.case == CLOSED
    assert care.close(CLOSED, date(2026, 6, 1), CloseReason.NEED_MET, TODAY) is None


@pytest.mark.parametrize(
    ("known", "closed_on", "code"),
    [
        (CLOSED, date(2026, 6, 2), "case_closed"),
        (CASE, date(2026, 11, 21), "future_date"),
        (CASE, date(2026, 1, 4), "no_case_then"),
        (visited(date(2026, 6, 2)), date(2026, 6, 1), "no_case_then"),
        (CASE.model_copy(update={"pairing": Pairing(paired_on=date(2026, 6, 2))}), date(2026, 6, 1), "no_case_then"),
    ],
)
def test_what_cant_be_closed_is_refused(known: CareCase, closed_on: date, code: str) -> None:
    with pytest.raises(RefusedError) as refused:
        care.close(known, closed_on, CloseReason.NEED_MET, TODAY)

    assert refused.value.code == code


HERE = Lived(OPENED, StayState.OPEN)
GONE = Lived(OPENED, StayState.ENDED, Ending.CONFIRMED)
DEAD = Lived(OPENED, StayState.ENDED, Ending.DIED)
ELSEWHERE = Lived(OPENED, StayState.CONTESTED)
BACK = Lived(date(2026, 9, 1), StayState.OPEN)
NEVER = Lived(date(2026, 9, 1), StayState.RETRACTED)


@pytest.mark.parametrize(
    ("case", "lived", "standing"),
    [
        (CASE, [HERE], CaseStanding.OPEN),
        (CASE, [GONE], CaseStanding.LEFT),
        (CASE, [ELSEWHERE], CaseStanding.LEFT),
        (CASE, [GONE, BACK], CaseStanding.OPEN),
        (CASE, [DEAD], CaseStanding.DIED),
        (CASE, [DEAD, NEVER], CaseStanding.DIED),
        (CASE, [], CaseStanding.LEFT),
        (CLOSED, [HERE], CaseStanding.CLOSED),
        (CLOSED, [DEAD], CaseStanding.CLOSED),
    ],
)
def test_where_a_case_stands_follows_from_the_persons_stays(
    case: CareCase, lived: list[Lived], standing: CaseStanding
) -> None:
    assert care.standing_of(case, lived) is standing
    assert care.standing_of(case, reversed(lived)) is standing


def test_a_case_is_late_when_nobody_came_for_longer_than_the_table_says() -> None:
    assert not care.is_late(visited(TODAY - timedelta(days=90)), TODAY)
    assert care.is_late(visited(TODAY - timedelta(days=91)), TODAY)
    assert care.is_late(CASE, TODAY)
    assert not care.is_late(CLOSED, TODAY)


def test_a_campaign_counts_open_cases_and_those_that_were_visited_in_it() -> None:
    first, last = date(2026, 1, 1), date(2026, 2, 17)
    cases = [
        (visited(date(2026, 2, 17)), CaseStanding.OPEN),
        (visited(date(2026, 2, 18)), CaseStanding.OPEN),
        (CASE, CaseStanding.LEFT),
        (visited(date(2026, 1, 6)), CaseStanding.DIED),
        (CLOSED, CaseStanding.CLOSED),
        (CASE.model_copy(update={"opened_on": date(2026, 2, 18)}), CaseStanding.OPEN),
    ]

    found = care.progress_of(cases, first, last)

    assert found[0] == Progress(NEED, cases=4, visited=2, left=1)
    assert found[0].rate == 0.5
    assert found[1].rate is None


def test_a_case_that_was_opened_again_counts_in_the_campaign_of_its_former_spell() -> None:
    again = care.open_case(CLOSED, CASE.model_copy(update={"opened_on": date(2026, 9, 1)}), TODAY)
    assert again is not None

    def cases(first: date, last: date) -> int:
        return care.progress_of([(again.case, CaseStanding.OPEN)], first, last)[0].cases

    assert cases(date(2026, 1, 1), date(2026, 2, 17)) == 1
    assert cases(date(2026, 7, 1), date(2026, 8, 31)) == 0
    assert cases(date(2026, 9, 1), date(2026, 9, 2)) == 1


def test_help_is_totalled_by_kind_in_the_window() -> None:
    first, last = date(2026, 1, 1), date(2026, 2, 17)
    money, goods = Help(kind="money", quantity=500_00), Help(kind="goods", quantity=2)
    visits = (
        make_visit(date(2026, 1, 6), "1", (money, goods)),
        make_visit(date(2026, 2, 17), "2", (money,)),
        make_visit(date(2026, 2, 18), "3", (money,)),
    )

    totals = care.total_help([CASE.model_copy(update={"visits": visits})], first, last)

    assert totals == {"money": 1000_00, "goods": 2}


STEPS = st.lists(st.tuples(st.sampled_from(("open", "visit", "close")), st.integers(0, 200)), max_size=15)


@given(steps=STEPS)
def test_whatever_is_asked_for_no_visit_is_lost_and_spells_do_not_overlap(steps: list[tuple[str, int]]) -> None:
    known: CareCase | None = None
    made = 0
    for number, (step, days) in enumerate(steps):
        fact: CareCaseFact | None = None
        day = OPENED + timedelta(days=days)
        try:
            if step == "open":
                fact = care.open_case(known, CASE.model_copy(update={"opened_on": day}), TODAY)
            elif known and step == "visit":
                fact = care.visit(known, make_visit(day, f"{number:x}"), TODAY)
                made += 1
            elif known:
                fact = care.close(known, day, CloseReason.NEED_MET, TODAY)
        except RefusedError:
            continue
        known = fact.case if fact else known

    if known:
        assert len(known.visits) == made
        assert list(known.visits) == sorted(known.visits, key=lambda one: (one.visited_on, one.visit_id))
        spells = [(one.opened_on, one.closed_on) for one in known.earlier] + [(known.opened_on, TODAY)]
        assert all(ended <= begun for (_, ended), (begun, _) in pairwise(spells))


def test_a_visit_that_was_recorded_by_mistake_stays_and_counts_nowhere() -> None:
    known = CASE.model_copy(update={"visits": (make_visit(given=(Help(kind="goods", quantity=2),)),)})

    fact = care.withdraw(known, "1" * 32)

    assert fact is not None
    assert [one.withdrawn for one in fact.case.visits] == [True]
    assert fact.case.last_seen_on == OPENED
    assert care.withdraw(fact.case, "1" * 32) is None
    window = (date(2026, 1, 1), date(2026, 2, 17))
    assert care.progress_of([(fact.case, CaseStanding.OPEN)], *window)[0].visited == 0
    assert care.total_help([fact.case], *window) == {}
    with pytest.raises(care.UnknownVisitError):
        care.withdraw(known, "2" * 32)
