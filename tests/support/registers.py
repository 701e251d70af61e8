"""Registers as dirty as those that street offices keep, made so that it is known what must come of each row."""

import csv
import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from io import BytesIO, StringIO
from typing import Any

import xlsxwriter  # type: ignore[import-untyped]  # ships no types

AS_OF = date(2026, 11, 20)
HEADER = (
    *("序号", "姓名", "性别", "证件类型", "证件号码", "出生日期", "民族"),
    *("户籍地区划代码", "户籍地址", "联系电话", "现居住地址", "社区", "网格", "住所类型"),
    *("来本地日期", "来自地", "居住事由", "从业单位", "接触职业危害因素", "备注"),
    *("残疾", "留守", "特困", "监护人证件类型", "监护人证件号码", "同胎次序"),
    *("户主证件号码", "与户主关系", "核准理由"),
)
ORIGINS = {
    "310110": "上海市杨浦区",
    "320583": "江苏省苏州市昆山市",
    "320812": "江苏省淮安市清江浦区",
    "341204": "安徽省阜阳市颍泉区",
    "360981": "江西省宜春市丰城市",
    "371724": "山东省菏泽市巨野县",
    "410425": "河南省平顶山市郏县",
    "510623": "四川省德阳市中江县",
    "520526": "贵州省毕节市威宁彝族回族苗族自治县",
    "610724": "陕西省汉中市西乡县",
}
NOWHERE = ("老家", "外地", "乡下", "不详")
FORMULAS = ('=HYPERLINK("http://x","点")', "+cmd|' /C calc'!A0", "-2+3", "@SUM(1+1)*cmd")
STRANGE_DOCUMENTS = ("????", "工作证", "学生证")
NO_DAYS = ("2026-02-30", "2025年13月1日", "前年", "26-3-8", "1899-12-31")
DATE_SHAPES: tuple[Callable[[date], str], ...] = (
    lambda day: day.isoformat(),
    lambda day: f"{day.year}/{day.month}/{day.day}",
    lambda day: f"{day.year}.{day.month}.{day.day}",
    lambda day: f"{day:%Y%m%d}",
    lambda day: f"{day.year}年{day.month}月{day.day}日",
    lambda day: f"{day:%Y年%m月%d日}",
    lambda day: full_width(f"{day.year}-{day.month}-{day.day}"),
    lambda day: f"{day.isoformat()} 08:30:00",
    lambda day: f"{day.year}—{day.month}—{day.day}",
    lambda day: f"{day:%Y%m%d%H%M%S}",
)

Cells = dict[str, Any]


@dataclass(frozen=True)
class MadeRegister:
    """A register and its truth: `expected` like the files beside the real ones, `outcomes` by sheet row number."""

    data: bytes
    filename: str
    street: str
    expected: Mapping[str, Any]
    outcomes: Mapping[int, str]


def full_width(text: str) -> str:
    """Type ASCII the wide way."""
    return "".join(chr(ord(character) + 0xFEE0) if "!" <= character <= "~" else character for character in text)


def id_number(county: str, born: date, order: int) -> str:
    """Make a citizen number; its check digit comes from the recursion of ISO 7064, not from GB 11643's weights."""
    digits = f"{county}{born:%Y%m%d}{order:03d}"
    remainder = 0
    for digit in digits:
        remainder = (remainder + int(digit)) * 2 % 11
    check = (12 - remainder) % 11
    return digits + ("X" if check == 10 else str(check))


def make_register(
    *, street: str = "320507001", rows: int = 200, seed: int = 1, kind: str = "xlsx", shuffle_columns: bool = False
) -> MadeRegister:
    """Make a register of `rows` rows; kind is xlsx, csv-utf8, csv-utf8-bom, csv-gb18030 or csv-semicolon."""
    office = _Office(random.Random(seed), street)
    plan = office.plan(rows)
    header = office.shuffled(HEADER) if shuffle_columns else list(HEADER)
    lines = [[cells.get(heading, "") for heading in header] for cells, _ in plan]
    above = [[f"{street}流动人口登记表（来本地登记）"], ["填报单位：街道办事处", "", "", f"街道代码：{street}"], header]
    below = [["合计", f"{rows}人", "", "填表人：     审核人：     "]]
    write = _xlsx if kind == "xlsx" else _csv
    return MadeRegister(
        data=write([*above, *lines, *below], kind),
        filename=f"{street}-arrivals.{kind[:4].rstrip('-')}",
        street=street,
        expected=_expected(street, plan),
        outcomes={number: outcome for number, (_, outcome) in enumerate(plan, start=len(above) + 1)},
    )


