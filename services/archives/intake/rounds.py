"""Follow-up rounds as they are typed into sheets 随访表: rows out of a spreadsheet, each an entry or refused.

A person is found by id or archive code. Names and numbers of documents are not kept, wherever they were typed.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from hashlib import sha256
from typing import Any, NamedTuple
from unicodedata import normalize

from pydantic import TypeAdapter, ValidationError

from contracts.archives.contents import CONTENTS, AnyContent
from contracts.archives.entries import Entry
from contracts.archives.follow_ups import Adherence
from contracts.archives.forms import Content, Mode
from contracts.reference.calendar import SHANGHAI
from services.runtime import sheets
from services.runtime.dates import read_date
from services.runtime.sheets import Header, SheetError, find_header, find_rows, give_back, read_sheets, write_heading

COLUMNS: Mapping[str, str] = {
    "person": "人员编号",
    "condition": "病种",
    "followed_on": "随访日期",
    "mode": "随访方式",
    "systolic": "收缩压",
    "diastolic": "舒张压",
    "pressure": "血压",
    "heart_rate": "心率",
    "weight_kg": "体重",
    "fasting_glucose": "空腹血糖",
    "smokes_a_day": "日吸烟量",
    "medications": "用药",
    "adherence": "服药依从性",
    "side_effects": "不良反应",
    "hypoglycaemia": "低血糖反应",
    "referred": "转诊",
    "next_on": "下次随访日期",
}
"""The fields of a sheet in their usual order, each with its usual heading."""

_OTHER_HEADINGS: Mapping[str, str] = {
    "person": "人员ID 人员标识 档案编号 档案编码 档案号 健康档案编号 居民健康档案编号",
    "condition": "病种名称 疾病 慢病类型 随访类型",
    "followed_on": "日期 随访时间 本次随访日期",
    "mode": "方式",
    "systolic": "高压 收缩压mmHg",
    "diastolic": "舌张压 低压 舒张压mmHg",
    "pressure": "血压值",
    "heart_rate": "脉搏 心率次/分",
    "weight_kg": "体重kg",
    "fasting_glucose": "血糖 空腹血糖值 空腹血糖mmol/L",
    "smokes_a_day": "日吸烟量支",
    "medications": "用药情况 药物名称 药名",
    "adherence": "依从性 用药依从性",
    "side_effects": "药物不良反应 副作用",
    "hypoglycaemia": "低血糖",
    "referred": "是否转诊",
    "next_on": "下次日期 预约日期 下次随访时间",
}
FIELDS: Mapping[str, str] = {
    write_heading(written): field
    for field, usual in COLUMNS.items()
    for written in (field, usual, *_OTHER_HEADINGS.get(field, "").split())
}
"""Which field a heading stands for."""

FILE_ADVICE: Mapping[str, str] = {
    **sheets.FILE_ADVICE,
    "no_header_row": "没有找到表头，至少要有“人员编号”（或“档案编号”）和“随访日期”两列。"
    "No header row was found; it needs at least 人员编号 (or 档案编号) and 随访日期.",
}

_YES_OR_NO: Mapping[str, bool] = {
    **dict.fromkeys(("有", "是", "√", "1"), True),
    **dict.fromkeys(("无", "否", "没有", "0"), False),
}
_WORDS: Mapping[str, Mapping[str, Any]] = {
    "condition": {
        "高血压": "hypertension_follow_up",
        "hypertension": "hypertension_follow_up",
        "糖尿病": "diabetes_follow_up",
        "2型糖尿病": "diabetes_follow_up",
        "二型糖尿病": "diabetes_follow_up",
        "diabetes": "diabetes_follow_up",
    },
    "mode": {
        **dict.fromkeys(("门诊", "家庭", "上门", "入户", "面对面", "门诊随访", "家庭随访"), Mode.FACE_TO_FACE),
        **dict.fromkeys(("电话", "电话随访"), Mode.PHONE),
        **dict.fromkeys(("视频", "视频随访", "微信视频"), Mode.VIDEO),
        **{mode.value: mode for mode in Mode},
    },
    "adherence": {
        "规律": Adherence.REGULAR,
        "间断": Adherence.INTERMITTENT,
        "不服药": Adherence.NONE,
        "不规律": Adherence.INTERMITTENT,
        **{adherence.value: adherence for adherence in Adherence},
    },
    "side_effects": _YES_OR_NO,
    "hypoglycaemia": _YES_OR_NO,
    "referred": _YES_OR_NO,
}
"""What is understood in a column of words; whatever else is typed is refused."""

_NUMBERS = ("systolic", "diastolic", "heart_rate", "weight_kg", "fasting_glucose", "smokes_a_day")
_WHOLE = frozenset({"systolic", "diastolic", "heart_rate", "smokes_a_day"})
_PRESSURE = re.compile(r"(\d{2,3})\s*[/／]\s*(\d{2,3})")
_NUMBER = re.compile(r"\d{1,4}(?:\.\d{1,4})?")
_PERSON = re.compile(r"[0-9a-f]{32}|[0-9]{17}")
_LONG_NUMBER = re.compile(r"[0-9]{7,}[0-9Xx]?")
_LONGEST_CELL = 200
_LIST = re.compile(r"[,，、;；\n]+")
_DATES = frozenset({"followed_on", "next_on"})

REASONS: Mapping[str, str] = {
    "missing": "必填项为空。A required field is empty.",
    "unknown_person": "没有该编号的人员或档案。There is no such person or archive in the district.",
    "bad_date": "日期无法识别或不存在。This is no date, or no such day exists.",
    "future_date": "日期晚于今天。The day lies in the future.",
    "not_understood": "内容无法识别。What is typed here is not understood.",
    "not_of_condition": "该病种的随访没有这一项。A follow-up of this condition has no such value.",
    "out_of_range": "数值超出可录入范围。The value is outside what can be entered.",
    "entry_differs": "同一人同一天的随访已有不同内容。A follow-up of that person and day says something else.",
}
"""What is wrong with a row, in Chinese and English, by code; of the others the advice says it."""

ADVICE: Mapping[str, str] = {
    "missing": "请补填该项。Fill it in.",
    "unknown_person": "请填写32位人员编号或17位档案编号，并先登记建档。"
    "Give the person's id (32 characters) or the archive's code (17 digits); register the person first.",
    "bad_date": "请填写四位年份的日期，例如 2026-11-18。Type the day with a four-digit year, such as 2026-11-18.",
    "future_date": "请核对日期。Correct the day.",
    "not_understood": "请按模板填写，例如随访方式填：门诊、家庭、电话、视频。"
    "Type it as the template does, such as 门诊, 家庭, 电话 or 视频 for 随访方式.",
    "not_of_condition": "请更正病种，或另起一行填写。Correct the condition, or type it in a row of its own.",
    "out_of_range": "请核对数值和单位（mmHg、mmol/L、kg）。Check value and unit (mmHg, mmol/L, kg).",
    "entry_differs": "如需修改，请在档案中更正该条目。To change it, correct the entry in the archive.",
}
"""What to do, in Chinese and English, by code."""


class Refusal(NamedTuple):
    """Why a row is refused: a stable code and the field."""

    code: str
    field: str


class Row(NamedTuple):
    """One person's row: where it stands in the sheet, and what is typed in the known columns."""

    number: int
    typed: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Round:
    """A sheet that was read; `blank` counts rows with at most a serial number."""

    rows: tuple[Row, ...]
    blank: int


