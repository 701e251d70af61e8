"""Workbooks given back: what is written can be read again, and runs nothing."""

from io import BytesIO
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from services.runtime.sheets.workbooks import VERDICT, Page, refused_page, write_workbook


def sheets_of(data: bytes) -> dict[str, list[list[Any]]]:
    book = CalamineWorkbook.from_filelike(BytesIO(data))
    return {name: list(book.get_sheet_by_name(name).to_python()) for name in book.sheet_names}


def test_refused_rows_stand_with_their_verdict_beside_them() -> None:
    page = refused_page(
        "一社区", ["姓名", "电话"], [(["黄艳"], ("缺", "补", "missing")), (["甲", "1", "2"], ("错", "改", "x"))]
    )

    assert page.lines == [
        ["姓名", "电话", *VERDICT],
        ["黄艳", "", "缺", "补", "missing"],
        ["甲", "1", "错", "改", "x"],
    ]


def test_verdicts_of_the_last_time_are_dropped_wherever_they_stand() -> None:
    page = refused_page(
        "a", [VERDICT[2], "姓名", *VERDICT[:2]], [(["old", "黄艳", "old", "old"], ("缺", "补", "missing"))]
    )

    assert page.lines == [["姓名", *VERDICT], ["黄艳", "缺", "补", "missing"]]


@pytest.mark.parametrize(
    ("names", "written"),
    [
        (["一", "一"], ["一", "一_2"]),
        (["A", "a"], ["A", "a_2"]),
        (["[a]:b*c?/\\"], ["_a__b_c___"]),
        (["'引'"], ["引"]),
        (["", " "], ["Sheet1", "Sheet2"]),
        (["长" * 40, "长" * 40], ["长" * 31, "长" * 27 + "_2"]),
    ],
)
def test_pages_have_names_that_a_workbook_takes(names: list[str], written: list[str]) -> None:
    assert list(sheets_of(write_workbook([Page(name, [["x"]]) for name in names]))) == written


def test_cells_are_texts_whatever_they_look_like() -> None:
    cells = ["=1+1", "http://x.example", "007", "310110197910263751", "+1", "", "长" * 40_000]

    [lines] = sheets_of(write_workbook([Page("a", [["h"], *[[cell] for cell in cells]])])).values()

    assert [line[0] for line in lines[1:]] == [*cells[:-1], "长" * 32_767]
