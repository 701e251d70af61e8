"""The words that offices type in reports, and the codes by which facts record them."""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar
from unicodedata import normalize

from contracts.reference.identity import ETHNIC_GROUPS
from contracts.registration.stays import Category
from services.registration.domain.arrivals import Dwelling, Hazard, Purpose

Word = TypeVar("Word", bound=StrEnum)


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
"""The codes of ethnic groups (GB/T 3304, 2 digits) by name."""

_RELATIONS = """
01 本人
02 户主
10 配偶 爱人
11 夫 丈夫
12 妻 妻子
20 子 儿子
21 独生子
22 长子
23 次子 二子
24 三子
25 四子
26 五子
27 养子或继子 养子 继子
28 女婿
29 其他儿子
30 女 女儿
31 独生女
32 长女
33 次女 二女
34 三女
35 四女
36 五女
37 养女或继女 养女 继女
38 儿媳 儿媳妇
39 其他女儿
40 孙子、孙女或外孙子、外孙女 孙子女
41 孙子
42 孙女
43 外孙子 外孙
44 外孙女
45 孙媳妇或外孙媳妇 孙媳妇 外孙媳妇
46 孙女婿或外孙女婿 孙女婿 外孙女婿
47 曾孙子或外曾孙子 曾孙子 外曾孙子
48 曾孙女或外曾孙女 曾孙女 外曾孙女
49 其他孙子、孙女或外孙子、外孙女
50 父母
51 父亲 父
52 母亲 母
53 公公
54 婆婆
55 岳父
56 岳母
57 继父或养父 继父 养父
58 继母或养母 继母 养母
59 其他父母关系
60 祖父母或外祖父母 祖父母 外祖父母
61 祖父 爷爷
62 祖母 奶奶
63 外祖父 外公
64 外祖母 外婆
65 配偶的祖父母或外祖父母
66 曾祖父
67 曾祖母
68 配偶的曾祖父母或外曾祖父母
69 其他祖父母或外祖父母关系
70 兄、弟、姐、妹 兄弟姐妹
71 兄 哥哥
72 嫂 嫂子
73 弟 弟弟
74 弟媳
75 姐姐 姐
76 姐夫
77 妹妹 妹
78 妹夫
79 其他兄弟姐妹
80 其他 其它
81 伯父
82 伯母
83 叔父 叔叔
84 婶母 婶婶
85 舅父 舅舅
86 舅母
87 姨父 姨夫
88 姨母
89 姑父
90 姑母
91 堂兄弟、堂姐妹 堂兄弟姐妹
92 表兄弟、表姐妹 表兄弟姐妹
93 侄子
94 侄女
95 外甥
96 外甥女
97 其他亲属 亲属
99 非亲属 朋友 同事 工友
"""
RELATIONSHIPS: Mapping[str, str] = {
    written: line.split()[0] for line in _RELATIONS.strip().splitlines() for written in line.split()
}
"""The codes of relationships to the head of a household (GB/T 4761-2008, 2 digits) by the words that offices use."""
SELF_OR_HEAD = frozenset({"01", "02"})
HEAD = "02"

_YES = ("是", "有", "1", "y", "yes", "true", "√", "✓", "✔")
_NO = ("否", "无", "没有", "不是", "正常", "健全", "0", "n", "no", "false", "×")
_IMPAIRED = ("肢体", "视力", "听力", "言语", "智力", "精神", "多重")
REPORTED: Mapping[Category, Mapping[str, bool]] = {
    category: {**dict.fromkeys((*_YES, *words), True), **dict.fromkeys(_NO, False)}
    for category, words in {
        Category.DISABLED: (
            *("残疾", "残疾人", "持证残疾人", "一级", "二级", "三级", "四级"),
            *(kind + word for kind in _IMPAIRED for word in ("", "残疾")),
        ),
        Category.LEFT_BEHIND: ("留守", "留守儿童", "留守老人", "留守妇女"),
        Category.HARDSHIP: (
            *("特困", "特困户", "特困人员", "低保", "低保户", "五保", "五保户", "困难", "困难户"),
            *("贫困户", "建档立卡", "特困供养"),
        ),
    }.items()
}
"""The words of the columns 残疾, 留守 and 特困, and whether each means that the person belongs to the category."""

STILL_HERE = frozenset({"", "-", "--", "—", "——", "–", "/", "无", "没有", "至今", "未离开", "未离", "在住", "仍在住"})
"""What offices write in place of the day of leaving while a person lives there."""

BIRTH_ORDERS: Mapping[str, int] = {
    written: order
    for order, number in enumerate("一二三四五六七八九", start=1)
    for written in (str(order), number, f"第{number}", f"第{order}", f"第{number}个", f"老{number}")
} | {"老大": 1, "大": 1, "小": 2}
"""The order of a child among twins by what offices type."""

ABROAD = frozenset({"境外", "国外", "外国", "海外", "出国", "出境", "external"})


def tidy(text: str) -> str:
    """Return a text as vocabularies spell it: half-width, without spaces, in lower case."""
    return _SPACES.sub("", normalize("NFKC", text)).lower()


_SPACES = re.compile(r"\s+")
