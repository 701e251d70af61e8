"""Days as offices type them, read as one; what is no day, or could be two, is none."""

import math
from calendar import day_name, month_name
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.reference.calendar import day_of
from services.runtime.dates import day_of_serial, read_date
from tests.support.registers import DATE_SHAPES, full_width

days = st.dates(date(1900, 1, 1), date(2099, 12, 31))
MONTHS = [*month_name][1:]
WEEKDAYS = [*day_name]
NUMERALS = "〇一二三四五六七八九"


def in_chinese(number: int) -> str:
    """Write a number below 100 as it is spoken."""
    tens, units = divmod(number, 10)
    return ("" if tens < 2 else NUMERALS[tens]) + ("十" if tens else "") + (NUMERALS[units] if units else "")


def year_in_chinese(day: date, nought: str) -> str:
    return "".join(NUMERALS[int(digit)] for digit in str(day.year)).replace("〇", nought)


NUMBERS: list[Callable[[int], str]] = [str, lambda number: f"{number:02d}"]
MARKS = [*("-", "/", ".", "。", "、", ",", "，", "\\", " ", "　", "－", "—", "–", "−", "‐", "―", "——", " - ", ". ")]
WEEKDAY_MARKS = ["{}", " {}", "({})", "（{}）", " [{}]", "【{}】"]
CLOCKS = [
    *(
        "",
        " 9:00",
        " 09:00:00",
        " 09:00:00.000",
        "T09:00:00",
        " 上午9:00",
        "上午 9：00",
        " 下午3点",
        "下午",
        "（上午）",
    ),
    *(" 8时30分", " 九点半", " 晚上8点", " 9:00 AM", " AM 9:00", ", 9:00", "T23:30:00+08:00", " 00:00:00+0800"),
]


@st.composite
def written_days(draw: st.DrawFn) -> tuple[date, str]:
    """Draw a day and one of the ways to write it, a weekday and a time of day included."""
    day = draw(days)
    numbers = draw(st.sampled_from(NUMBERS))
    year, month, number = str(day.year), numbers(day.month), numbers(day.day)
    english = MONTHS[day.month - 1][: draw(st.sampled_from((3, 20)))]
    mark = draw(st.sampled_from(MARKS))
    gap = draw(st.sampled_from(("", " ", "　")))
    unit = draw(st.sampled_from(("日", "号", "號", "")))
    spoken = f"{year_in_chinese(day, draw(st.sampled_from('〇零○0Ｏ')))}年{in_chinese(day.month)}月"
    ways = [
        f"{year}{mark}{month}{mark}{number}{unit}",
        f"{year}年{gap}{month}{gap}月{gap}{number}{gap}{unit}",
        f"{year}年{month}/{number}",
        f"{spoken}{in_chinese(day.day)}{unit}",
        f"{spoken}{in_chinese(day.day).replace('三十', '卅').replace('二十', '廿')}日",
        f"{year}-{english}-{number}",
        f"{number} {english} {year}",
        f"{english}. {number}, {year}",
        f"{day:%Y%m%d}",
    ]
    weekday = draw(st.sampled_from(("", "星期", "周", "礼拜", "english")))
    named = f"{WEEKDAYS[day.weekday()]} " if weekday == "english" else weekday + "一二三四五六日"[day.weekday()]
    mentioned = draw(st.sampled_from(WEEKDAY_MARKS)).format(named) if weekday else ""
    return day, draw(st.sampled_from(ways)) + mentioned + draw(st.sampled_from(CLOCKS))


@given(written_days(), st.sampled_from((str, full_width)))
def test_a_day_is_read_however_it_was_written(written: tuple[date, str], typing: Any) -> None:
    day, text = written

    assert read_date(f" {typing(text)}　") == day, text


@given(days, st.sampled_from(DATE_SHAPES), st.sampled_from((str, full_width)))
def test_every_shape_of_a_day_is_read_as_that_day(day: date, shape: Any, typing: Any) -> None:
    assert read_date(f" {typing(shape(day))}　") == day


