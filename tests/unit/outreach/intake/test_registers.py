"""Registers of past years as offices keep them: what is read, what is refused and why, and what is never kept."""

from datetime import date
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from contracts.outreach.activities import ActivityKind, Audience
from contracts.outreach.boards import BoardSetting
from contracts.outreach.materials import Direction, MaterialKind
from services.outreach.intake.columns import COLUMNS, RegisterKind
from services.outreach.intake.exports import as_workbook, write_lines
from services.runtime.sheets.files import SheetError
from services.runtime.sheets.registers import Refusal, check_row, read_register, write_refused
from services.runtime.sheets.texts import write_csv
from tests.support.sheets import Page, write_pages

BOARDS: list[list[Any]] = [
    ["某街道健康教育宣传栏台账", "", "", "", ""],
    ["序号", "地点", "室内/户外", "面积（平方米）", "设置时间"],
    ["1", "东门社区", "室外", "2.4", "2024.3.1"],
    ["2", "西门社区", "室内", "2平方米", date(2024, 4, 2)],
    ["3", "", "", "", ""],
    ["合计", "", "", "4.4", ""],
    ["填表人：王芳", "", "", "", ""],
]


def test_every_row_of_a_register_is_in_one_count() -> None:
    register = read_register(write_pages(Page(BOARDS)), "宣传栏.xlsx", COLUMNS[RegisterKind.BOARDS])

    assert (len(register.rows), register.blank, len(register.ignored)) == (2, 1, 2)
    assert register.total == 5
    assert [check_row(COLUMNS[RegisterKind.BOARDS], row.typed) for row in register.rows] == [
        {
            "place": "东门社区",
            "setting": BoardSetting.OUTDOORS,
            "area": 2.4,
            "installed_on": date(2024, 3, 1),
        },
        {"place": "西门社区", "setting": BoardSetting.INDOORS, "area": 2.0, "installed_on": date(2024, 4, 2)},
    ]


def test_a_register_of_activities_is_read_in_the_words_of_the_field() -> None:
    typed = {"held_on": "2024年4月7日", "kind": "健康讲座", "topic": "控烟", "audience": "老年人", "attendance": "45人"}

    read = check_row(COLUMNS[RegisterKind.ACTIVITIES], typed)

    assert read == {
        "held_on": date(2024, 4, 7),
        "kind": ActivityKind.LECTURE,
        "topic": "控烟",
        "audience": Audience.ELDERLY,
        "attendance": 45,
    }


def test_a_register_of_materials_is_of_what_was_handed_out_unless_it_says_otherwise() -> None:
    typed = {"moved_on": "2024-05-01", "kind": "手册", "topic": "66条", "quantity": "500册", "direction": "入库"}

    read = check_row(COLUMNS[RegisterKind.MATERIALS], typed)

    assert isinstance(read, dict)
    assert (read["kind"], read["quantity"], read["direction"]) == (MaterialKind.HANDBOOK, 500, Direction.RECEIVED)


BAD = [
    (RegisterKind.BOARDS, {"area": "0"}, Refusal("out_of_range", "area")),
    (RegisterKind.BOARDS, {"area": "很大"}, Refusal("not_a_number", "area")),
    (RegisterKind.BOARDS, {"setting": "屋顶"}, Refusal("not_understood", "setting")),
    (RegisterKind.BOARDS, {"installed_on": "2024-02-30"}, Refusal("bad_date", "installed_on")),
    (RegisterKind.BOARDS, {"place": " "}, Refusal("missing", "place")),
    (RegisterKind.BOARDS, {"place": "电话***********"}, Refusal("long_number", "place")),
    (RegisterKind.MATERIALS, {"quantity": "若干"}, Refusal("not_a_number", "quantity")),
    (RegisterKind.MATERIALS, {"quantity": "1.5"}, Refusal("not_a_number", "quantity")),
    (RegisterKind.MATERIALS, {"quantity": "-5"}, Refusal("not_a_number", "quantity")),
    (RegisterKind.ACTIVITIES, {"attendance": "99999999"}, Refusal("out_of_range", "attendance")),
]
USUAL = {
    RegisterKind.BOARDS: {"place": "东门", "setting": "室外", "area": "2", "installed_on": "2024-03-01"},
    RegisterKind.MATERIALS: {"moved_on": "2024-05-01", "kind": "折页", "topic": "控烟", "quantity": "200份"},
    RegisterKind.ACTIVITIES: {"held_on": "2024-04-07", "kind": "义诊", "topic": "高血压", "attendance": "30"},
}


