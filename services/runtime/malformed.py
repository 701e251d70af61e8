"""Explain what is wrong with a malformed request, field by field, in Chinese and English, without repeating values.

Each explanation has the field as it is in the request and what belongs there; for an unknown key the nearest known one.
"""

import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from itertools import chain
from typing import Any, get_args

from pydantic import BaseModel

MOST_EXPLAINED = 20
"""How many errors of one request are explained."""
_MOST_NAMED = 3
_REPEATABLE = re.compile(r"[A-Za-z_一-龥]{1,40}")
"""Unknown keys that may be repeated; a key with digits may be somebody's number."""
_MEANT = "did you mean"
_VALUE = re.compile(r"'([^']*)'")

UNKNOWN, MISSING, JSON_INVALID, REPEATED = "unknown_field", "missing", "json_invalid", "given_twice"

_TEXT = ("应为文本，请加引号。", "must be text, in quotes.")
_WHOLE = ("应为整数，例如 12。", "must be a whole number, such as 12.")
_NUMBER = ("应为数字，例如 36.5。", "must be a number, such as 36.5.")
_YES_OR_NO = ("应为 true 或 false。", "must be true or false.")
_DAY = ('应为日期文本，例如 "2026-11-18"。', 'must be a day as text, such as "2026-11-18".')
_MOMENT = (
    '应为带时区的时刻文本，例如 "2026-11-18T09:30:00+08:00"。',
    'must be a moment with its time zone as text, such as "2026-11-18T09:30:00+08:00".',
)
_CHOICE = ("只能是：{allowed}。", "must be one of: {allowed}.")
_LIST = ("应为数组 [ ]。", "must be an array [ ].")
_OBJECT = ("应为对象 {{ }}。", "must be an object {{ }}.")
_ANYTHING = ("不符合接口文档（/docs）。", "is not as the documentation at /docs says.")

_ADVICE: Mapping[str, tuple[str, str]] = {
    MISSING: ("必填，请补填。", "is required; fill it in."),
    JSON_INVALID: (
        "不是有效的 JSON，请检查引号、逗号和括号。",
        "is no valid JSON; check quotes, commas and brackets.",
    ),
    REPEATED: ("中有一项写了两次，请只保留一次。", "says something twice; say it once."),
    "string_type": _TEXT,
    "string_pattern_mismatch": ("格式不对，应符合 {pattern}。", "must match {pattern}."),
    "string_too_short": ("至少 {min_length} 个字。", "must have at least {min_length} characters."),
    "string_too_long": ("最多 {max_length} 个字。", "must have at most {max_length} characters."),
    "too_short": ("至少 {min_length} 项。", "must have at least {min_length} items."),
    "too_long": ("最多 {max_length} 项。", "must have at most {max_length} items."),
    "greater_than_equal": ("不能小于 {ge}。", "must be at least {ge}."),
    "less_than_equal": ("不能大于 {le}。", "must be at most {le}."),
    "timezone_aware": _MOMENT,
    "literal_error": _CHOICE,
    "enum": _CHOICE,
    "union_tag_invalid": _CHOICE,
    "value_error": ("不合要求。", "is not in order: {error}"),
    "long_number": (
        "不得包含电话、证件号码等长号码。",
        "must have no long number in it, such as of a phone or a document.",
    ),
}
_ADVICE_BY_KIND: Mapping[str, tuple[str, str]] = {
    "int": _WHOLE,
    "float": _NUMBER,
    "finite": _NUMBER,
    "bool": _YES_OR_NO,
    "date": _DAY,
    "datetime": _MOMENT,
    "list": _LIST,
    "tuple": _LIST,
    "model": _OBJECT,
    "dict": _OBJECT,
}
"""Advice by the first word of pydantic's error type, which is the expected type."""

_OTHER_NAMES: Mapping[str, str] = {
    "phone": "telephone tel mobile cell cellphone mobile_phone phone_number 电话 手机 手机号 手机号码 联系电话",
    "address": "addr residence living_address current_address 地址 住址 现住址 现居住地址",
    "document_number": "id_number idcard id_card id_no identity_number 证件号 证件号码 身份证 身份证号 身份证号码",
    "document_type": "id_type doc_type 证件类型",
    "name": "full_name fullname person_name 姓名",
    "sex": "gender 性别",
    "birth": "birthday birthdate birth_date date_of_birth dob 出生日期 生日",
    "ethnic_group": "nation nationality ethnicity 民族",
    "hukou_address": "household_address 户籍地址",
    "arrived_on": "arrival_date arrived arrived_at 来本地日期",
    "left_on": "departure_date departed_on left_at 离开日期",
    "employer": "company workplace 从业单位 工作单位",
    "note": "remark remarks comment 备注",
    "systolic": "sbp systolic_pressure high_pressure 收缩压 高压",
    "diastolic": "dbp diastolic_pressure low_pressure 舒张压 低压",
    "heart_rate": "pulse 心率",
    "measured_at": "measured_on time taken_at 测量时间",
}
"""Names that other systems use for our fields, by field."""

