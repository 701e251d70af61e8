"""Write workbooks: refused rows as they were, each with its reason and advice, to be corrected and imported again."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from unicodedata import east_asian_width

import xlsxwriter  # type: ignore[import-untyped]  # ships no types

VERDICT = ("原因 Reason", "处理办法 What to do", "code")
"""The headings of the columns that are added to a refused row."""

_LONGEST_CELL = 32_767
_LONGEST_NAME = 31
_FORBIDDEN = str.maketrans("[]:*?/\\", "_______")


@dataclass(frozen=True, slots=True)
class Page:
    """A sheet to write: lines of text, the first of them the headings; the last `wrapped` columns wrap long texts."""

    name: str
    lines: Sequence[Sequence[str]]
    wrapped: int = 0


def refused_page(name: str, header: Sequence[str], rows: Iterable[tuple[Sequence[str], Sequence[str]]]) -> Page:
    """Return a page of refused rows as they were, each with its verdict; corrected, it can be imported again."""
    kept = [index for index, heading in enumerate(header) if heading not in VERDICT]
    lines: list[Sequence[str]] = [[*(header[index] for index in kept), *VERDICT]]
    for cells, verdict in rows:
        lines.append([*(cells[index] if index < len(cells) else "" for index in kept), *verdict])
    return Page(name, lines, len(VERDICT))


def write_workbook(pages: Sequence[Page]) -> bytes:
    """Return a workbook (.xlsx) of pages, as text cells, never as formulas or links, with their headings frozen."""
    file = BytesIO()
    text_only = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(file, {"in_memory": True, **text_only}) as book:
        text = book.add_format({"num_format": "@", "valign": "top"})
        wrapped = book.add_format({"num_format": "@", "valign": "top", "text_wrap": True})
        bold = book.add_format({"num_format": "@", "bold": True, "bg_color": "#DDEBF7"})
        for name, page in _named(pages).items():
            sheet = book.add_worksheet(name)
            for column, (heading, *cells) in enumerate(zip(*page.lines, strict=True)):
                style = wrapped if column >= len(page.lines[0]) - page.wrapped else text
                sheet.set_column(column, column, _width([heading, *cells]), style)
                sheet.write_string(0, column, heading[:_LONGEST_CELL], bold)
                for number, cell in enumerate(cells, start=1):
                    sheet.write_string(number, column, cell[:_LONGEST_CELL], style)
            sheet.freeze_panes(1, 0)
    return file.getvalue()


def _named(pages: Iterable[Page]) -> Mapping[str, Page]:
    """Return pages by sheet names that a workbook allows: short, unique, without special characters."""
    named: dict[str, Page] = {}
    for number, page in enumerate(pages, start=1):
        name = page.name.translate(_FORBIDDEN).strip("' ")[:_LONGEST_NAME] or f"Sheet{number}"
        taken = {known.lower() for known in named}
        named[name if name.lower() not in taken else f"{name[: _LONGEST_NAME - 4]}_{number}"] = page
    return named


def _width(cells: Sequence[str]) -> int:
    """Return a column width, in characters, that shows its texts; a Chinese character is two wide."""
    widest = max(sum(2 if east_asian_width(character) in "WF" else 1 for character in cell[:60]) for cell in cells)
    return min(max(widest + 2, 8), 50)
