"""A report as PDF, to be printed and stamped.

Debian's WenQuanYi Micro Hei is embedded where it is installed, as in our image; elsewhere the reader's program has to
bring STSong-Light, one of Adobe's Asian fonts.
"""

from collections.abc import Iterator
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib import colors  # type: ignore[import-untyped]  # ships no types
from reportlab.lib.enums import TA_CENTER  # type: ignore[import-untyped]  # ships no types
from reportlab.lib.pagesizes import A4, landscape  # type: ignore[import-untyped]  # ships no types
from reportlab.lib.styles import ParagraphStyle  # type: ignore[import-untyped]  # ships no types
from reportlab.lib.units import mm  # type: ignore[import-untyped]  # ships no types
from reportlab.pdfbase import pdfmetrics  # type: ignore[import-untyped]  # ships no types
from reportlab.pdfbase.cidfonts import UnicodeCIDFont  # type: ignore[import-untyped]  # ships no types
from reportlab.pdfbase.ttfonts import TTFont  # type: ignore[import-untyped]  # ships no types
from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer, TableStyle  # type: ignore[import-untyped]  # ships no types
from reportlab.platypus import Table as Grid

from services.reporting.domain.contents import Table, show, tell
from services.reporting.exports.marks import UPRIGHT, Signed, about, below, split, title_of

_INSTALLED = Path("/usr/share/fonts/truetype/wqy/wqy-microhei.ttc")


def _register_font() -> str:
    font = TTFont("WenQuanYi", str(_INSTALLED)) if _INSTALLED.exists() else UnicodeCIDFont("STSong-Light")
    pdfmetrics.registerFont(font)
    return str(font.fontName)


_FONT = _register_font()

_style = partial(ParagraphStyle, fontName=_FONT, wordWrap="CJK")
_TITLE = _style("title", fontSize=18, leading=26, alignment=TA_CENTER)
_ABOUT = _style("about", fontSize=10, leading=18, alignment=TA_CENTER)
_HEADING = _style("heading", fontSize=13, leading=24)
_TEXT = _style("text", fontSize=12, leading=20, firstLineIndent=24)
_CELL = _style("cell", fontSize=8, leading=11)
_GRID = TableStyle(
    [
        ("GRID", (0, 0), (-1, -1), 0.5, colors.black),
        ("BACKGROUND", (0, 0), (-1, 0), colors.HexColor("#DDEBF7")),
        ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
    ]
)


def write_print(signed: Signed) -> bytes:
    """Return pages with title, texts, tables and signatures, numbered."""
    file = BytesIO()
    wide = any(len(table.columns) > UPRIGHT for table in signed.content.shown)
    document = SimpleDocTemplate(
        file,
        pagesize=landscape(A4) if wide else A4,
        title=title_of(signed.content),
        author=signed.content.name,
        invariant=True,
        **dict.fromkeys(("leftMargin", "rightMargin", "topMargin", "bottomMargin"), 18 * mm),
    )
    document.build(list(_parts(signed, document.width)), onFirstPage=_number, onLaterPages=_number)
    return file.getvalue()


def _parts(signed: Signed, width: float) -> Iterator[Any]:
    yield Paragraph(escape(title_of(signed.content)), _TITLE)
    yield Paragraph(escape(about(signed)), _ABOUT)
    for text in tell(signed.content):
        yield Paragraph(escape(text), _TEXT)
    for table in signed.content.shown:
        yield Paragraph(escape(table.zh), _HEADING)
        for part in split(table):
            yield _grid(part, width)
            yield Spacer(0, 3 * mm)
    yield Spacer(0, 6 * mm)
    for text in below(signed):
        yield Paragraph(escape(text), _CELL)


def _grid(table: Table, width: float) -> Grid:
    """Return a table that goes on over pages, with its headings on each."""
    rows = [["区划", *(column.zh for column in table.columns)]]
    rows += [[line.name, *map(show, line.cells, table.columns)] for line in table.lines]
    cells = [[Paragraph(escape(text), _CELL) for text in row] for row in rows]
    narrow = (width - 28 * mm) / len(table.columns)
    return Grid(cells, colWidths=[28 * mm, *[narrow] * len(table.columns)], repeatRows=1, style=_GRID)


def _number(canvas: Any, document: Any) -> None:
    canvas.setFont(_FONT, 8)
    canvas.drawCentredString(document.pagesize[0] / 2, 10 * mm, f"第 {canvas.getPageNumber()} 页")
