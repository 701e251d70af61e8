"""Sheets of answers: a row for each respondent, a column for each item, letters however they are separated."""

import pickle
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from contracts.outreach.surveys import Way
from services.outreach.domain.questionnaires import check
from services.outreach.domain.surveys import Asked, Filled, answer
from services.outreach.intake.exports import as_workbook
from services.outreach.intake.survey_sheets import columns_of, letters_in, read_sheet, write_sheet
from services.outreach.views.surveys import answer_row
from services.runtime.sheets.files import SheetError
from services.runtime.sheets.registers import Refusal, read_register, write_refused
from tests.support.facts import FIRST_DAY, PEOPLE
from tests.support.sheets import Page, write_csv, write_pages
from tests.support.surveys import choices_of, choose, make_questionnaire, make_survey

QUESTIONNAIRE = make_questionnaire()
COLUMNS = columns_of(QUESTIONNAIRE)
HEADINGS = ["样本序号", "调查日期", "方式", "K1", "第K2题", "K3题", "B1", "B2", "S1"]
GOOD = {"respondent": "17", "answered_on": "2026-01-01", "K1": "A", "K3": "A、c"}
PERSON = "9" * 31 + "a"
"""An id with a number in it that is long enough to be somebody's."""


def read(lines: list[list[Any]]) -> list[Filled | Refusal]:
    register = read_register(write_pages(Page(lines)), "a.xlsx", COLUMNS)
    return [read_sheet(QUESTIONNAIRE, COLUMNS, row.typed) for row in register.rows]


def test_a_sheet_is_read_row_by_row_and_what_is_left_out_is_missing() -> None:
    lines: list[list[Any]] = [
        HEADINGS,
        [17, "2026.1.1", "面访", "A", "b", "A,C", "", "c", "A"],
        [PERSON, "2026-01-01", "", "Ａ", "", "ac", "", "", ""],
        ["0-18", "2026-01-01", "", "", "", "", "", "", ""],
        ["合计", "", "", "", "", "", "", "", ""],
    ]

    register = read_register(write_pages(Page(lines)), "a.xlsx", COLUMNS)
    filled = [read_sheet(QUESTIONNAIRE, COLUMNS, row.typed) for row in register.rows]

    assert filled == [
        Filled("17", Way.INTERVIEW, FIRST_DAY, list(choose(K1="A", K2="B", K3="AC", B2="C", S1="A"))),
        Filled(PERSON, Way.PAPER, FIRST_DAY, list(choose(K1="A", K3="AC"))),
    ]
    assert (register.blank, len(register.ignored)) == (1, 1)


def test_letters_of_a_row_without_its_day_are_no_headings() -> None:
    assert read([HEADINGS, ["17", "", "", "A", "B", "A", "B", "C", "A"]]) == [Refusal("missing", "answered_on")]


@pytest.mark.parametrize(
    ("changed", "refusal"),
    [
        ({"respondent": ""}, Refusal("missing", "respondent")),
        ({"respondent": "李小满"}, Refusal("not_understood", "respondent")),
        ({"respondent": "***********"}, Refusal("long_number", "respondent")),
        ({"answered_on": "2026-13-01"}, Refusal("bad_date", "answered_on")),
        ({"answer_way": "手机"}, Refusal("not_understood", "answer_way")),
        ({"K1": "D"}, Refusal("no_such_choice", "K1")),
        ({"K1": "AB"}, Refusal("one_choice", "K1")),
        ({"K3": "AA"}, Refusal("item_twice", "K3")),
        ({"K1": "1"}, Refusal("not_understood", "K1")),
        ({"K1": "不知道"}, Refusal("not_understood", "K1")),
        ({"K1": "", "K3": " "}, Refusal("missing", "K1")),
    ],
)
def test_a_row_is_refused_with_a_code_and_its_column(changed: dict[str, str], refusal: Refusal) -> None:
    assert isinstance(read_sheet(QUESTIONNAIRE, COLUMNS, GOOD), Filled)

    assert read_sheet(QUESTIONNAIRE, COLUMNS, {**GOOD, **changed}) == refusal


def test_a_sheet_without_a_column_of_an_item_is_refused_and_a_phone_number_is_not_kept() -> None:
    with pytest.raises(SheetError) as refused:
        read([HEADINGS[:-1], ["17", "2026-01-01", "", "A", "", "", "", ""]])
    register = read_register(
        write_csv([HEADINGS, ["13966667777", "2026-01-01", "", "A", "", "", "", "", ""]]), "a.csv", COLUMNS
    )

    assert refused.value.code == "missing_column"
    assert [read_sheet(QUESTIONNAIRE, COLUMNS, row.typed) for row in register.rows] == [
        Refusal("long_number", "respondent")
    ]
    assert "13966667777" not in str(register)


def test_refused_rows_come_back_as_they_were_and_are_read_again() -> None:
    register = read_register(write_pages(Page([HEADINGS, ["17", "2026-01-01", "", "D", *[""] * 5]])), "a.xlsx", COLUMNS)
    refused = [(row, Refusal("no_such_choice", "K1")) for row in register.rows]

    workbook = write_refused(COLUMNS, refused, {"no_such_choice": "核对选项"})

    _, line = CalamineWorkbook.from_filelike(BytesIO(workbook)).get_sheet_by_index(0).to_python()
    assert (line[0], line[3], line[-1]) == ("17", "D", "no_such_choice")
    again = read_register(workbook, "退回.xlsx", COLUMNS)
    assert [dict(row.typed) for row in again.rows] == [{**dict.fromkeys(COLUMNS.usual, ""), **register.rows[0].typed}]


@given(data=st.data())
def test_what_is_exported_is_read_as_it_was_answered(data: st.DataObject) -> None:
    chosen = data.draw(choices_of(QUESTIONNAIRE))
    filled = Filled(data.draw(st.sampled_from(("001", "A-7", PEOPLE[0]))), Way.PAPER, FIRST_DAY, chosen)
    row = answer_row(answer(Asked(make_survey(), QUESTIONNAIRE), filled, None, FIRST_DAY).sheet, 1)

    lines = write_sheet(QUESTIONNAIRE, [{"_id": row.id, **row.fields}])
    (again,) = read_register(as_workbook("answers", lines), "a.xlsx", COLUMNS).rows

    read_again = read_sheet(QUESTIONNAIRE, COLUMNS, again.typed)
    assert isinstance(read_again, Filled)
    assert (read_again.respondent, read_again.answered_on) == (filled.respondent, FIRST_DAY)
    assert check(QUESTIONNAIRE, read_again.chosen) == check(QUESTIONNAIRE, chosen)


@pytest.mark.parametrize(("cell", "letters"), [("A、C", "AC"), ("a c", "AC"), ("Ａ；Ｂ", "AB"), ("A1", ""), ("√", "")])
def test_letters_are_read_however_they_are_separated(cell: str, letters: str) -> None:
    assert letters_in(cell) == letters


def test_columns_can_be_given_to_a_worker() -> None:
    assert pickle.loads(pickle.dumps(COLUMNS)) == COLUMNS  # noqa: S301  # what was written a moment before
