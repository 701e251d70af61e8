"""A report as a document (.docx): its texts, and its tables to be worked on or printed."""

from io import BytesIO
from typing import Any

from docx import Document
from docx.enum.section import WD_ORIENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Pt

from services.reporting.domain.contents import Table, show, tell
from services.reporting.exports.marks import UPRIGHT, Signed, about, below, split, title_of

_FONT = "宋体"


def write_document(signed: Signed) -> bytes:
    """Return a document with title, texts, tables and signatures."""
    document = Document()
    _prepare(document, signed)
    document.add_heading(title_of(signed.content), 0).alignment = WD_ALIGN_PARAGRAPH.CENTER
    document.add_paragraph(about(signed)).alignment = WD_ALIGN_PARAGRAPH.CENTER
    for text in tell(signed.content):
        document.add_paragraph(text).paragraph_format.first_line_indent = Pt(24)
    for table in signed.content.shown:
        document.add_heading(table.zh, 1)
        for part in split(table):
            _add_table(document, part)
            document.add_paragraph()
    for text in below(signed):
        document.add_paragraph(text)
    file = BytesIO()
    document.save(file)
    return file.getvalue()


def _prepare(document: Any, signed: Signed) -> None:
    """Set page, fonts and properties; the programs that show it have a font for Chinese under its own name."""
    for style in ("Normal", "Title", "Heading 1"):
        font = document.styles[style].font
        font.name = _FONT
        document.styles[style].element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), _FONT)
    document.styles["Normal"].font.size = Pt(12)
    section = document.sections[0]
    if any(len(table.columns) > UPRIGHT for table in signed.content.shown):
        section.orientation = WD_ORIENT.LANDSCAPE
        section.page_width, section.page_height = section.page_height, section.page_width
    moment = signed.content.heard_at.replace(tzinfo=None)
    document.core_properties.title = title_of(signed.content)
    document.core_properties.author = signed.content.name
    document.core_properties.created = document.core_properties.modified = moment


def _add_table(document: Any, table: Table) -> None:
    shown = document.add_table(rows=1, cols=1 + len(table.columns), style="Table Grid")
    for cell, heading in zip(shown.rows[0].cells, ["区划", *(column.zh for column in table.columns)], strict=True):
        _write(cell, heading, bold=True)
    _keep_above(shown.rows[0])
    for line in table.lines:
        texts = [line.name, *map(show, line.cells, table.columns)]
        for cell, text in zip(shown.add_row().cells, texts, strict=True):
            _write(cell, text, bold=line.total)


def _keep_above(row: Any) -> None:
    """Let a row stand above the table on every page that it goes on to."""
    row._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))  # noqa: SLF001  # python-docx has no other way


def _write(cell: Any, text: str, *, bold: bool) -> None:
    written = cell.paragraphs[0].add_run(text)
    written.bold = bold
    written.font.size = Pt(9)
