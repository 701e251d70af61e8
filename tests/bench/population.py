"""Invented people who arrive in the demo's two districts, as their offices would report them; the same every time."""

from datetime import date, timedelta

from contracts.reference.divisions import Divisions
from contracts.reference.identity import check_digit
from services.registration.api.arrivals import ArrivalRequest

DISTRICTS = ("320507", "320812")
STREETS = tuple(street for district in DISTRICTS for street in Divisions.load().streets(district))
COUNTIES = ("310110", "320583", "341204", "360981", "371724", "410425", "510623", "520526", "610724")
SURNAMES, GIVEN = "赵钱孙李周吴郑王冯陈", "伟芳娜敏静丽强磊洋艳勇军"
PURPOSES = ("务工", "经商", "投靠亲友", "借读培训")
DWELLINGS = ("租赁房屋", "自购房", "单位内部", "工地现场", "居民家中")
HAZARDS = ("否", "粉尘", "噪声", "苯系物")
OLDEST = date(1945, 1, 1)
FIRST_ARRIVAL = date(2025, 1, 1)
BIRTHDAYS, ORDERS = 22_000, 999
POSSIBLE = BIRTHDAYS * ORDERS * len(COUNTIES)
STRIDE = 1_000_003
"""Shares no factor with POSSIBLE, so that nobody comes twice while neighbours differ in everything."""


def invent(first: int, count: int) -> list[ArrivalRequest]:
    """Invent people by their numbers, so that other numbers are other people."""
    return [_person(index * STRIDE % POSSIBLE) for index in range(first, first + count)]


def _person(index: int) -> ArrivalRequest:
    day, order, county = index % BIRTHDAYS, index // BIRTHDAYS % ORDERS + 1, index // BIRTHDAYS // ORDERS
    born = OLDEST + timedelta(days=day)
    digits = f"{COUNTIES[county]}{born:%Y%m%d}{order:03d}"
    return ArrivalRequest(
        street=STREETS[index % len(STREETS)],
        name=SURNAMES[index % 10] + GIVEN[index // 10 % 12] + GIVEN[index // 120 % 12],
        sex="男" if order % 2 else "女",
        document_type="居民身份证",
        document_number=digits + check_digit(digits),
        birth=born.isoformat(),
        ethnic_group="汉族",
        hukou_division=COUNTIES[county],
        phone=f"13{index % 10**9:09d}",
        address=f"采莲路{index % 300 + 1}号{index % 30 + 1}幢",
        community=f"第{index % 12 + 1}社区",
        dwelling=DWELLINGS[index % 5],
        arrived_on=(FIRST_ARRIVAL + timedelta(days=index % 400)).isoformat(),
        origin="江苏省苏州市昆山市" if index % 3 else "四川省德阳市中江县",
        purpose=PURPOSES[index % 4],
        employer="某建筑公司",
        hazard=HAZARDS[index % 4],
    )
