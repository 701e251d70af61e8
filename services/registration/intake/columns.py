"""The columns of a register: their headings, the needed ones, and how to recognise the row of a person."""

import re
from collections.abc import Mapping
from unicodedata import normalize

from services.runtime.sheets.meanings import Vocabulary
from services.runtime.sheets.rows import RowRules

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
    "left_on": "离开日期",
    "destination": "去向",
    "leaving_reason": "离开原因",
    "returning_on": "预计返回日期",
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
    "name": "人员姓名 流动人口姓名 居民姓名 中文姓名 fullname",
    "sex": "gender",
    "document_type": "证件种类 证件名称 身份证件类型",
    "document_number": (
        "证件号 身份证件号码 证件编号 身份证号码 身份证号 身份证 公民身份号码 居民身份证号码 居民身份证号 "
        "idno idnumber documentno"
    ),
    "birth": "出生年月日 生日 dateofbirth birthdate birthday",
    "hukou_division": "户籍地行政区划代码 户籍地代码 户籍区划代码 户籍地区划",
    "hukou_address": "户籍 户籍详细地址 户籍地 户籍所在地 户籍地详细地址 户口所在地 户籍所在地地址",
    "phone": "电话 手机 手机号 手机号码 联系方式 电话号码 tel telephone mobile phonenumber",
    "address": (
        "现居住详细地址 居住详址 现住详址 居住详细地址 详细地址 现住址 居住地址 "
        "暂住地址 现居住地 现住地址 现居住地详细地址"
    ),
    "community": "所属社区 居住社区 社区名称 村居 居委会 村委会",
    "grid": "网格号 网格编号 网格代码 所属网格",
    "dwelling": "住所类别 居住类型 房屋类型 居住处所",
    "arrived_on": (
        "来本地时间 流入日期 流入时间 到达日期 到达时间 来此日期 来此时间 到本地日期 "
        "抵达日期 抵达时间 居住起始日期 流入本地日期 来本市日期 来本区日期 来本县日期 "
        "来本街道日期 arrivaldate dateofarrival"
    ),
    "left_on": (
        "离开时间 离开本地日期 离开本地时间 离去日期 流出日期 流出时间 搬离日期 搬离时间 搬走日期 迁出日期 迁出时间 "
        "departuredate dateofdeparture"
    ),
    "destination": "离开去向 去往地 去往何地 前往地 目的地 流出去向",
    "leaving_reason": "流出原因 搬离原因 迁出原因",
    "returning_on": "预计返回时间 拟返回日期",
    "origin": "来源地 流出地 来自何地",
    "purpose": "居住原因 暂住事由 流入原因 流动原因 来本地原因",
    "employer": "工作单位 就业单位 单位 单位名称 从业单位名称 工作单位名称",
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


_PLACES = (
    "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼滇黔陇秦蜀"
    "杭甬锡常通扬镇淮盐徐连泰宿温台嘉湖绍金衢丽合芜蚌深穗莞佛珠厦泉漳榕蓉汉郑济烟沈大长哈昆筑邕"
)
"""One-character names of provinces and cities, as in 来苏日期."""
_CAME, _LEFT = (re.compile(rf"{verb}[{_PLACES}](?:日期|时间)") for verb in ("[来到抵入]", "离"))


def _match_heading(heading: str) -> str | None:
    """Return the field of a heading that contains the name of a place, such as 来苏日期; None for other headings."""
    if _CAME.fullmatch(heading):
        return "arrived_on"
    return "left_on" if _LEFT.fullmatch(heading) else None


VOCABULARY = Vocabulary(
    usual=COLUMNS,
    other=_OTHER_HEADINGS,
    needed=(("name",), ("document_number", "guardian_document_number"), ("arrived_on", "left_on")),
    chosen=frozenset(
        {
            *(
                "sex",
                "document_type",
                "ethnic_group",
                "dwelling",
                "purpose",
                "hazard",
                "relationship",
                "leaving_reason",
            ),
            *("disabled", "left_behind", "hardship", "guardian_document_type", "household_document_type"),
        }
    ),
    pattern=_match_heading,
)
"""The headings of a register, and the columns that it needs."""

_PLAUSIBLE_NUMBER = re.compile(r"(?!\d{4}[-/.]\d{1,2}[-/.]\d{1,2})(?=.*\d)[0-9A-Z()*/.+-]{6,}|.*\d{15}.*")
"""What may be the number of a document, even a rounded or masked one; no day, as it stands in a footer."""


def _is_person(known: Mapping[str, str]) -> bool:
    """Return whether a row has a name and a text that may be the number of a document."""
    number = known.get("document_number") or known.get("guardian_document_number") or ""
    tidied = "".join(normalize("NFKC", number).upper().split())
    return bool(known.get("name")) and _PLAUSIBLE_NUMBER.fullmatch(tidied) is not None


ROW_RULES = RowRules(
    is_person=_is_person,
    footer_fields=("name", "document_number"),
    prefilled=frozenset(
        {
            *("document_type", "guardian_document_type", "household_document_type", "sex", "ethnic_group"),
            *("hukou_division", "community", "grid", "dwelling", "purpose", "hazard", "origin"),
            *("disabled", "left_behind", "hardship"),
        }
    ),
)