@given(
    st.datetimes(datetime.fromisoformat("1950-01-02"), datetime.fromisoformat("2099-12-30")),
    st.integers(-14, 14).filter(lambda hours: hours != 8),
    st.sampled_from((0, 30)),
)
def test_a_moment_is_on_its_day_in_china(moment: datetime, hours: int, minutes: int) -> None:
    sign = "-" if hours < 0 else "+"
    away = timedelta(hours=abs(hours), minutes=minutes if abs(hours) < 14 else 0)
    there = moment - away if hours < 0 else moment + away

    text = f"{there:%Y-%m-%dT%H:%M:%S}{sign}{abs(hours):02d}:{away.seconds // 60 % 60:02d}"

    assert read_date(text) == day_of(moment.replace(tzinfo=UTC))
    assert read_date(f"{moment:%Y-%m-%dT%H:%M:%S}Z") == day_of(moment.replace(tzinfo=UTC))


@given(st.text() | st.text("0123456789-/.年月日一二三十 :T+Z", max_size=25))
def test_a_day_is_read_from_anything_or_from_nothing(text: str) -> None:
    found = read_date(text)

    assert found is None or found >= date(1900, 1, 1)


@pytest.mark.parametrize(
    ("typed", "day"),
    [
        ("2026-11-18", (2026, 11, 18)),
        ("2026/3/8", (2026, 3, 8)),
        ("2026.3.8", (2026, 3, 8)),
        ("2026．03．08", (2026, 3, 8)),
        ("20260903", (2026, 9, 3)),
        ("2026年11月18日", (2026, 11, 18)),
        ("2026 年 3 月 8 日", (2026, 3, 8)),
        ("2026年3月8", (2026, 3, 8)),
        ("2026-11-18 00:00:00", (2026, 11, 18)),
        ("2026/11/18 8:30", (2026, 11, 18)),
        ("2026-11-18T08:30:00", (2026, 11, 18)),
        ("1900-01-01", (1900, 1, 1)),
        ("2026-11-18T23:30:00Z", (2026, 11, 19)),
        ("2026-02-28T16:00:00Z", (2026, 3, 1)),
        ("2026-02-28T15:59:59.999Z", (2026, 2, 28)),
        ("20260228T160000Z", (2026, 3, 1)),
        ("2026-02-28 16:00:00 UTC", (2026, 3, 1)),
        ("2026-03-01T00:30:00+09:00", (2026, 2, 28)),
        ("1988-07-01T23:30:00+08:00", (1988, 7, 1)),
        ("202603010900", (2026, 3, 1)),
        ("20260301090000", (2026, 3, 1)),
        ("2026.3.1.", (2026, 3, 1)),
        ("2026-3/1", (2026, 3, 1)),
        ("2026:03:01 09:00:00", (2026, 3, 1)),
        ("’2026-03-01", (2026, 3, 1)),
        ("2026-\u200b03-01\ufeff", (2026, 3, 1)),
        ("二O二六年三月一日", (2026, 3, 1)),
        ("贰零贰陆年零叁月叁拾壹日", (2026, 3, 31)),
        ("公历2026年3月1日", (2026, 3, 1)),
        ("Sun, 1 Mar 2026 09:00:00 +0800", (2026, 3, 1)),
        ("01MAR2026", (2026, 3, 1)),
        ("March 1st, 2026", (2026, 3, 1)),
    ],
)
def test_a_day_as_offices_type_it(typed: str, day: tuple[int, int, int]) -> None:
    assert read_date(typed) == date(*day)


