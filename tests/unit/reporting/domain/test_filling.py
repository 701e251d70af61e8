"""How in time and how complete it is filled in: by the first day of a stay, by the day of what an entry says."""

from typing import Any

import pytest

from services.reporting.domain.days import day_from
from services.reporting.domain.filling import filling
from services.reporting.domain.person import Person, Rows
from services.reporting.domain.policy import Policy

STREET = "320507001"
STAY = {
    "_id": "stay-1",
    "street": STREET,
    "started_on": "2026-03-01",
    "recorded_at": "2026-03-04T02:00:00+00:00",
    "registration_due": "2026-03-04",
    "state": "open",
    "birth": "1990-05-01",
    "sex": "female",
    "hukou_division": "510623",
    "purpose": "labour",
}
ENTRY = {
    "_id": "entry-1",
    "street": STREET,
    "measured_at": "2026-05-01T02:00:00+00:00",
    "said_at": "2026-05-04T02:00:00+00:00",
    "state": "recorded",
    "kind": "blood_pressure",
}


def counted(
    *, stays: list[dict[str, Any]] | None = None, entries: list[dict[str, Any]] | None = None
) -> dict[str, str]:
    """Return the day on which each measure counts; all are of the street, and never end."""
    person = Person(Rows(stays=stays or [], entries=entries or []), horizon=30_000)
    found = list(filling(person, Policy()))
    assert {each.division for each in found} <= {STREET}
    return {each.measure: day_from(each.since).isoformat() for each in found}


def test_a_stay_that_is_registered_by_its_day_with_all_that_is_asked_counts_as_in_time_and_complete() -> None:
    assert counted(stays=[STAY]) == dict.fromkeys(
        ("filled.stays", "filled.stays.complete", "filled.stays.due", "filled.stays.in_time"), "2026-03-01"
    )


def test_a_day_later_is_late_and_that_day_begins_in_shanghai() -> None:
    for moment, in_time in (("2026-03-04T15:59:59+00:00", True), ("2026-03-04T16:00:00+00:00", False)):
        assert ("filled.stays.in_time" in counted(stays=[STAY | {"recorded_at": moment}])) is in_time


def test_a_stay_that_a_host_registers_is_neither_in_time_nor_late() -> None:
    found = counted(stays=[STAY | {"registration_due": None}])

    assert found.keys() == {"filled.stays", "filled.stays.complete"}


@pytest.mark.parametrize(
    "change", [{"birth": None}, {"hukou_division": None}, {"purpose": None}, {"sex": "unknown"}], ids=str
)
def test_a_stay_of_which_something_is_not_known_is_not_complete(change: dict[str, Any]) -> None:
    assert "filled.stays.complete" not in counted(stays=[STAY | change])


def test_what_was_retracted_or_voided_counts_nowhere() -> None:
    assert counted(stays=[STAY | {"state": "retracted"}], entries=[ENTRY | {"state": "voided"}]) == {}


def test_an_entry_is_in_time_within_three_days_by_its_first_version() -> None:
    assert counted(entries=[ENTRY]) == dict.fromkeys(("filled.entries", "filled.entries.in_time"), "2026-05-01")
    late = ENTRY | {"said_at": "2026-05-05T02:00:00+00:00"}
    assert counted(entries=[late]).keys() == {"filled.entries"}
    corrected = late | {"state": "corrected", "earlier": {"1": ENTRY}}
    assert "filled.entries.in_time" in counted(entries=[corrected])
