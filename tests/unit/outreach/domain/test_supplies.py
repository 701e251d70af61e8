"""Supplies that were issued."""

from datetime import date

import pytest

from contracts.outreach.supplies import SupplyIssued
from services.outreach.domain.supplies import IssuedInFutureError, issue
from tests.support.samples import sample_of


def test_supplies_are_issued_on_their_day_and_not_before() -> None:
    supply = sample_of(SupplyIssued).data.supply

    assert issue(supply, supply.issued_on).supply == supply
    with pytest.raises(IssuedInFutureError):
        issue(supply, date(2026, 7, 10))