def _expected(street: str, plan: Sequence[tuple[Cells, str]]) -> dict[str, Any]:
    outcomes = Counter(outcome for _, outcome in plan)
    accepted, duplicate, blank = (outcomes.pop(kept, 0) for kept in ("accepted", "duplicate", "blank"))
    origins = Counter(cells["来自地"] for cells, outcome in plan if outcome == "accepted")
    unresolved = sum(origins.pop(nowhere, 0) for nowhere in NOWHERE)
    return {
        "street": street,
        "as_of": AS_OF.isoformat(),
        "rows": len(plan),
        "accepted": accepted,
        "refused": sum(outcomes.values()),
        "duplicate": duplicate,
        "blank": blank,
        "refused_by_reason": dict(outcomes),
        "accepted_by_origin": {**origins, **({"unresolved": unresolved} if unresolved else {})},
    }


class _Office:
    """One office's clerk, who types the same things in ever new ways."""

    def __init__(self, chance: random.Random, street: str) -> None:
        self.chance = chance
        self.street = street
        self.taken: set[str] = set()

    def shuffled(self, header: Sequence[str]) -> list[str]:
        """Return a header with its columns in another order; the serial number stays first."""
        return [header[0], *self.chance.sample(header[1:], len(header) - 1)]

    def plan(self, rows: int) -> list[tuple[Cells, str]]:
        """Type so many rows: every variation once, the rest mostly good, in any order; copies and gaps in between."""
        others = self.chance.choices(["plain", *_ALWAYS], [60, *([1] * len(_ALWAYS))], k=rows)
        wanted = [*_ALWAYS, *others][:rows]
        self.chance.shuffle(wanted)
        plan: list[tuple[Cells, str]] = []
        for serial, variation in enumerate(wanted, start=1):
            cells, outcome = self._row(variation, plan)
            plan.append(({**cells, "序号": serial}, outcome))
        return plan

    def _row(self, variation: str, above: Sequence[tuple[Cells, str]]) -> tuple[Cells, str]:
        if variation == "blank":
            return {}, "blank"
        if variation == "duplicate":
            originals = [cells for cells, outcome in above if outcome == "accepted"]
            return (
                (self._retyped(self.chance.choice(originals)), "duplicate") if originals else (self._good(), "accepted")
            )
        cells = self._good()
        if variation == "plain":
            return cells, "accepted"
        changes, outcome = _VARIATIONS[variation](self, cells)
        return {**cells, **changes}, outcome

    def _good(self) -> Cells:
        """Type a faultless row about somebody new."""
        county = self.chance.choice(list(ORIGINS))
        born = date(1950, 1, 1) + timedelta(days=self.chance.randrange(25_000))
        number = self._number(county, born)
        name = self.chance.choice("赵钱孙李周吴郑王阿") + "".join(self.chance.sample("伟芳娜敏静丽强磊洋艳", 2))
        return {
            "姓名": self.chance.choice((name, name, name, f"{name[0]} {name[1]}", f"{name}·买买提")),
            "性别": "男" if int(number[16]) % 2 else "女",
            "证件类型": "居民身份证",
            "证件号码": number,
            "出生日期": born.isoformat(),
            "民族": self.chance.choice(("汉族", "回族", "土家族")),
            "户籍地区划代码": county,
            "户籍地址": ORIGINS[county] + "幸福路1号",
            "联系电话": f"13{self.chance.randrange(10**9):09d}",
            "现居住地址": "采莲路64号19幢2499室",
            "社区": "第7社区",
            "网格": f"{self.street}001",
            "住所类型": self.chance.choice(("租赁房屋", "自购房", "单位内部", "工地现场", "居民家中", "其他")),
            "来本地日期": self.chance.choice(DATE_SHAPES)(self._day()),
            "来自地": ORIGINS[county],
            "居住事由": self.chance.choice(("务工", "经商", "投靠亲友", "借读培训")),
            "从业单位": "某建筑公司",
            "接触职业危害因素": self.chance.choice(("否", "粉尘", "噪声", "苯系物")),
        }

    def _number(self, county: str, born: date, ending: str = "") -> str:
        while True:
            number = id_number(county, born, self.chance.randrange(1, 1000))
            if number not in self.taken and number.endswith(ending):
                self.taken.add(number)
                return number

    def _day(self) -> date:
        return AS_OF - timedelta(days=self.chance.randrange(700))

    def _retyped(self, cells: Cells) -> Cells:
        """Type an accepted row once more, now and then with the number spaced out."""
        return {**cells, "证件号码": self.chance.choice((cells["证件号码"], f" {cells['证件号码']}　"))}

    def missing(self, _: Cells) -> tuple[Cells, str]:
        return {self.chance.choice(("姓名", "证件号码", "来本地日期")): self.chance.choice(("", "　"))}, "missing"

    def wrong_check(self, cells: Cells) -> tuple[Cells, str]:
        number = cells["证件号码"]
        return {
            "证件号码": number[:17] + self.chance.choice([c for c in "0123456789X" if c != number[17]])
        }, "id_checksum"

    def other_birth(self, cells: Cells) -> tuple[Cells, str]:
        return {"出生日期": (date.fromisoformat(cells["出生日期"]) + timedelta(days=400)).isoformat()}, "birth_mismatch"

    def fifteen(self, cells: Cells) -> tuple[Cells, str]:
        born = date(1930, 1, 1) + timedelta(days=self.chance.randrange(20_000))
        number = self._number(cells["户籍地区划代码"], born)
        sex = "男" if int(number[16]) % 2 else "女"
        return {"证件号码": number[:6] + number[8:17], "出生日期": born.isoformat(), "性别": sex}, "accepted"

    def lower_x(self, cells: Cells) -> tuple[Cells, str]:
        born = date.fromisoformat(cells["出生日期"])
        number = self._number(cells["户籍地区划代码"], born, ending="X")
        return {"证件号码": number.lower(), "性别": "男" if int(number[16]) % 2 else "女"}, "accepted"

    def passport(self, _: Cells) -> tuple[Cells, str]:
        number = self.chance.choice("EGP") + f"{self.chance.randrange(10**8):08d}"
        return {"证件类型": "护照", "证件号码": number, "户籍地区划代码": "", "户籍地址": "境外"}, "accepted"

    def child(self, _: Cells) -> tuple[Cells, str]:
        born = AS_OF - timedelta(days=self.chance.randrange(730, 2000))
        guardian = self._number("310110", date(1950, 1, 1) + timedelta(days=self.chance.randrange(20_000)))
        documents = {"证件类型": self.chance.choice(("监护人", "随监护人", "无证件（随监护人）")), "证件号码": ""}
        typed = self.chance.choice(({"监护人证件号码": guardian}, {"证件号码": guardian}))
        return {
            **documents,
            **typed,
            "出生日期": born.isoformat(),
            "户主证件号码": guardian,
            "与户主关系": "子",
        }, "accepted"

    def false_guardian(self, cells: Cells) -> tuple[Cells, str]:
        child, _ = self.child(cells)
        wrong, outcome = self.wrong_check(cells)
        return {**child, "证件号码": "", "监护人证件号码": wrong["证件号码"]}, outcome

    def approved_by_nobody(self, cells: Cells) -> tuple[Cells, str]:
        return {**self.wrong_check(cells)[0], "核准理由": "派出所证明号码有误"}, "override_not_allowed"

    def in_need(self, _: Cells) -> tuple[Cells, str]:
        return {
            "残疾": self.chance.choice(("是", "否", "肢体残疾", "三级")),
            "留守": self.chance.choice(("留守儿童", "否", "")),
            "特困": self.chance.choice(("低保户", "无", "√")),
        }, "accepted"

    def spaced(self, cells: Cells) -> tuple[Cells, str]:
        number = cells["证件号码"]
        return {"证件号码": f" {number[:6]} {number[6:14]}　{number[14:]} "}, "accepted"

    def date_cells(self, cells: Cells) -> tuple[Cells, str]:
        return {"出生日期": date.fromisoformat(cells["出生日期"]), "来本地日期": self._day()}, "accepted"

    def no_such_day(self, _: Cells) -> tuple[Cells, str]:
        return {"来本地日期": self.chance.choice(NO_DAYS)}, "bad_date"

    def future(self, _: Cells) -> tuple[Cells, str]:
        return {"来本地日期": (AS_OF + timedelta(days=self.chance.randrange(3, 300))).isoformat()}, "future_date"


