"""Who counts otherwise in a restated report: what somebody contributes, as it was known then and as it is known now."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict

from contracts.envelope import Moment
from services.reporting.domain.contents import EVERYONE, Content, Part, values_of
from services.reporting.domain.days import number_of
from services.reporting.domain.indicators import INDICATORS, Reckoned
from services.reporting.domain.person import STREAMS, Contribution, RowDocument, versions


class HeardFact(BaseModel):
    """A fact that was heard since: the stream and sequence, when it was recorded, and when it came to be known here."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    stream: str
    sequence: int
    said_at: str | None
    heard_at: str


class Difference(BaseModel):
    """Somebody or something that counts otherwise: in which measure of which division, before and after, and why.

    `subject` is the id of a person, or of something such as an activity; `registration` is `r` for 户籍, `f` for 流动,
    `u` if it is not known. A measure with `+` behind it is counted as it grew in the period.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    subject: str
    measure: str
    division: str
    registration: str
    before: int
    after: int
    facts: tuple[HeardFact, ...]


class NumberChange(BaseModel):
    """A cell that is another number now."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    division: str
    indicator: str
    group: str
    part: str
    before: int | float | str | None
    after: int | float | str | None


class Differences(BaseModel):
    """What differs between two editions: the numbers, and whoever counts otherwise.

    `complete` says whether they make up for the numbers of the whole: they do not if more people changed than are
    named, or if something counts otherwise without a fact, such as by another edition of the rules.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    since: Moment
    until: Moment
    numbers: tuple[NumberChange, ...]
    subjects: tuple[Difference, ...]
    complete: bool


class Counts(NamedTuple):
    """Where somebody counts: in a measure of a division, registered there or not."""

    measure: str
    division: str
    registration: str


def heard_since(collection: str, rows: Iterable[RowDocument], moment: str) -> Iterator[HeardFact]:
    """Yield the facts that were heard after a moment."""
    for row in rows:
        for version in versions(row):
            if version["heard_at"] > moment:
                yield HeardFact(
                    stream=f"{STREAMS[collection]}/{row['_id']}",
                    sequence=version["sequence"],
                    said_at=version.get("said_at"),
                    heard_at=version["heard_at"],
                )


def changed(
    before: Iterable[Contribution], after: Iterable[Contribution], asked: Collection[str], days: tuple[date, date]
) -> dict[Counts, tuple[int, int]]:
    """Return what somebody counts in otherwise, and how often before and after.

    `asked` are measures, with `+` behind those of which it is asked how they grew in the period; `days` are the day
    before the period and its last.
    """
    then, now = _count(before, asked, days), _count(after, asked, days)
    return {key: (then[key], now[key]) for key in sorted({*then, *now}) if then[key] != now[key]}


def _count(contributions: Iterable[Contribution], asked: Collection[str], days: tuple[date, date]) -> Counter[Counts]:
    start, end = map(number_of, days)
    found: Counter[Counts] = Counter()
    for each in contributions:
        at_start, at_end = (each.weight * (each.since <= day < each.until) for day in (start, end))
        for measure, count in ((each.measure, at_end), (f"{each.measure}+", at_end - at_start)):
            if measure in asked:
                found[Counts(measure, each.division, each.slice[:1])] += count
    return found


def measures_of(content: Content) -> set[str]:
    """Return the measures that a report is made of, with `+` behind those that grow in its period."""
    columns = (column for table in content.tables for column in table.columns)
    return {
        f"{measure}+" if indicator.reckoned is Reckoned.PERIOD else measure
        for indicator in {INDICATORS[column.indicator] for column in columns}
        for measure in indicator.measures
    }


def tell_differences(before: Content, after: Content, subjects: Sequence[Difference]) -> Differences:
    """Return how two editions differ; it is complete if who counts otherwise makes up for every number of the whole."""
    told = dict(values_of(before))
    numbers = [
        NumberChange(division=key[0], indicator=key[1], group=key[2], part=key[3], before=told.get(key), after=cell)
        for key, cell in values_of(after).items()
        if told.get(key) != cell
    ]
    whole = [one for one in numbers if one.division == after.division and one.group == EVERYONE]
    return Differences(
        since=before.heard_at,
        until=after.heard_at,
        numbers=tuple(numbers),
        subjects=tuple(subjects),
        complete=all(_makes_up(one, subjects) for one in whole if one.part in {Part.COUNT, Part.NUMERATOR}),
    )


def _makes_up(change: NumberChange, subjects: Sequence[Difference]) -> bool:
    indicator = INDICATORS[change.indicator]
    grown = "+" if indicator.reckoned is Reckoned.PERIOD else ""
    measures = {f"{measure}{grown}" for measure in indicator.numerator}
    by_whom = sum(one.after - one.before for one in subjects if one.measure in measures)
    return by_whom == int(change.after or 0) - int(change.before or 0)
