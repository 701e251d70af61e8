"""A report as a workbook (.xlsx): a sheet for each table, with a chart of its divisions."""

from io import BytesIO
from typing import Any

import xlsxwriter  # type: ignore[import-untyped]  # ships no types

from services.reporting.domain.contents import Cell, Column, Line, Part, Table, tell
from services.reporting.exports.marks import Signed, about, below, title_of

_ABOVE = 3
"""Rows above the headings of a table."""
_TEXT_ONLY = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}


def write_workbook(signed: Signed) -> bytes:
    """Return a workbook of numbers and texts, none of which is a formula."""
    file = BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True, **_TEXT_ONLY}) as book:
        book.set_properties(
            {"title": title_of(signed.content), "created": signed.content.heard_at.replace(tzinfo=None)}
        )
        styles = {name: book.add_format(style) for name, style in _STYLES.items()}
        for table in signed.content.shown:
            _write_table(book, styles, signed, table)
        if tell(signed.content):
            _write_texts(book, styles, signed)
    return file.getvalue()


_CELL = {"border": 1, "font_name": "宋体", "valign": "vcenter"}
_STYLES: dict[str, dict[str, Any]] = {
    "title": {"bold": True, "font_size": 16, "font_name": "宋体"},
    "note": {"font_color": "#595959", "font_name": "宋体"},
    "wrapped": {"text_wrap": True, "valign": "top", "font_name": "宋体"},
    "heading": {**_CELL, "bold": True, "text_wrap": True, "align": "center", "bg_color": "#DDEBF7"},
    "text": _CELL,
    "hidden": {**_CELL, "align": "right"},
    "count": {**_CELL, "num_format": "#,##0"},
    "percent": {**_CELL, "num_format": "0.0%"},
    "decimal": {**_CELL, "num_format": "0.0"},
}


def _write_table(book: Any, styles: dict[str, Any], signed: Signed, table: Table) -> None:
    sheet = book.add_worksheet(table.code[:31])
    sheet.write_string(0, 0, f"{title_of(signed.content)}：{table.zh}", styles["title"])
    sheet.write_string(1, 0, about(signed), styles["note"])
    for place, heading in enumerate(["区划代码", "区划", *(column.zh for column in table.columns)]):
        sheet.write_string(_ABOVE, place, heading, styles["heading"])
    for row, line in enumerate(table.lines, start=_ABOVE + 1):
        _write_line(sheet, styles, row, line, table)
    for row, text in enumerate(below(signed), start=_ABOVE + 2 + len(table.lines)):
        sheet.write_string(row, 0, text, styles["note"])
    sheet.set_column(0, 1, 14)
    for place in range(len(table.columns)):
        longest = max((len(cell) for line in table.lines if isinstance(cell := line.cells[place], str)), default=0)
        sheet.set_column(2 + place, 2 + place, max(12, 2 * longest + 2))  # a Chinese character is two wide
    sheet.set_row(_ABOVE, 48)
    sheet.freeze_panes(_ABOVE + 1, 2)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    _draw(book, sheet, table)


def _write_line(sheet: Any, styles: dict[str, Any], row: int, line: Line, table: Table) -> None:
    sheet.write_string(row, 0, line.division, styles["text"])
    sheet.write_string(row, 1, line.name, styles["text"])
    for place, (column, cell) in enumerate(zip(table.columns, line.cells, strict=True), start=2):
        _write_cell(sheet, styles, (row, place), column, cell)


def _write_cell(sheet: Any, styles: dict[str, Any], at: tuple[int, int], column: Column, cell: Cell) -> None:
    if cell is None:
        sheet.write_string(*at, "—", styles["hidden"])
    elif isinstance(cell, str):
        sheet.write_string(*at, cell, styles["hidden"])
    else:
        kind = "percent" if column.percent else "count" if isinstance(cell, int) else "decimal"
        sheet.write_number(*at, cell, styles[kind])


def _draw(book: Any, sheet: Any, table: Table) -> None:
    """Draw the number that a table is about, by division without the total."""
    drawn = next((place for place, one in enumerate(table.columns, start=2) if _is_drawn(table, one)), None)
    rows = [row for row, line in enumerate(table.lines, start=_ABOVE + 1) if not line.total]
    if drawn is None or not rows:
        return
    column, last = table.columns[drawn - 2], rows[-1]
    chart = book.add_chart({"type": "column"})
    chart.add_series(
        {
            "name": column.zh,
            "categories": [sheet.name, rows[0], 1, last, 1],
            "values": [sheet.name, rows[0], drawn, last, drawn],
            "data_labels": {"value": True},
        }
    )
    chart.set_title({"name": column.zh, "name_font": {"size": 12}})
    chart.set_legend({"none": True})
    chart.set_size({"width": 120 + 60 * max(len(rows), 6), "height": 320})
    sheet.insert_chart(_ABOVE + 8 + len(table.lines), 0, chart)


def _is_drawn(table: Table, column: Column) -> bool:
    return column.indicator == table.chart and column.part in {Part.COUNT, Part.VALUE}


def _write_texts(book: Any, styles: dict[str, Any], signed: Signed) -> None:
    sheet = book.add_worksheet("总结")
    sheet.set_column(0, 0, 100)
    sheet.write_string(0, 0, title_of(signed.content), styles["title"])
    for row, text in enumerate(tell(signed.content), start=2):
        sheet.write_string(row, 0, text, styles["wrapped"])
