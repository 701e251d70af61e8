"""Write lists of people who teach and are cared for as offices keep them: a street, then the columns of the kind."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any

from services.outreach.intake.exports import STREET


class ListingKind(StrEnum):
    """What is listed: educators, their trainings, cases of care, visits, exposures at work, counselling rooms."""

    EDUCATORS = "educators"
    TRAININGS = "trainings"
    CARE_CASES = "care_cases"
    CARE_VISITS = "care_visits"
    EXPOSURES = "exposures"
    COUNSELLING_ROOMS = "counselling_rooms"


HEADINGS: Mapping[ListingKind, Mapping[str, str]] = {
    ListingKind.EDUCATORS: {
        "kind": "类别",
        "staff": "工号",
        "institution_id": "机构编号",
        "joined_on": "入队日期",
        "left_on": "离队日期",
    },
    ListingKind.TRAININGS: {
        "held_on": "培训日期",
        "kind": "培训类别",
        "topic": "培训主题",
        "hours": "学时",
        "took_part": "参训人数",
        "participants": "参训工号",
        "institution_id": "机构编号",
    },
    ListingKind.CARE_CASES: {
        "person_id": "人员编号",
        "need": "帮扶对象",
        "opened_on": "立案日期",
        "standing": "状态",
        "visits": "走访次数",
        "last_seen_on": "最近走访",
        "paired": "结对工号或机构",
        "closed_on": "结案日期",
        "close_reason": "结案原因",
    },
    ListingKind.CARE_VISITS: {
        "person_id": "人员编号",
        "need": "帮扶对象",
        "visited_on": "走访日期",
        "visited_by": "走访工号",
        "help": "帮扶内容",
    },
    ListingKind.EXPOSURES: {
        "person_id": "人员编号",
        "hazard": "职业危害因素",
        "since": "开始接触",
        "until": "结束接触",
        "institution_id": "机构编号",
        "trainings": "培训次数",
        "trained_on": "最近培训",
        "due": "应培训类别",
        "due_on": "应培训日期",
    },
    ListingKind.COUNSELLING_ROOMS: {
        "institution_id": "学校编号",
        "opened_on": "开放日期",
        "hours_per_week": "每周小时",
        "sessions": "辅导次数",
        "closed_on": "关闭日期",
    },
}
_WORDS: Mapping[str, Mapping[str, str]] = {
    "kind": {
        "lecturer": "讲师团",
        "volunteer": "志愿者",
        "staff": "工作人员",
        "pre_job": "岗前",
        "in_service": "在岗",
    },
    "need": {
        "hardship": "特困",
        "disabled": "残疾",
        "left_behind_elderly": "留守老人",
        "left_behind_woman": "留守妇女",
        "left_behind_child": "留守儿童",
        "returnee": "返乡",
    },
    "standing": {"open": "帮扶中", "closed": "已结案", "left": "已离开", "died": "已死亡"},
    "close_reason": {
        "need_met": "需求已解决",
        "declined": "本人谢绝",
        "moved_away": "迁出",
        "died": "死亡",
        "mistaken": "登记错误",
    },
    "due": {"pre_job": "岗前", "yearly": "每年"},
}


def write_listing(kind: ListingKind, rows: Iterable[Mapping[str, Any]]) -> list[list[str]]:
    """Return rows as lines of text below their headings."""
    headings = HEADINGS[kind]
    lines = [[STREET, *headings.values()]]
    lines += [[row["street"], *(_spell(name, row.get(name)) for name in headings)] for row in rows]
    return lines


def _spell(name: str, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, (list, tuple)):
        return "、".join(map(str, value))
    return _WORDS.get(name, {}).get(str(value), str(value))