@dataclass(frozen=True, slots=True)
class Visit:
    """What a row says: whom it is about (id or archive code), on which day, and what was found."""

    person: str
    on: date
    content: Content


def read_round(data: bytes, filename: str) -> Round:
    """Read the follow-ups of an .xlsx, .xls or .csv file, of the first sheet that has them.

    Raises SheetError with the code not_a_workbook, no_header_row, too_large, too_many_rows or encoding.
    """
    tables = read_sheets(data, filename, lambda rows: _find_header(rows) is not None)
    found = next(((sheet, header) for sheet in tables if (header := _find_header(sheet.rows))), None)
    if found is None:
        raise SheetError("no_header_row")
    sheet, header = found
    numbered, blank = find_rows(sheet, header)
    return Round(tuple(Row(number, _typed(cells, header)) for number, cells in numbered), blank)


def _find_header(rows: Sequence[Sequence[str]]) -> Header | None:
    return find_header(rows, FIELDS, lambda found: {"person", "followed_on"} <= set(found))


def _typed(cells: Sequence[str], header: Header) -> dict[str, str]:
    """Take what stands in the known columns, without numbers that may say who somebody is."""
    typed = {field: cells[column] for field, column in header.columns.items() if column < len(cells)}
    return {field: _without_long_numbers(field, cell[:_LONGEST_CELL]) for field, cell in typed.items()}


def _without_long_numbers(field: str, cell: str) -> str:
    tidy = _tidy(cell)
    if (field == "person" and _PERSON.fullmatch(tidy)) or (field in _DATES and read_date(cell)):
        return cell
    return _LONG_NUMBER.sub("*", normalize("NFKC", cell)) if _LONG_NUMBER.search(tidy) else cell


def _tidy(cell: str) -> str:
    return "".join(normalize("NFKC", cell).split())


def write_refused(refused: Iterable[tuple[Row, Refusal]], advice_of: Callable[[str], str]) -> bytes:
    """Write the refused rows as they were, each with reason, what to do and code; corrected, it can be read again."""
    lines = [
        (
            [row.typed.get(field, "") for field in COLUMNS],
            [
                f"{COLUMNS.get(refusal.field, refusal.field)}：{REASONS.get(refusal.code) or advice_of(refusal.code)}",
                advice_of(refusal.code),
                refusal.code,
            ],
        )
        for row, refusal in refused
    ]
    return give_back(list(COLUMNS.values()), lines)


