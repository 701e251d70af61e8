"""The registers 台账 of outreach that offices keep as sheets: the columns of each kind, and the words in them."""

from collections.abc import Mapping
from enum import StrEnum

from contracts.outreach.activities import ActivityKind, Audience
from contracts.outreach.articles import ArticleChannel
from contracts.outreach.boards import BoardSetting
from contracts.outreach.materials import Direction, MaterialKind
from services.runtime.sheets.registers import Columns


class RegisterKind(StrEnum):
    """What a sheet lists: activities, boards, issues of boards, copies of materials, articles."""

    ACTIVITIES = "activities"
    BOARDS = "boards"
    BOARD_ISSUES = "board_issues"
    MATERIALS = "materials"
    ARTICLES = "articles"


_ACTIVITY_WORDS: Mapping[str, StrEnum] = {
    **dict.fromkeys(("讲座", "健康讲座", "知识讲座"), ActivityKind.LECTURE),
    **dict.fromkeys(("咨询", "健康咨询", "公众咨询"), ActivityKind.CONSULTATION),
    "义诊": ActivityKind.FREE_CLINIC,
    **dict.fromkeys(("结对", "小手拉大手"), ActivityKind.PAIRING),
    **dict.fromkeys(("宣传", "宣传活动", "主题宣传"), ActivityKind.CAMPAIGN),
    "培训": ActivityKind.TRAINING,
    **{kind.value: kind for kind in ActivityKind},
}
_AUDIENCE_WORDS: Mapping[str, StrEnum] = {
    **dict.fromkeys(("全体", "居民", "流动人口", "不限"), Audience.EVERYONE),
    **dict.fromkeys(("儿童", "0-6岁儿童"), Audience.CHILDREN),
    **dict.fromkeys(("学生", "中小学生", "小学生"), Audience.PUPILS),
    **dict.fromkeys(("妇女", "育龄妇女"), Audience.WOMEN),
    **dict.fromkeys(("老年人", "65岁以上老年人"), Audience.ELDERLY),
    **dict.fromkeys(("工人", "职业人群", "接害工人"), Audience.HAZARD_WORKERS),
    **{audience.value: audience for audience in Audience},
}
_SETTING_WORDS: Mapping[str, StrEnum] = {
    **dict.fromkeys(("室内", "indoors"), BoardSetting.INDOORS),
    **dict.fromkeys(("室外", "户外", "outdoors"), BoardSetting.OUTDOORS),
}
_MATERIAL_WORDS: Mapping[str, StrEnum] = {
    **dict.fromkeys(("折页", "健康知识折页", "传单", "宣传单"), MaterialKind.LEAFLET),
    **dict.fromkeys(("手册", "健康手册", "宣传册"), MaterialKind.HANDBOOK),
    **dict.fromkeys(("处方", "健康教育处方"), MaterialKind.PRESCRIPTION_FORM),
    **dict.fromkeys(("海报", "宣传画", "挂图"), MaterialKind.POSTER),
    **{kind.value: kind for kind in MaterialKind},
}
_DIRECTION_WORDS: Mapping[str, StrEnum] = {
    **dict.fromkeys(("入库", "领取", "印制", "received"), Direction.RECEIVED),
    **dict.fromkeys(("发放", "出库", "handed_out"), Direction.HANDED_OUT),
}
_CHANNEL_WORDS: Mapping[str, StrEnum] = {
    **dict.fromkeys(("网站", "健康教育网站"), ArticleChannel.SITE),
    **dict.fromkeys(("报刊", "报纸"), ArticleChannel.PRESS),
    **dict.fromkeys(("微信", "微信公众号", "公众号"), ArticleChannel.WECHAT),
    "其他": ArticleChannel.OTHER,
    **{channel.value: channel for channel in ArticleChannel},
}

_MOST: Mapping[str, int] = {
    "attendance": 1_000_000,
    "quantity": 1_000_000,
    "issue": 100_000,
    "area": 1000,
    "height": 100,
}
"""The most that can be entered in a column of numbers."""

