"""What the columns of a register may say: codes for facts, and the words by which offices call them."""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar
from unicodedata import normalize

from contracts.identity import ETHNIC_GROUPS

Word = TypeVar("Word", bound=StrEnum)


class Purpose(StrEnum):
    """Why a person stays (居住事由)."""

    LABOUR = "labour"
    FARMING = "farming"
    TRADE = "trade"
    SERVICE = "service"
    DOMESTIC_WORK = "domestic_work"
    BUSINESS_TRIP = "business_trip"
    STUDY = "study"
    TREATMENT = "treatment"
    JOINING_KIN = "joining_kin"
    VISITING_KIN = "visiting_kin"
    TOURISM = "tourism"
    OTHER = "other"


class Dwelling(StrEnum):
    """What a person lives in (住所类型)."""

    RENTED = "rented"
    OWNED = "owned"
    HOUSEHOLD = "household"
    EMPLOYER = "employer"
    BUILDING_SITE = "building_site"
    HOTEL = "hotel"
    BOAT = "boat"
    OTHER = "other"


class Hazard(StrEnum):
    """What a person is exposed to at work (接触职业危害因素); `none` was asked and denied."""

    NONE = "none"
    DUST = "dust"
    NOISE = "noise"
    BENZENES = "benzenes"
    CHEMICALS = "chemicals"
    HEAVY_METALS = "heavy_metals"
    HEAT = "heat"
    RADIATION = "radiation"
    BIOLOGICAL = "biological"
    OTHER = "other"


PURPOSES: Mapping[str, Purpose] = {
    **{word.value: word for word in Purpose},
    **dict.fromkeys(("务工", "打工"), Purpose.LABOUR),
    "务农": Purpose.FARMING,
    "经商": Purpose.TRADE,
    "服务": Purpose.SERVICE,
    **dict.fromkeys(("保姆", "家政"), Purpose.DOMESTIC_WORK),
    **dict.fromkeys(("因公出差", "出差"), Purpose.BUSINESS_TRIP),
    **dict.fromkeys(("借读培训", "借读", "培训", "上学", "就学", "学习"), Purpose.STUDY),
    **dict.fromkeys(("治病疗养", "治病", "就医", "疗养"), Purpose.TREATMENT),
    **dict.fromkeys(("投靠亲友", "投亲靠友", "随迁"), Purpose.JOINING_KIN),
    **dict.fromkeys(("探亲访友", "探亲", "访友"), Purpose.VISITING_KIN),
    **dict.fromkeys(("旅游观光", "旅游"), Purpose.TOURISM),
    **dict.fromkeys(("其他", "其它"), Purpose.OTHER),
}
DWELLINGS: Mapping[str, Dwelling] = {
    **{word.value: word for word in Dwelling},
    **dict.fromkeys(("租赁房屋", "租赁住房", "出租房屋", "出租房", "租房", "租住"), Dwelling.RENTED),
    **dict.fromkeys(("自购房", "自购房屋", "自有住房", "自有房屋"), Dwelling.OWNED),
    **dict.fromkeys(("居民家中", "借住"), Dwelling.HOUSEHOLD),
    **dict.fromkeys(("单位内部", "单位宿舍", "集体宿舍", "宿舍"), Dwelling.EMPLOYER),
    **dict.fromkeys(("工地现场", "工地", "工棚"), Dwelling.BUILDING_SITE),
    **dict.fromkeys(("旅店", "宾馆旅店", "旅馆", "宾馆"), Dwelling.HOTEL),
    **dict.fromkeys(("水上船舶", "船舶"), Dwelling.BOAT),
    **dict.fromkeys(("其他", "其它"), Dwelling.OTHER),
}
HAZARDS: Mapping[str, Hazard] = {
    **{word.value: word for word in Hazard},
    **dict.fromkeys(("否", "无", "没有", "不接触"), Hazard.NONE),
    "粉尘": Hazard.DUST,
    "噪声": Hazard.NOISE,
    "噪音": Hazard.NOISE,
    **dict.fromkeys(("苯系物", "苯"), Hazard.BENZENES),
    **dict.fromkeys(("化学因素", "化学物质", "化学毒物", "有机溶剂"), Hazard.CHEMICALS),
    **dict.fromkeys(("重金属", "铅"), Hazard.HEAVY_METALS),
    "高温": Hazard.HEAT,
    **dict.fromkeys(("放射性", "放射因素", "辐射"), Hazard.RADIATION),
    "生物因素": Hazard.BIOLOGICAL,
    **dict.fromkeys(("是", "有", "其他", "其它"), Hazard.OTHER),
}
ETHNIC_CODES: Mapping[str, str] = {
    written: f"{place:02d}"
    for place, group in enumerate(ETHNIC_GROUPS, start=1)
    for written in (group, group.removesuffix("族"), f"{place:02d}")
}
"""The two digits of GB/T 3304 by name."""

ABROAD = frozenset({"境外", "国外", "外国", "海外", "出国", "出境", "external"})


def tidy(text: str) -> str:
    """Write a cell the one way for looking it up: half-width, without spaces, lower case."""
    return _SPACES.sub("", normalize("NFKC", text)).lower()


_SPACES = re.compile(r"\s+")