@pytest.mark.parametrize(("kind", "changed", "refusal"), BAD)
def test_a_row_that_can_not_be_is_refused(kind: RegisterKind, changed: dict[str, str], refusal: Refusal) -> None:
    assert isinstance(check_row(COLUMNS[kind], USUAL[kind]), dict)
    assert check_row(COLUMNS[kind], {**USUAL[kind], **changed}) == refusal


def test_numbers_that_may_be_somebodys_are_not_kept() -> None:
    lines = [["日期", "资料种类", "资料名称", "数量"], ["2024-05-01", "折页", "找王医生13812345678", "3"]]

    (row,) = read_register(write_pages(Page(lines)), "a.xlsx", COLUMNS[RegisterKind.MATERIALS]).rows

    assert "138" not in str(row.typed)
    assert check_row(COLUMNS[RegisterKind.MATERIALS], row.typed) == Refusal("long_number", "topic")


def test_rows_that_say_the_same_are_told_apart_by_how_often_it_was_said() -> None:
    line = ["2024-05-01", "折页", "控烟", "3"]
    lines = [["日期", "资料种类", "资料名称", "数量"], line, line]

    rows = read_register(write_pages(Page(lines)), "a.xlsx", COLUMNS[RegisterKind.MATERIALS]).rows

    assert [row.repetition for row in rows] == [0, 1]


@pytest.mark.parametrize("kind", RegisterKind)
def test_a_sheet_of_another_kind_is_refused(kind: RegisterKind) -> None:
    with pytest.raises(SheetError) as refused:
        read_register(write_pages(Page([["甲", "乙"], ["1", "2"]])), "a.xlsx", COLUMNS[kind])

    assert refused.value.code == "no_header_row"


def test_refused_rows_come_back_as_they_were_with_what_to_do_and_can_be_read_again() -> None:
    register = read_register(write_pages(Page(BOARDS)), "宣传栏.xlsx", COLUMNS[RegisterKind.BOARDS])
    refused = [(row, Refusal("out_of_range", "area")) for row in register.rows]

    workbook = write_refused(COLUMNS[RegisterKind.BOARDS], refused, {})

    again = read_register(workbook, "退回.xlsx", COLUMNS[RegisterKind.BOARDS])
    assert [check_row(COLUMNS[RegisterKind.BOARDS], row.typed) for row in again.rows] == [
        check_row(COLUMNS[RegisterKind.BOARDS], row.typed) for row in register.rows
    ]
    cells = CalamineWorkbook.from_filelike(BytesIO(workbook)).get_sheet_by_index(0).to_python()
    assert cells[1][-1] == "out_of_range"


TEXTS = st.text("东门=+-@社区A", min_size=1, max_size=8)


@pytest.mark.parametrize("form", ["csv", "xlsx"])
@given(places=st.lists(TEXTS, min_size=1, max_size=4))
def test_what_is_exported_can_be_imported_again(form: str, places: list[str]) -> None:
    rows = [
        {"street": "320507001", "place": place, "setting": "outdoors", "area": 2.5, "installed_on": "2024-03-01"}
        for place in places
    ]
    lines = write_lines(RegisterKind.BOARDS, rows)
    data = write_csv(lines) if form == "csv" else as_workbook("boards", lines)

    register = read_register(data, f"a.{form}", COLUMNS[RegisterKind.BOARDS])

    read = [check_row(COLUMNS[RegisterKind.BOARDS], row.typed) for row in register.rows]
    assert [one["place"].lstrip("'") for one in read if isinstance(one, dict)] == places
    assert {one["area"] for one in read if isinstance(one, dict)} == {2.5}


def test_no_cell_of_an_exported_csv_is_a_formula() -> None:
    lines = write_lines(RegisterKind.ARTICLES, [{"street": "320507001", "topic": "=HYPERLINK(1)"}])

    written = write_csv(lines)

    assert written.startswith(b"\xef\xbb\xbf")
    assert b",'=HYPERLINK(1)" in written


@pytest.mark.parametrize("kind", RegisterKind)
def test_every_needed_column_is_one_of_the_columns(kind: RegisterKind) -> None:
    columns = COLUMNS[kind]

    assert set(columns.needed) | set(columns.days) | set(columns.counts) | set(columns.words or ()) <= set(
        columns.usual
    )
