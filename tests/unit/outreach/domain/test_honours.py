"""Honours: each for its kind of household or institution, awarded once, withdrawn once."""

from datetime import date

import pytest

from contracts.outreach.honours import Honour, HonourAwarded, HonourKind, honour_id
from contracts.outreach.institutions import Institution, InstitutionKind
from services.outreach.domain.honours import (
    FOR,
    AwardedToOthersError,
    BeforeHonourError,
    HonourInFutureError,
    award,
    withdraw,
)

TODAY, STREET = date(2026, 11, 20), "320507001"


def institution(kind: InstitutionKind) -> Institution:
    return Institution(institution_id="5" * 32, street=STREET, kind=kind, title="某机构", opened_on=date(2010, 1, 1))


def honour(kind: HonourKind, awarded_on: date = date(2026, 3, 1)) -> Honour:
    return Honour(honour_id=honour_id("5" * 32, kind, awarded_on), street=STREET, kind=kind, awarded_on=awarded_on)


@pytest.mark.parametrize("kind", HonourKind)
@pytest.mark.parametrize("given_to", [None, *InstitutionKind])
def test_an_honour_is_for_its_own_kind_only(kind: HonourKind, given_to: InstitutionKind | None) -> None:
    asked = honour(kind)
    meant = given_to in FOR[kind] if kind in FOR else given_to is None
    if meant:
        assert award(None, asked, institution(given_to) if given_to else None, TODAY) == HonourAwarded(honour=asked)
    else:
        with pytest.raises(AwardedToOthersError):
            award(None, asked, institution(given_to) if given_to else None, TODAY)


def test_an_honour_is_awarded_once_and_not_in_the_future() -> None:
    asked = honour(HonourKind.HAPPY_FAMILY)

    assert award(asked, asked, None, TODAY) is None
    with pytest.raises(HonourInFutureError):
        award(None, honour(HonourKind.HAPPY_FAMILY, date(2026, 11, 21)), None, TODAY)


def test_an_honour_is_withdrawn_once_after_it_was_awarded() -> None:
    asked = honour(HonourKind.HAPPY_FAMILY)
    fact = withdraw(asked, date(2026, 8, 1), TODAY)
    assert fact is not None

    assert withdraw(fact.honour, date(2026, 8, 1), TODAY) is None
    for known, on in ((fact.honour, date(2026, 8, 2)), (asked, date(2026, 2, 28))):
        with pytest.raises(BeforeHonourError):
            withdraw(known, on, TODAY)
    with pytest.raises(HonourInFutureError):
        withdraw(asked, date(2026, 11, 21), TODAY)