_VARIATIONS: Mapping[str, Callable[[_Office, Cells], tuple[Cells, str]]] = {
    "missing": _Office.missing,
    "wrong check digit": _Office.wrong_check,
    "other birth": _Office.other_birth,
    "15 digits": _Office.fifteen,
    "lower-case x": _Office.lower_x,
    "passport": _Office.passport,
    "spaced": _Office.spaced,
    "child": _Office.child,
    "false guardian": _Office.false_guardian,
    "approved by nobody": _Office.approved_by_nobody,
    "in need": _Office.in_need,
    "head": lambda *_: ({"与户主关系": "户主"}, "accepted"),
    "member": lambda office, cells: (
        {"与户主关系": office.chance.choice(("妻", "次女", "邻居")), "户主证件号码": cells["证件号码"].lower()},
        "accepted",
    ),
    "no head": lambda *_: ({"户主证件号码": "不详"}, "accepted"),
    "date cells": _Office.date_cells,
    "no such day": _Office.no_such_day,
    "future": _Office.future,
    "full width": lambda _, cells: ({"证件号码": full_width(cells["证件号码"])}, "accepted"),
    "other sex": lambda _, cells: ({"性别": "女" if cells["性别"] == "男" else "男"}, "sex_mismatch"),
    "digits as name": lambda *_: ({"姓名": "12345"}, "bad_name"),
    "formula": lambda office, _: ({"姓名": office.chance.choice(FORMULAS)}, "bad_name"),
    "no such document": lambda office, _: ({"证件类型": office.chance.choice(STRANGE_DOCUMENTS)}, "bad_document_type"),
    "unknown origin": lambda office, _: ({"来自地": office.chance.choice(NOWHERE)}, "accepted"),
    "bad phone": lambda office, _: ({"联系电话": office.chance.choice(("无", "12345", "8123-4567"))}, "accepted"),
}
_ALWAYS = ("blank", "duplicate", *_VARIATIONS)


def _xlsx(lines: Sequence[Sequence[Any]], _: str) -> bytes:
    file = BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True, "strings_to_formulas": False}) as book:
        sheet = book.add_worksheet("流入登记")
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        for row, cells in enumerate(lines):
            for column, cell in enumerate(cells):
                if isinstance(cell, date):
                    sheet.write_datetime(row, column, cell, day)
                else:
                    sheet.write(row, column, cell)
        book.add_worksheet("说明").write(0, 0, "本表由街道工作人员手工填写")
    return file.getvalue()


def _csv(lines: Sequence[Sequence[Any]], kind: str) -> bytes:
    file = StringIO(newline="")
    csv.writer(file, delimiter=";" if kind == "csv-semicolon" else ",").writerows(_typed(lines))
    encoding = {"csv-utf8-bom": "utf-8-sig", "csv-gb18030": "gb18030"}.get(kind, "utf-8")
    return file.getvalue().encode(encoding)


def _typed(lines: Sequence[Sequence[Any]]) -> Iterator[list[Any]]:
    """Write date cells as a spreadsheet does when it saves text."""
    for cells in lines:
        yield [f"{cell.year}/{cell.month}/{cell.day}" if isinstance(cell, date) else cell for cell in cells]