COLUMNS: Mapping[RegisterKind, Columns] = {
    RegisterKind.ACTIVITIES: Columns(
        usual={
            "held_on": "活动日期",
            "kind": "活动形式",
            "topic": "活动主题",
            "audience": "受众",
            "attendance": "参加人数",
        },
        other={
            "held_on": "日期 时间 活动时间 开展日期 举办日期",
            "kind": "形式 活动类型 活动类别 类型",
            "topic": "主题 活动内容 活动名称 内容",
            "audience": "对象 受众人群 参加对象 宣传对象",
            "attendance": "人数 参与人数 受益人数 受教育人数 参加人次",
        },
        needed=frozenset({"held_on", "kind", "topic", "attendance"}),
        days=frozenset({"held_on"}),
        counts=frozenset({"attendance"}),
        may_be_none=frozenset({"attendance"}),
        most=_MOST,
        words={"kind": _ACTIVITY_WORDS, "audience": _AUDIENCE_WORDS},
    ),
    RegisterKind.BOARDS: Columns(
        usual={
            "place": "设置地点",
            "setting": "室内外",
            "area": "面积",
            "height": "高度",
            "installed_on": "设置日期",
            "removed_on": "拆除日期",
        },
        other={
            "place": "地点 位置 宣传栏地点 宣传栏位置",
            "setting": "室内户外 室内或户外 位置类型",
            "area": "宣传栏面积",
            "height": "距地面高度 中心高度",
            "installed_on": "设置时间 建立日期 启用日期",
            "removed_on": "拆除时间",
        },
        needed=frozenset({"place", "setting", "area", "installed_on"}),
        days=frozenset({"installed_on", "removed_on"}),
        sizes=frozenset({"area", "height"}),
        most=_MOST,
        words={"setting": _SETTING_WORDS},
    ),
    RegisterKind.BOARD_ISSUES: Columns(
        usual={"place": "设置地点", "issue": "期数", "theme": "主题", "changed_on": "更换日期"},
        other={
            "place": "地点 位置 宣传栏地点 宣传栏位置",
            "issue": "期号 期次 第几期",
            "theme": "内容 宣传主题 宣传内容 宣传栏内容",
            "changed_on": "日期 更换时间 更新日期 出刊日期",
        },
        needed=frozenset({"place", "issue", "theme", "changed_on"}),
        days=frozenset({"changed_on"}),
        counts=frozenset({"issue"}),
        most=_MOST,
    ),
    RegisterKind.MATERIALS: Columns(
        usual={
            "moved_on": "日期",
            "kind": "资料种类",
            "topic": "资料名称",
            "edition": "版本",
            "quantity": "数量",
            "direction": "入库或发放",
        },
        other={
            "moved_on": "发放日期 发放时间 时间 入库日期",
            "kind": "种类 类别 资料类型",
            "topic": "名称 主题 资料内容 宣传资料名称",
            "edition": "版次 年份",
            "quantity": "发放数量 份数 发放份数 入库数量",
            "direction": "方向 出入库 类型",
        },
        needed=frozenset({"moved_on", "kind", "topic", "quantity"}),
        days=frozenset({"moved_on"}),
        counts=frozenset({"quantity"}),
        most=_MOST,
        words={"kind": _MATERIAL_WORDS, "direction": _DIRECTION_WORDS},
    ),
    RegisterKind.ARTICLES: Columns(
        usual={"submitted_on": "报送日期", "topic": "稿件标题", "channel": "报送渠道"},
        other={
            "submitted_on": "日期 时间 投稿日期 报送时间 发布日期",
            "topic": "标题 题目 稿件题目 信息标题 主题",
            "channel": "渠道 媒体 投稿媒体 发布平台",
        },
        needed=frozenset({"submitted_on", "topic"}),
        days=frozenset({"submitted_on"}),
        words={"channel": _CHANNEL_WORDS},
    ),
}