# --- a row as an entry


class _RowRefusedError(Exception):
    def __init__(self, code: str, field: str) -> None:
        super().__init__(code, field)
        self.refusal = Refusal(code, field)


def check_row(row: Row, today: date) -> Visit | Refusal:
    """Read a row as a visit, or say why it can't be."""
    try:
        return _read_visit(row.typed, today)
    except _RowRefusedError as error:
        return error.refusal


def _read_visit(typed: Mapping[str, str], today: date) -> Visit:
    person = _tidy(_need(typed, "person")).lower()
    if not _PERSON.fullmatch(person):
        raise _RowRefusedError("unknown_person", "person")
    on = _read_date(typed, "followed_on")
    if on is None:
        raise _RowRefusedError("missing", "followed_on")
    if on > today:
        raise _RowRefusedError("future_date", "followed_on")
    said = {**_read_words(typed), **_read_numbers(typed), "next_on": _read_date(typed, "next_on")}
    if "mode" not in said:
        raise _RowRefusedError("missing", "mode")
    kind = said.pop("condition", "diabetes_follow_up" if "fasting_glucose" in said else "hypertension_follow_up")
    drugs = [part.strip() for part in _LIST.split(typed.get("medications", "")) if part.strip()]
    medications = [{"drug": drug, "adherence": said.get("adherence")} for drug in drugs]
    _must_belong(kind, said)
    return Visit(person, on, _make_content({"kind": kind, "medications": medications, **said}))


def _must_belong(kind: str, said: Mapping[str, Any]) -> None:
    """Refuse what a follow-up of this condition has no place for, rather than lose it."""
    strange = [field for field, value in said.items() if value and field not in CONTENTS[kind].model_fields]
    if strange:
        raise _RowRefusedError("not_of_condition", strange[0])


def _need(typed: Mapping[str, str], field: str) -> str:
    cell = typed.get(field, "")
    if not cell.strip():
        raise _RowRefusedError("missing", field)
    return cell


def _read_date(typed: Mapping[str, str], field: str) -> date | None:
    cell = typed.get(field, "").strip()
    if not cell:
        return None
    found = read_date(cell)
    if found is None:
        raise _RowRefusedError("bad_date", field)
    return found


def _read_words(typed: Mapping[str, str]) -> dict[str, Any]:
    said: dict[str, Any] = {}
    for field, words in _WORDS.items():
        cell = _tidy(typed.get(field, "")).lower()
        if not cell:
            continue
        if cell not in words:
            raise _RowRefusedError("not_understood", field)
        said[field] = words[cell]
    return said


def _read_numbers(typed: Mapping[str, str]) -> dict[str, float]:
    said = _read_pressure(_tidy(typed.get("pressure", "")))
    for field in _NUMBERS:
        cell = _tidy(typed.get(field, ""))
        if not cell:
            continue
        if not _NUMBER.fullmatch(cell) or (field in _WHOLE and float(cell) != int(float(cell))):
            raise _RowRefusedError("not_understood", field)
        said[field] = int(float(cell)) if field in _WHOLE else float(cell)
    return said


def _read_pressure(cell: str) -> dict[str, float]:
    """Read both pressures from one cell, such as 132/80."""
    if not cell:
        return {}
    match = _PRESSURE.fullmatch(cell)
    if match is None:
        raise _RowRefusedError("not_understood", "pressure")
    return {"systolic": int(match[1]), "diastolic": int(match[2])}


_CONTENT: TypeAdapter[Content] = TypeAdapter(AnyContent)


def _make_content(said: Mapping[str, Any]) -> Content:
    """Make the content, or say which field is wrong."""
    try:
        return _CONTENT.validate_python(said)
    except ValidationError as error:
        wrong = error.errors(include_input=False, include_url=False)[0]
        field = next((str(part) for part in wrong["loc"] if part in COLUMNS), "medications")
        code = {"missing": "missing", "value_error": "not_understood"}.get(wrong["type"], "out_of_range")
        raise _RowRefusedError(code, field) from error


def make_entry(visit: Visit, person_id: str, street: str, by: str, now: datetime) -> Entry:
    """Make the entry of a visit: one for each person, kind and day in a district, however often it is handed in.

    A sheet tells the day and no hour, so noon is taken, or now if it is not noon yet.
    """
    noon = datetime.combine(visit.on, time(12), SHANGHAI).astimezone(UTC)
    named = f"{person_id}|{visit.content.kind}|{visit.on}|{street[:6]}"  # type: ignore[attr-defined]
    return Entry(
        entry_id=sha256(f"sheet|{named}".encode()).hexdigest()[:32],
        person_id=person_id,
        street=street,
        measured_at=min(noon, now),
        recorded_by=by,
        content=visit.content,
        source="sheet",
    )
