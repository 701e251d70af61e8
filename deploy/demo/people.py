"""Invents the people of the demo, always the same: families and workers with documents, hazards and origins."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice

from faker import Faker

from contracts.reference.calendar import age_on
from contracts.reference.divisions import Divisions
from contracts.reference.identity import check_digit

DISTRICTS = ("320507", "320812")
SEED = 20260301
SECOND_SHARE = 0.4
"""The share of people who live in the second district."""

HOMES = (
    *("310110", "320583", "341204", "360981", "371724"),
    *("410425", "510623", "520526", "610724"),
)
"""The districts that the demo's people come from."""
HAZARDS = ("粉尘", "噪声", "苯系物", "化学因素", "重金属", "高温", "无")
WORK = ("务工", "务工", "务工", "经商", "服务")
DWELLINGS = ("租赁房屋", "租赁房屋", "租赁房屋", "单位内部", "自购房", "工地现场", "居民家中")
FAMILIES = {"alone": 1, "couple": 3, "with a child": 4, "with two children": 2, "three generations": 2}
"""The kinds of family with their relative frequencies."""


@dataclass(frozen=True, slots=True)
class Person:
    """An invented person as a street office registers the arrival."""

    street: str
    name: str
    sex: str
    document_number: str
    birth: date
    hukou: str
    hukou_address: str
    phone: str
    address: str
    community: str
    grid: str
    dwelling: str
    arrived_on: date
    origin: str
    purpose: str
    employer: str
    hazard: str

    @property
    def district(self) -> str:
        """Return the district of the street."""
        return self.street[:6]

    def age(self, on: date) -> int:
        """Return the age in completed years on a day."""
        return age_on(self.birth, on)


@dataclass(frozen=True, slots=True)
class _Household:
    """What the members of a family share."""

    street: str
    hukou: str
    address: str
    community: str
    grid: str
    dwelling: str
    arrived_on: date


def invent_people(count: int, as_of: date, divisions: Divisions) -> list[Person]:
    """Return `count` invented people who arrived in the two districts in the year and a half before a day."""
    chance = random.Random(SEED)  # noqa: S311  # invented people, always the same
    words = Faker("zh_CN")
    words.seed_instance(SEED)
    inventor = _Inventor(chance, words, as_of, divisions)
    return list(islice(inventor.people(), count))


class _Inventor:
    """Invents one family after another; every document number is unique."""

    def __init__(self, chance: random.Random, words: Faker, as_of: date, divisions: Divisions) -> None:
        self.chance = chance
        self.words = words
        self.as_of = as_of
        self.divisions = divisions
        self.given = 0
        self.streets = [divisions.streets(district) for district in DISTRICTS]
        self.sizes = [[chance.uniform(0.3, 1) for _ in streets] for streets in self.streets]

    def people(self) -> Iterator[Person]:
        """Yield invented people without end."""
        while True:
            (kind,) = self.chance.choices(list(FAMILIES), list(FAMILIES.values()))
            yield from self._family(kind, self._household())

    def _household(self) -> _Household:
        there = int(self.chance.random() < SECOND_SHARE)
        (street,) = self.chance.choices(self.streets[there], self.sizes[there])
        hukou = self.chance.choice((*HOMES, DISTRICTS[1 - there]))
        return _Household(
            street=street,
            hukou=hukou,
            address=f"{self.divisions.name(street)}{self.words.street_address()}",
            community=f"{self.words.last_name()}家社区",
            grid=str(self.chance.randint(1, 12)),
            dwelling=self.chance.choice(DWELLINGS),
            arrived_on=self.as_of - timedelta(days=self.chance.randint(3, 540)),
        )

    def _family(self, kind: str, household: _Household) -> Iterator[Person]:
        father = self.chance.randint(20, 50)
        if kind == "alone":
            yield self._adult(household, self.chance.choice("男女"), self.chance.randint(18, 59))
            return
        yield self._adult(household, "男", father)
        yield self._adult(household, "女", max(19, father - self.chance.randint(-2, 4)))
        for _ in range({"with a child": 1, "with two children": 2, "three generations": 1}.get(kind, 0)):
            yield self._dependent(household, self.chance.choice("男女"), self.chance.randint(0, min(15, father - 19)))
        if kind == "three generations":
            yield self._dependent(household, "女", self.chance.randint(father + 20, father + 32))
            yield self._dependent(household, "男", self.chance.randint(father + 20, father + 34))

    def _adult(self, household: _Household, sex: str, age: int) -> Person:
        purpose = self.chance.choice(WORK)
        exposed = purpose == "务工" and self.chance.random() < 0.6
        hazard = self.chance.choice(HAZARDS) if exposed else ""
        return self._person(household, sex, age, purpose, self.words.company(), hazard)

    def _dependent(self, household: _Household, sex: str, age: int) -> Person:
        return self._person(household, sex, age, "借读培训" if 6 <= age <= 15 else "投靠亲友", "", "")

    def _person(self, household: _Household, sex: str, age: int, purpose: str, employer: str, hazard: str) -> Person:
        birth = self.as_of - timedelta(days=age * 365 + age // 4 + self.chance.randint(0, 364))
        origin = self.divisions.full_name(household.hukou)
        return Person(
            street=household.street,
            name=self.words.name_male() if sex == "男" else self.words.name_female(),
            sex=sex,
            document_number=self._number(birth, sex),
            birth=birth,
            hukou=household.hukou,
            hukou_address=f"{origin}{self.words.street_address()}",
            phone=self.words.phone_number() if age >= 12 else "",
            address=household.address,
            community=household.community,
            grid=household.grid,
            dwelling=household.dwelling,
            arrived_on=max(household.arrived_on, birth),
            origin=origin,
            purpose=purpose,
            employer=employer,
            hazard=hazard,
        )

    def _number(self, birth: date, sex: str) -> str:
        """Return the next document number, which is nobody's: 00 is no province. It is no placeholder either."""
        area = self.given % 9_999 + 1
        self.given += 1
        serial = f"{self.chance.randint(0, 49):02d}"
        serial += str(self.chance.choice((1, 3, 5, 7, 9) if sex == "男" else (0, 2, 4, 6, 8)))
        digits = f"00{area:04d}{birth:%Y%m%d}{serial if serial != '000' else '500'}"
        return digits + check_digit(digits)


def every_nth(people: Sequence[Person], every: int, first: int) -> list[Person]:
    """Return one in `every` people, from the index `first` on."""
    return list(people[first::every])
