"""Check a typed row of a round: return the visit, or a refusal; read words, numbers with units, pressures, days."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, NamedTuple
from unicodedata import normalize

from pydantic import TypeAdapter, ValidationError

from contracts.archives.contents import CONTENTS, AnyContent
from contracts.archives.follow_ups import Adherence
from contracts.archives.forms import Content, Mode
from services.runtime.dates import read_date

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

OTHER_HEADINGS: Mapping[str, str] = {
    "person": "人员ID 人员标识 档案编号 档案编码 档案号 健康档案编号 居民健康档案编号",
    "condition": "病种名称 疾病 慢病类型 随访类型",
    "followed_on": "日期 随访时间 本次随访日期",
    "mode": "方式",
    "systolic": "高压",
    "diastolic": "舌张压 低压",
    "pressure": "血压值",
    "heart_rate": "脉搏",
    "fasting_glucose": "血糖 空腹血糖值",
    "medications": "用药情况 药物名称 药名",
    "adherence": "依从性 用药依从性",
    "side_effects": "药物不良反应 副作用",
    "hypoglycaemia": "低血糖",
    "referred": "是否转诊",
    "next_on": "下次日期 预约日期 下次随访时间",
}
UNITS: Mapping[str, Mapping[str, float | None]] = {
    **{
        field: {
            "mmHg": 1,
            "毫米汞柱": 1,
            "毫米水银柱": 1,
            "毫米": 1,
            **(dict.fromkeys(("收缩压/舒张压", "高压/低压", "收缩压/舒张压mmHg"), 1) if field == "pressure" else {}),
            **dict.fromkeys(("kPa", "千帕", "cmHg", "厘米汞柱"), None),
        }
        for field in ("systolic", "diastolic", "pressure")
    },
    "heart_rate": {
        **dict.fromkeys(("次/分", "次/分钟", "次/min", "次每分", "次", "bpm"), 1),
        **dict.fromkeys(("次/30秒", "次/30s", "次/半分钟", "次/半分"), 2),
        **dict.fromkeys(("次/15秒", "次/15s"), 4),
        **dict.fromkeys(("次/10秒", "次/10s"), 6),
    },
    "weight_kg": {
        **dict.fromkeys(("kg", "公斤", "千克", "kgs"), 1),
        **dict.fromkeys(("斤", "市斤"), 0.5),
        **dict.fromkeys(("磅", "lb", "lbs"), 0.45359237),
        **dict.fromkeys(("g", "克"), 0.001),
    },
    "fasting_glucose": {
        **dict.fromkeys(("mmol/L", "毫摩尔/升", "毫摩/升", "mmol"), 1),
        **dict.fromkeys(("mg/dL", "毫克/分升", "mg%"), None),
    },
    "smokes_a_day": {
        **dict.fromkeys(("支", "支/天", "支/日", "根", "根/天", "根/日"), 1),
        **dict.fromkeys(("包", "包/天", "包/日", "盒", "两"), None),
    },
}
"""The units of each field, the field's own first, with the factor that converts each; None if that is not exact."""

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
"""The words of each column of words, with their meaning; other words are refused."""

_NUMBERS = ("systolic", "diastolic", "heart_rate", "weight_kg", "fasting_glucose", "smokes_a_day")
_WHOLE = frozenset({"systolic", "diastolic", "heart_rate", "smokes_a_day"})
_PRESSURE = re.compile(r"(?:血压|BP)?:?(\d{2,3})\s*[/⁄∕\\|,、\-‐‑–—―−]\s*(\d{2,3})(\D.*)?", re.IGNORECASE)
_NUMBER = re.compile(r"(\d{1,4}(?:\.\d{1,4})?)(\D.*)?")
_PERSON = re.compile(r"[0-9a-f]{32}|[0-9]{17}")
_HUNDREDTH = Decimal("0.01")
_LIST = re.compile(r"[,，、;；\n]+")