_SYNONYMS = {other: name for name, others in _OTHER_NAMES.items() for other in others.split()}


class FieldError(BaseModel):
    """An error in a request: the path of the field, a stable code, and advice."""

    field: str
    code: str
    advice: str


def list_fields(errors: Sequence[FieldError]) -> tuple[str, str]:
    """Return the first fields with errors as a list in Chinese and in English."""
    fields = list(dict.fromkeys(error.field for error in errors))
    named = ", ".join(fields[:_MOST_NAMED])
    return (f"{named} 等项", f"{named} and others") if len(fields) > _MOST_NAMED else (named, named)


def list_fields_to_keep(errors: Sequence[FieldError]) -> str:
    """Return the wrong fields for what is kept, without unknown keys that resemble none: they may be names."""
    return ", ".join(dict.fromkeys(_parent(wrong.field) if _resembles_none(wrong) else wrong.field for wrong in errors))


def _resembles_none(wrong: FieldError) -> bool:
    return wrong.code == UNKNOWN and _MEANT not in wrong.advice


def _parent(field: str) -> str:
    return _field(field.split(".")[:-1])


def explain(found: Mapping[str, Any], expected: Any) -> FieldError:
    """Return the explanation of an error that pydantic found.

    `expected` is the declared type of the body, a model or a union of models; None for a query or a form.
    """
    code, loc, context = found["type"], tuple(found["loc"]), found.get("ctx", {})
    if code == "extra_forbidden":
        return _explain_unknown(loc, expected)
    if code == JSON_INVALID:
        loc = ()
    path, _ = _locate(loc, expected)
    if code in {"union_tag_invalid", "union_tag_not_found"}:
        path.append(context["discriminator"].strip("'"))
    if code == "union_tag_not_found":
        code = MISSING
    field = _field(path)
    allowed = ", ".join(_VALUE.findall(context.get("expected") or context.get("expected_tags") or ""))
    chinese, english = _ADVICE.get(code) or _ADVICE_BY_KIND.get(code.partition("_")[0], _ANYTHING)
    values = {**context, "allowed": allowed}
    advice = f"{field} {chinese.format(**values)} {field} {english.format(**values)}"
    return FieldError(field=field, code=code, advice=advice)


def _explain_unknown(loc: tuple[str | int, ...], expected: Any) -> FieldError:
    """Return the explanation of an unknown key, which repeats the key only if it can't identify anybody."""
    path, models = _locate(loc[:-1], expected)
    key = str(loc[-1])
    nearest = _nearest(key, sorted({name for model in models for name in model.model_fields}))
    meant = (f"是否应为 {nearest}？", f"{_MEANT} {nearest}?") if nearest else ("请核对名称。", "check its name.")
    if _REPEATABLE.fullmatch(key):
        field = _field([*path, key])
        advice = f"没有 {field} 这一项，{meant[0]} There is no field {field}; {meant[1]}"
    else:
        field = _field(path)
        advice = (
            f"{field} 中有未知的项（名称不重复），{meant[0]} {field} has an unknown key, not repeated here; {meant[1]}"
        )
    return FieldError(field=field, code=UNKNOWN, advice=advice)


def _field(path: Sequence[str]) -> str:
    return ".".join(path) or "body"


def _nearest(key: str, known: Sequence[str]) -> str | None:
    """Return the known name that an unknown key most likely means; None if none is near."""
    if len(key) > 40:
        return None
    snake_case = re.sub(r"(?<=[a-z])(?=[A-Z])|[\s-]+", "_", key.strip()).lower()
    meant = _SYNONYMS.get(snake_case)
    return meant if meant in known else next(iter(get_close_matches(snake_case, known, 1)), None)


def _locate(loc: Sequence[str | int], expected: Any) -> tuple[list[str], list[type[BaseModel]]]:
    """Return the path of an error in the request, without the tags of unions, and the models it may be in."""
    if expected is None:
        return list(map(str, loc)), []
    path, models = [], _models_in(expected)
    for step in loc:
        fields = [model.model_fields[step] for model in models if step in model.model_fields]
        if fields:
            models = [model for field in fields for model in _models_in(field.annotation)]
        elif isinstance(step, str):
            models = [model for model in models if _has_tag(model, step)] or models
            continue
        path.append(str(step))
    return path, models


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    """Return the models in an annotation, such as those of a union."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return list(chain.from_iterable(map(_models_in, get_args(annotation))))


def _has_tag(model: type[BaseModel], tag: str) -> bool:
    return any(tag in get_args(field.annotation) for field in model.model_fields.values())
