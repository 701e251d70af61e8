"""Registers as street offices keep them: rows out of a spreadsheet, and refused rows back as one to correct."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import NamedTuple
from unicodedata import east_asian_width, normalize

import xlsxwriter  # type: ignore[import-untyped]

from services.registration.intake import LONGEST_TYPED, ArrivalReport, Override
from services.registration.refusals import ADVICE, REASONS, Refusal
from services.registration.vocabulary import tidy
from services.registration.workbooks import FILE_ADVICE, MAX_HEADER_ROW, RegisterError, Sheet, read_sheets

__all__ = ["COLUMNS", "FILE_ADVICE", "Register", "RegisterError", "Row", "read_register", "write_refused"]

COLUMNS: Mapping[str, str] = {
    "name": "姓名",
    "sex": "性别",
    "document_type": "证件类型",
    "document_number": "证件号码",
    "birth": "出生日期",
    "ethnic_group": "民族",
    "hukou_division": "户籍地区划代码",
    "hukou_address": "户籍地址",
    "phone": "联系电话",
    "address": "现居住地址",
    "community": "社区",
    "grid": "网格",
    "dwelling": "住所类型",
    "arrived_on": "来本地日期",
    "origin": "来自地",
    "purpose": "居住事由",
    "employer": "从业单位",
    "hazard": "接触职业危害因素",
    "disabled": "残疾",
    "left_behind": "留守",
    "hardship": "特困",
    "guardian_document_type": "监护人证件类型",
    "guardian_document_number": "监护人证件号码",
    "birth_order": "同胎次序",
    "household_document_type": "户主证件类型",
    "household_document_number": "户主证件号码",
    "relationship": "与户主关系",
    "override": "核准理由",
    "note": "备注",
}
"""The fields of a register in their usual order, each with its usual heading."""

_OTHER_HEADINGS: Mapping[str, str] = {
    "name": "人员姓名 流动人口姓名",
    "document_type": "证件种类 证件名称",
    "document_number": "证件号 证件编号 身份证号码 身份证号 身份证 公民身份号码 居民身份证号码 居民身份证号",
    "birth": "出生年月日 生日",
    "hukou_division": "户籍地行政区划代码 户籍地代码 户籍区划代码 户籍地区划",
    "hukou_address": "户籍地 户籍所在地 户籍地详细地址 户口所在地 户籍所在地地址",
    "phone": "电话 手机 手机号 手机号码 联系方式 电话号码",
    "address": "现住址 居住地址 暂住地址 现居住地 现住地址 现居住地详细地址",
    "community": "所属社区 社区名称 村居 居委会 村委会",
    "grid": "网格号 网格编号 网格代码 所属网格",
    "dwelling": "住所类别 居住类型 房屋类型 居住处所",
    "arrived_on": "来本地时间 流入日期 流入时间 到达日期 来此日期 居住起始日期",
    "origin": "来源地 流出地 来自何地",
    "purpose": "居住原因 暂住事由 流入原因 流动原因 来本地原因",
    "employer": "工作单位 就业单位 单位 工作单位名称",
    "hazard": "职业危害因素 职业病危害因素 职业危害",
    "disabled": "是否残疾 残疾人 残疾情况 残疾类别 残疾等级",
    "left_behind": "是否留守 留守人员 留守类别 留守情况",
    "hardship": "是否特困 困难情况 困难类别 特困人员 低保 是否低保",
    "guardian_document_type": "监护人证件种类",
    "guardian_document_number": "监护人证件号 监护人身份证号码 监护人身份证号 监护人身份证 监护人公民身份号码",
    "birth_order": "双胞胎次序 多胞胎次序 出生次序 胎儿次序",
    "household_document_type": "户主证件种类",
    "household_document_number": "户主证件号 户主身份证号码 户主身份证号 户主身份证 户主公民身份号码",
    "relationship": "与户主的关系 与户主之关系 户主关系 家庭关系",
    "override": "核准原因 审批理由 核准说明",
}
_FOOTER = re.compile(
    r"(?:本页)?(?:合计|总计|小计|共计)|以下(?:空白|无正文)|(?:填表|填报|制表|审核|经办|联系|复核|录入)人"
    r"|(?:单位)?负责人|填报(?:单位|日期)|(?:说明|备注|注):"
)
_HINTS = re.compile(r"\([^)]*\)|[\s*_:.]")
_VERDICT = ("原因 Reason", "处理办法 What to do", "code")
_LONGEST_CELL = 32_767


class Row(NamedTuple):
    """One person's row: where it stands in the sheet, its cells as they were, and what they report."""

    number: int
    cells: tuple[str, ...]
    report: ArrivalReport


@dataclass(frozen=True, slots=True)
class Register:
    """A register that was read; `blank` counts rows with at most a serial number, `total` is all rows to expect."""

    filename: str
    sheet: str
    header_row: int
    header: tuple[str, ...]
    rows: tuple[Row, ...]
    blank: int
    other_sheets: tuple[str, ...] = ()
    """Sheets that have a header row too; they are not read, and whoever handed the file in should be told."""

    @property
    def total(self) -> int:
        """Count the register's rows, blank ones included."""
        return len(self.rows) + self.blank


@dataclass(frozen=True, slots=True)
class _Header:
    """Where a sheet's header row is and which column carries which field."""

    row: int
    cells: tuple[str, ...]
    columns: Mapping[str, int]


