"""The figures of messages to people, as data: quiet hours, limits, when it is too late, pauses between attempts."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Self

from contracts.outreach.messages import Topic
from contracts.reference.calendar import SHANGHAI

FILE = Path(__file__).with_name("messages.toml")


TELL_DAYS = 3
"""Days before an activity from which on people are told, in a file that does not say."""


@dataclass(frozen=True, slots=True)
class Policy:
    """The figures of one edition."""

    edition: str
    quiet_from: time
    quiet_until: time
    a_day: int
    expires: Mapping[Topic, timedelta]
    core_within_days: int
    tell_before: timedelta
    attempts: int
    first_pause: float
    longest_pause: float
    circuit_pause: timedelta

    @classmethod
    def load(cls, file: Path | None = None) -> Self:
        """Return the figures of a file, by default the one that comes with outreach."""
        told = tomllib.loads((file or FILE).read_text(encoding="utf-8"))
        return cls(
            edition=told["edition"],
            quiet_from=time.fromisoformat(told["quiet"]["from"]),
            quiet_until=time.fromisoformat(told["quiet"]["until"]),
            a_day=told["limits"]["a_day"],
            expires={topic: timedelta(days=told["expires"][topic]) for topic in Topic},
            core_within_days=told["core"]["within_days"],
            tell_before=timedelta(days=told.get("activity", {}).get("tell_days", TELL_DAYS)),
            attempts=told["retries"]["attempts"],
            first_pause=told["retries"]["first_pause"],
            longest_pause=told["retries"]["longest_pause"],
            circuit_pause=timedelta(seconds=told["retries"]["circuit_pause"]),
        )

    def is_quiet(self, moment: datetime) -> bool:
        """Return whether nothing may be sent at a moment."""
        at = moment.astimezone(SHANGHAI).time()
        if self.quiet_from <= self.quiet_until:
            return self.quiet_from <= at < self.quiet_until
        return at >= self.quiet_from or at < self.quiet_until

    def end_of_quiet(self, moment: datetime) -> datetime:
        """Return the moment itself, or in quiet hours the one when they end."""
        return self._next(self.quiet_until, moment) if self.is_quiet(moment) else moment

    def next_day(self, moment: datetime) -> datetime:
        """Return when messages may be sent on the day in China after a moment."""
        local = moment.astimezone(SHANGHAI)
        midnight = datetime.combine(local.date() + timedelta(days=1), time(), SHANGHAI)
        return self.end_of_quiet(midnight).astimezone(moment.tzinfo)

    def pause(self, attempts: int, chance: float) -> timedelta:
        """Return how long to wait after so many attempts: doubled each time, between half and all of it by chance."""
        longest = min(self.first_pause * 2.0 ** max(0, attempts - 1), self.longest_pause)
        return timedelta(seconds=longest * (0.5 + chance / 2))

    def _next(self, at: time, moment: datetime) -> datetime:
        local = moment.astimezone(SHANGHAI)
        found = datetime.combine(local.date(), at, SHANGHAI)
        later = found if found > local else found + timedelta(days=1)
        return later.astimezone(moment.tzinfo)
