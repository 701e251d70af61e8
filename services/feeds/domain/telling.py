"""What an audience is told of an entry, by its terms; and the same with less and less detail."""

from collections.abc import Iterator, Mapping
from datetime import date
from functools import lru_cache
from typing import Any

from contracts.feeds.feeds import Attribute
from contracts.feeds.subscriptions import AgeBand, Terms, TimeUnit

Json = dict[str, Any]

LADDER: tuple[Attribute | TimeUnit | AgeBand, ...] = (
    Attribute.PURPOSE,
    Attribute.HUKOU_PROVINCE,
    TimeUnit.WEEK,
    AgeBand.FIVE_YEARS,
    Attribute.OTHER_DISTRICT,
    TimeUnit.MONTH,
    AgeBand.TEN_YEARS,
    Attribute.REASON,
    Attribute.SEX,
    Attribute.ENDED_ON,
    Attribute.CLOSED_ON,
    AgeBand.NONE,
    Attribute.OTHER_PROVINCE,
    Attribute.STARTED_ON,
    Attribute.OPENED_ON,
    Attribute.ENROLLED_ON,
    Attribute.MOVED_ON,
    Attribute.STATE,
    Attribute.STREET,
    Attribute.NOTICE_KIND,
    Attribute.CONDITION,
    Attribute.DIRECTION,
)
"""What is given up one after the other until enough people look alike: an attribute, or a finer time or age."""
DAYS = frozenset(attribute for attribute in Attribute if attribute.endswith("_on"))
BANDS: Mapping[AgeBand, int] = {AgeBand.YEAR: 1, AgeBand.FIVE_YEARS: 5, AgeBand.TEN_YEARS: 10}
"""Years of a band."""


def concerns(terms: Terms, entry: Json) -> bool:
    """Return whether an audience is told of an entry at all."""
    fact, street = entry["type"].split(".")[1], entry["data"]["street"]
    return fact in terms.facts and (not terms.streets or street in terms.streets)


def tell(terms: Terms, entry: Json) -> Json:
    """Return what an audience is told of an entry, and nothing that says which entry it is."""
    known = entry["data"]
    told = {str(name): _tell(name, known[name], terms.time) for name in terms.attributes}
    if terms.age is not AgeBand.NONE:
        told["born"] = _band(known["birth_year"], BANDS[terms.age])
    return told


def coarsen(terms: Terms) -> Iterator[tuple[Attribute | TimeUnit | AgeBand, Terms]]:
    """Yield what is given up, and the terms without it and without all that was given up before."""
    for rung in LADDER:
        coarser = _without(terms, rung)
        if coarser != terms:
            terms = coarser
            yield rung, terms


def name_of(rung: Attribute | TimeUnit | AgeBand) -> str:
    """Return what giving something up is called in counts: `sex`, `time:month`, `age:none`."""
    match rung:
        case Attribute():
            return rung.value
        case TimeUnit():
            return f"time:{rung.value}"
        case AgeBand():
            return f"age:{rung.value}"


def _without(terms: Terms, rung: Attribute | TimeUnit | AgeBand) -> Terms:
    match rung:
        case Attribute():
            kept = tuple(attribute for attribute in terms.attributes if attribute is not rung)
            return terms.model_copy(update={"attributes": kept})
        case TimeUnit():
            return terms.model_copy(update={"time": max(terms.time, rung, key=list(TimeUnit).index)})
        case AgeBand():
            return terms.model_copy(update={"age": max(terms.age, rung, key=list(AgeBand).index)})


def _tell(attribute: Attribute, value: Any, unit: TimeUnit) -> Any:
    return tell_day(value, unit) if value and attribute in DAYS else value


@lru_cache(maxsize=4096)
def tell_day(day: str, unit: TimeUnit) -> str:
    """Return a day as exactly as a unit allows: 2026-03-05, the week 2026-W10 (ISO 8601), the month 2026-03."""
    match unit:
        case TimeUnit.WEEK:
            year, week, _ = date.fromisoformat(day).isocalendar()
            return f"{year}-W{week:02d}"
        case TimeUnit.MONTH:
            return day[:7]
        case _:
            return day


def _band(year: int | None, years: int) -> str | None:
    """Return the years in which somebody was born: 1949, 1945-1949, 1940-1949; None if that is not known."""
    if year is None:
        return None
    first = year - year % years
    return f"{first}-{first + years - 1}" if years > 1 else str(year)
