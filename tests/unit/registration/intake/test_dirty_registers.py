"""Registers drawn with every kind of dirt: what a clerk meant is read, or the file is refused for the right reason."""

from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from contracts.reference.divisions import Divisions
from services.registration.intake.refusals import Refusal, RefusalCode
from services.registration.intake.registers import CheckedRow, Register, Row, check_row, read_register, write_refused
from services.runtime.dates import read_date
from services.runtime.sheets.files import SheetError
from services.runtime.sheets.tables import row_of
from tests.support.dirt import DRESSED, HEADINGS, Dirt, Drawn, draw_register
from tests.support.registers import AS_OF

DIVISIONS = Divisions.load()
STREET = "320507001"
REFUSED = {"clash": "columns_clash", "missing": "missing_column", "misspelt": "missing_column"}

DIRT = st.builds(
    Dirt,
    sheets=st.integers(1, 3),
    hidden=st.sampled_from(["", "hidden", "very hidden"]),
    titles=st.sampled_from([0, 1, 2, 12]),
    dress=st.sampled_from(list(DRESSED)),
    **{
        name: st.booleans()
        for name in (
            *("grouped", "merged_groups", "shuffled", "households", "firms_first", "leaving", "others", "unknown"),
            *("between", "footers", "from_1904", "forced", "as_text"),
        )
    },
    prefilled=st.integers(0, 3),
    days=st.sampled_from(["text", "cell", "serial"]),
)
SEEDS = st.integers(0, 10_000)


def said_by(row: Row) -> dict[str, Any]:
    """Return what a row was read as, days as such."""
    said = {name: getattr(row.arrival, name, "") for name in HEADINGS}
    left_on = row.departure.left_on if row.departure else ""
    return {**said, "arrived_on": read_date(said["arrived_on"]), "left_on": read_date(left_on) if left_on else None}


def meant_by(drawn: Drawn) -> list[tuple[str, int, dict[str, Any]]]:
    empty = {**dict.fromkeys(HEADINGS, ""), "left_on": None}
    return [(one.sheet, one.row, {**empty, **one.fields}) for one in drawn.people]


def read_of(register: Register) -> list[tuple[str, int, dict[str, Any]]]:
    sheets = [sheet.sheet for sheet in register.sheets if sheet.skipped is None]
    return [
        (register.sheet_of(row.place) or sheets[0], row_of(row.place), _tidied(said_by(row))) for row in register.rows
    ]


def _tidied(said: dict[str, Any]) -> dict[str, Any]:
    return {name: value.strip() if isinstance(value, str) else value for name, value in said.items()}


@settings(max_examples=100, deadline=None)
@given(dirt=DIRT, seed=SEEDS)
@example(Dirt(sheets=2, hidden="hidden", grouped=True, households=True, leaving=True, others=True, footers=True), 1)
@example(Dirt(as_text=True, firms_first=True, grouped=True, forced=True, between=True, footers=True, prefilled=2), 2)
def test_what_the_clerk_meant_is_what_is_read(dirt: Dirt, seed: int) -> None:
    drawn = draw_register(dirt, seed)

    register = read_register(drawn.data, drawn.filename)

    assert read_of(register) == [("" if dirt.as_text else sheet, row, said) for sheet, row, said in meant_by(drawn)]
    assert [row.row for row in register.ignored] == [row for _, row in drawn.ignored]
    assert register.blank == drawn.blank
    assert register.total == len(drawn.people) + len(drawn.ignored) + drawn.blank
    assert {sheet.sheet for sheet in register.sheets if sheet.skipped} == drawn.skipped
    for row, one in zip(register.rows, drawn.people, strict=True):
        checked = check_row(row, street=STREET, today=AS_OF, divisions=DIVISIONS)
        assert isinstance(checked, CheckedRow)
        assert checked.arrival is not None
        assert checked.arrival.document_number == one.fields["document_number"]
        assert checked.arrival.started_on == one.fields["arrived_on"]
        assert (checked.departure.left_on if checked.departure else None) == one.fields.get("left_on")


@settings(max_examples=50, deadline=None)
@given(dirt=DIRT, seed=SEEDS, fault=st.sampled_from(list(REFUSED)))
def test_what_can_not_be_read_as_meant_is_refused_for_the_reason(dirt: Dirt, seed: int, fault: Any) -> None:
    drawn = draw_register(Dirt(**{**vars(dirt), "fault": fault, "leaving": False}), seed)

    with pytest.raises(SheetError) as refused:
        read_register(drawn.data, drawn.filename)

    assert refused.value.code == REFUSED[fault]
    if fault == "clash":
        assert "手机号" in refused.value.detail
        assert refused.value.detail.count("、") >= 1
    else:
        assert "来本地日期" in refused.value.detail
    if fault == "misspelt":
        assert "来本地日其（似 来本地日期）" in refused.value.detail


@settings(max_examples=50, deadline=None)
@given(dirt=DIRT, seed=SEEDS)
def test_rows_that_come_back_mean_the_same_when_they_are_handed_in_again(dirt: Dirt, seed: int) -> None:
    drawn = draw_register(dirt, seed)
    register = read_register(drawn.data, drawn.filename)
    returned = write_refused(register, [(row.place, Refusal(RefusalCode.MISSING, "name")) for row in register.rows])

    again = read_register(returned, "refused.xlsx")

    assert [_tidied(said_by(row)) for row in again.rows] == [said for _, _, said in meant_by(drawn)]
    assert (again.blank, again.ignored) == (0, ())
