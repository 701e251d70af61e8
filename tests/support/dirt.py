"""Registers drawn with every kind of dirt that offices keep them in, and what their clerk meant by each row."""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Literal

from tests.support.registers import AS_OF, DATE_SHAPES, id_number
from tests.support.sheets import Merge, Page, write_csv, write_pages

Lines = list[list[Any]]
Fault = Literal["none", "clash", "missing", "misspelt"]

DRESSED: Mapping[str, Callable[[int, str], str]] = {
    "plain": lambda _, heading: heading,
    "numbered": lambda number, heading: f"{number}、{heading}",
    "in circles": lambda number, heading: f"（{number}）{heading}",
    "starred": lambda _, heading: f"*{heading}：",
    "hinted": lambda _, heading: f"{heading}（必填）",
    "own": lambda _, heading: f"{heading}【本人】",
    "broken": lambda _, heading: f"{heading[0]}\n{heading[1:]}",
    "spaced": lambda _, heading: "　".join(heading),
}
"""How a clerk may write a heading without changing what it says, by its column's number."""
OF_OTHERS = ("姓名（拼音）", "联系电话（房东）", "现居住地址（原）", "来本地日期(上次)", "出生日期（农历）", "房东姓名")
"""Headings beside those of the person, whose values must not be taken for the person's."""
UNKNOWN = ("血型", "疫苗接种情况", "网格长签收")
FOOTERS = ("合计", "本页小计：2人", "填表人：　　审核人：", "共 3 人", "说明：以上均已核实", "单位（盖章）：")
FIRMS = ("合计信息科技公司", "小计量仪表厂", "共享单车公司", "姓名文化馆", "某建筑公司", "合计")
HEADINGS: Mapping[str, str] = {
    "name": "姓名",
    "document_type": "证件类型",
    "document_number": "证件号码",
    "phone": "联系电话",
    "address": "现居住地址",
    "arrived_on": "来本地日期",
    "left_on": "离开日期",
    "employer": "从业单位",
    "household_document_number": "证件号码（户主）",
}
GROUPS: Mapping[str, tuple[str, str]] = {
    "document_type": ("证件", "类型"),
    "document_number": ("证件", "号码"),
    "arrived_on": ("来本地", "日期"),
    "left_on": ("离开信息", "时间"),
    "landlord": ("房东", "联系电话"),
}
"""Columns whose headings stand under that of a group."""


@dataclass(frozen=True)
class Dirt:
    """What a register is dirty with."""

    sheets: int = 1
    hidden: Literal["", "hidden", "very hidden"] = ""
    titles: int = 0
    dress: str = "plain"
    grouped: bool = False
    merged_groups: bool = True
    shuffled: bool = False
    households: bool = False
    firms_first: bool = False
    leaving: bool = False
    others: bool = False
    unknown: bool = False
    between: bool = False
    footers: bool = False
    prefilled: int = 0
    days: Literal["text", "cell", "serial"] = "text"
    from_1904: bool = False
    forced: bool = False
    as_text: bool = False
    fault: Fault = "none"


@dataclass(frozen=True)
class Meant:
    """What the clerk meant by a row: text by field, days as such."""

    sheet: str
    row: int
    fields: Mapping[str, Any]


@dataclass
class Drawn:
    """A drawn register: its file, and the truth about each of its rows."""

    data: bytes
    filename: str
    people: list[Meant] = field(default_factory=list)
    ignored: list[tuple[str, int]] = field(default_factory=list)
    blank: int = 0
    skipped: set[str] = field(default_factory=set)
    fault: Fault = "none"


def draw_register(dirt: Dirt, seed: int) -> Drawn:
    """Draw a register; text files have neither hidden sheets, merged cells nor number cells."""
    chance = random.Random(seed)
    drawn = Drawn(b"", "登记表.csv" if dirt.as_text else "登记表.xlsx", fault=dirt.fault)
    pages = [_Clerk(dirt, chance, drawn, number).page() for number in range(1 if dirt.as_text else dirt.sheets)]
    if dirt.as_text:
        drawn.data = write_csv(pages[0].lines)
        return drawn
    if dirt.hidden:
        other = Drawn(b"", "")
        pages.insert(0, Page(_Clerk(dirt, chance, other, 9).page().lines, "去年存档", state=dirt.hidden))
        drawn.skipped.add("去年存档")
    if len(pages) > 1:
        pages.append(Page([["填表说明"], ["姓名：按身份证填写"]], "说明"))
        drawn.skipped.add("说明")
    drawn.data = write_pages(*pages, from_1904=dirt.from_1904)
    return drawn