REASONS: Mapping[str, str] = {
    "missing": "必填项为空。A required field is empty.",
    "unknown_person": "没有该编号的人员或档案。There is no such person or archive in the district.",
    "bad_date": "日期无法识别或不存在。This is no date, or no such day exists.",
    "future_date": "日期晚于今天。The day lies in the future.",
    "not_understood": "内容无法识别。What is typed here is not understood.",
    "other_unit": "单位不能换算。The unit can't be converted.",
    "values_disagree": "两处血压不一致。The two blood pressures of the row disagree.",
    "not_of_condition": "该病种的随访没有这一项。A follow-up of this condition has no such value.",
    "out_of_range": "数值超出可录入范围。The value is outside what can be entered.",
    "entry_differs": "同一人同一天的随访已有不同内容。A follow-up of that person and day says something else.",
}
"""The reasons of refused rows, in Chinese and English, by code; for other codes the advice has to do."""

ADVICE: Mapping[str, str] = {
    "missing": "请补填该项。Fill it in.",
    "unknown_person": "请填写32位人员编号或17位档案编号，并先登记建档。"
    "Give the person's id (32 characters) or the archive's code (17 digits); register the person first.",
    "bad_date": "请填写四位年份的日期，例如 2026-11-18。Type the day with a four-digit year, such as 2026-11-18.",
    "future_date": "请核对日期。Correct the day.",
    "not_understood": "请按模板填写。Type it as the template does.",
    "other_unit": "请改用本栏的单位。Give the value in the column's own unit.",
    "values_disagree": "请核对血压与收缩压、舒张压，只留正确的一处。"
    "Compare 血压 with 收缩压 and 舒张压, and keep the one that is right.",
    "not_of_condition": "请更正病种，或另起一行填写。Correct the condition, or type it in a row of its own.",
    "out_of_range": "请核对数值和单位。Check the value and its unit.",
    "entry_differs": "如需修改，请在档案中更正该条目。To change it, correct the entry in the archive.",
}
"""Advice about refused rows, in Chinese and English, by code."""


class Refusal(NamedTuple):
    """The refusal of a row: a stable code and the field."""

    code: str
    field: str


@dataclass(frozen=True, slots=True)
class Visit:
    """The visit that a row reports: the person (id or archive code), the day, and the content."""

    person: str
    on: date
    content: Content


class _RowRefusedError(Exception):
    def __init__(self, code: str, field: str) -> None:
        super().__init__(code, field)
        self.refusal = Refusal(code, field)


def advise(refusal: Refusal) -> str | None:
    """Return the advice for a refused row and its field; None for the code of a decision, which has its own advice."""
    advice = ADVICE.get(refusal.code)
    if advice is None or refusal.code not in {"not_understood", "other_unit", "out_of_range"}:
        return advice
    if refusal.field == "pressure":
        return "请填写如 130/80（mmHg）。Type it as 130/80 (mmHg)."
    if refusal.field in UNITS:
        unit = next(iter(UNITS[refusal.field]))
        return f"“{COLUMNS[refusal.field]}”请填写数字，单位 {unit}。Give a number in {unit}."
    if refusal.field in _WORDS:
        words = "、".join(word for word in _WORDS[refusal.field] if not word.isascii())
        return f"“{COLUMNS[refusal.field]}”请填写：{words}。Type one of these words."
    return advice


def read_visit(typed: Mapping[str, str], today: date) -> Visit | Refusal:
    """Return the visit that a row reports, or its refusal."""
    try:
        return _read_visit(typed, today)
    except _RowRefusedError as error:
        return error.refusal


def is_person_id(text: str) -> bool:
    """Return whether a text may be a person's id or an archive's code."""
    return _PERSON.fullmatch(compact(text).lower()) is not None


def compact(cell: str) -> str:
    """Return a cell in half-width characters, without spaces."""
    return "".join(normalize("NFKC", cell).split())


