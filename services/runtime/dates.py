"""Days as offices type them or spreadsheets store them: each is read if it can mean one day only."""

import re
from datetime import date, datetime, timedelta, timezone
from functools import lru_cache
from unicodedata import normalize

from contracts.reference.calendar import day_of

_EARLIEST = date(1900, 1, 1)
_LATEST_SERIAL_DAY = date(2100, 12, 31)
_LONGEST_TYPED = 80
_AT_HOME = timedelta(hours=8)
"""The offset of China, where a day is the day as written; `day_of` would apply the summer time of some past years."""

_ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
# Superscripts, fractions and numbers in circles or brackets: compatibility mapping would make them plain digits.
_ODD_DIGITS = re.compile(r"[²³¹¼-¾\u2070-\u209f\u2150-\u218b\u2460-\u249b\u24ea-\u24ff\u2776-\u2793\u3200-\u33ff]")
_QUOTES = " \t\r\n'\"`´‘’“”"
_SAME_MARKS = str.maketrans(
    {
        **dict.fromkeys("‐‑‒–—―−⁃ー─━\u00ad", "-"),
        **dict.fromkeys("。·・•", "."),
        **dict.fromkeys("\\_", "/"),
        **dict.fromkeys("\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\ufeff"),
    }
)

_UNITS = "一二三四五六七八九壹贰叁肆伍陆柒捌玖"
_NOUGHTS = "〇零○◯O"
_DIGITS = str.maketrans(_UNITS + _NOUGHTS + "拾", "123456789" * 2 + "0" * len(_NOUGHTS) + "十")
_NUMBER = rf"(?:[0-9]{{1,2}}|[{_NOUGHTS}]?(?:[{_UNITS}]?[十拾][{_UNITS}]?|[廿卅][{_UNITS}]?|[{_UNITS}]))"
_YEAR = rf"(?P<year>[0-9]{{4}}|[{_UNITS}{_NOUGHTS}0]{{4}})"
_ENGLISH_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec"
_MONTH = (
    r"(?P<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?"
    r"|aug(?:ust)?|sep(?:t(?:ember)?)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_ENGLISH_DAY = r"(?P<day>[0-9]{1,2})(?:th|[snr][td])?"
_MARKS = r"[\s\-/.,]"
_SHAPES = (
    re.compile(
        rf"(?:公元|公历|阳历)?\s*{_YEAR}(?P<first>\s*[年\-/.,、:]\s*|\s+)(?P<month>{_NUMBER})"
        rf"(?P<second>\s*(?:月份?|[\-/.,、:])\s*|\s+)(?P<day>{_NUMBER})(?:\s*[日号號])?"
    ),
    re.compile(r"(?P<year>[0-9]{4})(?P<month>[0-9]{2})(?P<day>[0-9]{2})"),
    re.compile(rf"(?P<year>[0-9]{{4}}){_MARKS}*{_MONTH}{_MARKS}*{_ENGLISH_DAY}", re.IGNORECASE),
    re.compile(rf"{_ENGLISH_DAY}{_MARKS}*{_MONTH}{_MARKS}*(?P<year>[0-9]{{4}})", re.IGNORECASE),
    re.compile(rf"{_MONTH}{_MARKS}*{_ENGLISH_DAY}{_MARKS}+(?P<year>[0-9]{{4}})", re.IGNORECASE),
)

_CHINESE_WEEKDAYS = "一二三四五六日天"
_ENGLISH_WEEKDAYS = "mon tue wed thu fri sat sun"
_WEEKDAY = re.compile(
    rf"[(\[【〔]?\s*(?:(?:星期|周|週|礼拜|禮拜)(?P<chinese>[{_CHINESE_WEEKDAYS}])"
    r"|(?<![a-z])(?P<english>mon|tue(?=s|d|\b)|wed|thu|fri|sat|sun)(?:s|nes|rs?|ur)?(?:day)?(?![a-z])\.?,?)\s*[)\]】〕]?",
    re.IGNORECASE,
)
_HALF = r"(?:上午|下午|中午|午前|午后|凌晨|清晨|早晨|早上|早|傍晚|晚上|晚|夜间|夜里|深夜|[ap]\.?m\b\.?)"
_CLOCK = re.compile(
    rf"""(?:
        (?:[\s,]*(?P<before>{_HALF})\s*|\s*(?P<iso>T)|[\s,]+|(?<=[日号號]))
        (?:(?P<hour>[0-9]{{1,2}}):(?P<minute>[0-9]{{2}})(?::(?P<second>[0-9]{{2}})(?:[.,][0-9]+)?)?
          |(?P<spoken_hour>{_NUMBER})\s*[点點时時]
            (?:半|整|钟|鐘|[一三]刻|\s*(?P<spoken_minute>{_NUMBER})\s*分?(?:\s*(?P<spoken_second>{_NUMBER})\s*秒)?)?)
        \s*(?P<after>{_HALF})?
        \s*(?P<offset>Z|(?:UTC|GMT)?[+-][0-9]{{2}}(?::?[0-9]{{2}})?|UTC|GMT)?
      |(?:T|(?<=[0-9]{{8}}))(?P<basic_hour>[0-9]{{2}})(?P<basic_minute>[0-9]{{2}})(?P<basic_second>[0-9]{{2}})?
        (?P<basic_offset>Z|[+-][0-9]{{2}}(?::?[0-9]{{2}})?)?
      |[\s,(]*{_HALF}\s*\)?
    )?\s*[.,、;]?\s*""",
    re.IGNORECASE | re.VERBOSE,
)


@lru_cache(maxsize=4096)  # a register names few days, many times over
def read_date(text: str) -> date | None:
    """Return the day that a text means; None if it could mean two, is no day or lies before 1900.

    The year comes first and has four digits: 2026-3-8, 2026/3/8, 20260308, 2026年3月8日, 二〇二六年三月八日; an English
    month may come anywhere: 8 Mar 2026. Width, kinds of dashes, a weekday that fits and a time of day don't matter.
    A time with an offset (2026-03-07T16:00:00Z) is a moment, and gives the day in China. A serial number of a
    spreadsheet is no day in text: see `day_of_serial`.
    """
    if _ISO.fullmatch(text):
        return _day(int(text[:4]), int(text[5:7]), int(text[8:]))
    if len(text) > _LONGEST_TYPED or _ODD_DIGITS.search(text):
        return None
    typed = normalize("NFKC", text.replace("——", "—")).translate(_SAME_MARKS).strip(_QUOTES)
    weekday = _WEEKDAY.search(typed)
    plain = _WEEKDAY.sub(" ", typed, count=1).strip()
    for shape in _SHAPES:
        if found := shape.match(plain):
            written = _written_day(found)
            clock = _CLOCK.fullmatch(plain, found.end())
            if written is None or clock is None or (weekday and _weekday_in(weekday) != written.weekday()):
                return None
            return _day_in_china(written, clock)
    return None


def day_of_serial(number: float, *, from_1904: bool = False) -> date | None:
    """Return the day of a spreadsheet's serial number; None if it is none of 1900 to 2100.

    The time of day, its fraction, is left out. A workbook counts from 1 for 1900-01-01 or, in the 1904 system, from 0
    for 1904-01-01.
    """
    if not 0 <= number < 1_000_000:  # neither does NaN pass
        return None
    days = int(number)
    if from_1904:
        found = date(1904, 1, 1) + timedelta(days=days)
    elif days == 60:
        return None  # the 1900 system has a 29 February 1900, which never was; later numbers are one too high
    else:
        found = date(1899, 12, 31) + timedelta(days=days - (days > 60))
    return found if _EARLIEST <= found <= _LATEST_SERIAL_DAY else None


def _day(year: int, month: int, day: int) -> date | None:
    """Return a day that exists and is recent enough."""
    try:
        found = date(year, month, day)
    except ValueError:
        return None
    return found if found >= _EARLIEST else None


def _written_day(found: re.Match[str]) -> date | None:
    """Return the day that year, month and day are; None if there is no such day or the marks suggest a range."""
    parts = found.groupdict()
    first, second = (parts.get("first") or "").strip(), (parts.get("second") or "").strip()
    # 2026.3-5 or 2026年3、5 may mean March to May: unlike marks are read only where they don't mean "to" or "and".
    if first != second and second[:1] not in ("月", "/", "."):
        return None
    month = parts["month"][:3].lower()
    number = _ENGLISH_MONTHS.split().index(month) + 1 if month in _ENGLISH_MONTHS.split() else _number(parts["month"])
    return _day(_number(parts["year"]), number, _number(parts["day"]))


def _number(text: str) -> int:
    """Return the number that Arabic or Chinese digits are (廿一 is 21), a year's digit by digit."""
    plain = text.upper().translate(_DIGITS).replace("廿", "2十").replace("卅", "3十")
    tens, ten, units = plain.partition("十")
    return int(tens or 1) * 10 + int(units or 0) if ten else int(plain)


def _weekday_in(found: re.Match[str]) -> int:
    """Return the weekday that a text names, 0 for Monday."""
    if found["english"]:
        return _ENGLISH_WEEKDAYS.split().index(found["english"].lower())
    return min(_CHINESE_WEEKDAYS.index(found["chinese"]), 6)


def _day_in_china(written: date, clock: re.Match[str]) -> date | None:
    """Return the day of a time: the day as written or, with an offset, the day in China; None if it is no time."""
    parts = clock.groupdict()
    hour, minute, second = (
        _number(parts[name] or parts[f"basic_{name}"] or parts[f"spoken_{name}"] or "0")
        for name in ("hour", "minute", "second")
    )
    if hour > 23 or minute > 59 or second > 60:
        return None
    offset = parts["offset"] or parts["basic_offset"]
    if not offset:
        return written
    # 9:00-11:00 is a time from nine to eleven
    clear = parts["second"] or parts["iso"] or parts["basic_offset"] or "-" not in offset
    away = _offset_of(offset)
    if not clear or away is None or parts["before"] or parts["after"]:
        return None
    if away == _AT_HOME:
        return written
    moment = datetime(written.year, written.month, written.day, hour, minute, tzinfo=timezone(away))
    found = day_of(moment)
    return found if found >= _EARLIEST else None


def _offset_of(text: str) -> timedelta | None:
    """Return the offset from UTC; None if there is no such zone."""
    digits = re.sub(r"[^0-9+-]", "", text)
    if not digits:
        return timedelta()
    hours, minutes = int(digits[1:3]), int(digits[3:] or 0)
    if hours > 14 or minutes > 59:
        return None
    away = timedelta(hours=hours, minutes=minutes)
    return -away if digits[0] == "-" else away