def read_register(data: bytes, filename: str) -> Register:
    """Read a register from an .xlsx, .xls or .csv file: its rows without titles, footers and blank rows.

    Raises RegisterError with the code not_a_workbook, no_header_row, too_large, too_many_rows or encoding.
    """
    sheets = read_sheets(data, filename, lambda rows: _find_header(rows) is not None)
    found = [(sheet, header) for sheet in sheets if (header := _find_header(sheet.rows))]
    if not found:
        raise RegisterError("no_header_row")
    sheet, header = found[0]
    rows, blank = _read_rows(sheet, header)
    others = tuple(other.name for other, _ in found[1:])
    return Register(filename, sheet.name, header.row, header.cells, rows, blank, others)


def write_refused(register: Register, refusals: Sequence[tuple[int, Refusal]]) -> bytes:
    """Write the refused rows as they were, each with reason, what to do and code; corrected, it can be read again."""
    kept = [index for index, heading in enumerate(register.header) if heading not in _VERDICT]
    cells_of = {row.number: row.cells for row in register.rows}
    lines = [[*(register.header[index] for index in kept), *_VERDICT]]
    for number, refusal in refusals:
        cells = cells_of[number]
        lines.append([*(cells[index] if index < len(cells) else "" for index in kept), *_verdict(refusal)])
    return _workbook(lines)


def _find_header(rows: Sequence[Sequence[str]]) -> _Header | None:
    """Find the row that names the columns: it has a name, a document number and something else."""
    for index, cells in enumerate(rows[:MAX_HEADER_ROW]):
        columns: dict[str, int] = {}
        for column, cell in enumerate(cells):
            if field := _FIELDS.get(_heading(cell)):
                columns.setdefault(field, column)
        if {"name", "document_number"} <= columns.keys() and len(columns) > 2:
            return _Header(index + 1, tuple(cells), columns)
    return None


def _read_rows(sheet: Sheet, header: _Header) -> tuple[tuple[Row, ...], int]:
    """Read the rows below the header; empty lines after the last one are no rows."""
    rows: list[Row] = []
    blank = empty = 0
    for number, cells in enumerate(sheet.rows[header.row :], start=header.row + 1):
        filled = [column for column, cell in enumerate(cells) if cell and not cell.isspace()]
        if not filled:
            empty += 1
        elif not _is_notice(cells, cells[filled[0]], header):
            blank, empty = blank + empty, 0
            if len(filled) == 1 and filled[0] not in header.columns.values():
                blank += 1
            else:
                rows.append(Row(number, tuple(cells), _report(cells, header)))
    return tuple(rows), blank


def _is_notice(cells: Sequence[str], first: str, header: _Header) -> bool:
    """Tell a footer, or a header printed again on the next page, from a person."""
    return tuple(cells) == header.cells or _FOOTER.match(tidy(first)) is not None


def _report(cells: Sequence[str], header: _Header) -> ArrivalReport:
    """Take a row's cells as a report; a register of ID card numbers alone needs no column for the type."""
    typed = {field: cells[column][:LONGEST_TYPED] for field, column in header.columns.items() if column < len(cells)}
    if "document_type" not in header.columns and "身份" in header.cells[header.columns["document_number"]]:
        typed["document_type"] = "居民身份证"
    reason = typed.pop("override", "")
    override = Override(reason=reason) if reason.strip() else None
    return ArrivalReport(**typed, override=override)


def _heading(text: str) -> str:
    """Write a heading the one way: half-width, without spaces, stars and hints in brackets."""
    return _HINTS.sub("", normalize("NFKC", text)).lower()


_FIELDS: Mapping[str, str] = {
    _heading(written): field
    for field, usual in COLUMNS.items()
    for written in (field, usual, *_OTHER_HEADINGS.get(field, "").split())
}
"""Which field a heading stands for."""


def _verdict(refusal: Refusal) -> tuple[str, str, str]:
    """Say in three cells what is wrong, what to do, and the code."""
    heading = COLUMNS.get(refusal.field, refusal.field)
    hint = f" ({refusal.detail})" if refusal.detail else ""
    return f"{heading}：{REASONS[refusal.code]}{hint}", ADVICE[refusal.code], refusal.code.value


def _workbook(lines: Sequence[Sequence[str]]) -> bytes:
    """Write lines as text cells, never as formulas or links, under a header that stays in sight."""
    file = BytesIO()
    text_only = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(file, {"in_memory": True, **text_only}) as book:
        sheet = book.add_worksheet("退回 refused")
        text = book.add_format({"num_format": "@", "valign": "top"})
        wrapped = book.add_format({"num_format": "@", "valign": "top", "text_wrap": True})
        bold = book.add_format({"num_format": "@", "bold": True, "bg_color": "#DDEBF7"})
        for column, (heading, *cells) in enumerate(zip(*lines, strict=True)):
            style = wrapped if column >= len(lines[0]) - len(_VERDICT) else text
            sheet.set_column(column, column, _width([heading, *cells]), style)
            sheet.write_string(0, column, heading[:_LONGEST_CELL], bold)
            for number, cell in enumerate(cells, start=1):
                sheet.write_string(number, column, cell[:_LONGEST_CELL], style)
        sheet.freeze_panes(1, 0)
    return file.getvalue()


def _width(cells: Sequence[str]) -> int:
    """Find a readable width for a column; a Chinese character is as wide as two letters."""
    widest = max(sum(2 if east_asian_width(character) in "WF" else 1 for character in cell[:60]) for cell in cells)
    return min(max(widest + 2, 8), 50)