def _read_visit(typed: Mapping[str, str], today: date) -> Visit:
    person = compact(_need(typed, "person")).lower()
    if not _PERSON.fullmatch(person):
        raise _RowRefusedError("unknown_person", "person")
    on = _read_date(typed, "followed_on")
    if on is None:
        raise _RowRefusedError("missing", "followed_on")
    if on > today:
        raise _RowRefusedError("future_date", "followed_on")
    values = {**_read_words(typed), **_read_numbers(typed), "next_on": _read_date(typed, "next_on")}
    if "mode" not in values:
        raise _RowRefusedError("missing", "mode")
    kind = values.pop("condition", "diabetes_follow_up" if "fasting_glucose" in values else "hypertension_follow_up")
    drugs = [part.strip() for part in _LIST.split(typed.get("medications", "")) if part.strip()]
    medications = [{"drug": drug, "adherence": values.get("adherence")} for drug in drugs]
    _must_belong(kind, values)
    return Visit(person, on, _make_content({"kind": kind, "medications": medications, **values}))


def _must_belong(kind: str, values: Mapping[str, Any]) -> None:
    """Refuse a value that a follow-up of this condition does not have, rather than lose it."""
    strange = [field for field, value in values.items() if value and field not in CONTENTS[kind].model_fields]
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
    meanings: dict[str, Any] = {}
    for field, words in _WORDS.items():
        cell = compact(typed.get(field, "")).lower()
        if not cell:
            continue
        if cell not in words:
            raise _RowRefusedError("not_understood", field)
        meanings[field] = words[cell]
    return meanings


def _read_numbers(typed: Mapping[str, str]) -> dict[str, float]:
    numbers = _read_pressure(normalize("NFKC", typed.get("pressure", "")).strip())
    for field in _NUMBERS:
        cell = normalize("NFKC", typed.get(field, "")).strip()
        if not cell:
            continue
        value = _read_number(field, cell)
        if numbers.get(field, value) != value:
            raise _RowRefusedError("values_disagree", "pressure")
        numbers[field] = value
    return numbers


def _read_number(field: str, cell: str) -> float:
    """Return a number in the field's own unit, exactly if it counts, else to the hundredth; refuse any other."""
    match = _NUMBER.fullmatch(cell)
    if match is None:
        raise _RowRefusedError("not_understood", field)
    value = Decimal(match[1]) * Decimal(str(_factor_of(field, match[2])))
    if field not in _WHOLE:
        return float(value.quantize(_HUNDREDTH, ROUND_HALF_UP))
    if value != int(value):
        raise _RowRefusedError("not_understood", field)
    return int(value)


def _factor_of(field: str, unit: str | None) -> float:
    """Return the factor that converts a unit to the field's own; refuse an unknown or inexact unit."""
    if unit is None:
        return 1
    known = {_spell(written): factor for written, factor in UNITS[field].items()}
    factor = known.get(_spell(unit))
    if factor is None:
        raise _RowRefusedError("other_unit" if _spell(unit) in known else "not_understood", field)
    return factor


def _spell(unit: str) -> str:
    return compact(unit).lower().strip("().。")


def _read_pressure(cell: str) -> dict[str, float]:
    """Return both pressures (mmHg) of one cell, such as 132/80; empty for an empty cell."""
    if not cell:
        return {}
    match = _PRESSURE.fullmatch(cell)
    if match is None:
        raise _RowRefusedError("not_understood", "pressure")
    _factor_of("pressure", match[3])
    return {"systolic": int(match[1]), "diastolic": int(match[2])}


_CONTENT: TypeAdapter[Content] = TypeAdapter(AnyContent)


def _make_content(values: Mapping[str, Any]) -> Content:
    """Return the content of a follow-up; refuse the row, with the field, if a value is not valid."""
    try:
        return _CONTENT.validate_python(values)
    except ValidationError as error:
        wrong = error.errors(include_input=False, include_url=False)[0]
        field = next((str(part) for part in wrong["loc"] if part in COLUMNS), "medications")
        code = {"missing": "missing", "value_error": "not_understood"}.get(wrong["type"], "out_of_range")
        raise _RowRefusedError(code, field) from error