class _Clerk:
    """Writes one sheet, and keeps what was meant by each of its rows."""

    def __init__(self, dirt: Dirt, chance: random.Random, drawn: Drawn, number: int) -> None:
        self.dirt, self.chance, self.drawn = dirt, chance, drawn
        self.name = f"第{number + 1}社区"
        self.number = number
        self.columns = self._columns()
        self.lines: Lines = []
        self.merged: list[Merge] = []

    def page(self) -> Page:
        self.lines += [[f"某街道流动人口登记表（{line}）"] for line in range(self.dirt.titles)]
        self._write_headings()
        heading_rows = self.lines[self.dirt.titles :]
        for turn in range(3):
            self._write_household(turn)
            if self.dirt.between and turn == 1:
                for line in heading_rows[-1:] if not self.dirt.grouped else []:
                    self._ignore(list(line))
                self._ignore(self._text_beside("均已核对"))
                self.lines.append([])
                self.drawn.blank += 1
        for _ in range(self.dirt.prefilled):
            self.lines.append(["居民身份证" if name == "document_type" else "" for name in self.columns])
            self.drawn.blank += 1
        if self.dirt.footers:
            for footer in self.chance.sample(FOOTERS, 2):
                self._ignore([footer, *[""] * (len(self.columns) - 1)])
            self.lines.append([])
        return Page(self.lines, self.name, self.merged)

    def _columns(self) -> list[str]:
        """Return the columns in their order: fields, and headings of what is no field."""
        dirt = self.dirt
        columns = ["name", "document_type", "document_number", "phone", "address", "arrived_on"]
        columns += ["left_on"] if dirt.leaving else []
        columns += ["household_document_number"] if dirt.others else []
        columns += self.chance.sample(OF_OTHERS, 3) if dirt.others else []
        columns += self.chance.sample(UNKNOWN, 2) if dirt.unknown else []
        if dirt.shuffled:
            self.chance.shuffle(columns)
        if dirt.grouped:
            kept = [name for name in columns if name not in GROUPS]
            under = [name for name in columns if name in GROUPS and name not in ("document_type", "document_number")]
            columns = [*kept, "document_type", "document_number", *under, "landlord", "landlord name"]
        return ["employer" if dirt.firms_first else "序号", *columns]

    def _heading(self, name: str, number: int) -> str:
        heading = HEADINGS.get(name, name)
        if name == "arrived_on" and self.dirt.fault == "missing":
            return "血型"
        if name == "arrived_on" and self.dirt.fault == "misspelt":
            return "来本地日其"
        plain = name not in HEADINGS or "（" in heading
        return heading if plain else DRESSED[self.dirt.dress](number + 1, heading)

    def _write_headings(self) -> None:
        headings = [self._heading(name, number) for number, name in enumerate(self.columns)]
        if self.dirt.fault == "clash":
            headings.append("手机号")
        if not self.dirt.grouped:
            self.lines.append(headings)
            return
        groups = {**GROUPS, "landlord name": ("房东", "姓名")}
        if self.dirt.fault in ("missing", "misspelt"):
            groups.pop("arrived_on")
        at = len(self.lines)
        upper = [groups.get(name, (heading, ""))[0] for name, heading in zip(self.columns, headings, strict=False)]
        lower = [groups.get(name, ("", ""))[1] for name in self.columns]
        upper += headings[len(upper) :]
        first = self.columns.index("document_type")
        landlord = self.columns.index("landlord")
        for left in (first, landlord):
            upper[left + 1] = ""
            if self.dirt.merged_groups and not self.dirt.as_text:
                self.merged.append((at, left, at, left + 1))
        self.lines += [upper, lower]

    def _write_household(self, turn: int) -> None:
        """Write a household of three or a person alone; what is merged is meant for each of its rows."""
        together = self.dirt.households and not self.dirt.as_text
        address, phone = f"采莲路{self.number}{turn}号", f"138{self.chance.randrange(10**8):08d}"
        first = len(self.lines)
        for member in range(3 if together else 1):
            said = self._person(address, phone)
            written = {**said, "address": "", "phone": ""} if member else dict(said)
            self.drawn.people.append(Meant(self.name, len(self.lines) + 1, said))
            self.lines.append([self._cell(name, written) for name in self.columns])
            if self.dirt.fault == "clash":
                self.lines[-1].append(f"139{self.chance.randrange(10**8):08d}")
        if together:
            for name in ("address", "phone"):
                column = self.columns.index(name)
                self.merged.append((first, column, first + 2, column))

    def _person(self, address: str, phone: str) -> dict[str, Any]:
        born = date(1950, 1, 1) + timedelta(days=self.chance.randrange(20_000))
        arrived = AS_OF - timedelta(days=self.chance.randrange(30, 700))
        said: dict[str, Any] = {
            "name": self.chance.choice(("黄艳", "王芳", "阿依古丽·买买提", "合计", "李小满")),
            "document_type": "居民身份证",
            "document_number": id_number("341204", born, self.chance.randrange(1, 1000)),
            "phone": phone,
            "address": address,
            "arrived_on": arrived,
        }
        if "left_on" in self.columns:
            said["left_on"] = self.chance.choice((None, arrived + timedelta(days=self.chance.randrange(30))))
        if "household_document_number" in self.columns:
            said["household_document_number"] = id_number("310110", born, 7)
        if "employer" in self.columns:
            said["employer"] = self.chance.choice(FIRMS)
        return said

    def _cell(self, name: str, said: Mapping[str, Any]) -> Any:
        """Write a field as this clerk does; what is in other columns is somebody else's."""
        if name not in HEADINGS:
            return {"序号": len(self.lines), "landlord": "13900000000", "landlord name": "钱房东"}.get(name, "别人的")
        value = said.get(name, "")
        if value is None:
            return ""
        if isinstance(value, date):
            return self._day(value)
        if name in ("document_number", "household_document_number") and self.dirt.forced:
            return self.chance.choice((f'="{value}"', f"'{value}", f"\t{value}", f"’{value}"))
        return value

    def _day(self, day: date) -> Any:
        if self.dirt.days == "text" or self.dirt.as_text:
            return self.chance.choice(DATE_SHAPES)(day)
        if self.dirt.days == "cell":
            return day
        return (day - (date(1904, 1, 1) if self.dirt.from_1904 else date(1899, 12, 30))).days

    def _text_beside(self, text: str) -> list[Any]:
        """Return a row with a text where no field is; a footer's words where the first column is one."""
        return [f"说明：{text}" if self.columns[0] in HEADINGS else text, *[""] * (len(self.columns) - 1)]

    def _ignore(self, line: Sequence[Any]) -> None:
        self.lines.append(list(line))
        self.drawn.ignored.append((self.name, len(self.lines)))
