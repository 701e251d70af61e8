"""Educators: who joined and who left, never two terms at once."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.outreach.educators import Educator, EducatorFact, EducatorKind, Term, educator_id
from contracts.refusals import RefusedError
from services.outreach.domain import educators

TODAY = date(2026, 11, 20)
STREET, KIND = "320507001", EducatorKind.LECTURER
FIRST = Term(joined_on=date(2024, 3, 1), left_on=date(2025, 3, 1))
OPEN = Term(joined_on=date(2025, 9, 1), institution_id="7" * 32)


def educator(*terms: Term) -> Educator:
    return Educator(
        educator_id=educator_id(STREET, KIND, "edu-014"), street=STREET, kind=KIND, staff="edu-014", terms=terms
    )


def test_somebody_joins_once_and_again_after_leaving() -> None:
    fact = educators.join(None, educator(OPEN), TODAY)
    again = educators.join(educator(FIRST), educator(OPEN), TODAY)

    assert fact is not None
    assert fact.educator == educator(OPEN)
    assert again is not None
    assert again.educator.terms == (FIRST, OPEN)
    assert educators.join(again.educator, educator(OPEN), TODAY) is None


@pytest.mark.parametrize(
    ("known", "joined_on", "code"),
    [
        (None, date(2026, 11, 21), "future_date"),
        (educator(OPEN), date(2025, 9, 2), "educator_known"),
        (educator(OPEN), date(2025, 9, 1), "educator_known"),  # at no institution
        (educator(FIRST), date(2025, 2, 28), "left_before_joining"),
    ],
)
def test_who_cant_join_is_refused(known: Educator | None, joined_on: date, code: str) -> None:
    with pytest.raises(RefusedError) as refused:
        educators.join(known, educator(Term(joined_on=joined_on)), TODAY)

    assert refused.value.code == code


def test_an_educator_leaves_once_and_earlier_terms_stay() -> None:
    fact = educators.release(educator(FIRST, OPEN), date(2026, 1, 5), TODAY)

    assert fact is not None
    assert fact.educator.terms == (FIRST, OPEN.model_copy(update={"left_on": date(2026, 1, 5)}))
    assert educators.release(fact.educator, date(2026, 1, 5), TODAY) is None


@pytest.mark.parametrize(
    ("known", "left_on", "code"),
    [
        (educator(FIRST), date(2025, 3, 2), "educator_left"),
        (educator(OPEN), date(2026, 11, 21), "future_date"),
        (educator(OPEN), date(2025, 9, 1), "left_before_joining"),
    ],
)
def test_what_cant_be_a_leaving_is_refused(known: Educator, left_on: date, code: str) -> None:
    with pytest.raises(RefusedError) as refused:
        educators.release(known, left_on, TODAY)

    assert refused.value.code == code


@given(steps=st.lists(st.tuples(st.booleans(), st.integers(0, 400)), max_size=12))
def test_whatever_is_asked_for_nobody_has_two_terms_at_once(steps: list[tuple[bool, int]]) -> None:
    known: Educator | None = None
    fact: EducatorFact | None
    for joins, days in steps:
        day = TODAY - timedelta(days=days)
        try:
            if joins:
                fact = educators.join(known, educator(Term(joined_on=day)), TODAY)
            else:
                fact = educators.release(known, day, TODAY) if known else None
        except RefusedError:
            continue
        known = fact.educator if fact else known

    calendar = [TODAY - timedelta(days=one) for one in range(401)]
    terms = known.terms if known else ()
    assert all(sum(term.holds_on(day) for term in terms) <= 1 for day in calendar)
    assert all(term.left_on is not None for term in terms[:-1])
