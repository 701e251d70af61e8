"""The time, injectable: a function that gives the moment, and the statutory day it falls on."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

Clock = Callable[[], datetime]
"""Gives the present moment, aware, in UTC."""

SHANGHAI = ZoneInfo("Asia/Shanghai")


def system_clock() -> datetime:
    """Give the machine's time."""
    return datetime.now(UTC)


def day_of(moment: datetime) -> date:
    """Give the statutory day, whose boundaries are those of Asia/Shanghai."""
    return moment.astimezone(SHANGHAI).date()