@given(
    days,
    st.sampled_from(
        [
            lambda day: f"{day:%d/%m/%Y}",
            lambda day: f"{day.month}-{day.day}-{day.year}",
            lambda day: f"{day.day}.{day.month}.{day.year}",
            lambda day: f"{day:%y-%m-%d}",
            lambda day: f"{day:%y%m%d}",
            lambda day: f"{day:%y}年{day.month}月{day.day}日",
            lambda day: f"{day.day}-{day:%b-%y}",
            lambda day: f"{day.year}年{day.month}月",
            lambda day: f"{day.year}.{day.month}",
            lambda day: f"{day.year}.{day.month}-{day.month + 1}",
            lambda day: f"{day.year}年{day.month}、{day.month + 1}",
            lambda day: f"{day.month}月{day.day}日",
            lambda day: f"{day} {day + timedelta(days=1)}",
            lambda day: f"{day}至{day + timedelta(days=1)}",
            lambda day: f"{day.year}-{day.month}-{day.day}~{day.day + 1}",
            lambda day: f"{day.year}-{day.month}-{day.day}-{day.day + 1}",
            lambda day: f"{day.year}.{day.month}.{day.day} {day.month}.{day.day}",
            lambda day: f"{day} 9:00-11:00",
            lambda day: f"{day} 24:00",
            lambda day: f"{day}左右",
            lambda day: f"{day} {WEEKDAYS[(day.weekday() + 1) % 7]}",
            lambda day: f"农历{day.year}年{day.month}月{day.day}日",
            lambda day: f"民国{day.year - 1911}年{day.month}月{day.day}日",
            lambda day: f"{day.year}年腊月{day.day}日",
            lambda day: f"{day.year}年{day.month}月初{NUMERALS[day.day % 9 + 1]}",
            lambda day: str((day - date(1899, 12, 30)).days),
            lambda day: f"{(day - date(1899, 12, 30)).days}.5",
            lambda day: f"{day:%Y%m%d}9",
            lambda day: f"{datetime.combine(day, time(), UTC).timestamp():.0f}",
        ]
    ),
)
def test_what_could_mean_another_day_is_none(day: date, shape: Any) -> None:
    assert read_date(shape(day)) is None, shape(day)


@pytest.mark.parametrize(
    "typed",
    [
        "前年",
        "2026-02-30",
        "2025年13月1日",
        "26-3-8",
        "26/3/8",
        "260308",
        "8/3/2026",
        "2026-3",
        "2026",
        "1899-12-31",
        "2026-W10-1",
        "0000-00-00",
        "2026-1118",
        "2026--1-8",
        "三月八日",
        "2026-11-18 明天",
        "2026-٣-٨",
        "26301",
        "20263",
        "46344",
        "46344.5",
        "2026-3-19:00",
        "2026-3-1²",
        "2026-3-①",
        "2026年闰六月一日",
        "二〇二六年三月一二日",
        "2026-03-01T09:00:00+25:00",
        "202603012500",
        "2026-3-1 上午9:00Z",
        "1-2 Mar 2026",
        "1899-12-31T15:00:00Z",
        "2026-03-01" + " " * 80,
    ],
)
def test_what_is_no_day_or_not_clear_is_none(typed: str) -> None:
    assert read_date(typed) is None


@given(st.dates(date(1900, 3, 1), date(2100, 12, 31)), st.floats(0, 0.99))
def test_a_serial_number_is_the_day_that_the_spreadsheet_shows(day: date, fraction: float) -> None:
    assert day_of_serial((day - date(1899, 12, 30)).days + fraction) == day
    if day >= date(1904, 1, 1):
        assert day_of_serial((day - date(1904, 1, 1)).days + fraction, from_1904=True) == day


@pytest.mark.parametrize(
    ("number", "day"),
    [
        (1, date(1900, 1, 1)),
        (59, date(1900, 2, 28)),
        (60, None),
        (61, date(1900, 3, 1)),
        (73415, date(2100, 12, 31)),
        (73416, None),
        (0, None),
        (-1, None),
        (20260301, None),
        (math.nan, None),
        (math.inf, None),
    ],
)
def test_serial_numbers_count_a_day_that_never_was(number: float, day: date | None) -> None:
    assert day_of_serial(number) == day
