"""The core messages 核心信息 for people on the move, as data, and the days on which somebody new gets them."""

import tomllib
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from pathlib import Path

from contracts.outreach.messages import Filled, Language
from contracts.reference.calendar import SHANGHAI
from services.outreach.domain.templates import CORE_NUMBER, CORE_TEXT

FILE = Path(__file__).with_name("core_messages.toml")
AT = time(10)
"""When core messages are sent, in China."""


@dataclass(frozen=True, slots=True)
class CoreMessage:
    """One of the messages: its number, the area it belongs to, and its text in each language."""

    number: int
    area: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Edition:
    """The messages as they were issued together."""

    edition: str
    source: str
    messages: tuple[CoreMessage, ...]

    def fill(self, number: int, language: Language) -> tuple[Filled, ...]:
        """Return the values that a message by its number fills into a template; raise KeyError if there is none."""
        found = next((one for one in self.messages if one.number == number), None)
        if found is None:
            raise KeyError(number)
        text = found.en if language is Language.EN else found.zh
        return (Filled(field=CORE_NUMBER, text=str(number)), Filled(field=CORE_TEXT, text=text))


@cache
def load() -> Edition:
    """Return the messages that come with outreach."""
    told = tomllib.loads(FILE.read_text(encoding="utf-8"))
    return Edition(told["edition"], told["source"], tuple(CoreMessage(**one) for one in told["messages"]))


def spread(arrived_on: date, within_days: int, messages: int) -> list[datetime]:
    """Return when each of so many messages is sent to somebody new: evenly over the days after the arrival."""
    first = datetime.combine(arrived_on + timedelta(days=1), AT, SHANGHAI)
    return [first + timedelta(days=number * (within_days - 1) // messages) for number in range(messages)]
