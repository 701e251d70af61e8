"""Registers as street offices keep them: rows out of a spreadsheet, and refused rows back as one to correct."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from services.registration.intake.documents import LONGEST_TYPED
from services.registration.intake.refusals import ADVICE, REASONS, Refusal
from services.registration.intake.reports import ArrivalReport, Override
from services.runtime import sheets
from services.runtime.sheets import Header, SheetError, find_header, find_rows, give_back, read_sheets, write_heading

FILE_ADVICE: Mapping[str, str] = {
    **sheets.FILE_ADVICE,
    "no_header_row": "没有找到表头，表头至少要有“姓名”和“证件号码”两列。"
    "No header row was found; it needs at least the columns 姓名 and 证件号码.",
}
"""What to do about a file that is no register, by code."""

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


def read_register(data: bytes, filename: str) -> Register:
    """Read a register from an .xlsx, .xls or .csv file: its rows without titles, footers and blank rows.

    Raises SheetError with the code not_a_workbook, no_header_row, too_large, too_many_rows or encoding.
    """
    tables = read_sheets(data, filename, lambda rows: _find_header(rows) is not None)
    found = [(sheet, header) for sheet in tables if (header := _find_header(sheet.rows))]
    if not found:
        raise SheetError("no_header_row")
    sheet, header = found[0]
    numbered, blank = find_rows(sheet, header)
    rows = tuple(Row(number, tuple(cells), _report(cells, header)) for number, cells in numbered)
    others = tuple(other.name for other, _ in found[1:])
    return Register(filename, sheet.name, header.row, header.cells, rows, blank, others)


def write_refused(register: Register, refusals: Sequence[tuple[int, Refusal]]) -> bytes:
    """Write the refused rows as they were, each with reason, what to do and code; corrected, it can be read again."""
    cells_of = {row.number: row.cells for row in register.rows}
    return give_back(register.header, ((cells_of[number], _verdict(refusal)) for number, refusal in refusals))


def _find_header(rows: Sequence[Sequence[str]]) -> Header | None:
    """Find the row that names the columns: it has a name, a document number and something else."""
    return find_header(rows, _FIELDS, lambda found: {"name", "document_number"} <= set(found) and len(found) > 2)


def _report(cells: Sequence[str], header: Header) -> ArrivalReport:
    """Take a row's cells as a report; a register of ID card numbers alone needs no column for the type."""
    typed = {field: cells[column][:LONGEST_TYPED] for field, column in header.columns.items() if column < len(cells)}
    if "document_type" not in header.columns and "身份" in header.cells[header.columns["document_number"]]:
        typed["document_type"] = "居民身份证"
    reason = typed.pop("override", "")
    override = Override(reason=reason) if reason.strip() else None
    return ArrivalReport(**typed, override=override)


_FIELDS: Mapping[str, str] = {
    write_heading(written): field
    for field, usual in COLUMNS.items()
    for written in (field, usual, *_OTHER_HEADINGS.get(field, "").split())
}
"""Which field a heading stands for."""


def _verdict(refusal: Refusal) -> tuple[str, str, str]:
    """Say in three cells what is wrong, what to do, and the code."""
    heading = COLUMNS.get(refusal.field, refusal.field)
    hint = f" ({refusal.detail})" if refusal.detail else ""
    return f"{heading}：{REASONS[refusal.code]}{hint}", ADVICE[refusal.code], refusal.code.value
