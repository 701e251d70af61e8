"""What is known of one person, and what a person contributes to numbers."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from itertools import chain
from typing import Any, NamedTuple

from contracts.archives.entries import EntryState
from contracts.reference.calendar import day_of
from contracts.reference.identity import Sex
from services.reporting.domain.days import OPEN, Interval

RowDocument = Mapping[str, Any]
"""A row as it is kept: the newest version's fields, `said_at`, and the earlier versions by their sequence."""


STREAMS: Mapping[str, str] = {
    "stays": "stay", "notices": "notice", "answers": "answer", "people": "person", "archives": "archive",
    "entries": "entry", "enrolments": "enrolment", "activities": "activity", "articles": "article", "boards": "board",
    "board_issues": "board_issue", "exposures": "exposure", "institutions": "institution", "movements": "movement",
    "plays": "play", "prescription_uses": "prescription_use", "supervisions": "supervision",
    "survey_answers": "survey_answer", "trainings": "training",
}  # fmt: skip
"""The kind of stream whose facts each collection keeps rows of."""


class Contribution(NamedTuple):
    """Somebody counts in a measure of a division from a day on, and no longer from another; `slice` says as what."""

    measure: str
    division: str
    slice: str
    since: int
    until: int = OPEN
    weight: int = 1

    @property
    def key(self) -> str:
        """Return measure and division, under which those who count are found."""
        return f"{self.measure}@{self.division}"


class Slice(NamedTuple):
    """Which people a number is of: by household registration 户籍 and sex; None means all."""

    registration: str | None = None
    sex: str | None = None

    def __contains__(self, code: object) -> bool:
        """Return whether the people whom a contribution's slice stands for are among these."""
        code = str(code)
        return (self.registration is None or code[:1] == self.registration) and (
            self.sex is None or code[1:] == self.sex
        )


ALL = Slice()
REGISTERED, FLOATING, UNKNOWN = "r", "f", "u"
"""The household is registered in the district (户籍), somewhere else (流动), or nobody knows where."""
_SEXES = {Sex.MALE: "m", Sex.FEMALE: "w"}


@dataclass(frozen=True)
class Rows:
    """All rows about one person, or about a group of ids that may be one."""

    people: Sequence[RowDocument] = ()
    stays: Sequence[RowDocument] = ()
    notices: Sequence[RowDocument] = ()
    answers: Sequence[RowDocument] = ()
    archives: Sequence[RowDocument] = ()
    entries: Sequence[RowDocument] = ()
    enrolments: Sequence[RowDocument] = ()
    known_on: date | None = field(default=None, kw_only=True)
    """The day as of which this was known, and deadlines had passed or not; None is today."""

    @property
    def version(self) -> int:
        """Return a number that grows with every fact about these ids."""
        rows = chain.from_iterable(self._all)
        return sum(version["sequence"] for row in rows for version in versions(row))

    def of(self, ids: frozenset[str]) -> "Rows":
        """Return the rows about some of the ids."""
        return Rows(*([row for row in rows if row["person_id"] in ids] for rows in self._all), known_on=self.known_on)

    def until(self, until: str, moment: str = "heard_at") -> "Rows":
        """Return the rows as they were known at a moment, see `as_known`."""
        found = ((as_known(row, until, moment) for row in rows) for rows in self._all)
        known_on = day_of(datetime.fromisoformat(until))
        return Rows(*([row for row in rows if row is not None] for rows in found), known_on=known_on)

    @property
    def _all(self) -> tuple[Sequence[RowDocument], ...]:
        return self.people, self.stays, self.notices, self.answers, self.archives, self.entries, self.enrolments


@dataclass(frozen=True)
class Person:
    """A person as numbers see one: the rows, the day of death, and how far ahead to look."""

    rows: Rows
    horizon: int
    died_on: int = OPEN
    found_on: Mapping[str, int] = field(default_factory=dict)
    """For each stay that was left, the day from which the person is known to be elsewhere."""

    @cached_property
    def described(self) -> RowDocument:
        """Return the row that tells birth, sex and household registration: the newest stay's, else an archive's."""
        stays = sorted(self.rows.stays, key=lambda row: (row["started_on"], row["_id"]))
        archives = sorted(self.rows.archives, key=lambda row: str(row["_id"]))
        return (stays or archives or [{}])[-1]

    @cached_property
    def birth(self) -> date | None:
        """Return the day of birth; None if nobody told."""
        text = self.described.get("birth")
        return date.fromisoformat(text) if text else None

    def alive(self, interval: Interval) -> Interval:
        """Return an interval up to the day of death."""
        return interval[0], min(interval[1], self.died_on)


def slice_of(row: RowDocument, home: str, home_of: Any) -> str:
    """Return what a person counts as in a district: registration and sex, each a letter."""
    hukou = row.get("hukou_division")
    registered = UNKNOWN if not hukou else REGISTERED if home_of(hukou[:6]) == home else FLOATING
    return registered + _SEXES.get(row.get("sex", ""), UNKNOWN)


def versions(row: RowDocument) -> Iterator[RowDocument]:
    """Yield all versions of a row, the oldest first."""
    earlier = row.get("earlier") or {}
    yield from (earlier[sequence] for sequence in sorted(earlier, key=int) if "said_at" in earlier[sequence])
    yield row


def as_known(row: RowDocument, until: str, moment: str = "heard_at") -> RowDocument | None:
    """Return a row as it was known at a moment (RFC 3339) by when versions were heard, or said; None if it was not."""
    known = [version for version in versions(row) if version[moment] <= until]
    if not known:
        return None
    *earlier, newest = known
    listed = {"earlier": {str(version["sequence"]): version for version in earlier}} if earlier else {}
    return {"_id": row["_id"], **{name: value for name, value in newest.items() if name != "earlier"}, **listed}


def standing(entries: Iterable[RowDocument]) -> list[RowDocument]:
    """Return the entries that count, that is, were not voided."""
    return [row for row in entries if row["state"] != EntryState.VOIDED]


def during(
    measure: str, division: str, told: str, intervals: Iterable[Interval], weight: int = 1
) -> Iterator[Contribution]:
    """Yield a contribution for each interval that has a day."""
    for since, until in intervals:
        if since < until:
            yield Contribution(measure, division, told, since, until, weight)
