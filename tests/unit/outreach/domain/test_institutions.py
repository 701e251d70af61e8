"""Institutions: registered once, corrected, closed; the coverage of the health-education network."""

from datetime import date

import pytest

from contracts.outreach.institutions import Institution, InstitutionKind, institution_id
from contracts.refusals import RefusedError
from services.outreach.domain import institutions
from services.outreach.domain.institutions import Coverage

TODAY = date(2026, 11, 20)
STREET = "320507001"
SCHOOL = Institution(
    institution_id=institution_id(STREET, InstitutionKind.SCHOOL, "采莲小学"),
    street=STREET,
    kind=InstitutionKind.SCHOOL,
    title="采莲小学",
    opened_on=date(2019, 9, 1),
)
CLOSED = SCHOOL.model_copy(update={"closed_on": date(2026, 8, 31)})


def test_an_institution_is_registered_once() -> None:
    fact = institutions.register(None, SCHOOL, TODAY)

    assert fact is not None
    assert fact.institution == SCHOOL
    assert institutions.register(SCHOOL, SCHOOL, TODAY) is None


def test_an_institution_that_was_closed_may_be_registered_again() -> None:
    again = SCHOOL.model_copy(update={"opened_on": date(2026, 9, 1)})

    fact = institutions.register(CLOSED, again, TODAY)

    assert fact is not None
    assert fact.institution == again


@pytest.mark.parametrize(
    ("known", "changed", "code"),
    [
        (None, {"opened_on": date(2026, 11, 21)}, "future_date"),
        (None, {"joined_on": date(2026, 11, 21)}, "future_date"),
        (None, {"joined_on": date(2019, 8, 31)}, "no_institution_then"),
        (SCHOOL, {"responsible": "edu-014"}, "institution_known"),
        (CLOSED, {"opened_on": date(2019, 9, 2)}, "institution_known"),
    ],
)
def test_what_cant_be_registered_is_refused(known: Institution | None, changed: dict[str, object], code: str) -> None:
    with pytest.raises(RefusedError) as refused:
        institutions.register(known, SCHOOL.model_copy(update=changed), TODAY)

    assert refused.value.code == code


def test_a_correction_that_changes_nothing_is_none() -> None:
    joined = SCHOOL.model_copy(update={"joined_on": date(2026, 3, 1)})

    fact = institutions.correct(SCHOOL, joined, TODAY)

    assert fact is not None
    assert fact.institution == joined
    assert institutions.correct(joined, joined, TODAY) is None


def test_an_institution_is_closed_once() -> None:
    fact = institutions.close(SCHOOL, date(2026, 8, 31), TODAY)

    assert fact is not None
    assert fact.institution == CLOSED
    assert institutions.close(CLOSED, date(2026, 8, 31), TODAY) is None


@pytest.mark.parametrize(
    ("known", "closed_on", "code"),
    [
        (CLOSED, date(2026, 9, 1), "institution_closed"),
        (SCHOOL, date(2026, 11, 21), "future_date"),
        (SCHOOL, date(2019, 8, 31), "no_institution_then"),
        (SCHOOL.model_copy(update={"joined_on": date(2026, 3, 1)}), date(2026, 2, 28), "no_institution_then"),
    ],
)
def test_what_cant_be_closed_is_refused(known: Institution, closed_on: date, code: str) -> None:
    with pytest.raises(RefusedError) as refused:
        institutions.close(known, closed_on, TODAY)

    assert refused.value.code == code


def test_the_id_of_an_institution_is_natural() -> None:
    assert institution_id(STREET, InstitutionKind.SCHOOL, " 采莲 小学 ") == SCHOOL.institution_id
    assert institution_id(STREET, InstitutionKind.HOSPITAL, "采莲小学") != SCHOOL.institution_id
    assert institution_id("320507002", InstitutionKind.SCHOOL, "采莲小学") != SCHOOL.institution_id


def test_coverage_counts_those_in_the_network_by_kind() -> None:
    school, market = InstitutionKind.SCHOOL, InstitutionKind.MARKET

    found = institutions.cover([(school, True, 3), (school, False, 1), (market, False, 2)])

    assert found == [Coverage(school, 4, 3), Coverage(market, 2, 0)]
    assert [one.rate for one in found] == [0.75, 0.0]
    assert Coverage(school, 0, 0).rate is None
