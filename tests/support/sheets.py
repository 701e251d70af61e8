"""Spreadsheets for tests: pages of cells with merged ranges and hidden sheets, as .xlsx or .csv."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from io import BytesIO, StringIO
from typing import Any, Literal

import xlsxwriter  # type: ignore[import-untyped]  # ships no types

Merge = tuple[int, int, int, int]
"""First row and column, last row and column of cells that are one, from 0."""


@dataclass
class Page:
    """A sheet to write: cells are texts, numbers or days; an empty text is no cell."""

    lines: list[list[Any]]
    name: str = ""
    merged: list[Merge] = field(default_factory=list)
    state: Literal["visible", "hidden", "very hidden"] = "visible"


def write_pages(*pages: Page, from_1904: bool = False, charts: Sequence[str] = ()) -> bytes:
    """Write an .xlsx with `charts` as chart sheets behind its pages."""
    file = BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True, "date_1904": from_1904}) as book:
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        for page in pages:
            _write_cells(book.add_worksheet(page.name or None), page, day)
        for name in charts:
            chart = book.add_chart({"type": "column"})
            chart.add_series({"values": [pages[0].name or "Sheet1", 0, 0, 1, 0]})
            book.add_chartsheet(name).set_chart(chart)
        first = [page.state for page in pages].index("visible")
        book.worksheets()[first].activate()
        book.worksheets()[first].set_first_sheet()
    return file.getvalue()


def _write_cells(sheet: Any, page: Page, day: Any) -> None:
    for area in page.merged:
        sheet.merge_range(*area, "")
    for row, cells in enumerate(page.lines):
        for column, cell in enumerate(cells):
            if isinstance(cell, date):
                sheet.write_datetime(row, column, cell, day)
            elif isinstance(cell, str) and cell:
                sheet.write_string(row, column, cell)
            elif cell != "":
                sheet.write(row, column, cell)
    if page.state == "hidden":
        sheet.hide()
    elif page.state == "very hidden":
        sheet.very_hidden()


def write_csv(lines: Sequence[Sequence[Any]], delimiter: str = ",", encoding: str = "utf-8") -> bytes:
    """Write lines as a spreadsheet saves them as text, quotation marks where they are needed."""
    file = StringIO(newline="")
    csv.writer(file, delimiter=delimiter).writerows(
        [f"{cell.year}/{cell.month}/{cell.day}" if isinstance(cell, date) else cell for cell in cells]
        for cells in lines
    )
    return file.getvalue().encode(encoding)
