"""Answers to a survey as offices type them from paper: a row for each respondent, a column for each item."""

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, Literal
from unicodedata import normalize

from contracts.outreach.questionnaires import Item, Questionnaire
from contracts.outreach.surveys import Chosen, Way
from contracts.refusals import RefusedError
from services.outreach.domain import questionnaires
from services.outreach.domain.surveys import Filled
from services.runtime.sheets.registers import Columns, Refusal, check_row

KIND: Literal["survey_answers"] = "survey_answers"
RESPONDENT, ANSWERED_ON, WAY = "respondent", "answered_on", "answer_way"
"""The columns beside those of items, whose codes are shorter."""

_WORDS: Mapping[str, StrEnum] = {
    **dict.fromkeys(("纸质", "纸质问卷", "自填", "paper"), Way.PAPER),
    **dict.fromkeys(("面访", "访谈", "面对面", "interview"), Way.INTERVIEW),
}
_SPOKEN = {Way.PAPER: "纸质", Way.INTERVIEW: "面访", Way.PHONE: "手机"}
_BETWEEN = re.compile(r"[\s,;、，。./]+")
_LETTERS = re.compile(r"[A-Z]{1,26}")
_RESPONDENT = re.compile(r"[0-9a-f]{32}|[0-9A-Za-z][0-9A-Za-z\-]{0,11}", re.ASCII)


def columns_of(questionnaire: Questionnaire) -> Columns:
    """Return the columns of a sheet of answers to a questionnaire."""
    codes = [item.code for item in questionnaire.questions]
    return Columns(
        usual={RESPONDENT: "问卷编号", ANSWERED_ON: "调查日期", WAY: "调查方式", **{code: code for code in codes}},
        other={
            RESPONDENT: "编号 样本序号 样本编号 人员编号 答卷编号",
            ANSWERED_ON: "日期 填写日期 答卷日期",
            WAY: "方式 作答方式",
            **{code: f"{code}题 第{code}题 题{code}" for code in codes},
        },
        needed=frozenset({RESPONDENT, ANSWERED_ON}),
        days=frozenset({ANSWERED_ON}),
        words={WAY: _WORDS},
        there=frozenset(codes),
        prefilled=frozenset({RESPONDENT, ANSWERED_ON}),
        is_row=_is_answered,
    )


def _is_answered(known: Mapping[str, str]) -> bool:
    """Return whether a row has a respondent and the letters of a choice."""
    chosen = (letters_in(cell) for name, cell in known.items() if name not in (RESPONDENT, ANSWERED_ON, WAY))
    return _RESPONDENT.fullmatch(known.get(RESPONDENT, "").strip()) is not None and any(chosen)


def letters_in(cell: str) -> str:
    """Return the letters that a cell gives as choices, such as AC for A、c; empty if it gives anything else."""
    letters = _BETWEEN.sub("", normalize("NFKC", cell)).upper()
    return letters if _LETTERS.fullmatch(letters) else ""


def read_sheet(questionnaire: Questionnaire, columns: Columns, typed: Mapping[str, str]) -> Filled | Refusal:
    """Return what a row says that somebody answered, or its refusal; an empty cell is an item that was left out."""
    values = check_row(columns, typed)
    if isinstance(values, Refusal):
        return values
    if not _RESPONDENT.fullmatch(values[RESPONDENT]):
        return Refusal("not_understood", RESPONDENT)
    chosen = []
    for item in questionnaire.questions:
        if item.code not in values:
            continue
        one = _read_choices(questionnaire, item, values[item.code])
        if isinstance(one, Refusal):
            return one
        chosen.append(one)
    if not chosen:
        return Refusal("missing", questionnaire.questions[0].code)
    return Filled(values[RESPONDENT], values.get(WAY, Way.PAPER), values[ANSWERED_ON], chosen)


def _read_choices(questionnaire: Questionnaire, item: Item, cell: str) -> Chosen | Refusal:
    letters = letters_in(cell)
    if not letters:
        return Refusal("not_understood", item.code)
    one = Chosen(item=item.code, choices=tuple(letters))
    try:
        questionnaires.check(questionnaire, [one])
    except RefusedError as error:
        return Refusal(error.code, item.code)
    return one


def write_sheet(questionnaire: Questionnaire, rows: Iterable[Mapping[str, Any]]) -> list[list[str]]:
    """Return answers as lines below the headings of an import; who answered on a phone has the id of the answers."""
    columns = columns_of(questionnaire)
    lines = [list(columns.usual.values())]
    for row in rows:
        chosen = {one["item"]: "".join(one["choices"]) for one in row["chosen"]}
        respondent = row["person_id"] or row["serial"] or row["_id"].rpartition("-")[2]
        items = (chosen.get(item.code, "") for item in questionnaire.questions)
        lines.append([respondent, row["answered_on"], _SPOKEN[Way(row["way"])], *items])
    return lines
