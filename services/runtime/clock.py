"""The time, injectable: a function that gives the moment, and the statutory day it falls on."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Gives the present moment, aware, in UTC."""


def system_clock() -> datetime:
    """Give the machine's time."""
    return datetime.now(UTC)
