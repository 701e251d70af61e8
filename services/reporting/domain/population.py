"""What stays contribute: residents 居住 and usual residents 常住 by age, arrivals, departures, in transit, lost."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from contracts.reference.calendar import add_months, age_on
from contracts.registration.stays import DestinationKind, Ending, StayState
from services.reporting.domain.archives import Holding
from services.reporting.domain.communities import communities
from services.reporting.domain.days import (
    OPEN,
    Interval,
    birthday,
    day_from,
    intersect,
    number_of,
    read_day,
    unite,
)
from services.reporting.domain.person import Contribution, Person, RowDocument, during, slice_of
from services.reporting.domain.policy import Policy

BANDS = tuple(range(0, 90, 5))
"""The first age of each band of the age pyramid 人口金字塔; the last has no end."""


class Lived(NamedTuple):
    """A stay that counts: where, as what, from when to when, and how much of it as usual residence."""

    street: str
    told: str
    resident: Interval
    usual: Interval
    categories: Sequence[str]


def population(person: Person, holdings: Sequence[Holding], policy: Policy) -> Iterator[Contribution]:
    """Yield what a person's stays contribute, in some measures beside the archives of the district."""
    standing = [row for row in person.rows.stays if row["state"] != StayState.RETRACTED]
    usual_from = _usual_from(standing, policy)
    for row in standing:
        home = policy.home_of(row["street"][:6])
        told, interval = slice_of(row, home, policy.home_of), interval_of(row)
        yield from _flows(row, told, interval)
        yield from _unplaced(row, told, person.found_on.get(row["_id"], OPEN))
        if row["state"] == StayState.CONTESTED:
            yield from during("resident.contested", row["street"], told, [interval])
            continue
        usual = max(interval[0], usual_from[row["_id"]]), interval[1]
        yield from communities(row, told, interval)
        lived = Lived(row["street"], told, interval, usual, row.get("categories") or ())
        yield from _residents(lived, [each for each in holdings if policy.home_of(each.district) == home])
        yield from _by_age(lived, person, policy)


def interval_of(row: RowDocument) -> Interval:
    """Return the days of a stay."""
    return number_of(date.fromisoformat(row["started_on"])), _end(row)


def _end(row: RowDocument) -> int:
    ended = read_day(row.get("ended_on"))
    return OPEN if ended is None else ended


def _usual_from(stays: Iterable[RowDocument], policy: Policy) -> Mapping[str, int]:
    """Return for each stay the day from which it is usual residence: half a year in the district without a break."""
    lived = [row for row in stays if row["state"] != StayState.CONTESTED]
    unbroken: dict[str, Interval] = {}
    found = {}
    for row in sorted(lived, key=lambda row: (row["started_on"], row["_id"])):
        start, end = interval_of(row)
        home = policy.home_of(row["street"][:6])
        begun, over = unbroken.get(home, (start, start))
        begun = begun if start <= over else start
        unbroken[home] = begun, max(over, end)
        found[row["_id"]] = number_of(add_months(day_from(begun), policy.usual_months))
    return found


def _flows(row: RowDocument, told: str, interval: Interval) -> Iterator[Contribution]:
    street, (start, end) = row["street"], interval
    yield Contribution("flow.in", street, told, start)
    for sort in (row.get("purpose"), *(row.get("categories") or ())):
        if sort:
            yield Contribution(f"flow.in.{sort}", street, told, start)
    if row.get("origin"):
        yield Contribution(f"origin.{row['origin'][:6]}", street, told, start)
    if end == OPEN:
        return
    if row.get("ending") == Ending.DIED:
        yield Contribution("flow.deaths", street, told, end)
        return
    yield Contribution("flow.out", street, told, end)
    if row.get("ending") == Ending.BY_DEFAULT:
        yield Contribution("flow.by_default", street, told, end)
    if row.get("destination"):
        yield Contribution(f"destination.{row['destination'][:6]}", street, told, end)


def _unplaced(row: RowDocument, told: str, found_on: int) -> Iterator[Contribution]:
    """Yield what becomes of a departure, on each day one of these.

    Whoever left is in transit 在途, lost 失访, known to be elsewhere or dead; or went abroad, and is not looked for.
    """
    end, street = _end(row), row["street"]
    if end == OPEN or row.get("ending") == Ending.DIED:
        return
    left = row["state"] == StayState.ENDED and row.get("ending") in {None, Ending.DEPARTED}
    if left and row.get("destination_kind") == DestinationKind.EXTERNAL:
        yield Contribution("flow.out.abroad", street, told, end)
        return
    found = max(end, found_on) if left else end
    lost_on = read_day(row.get("trace_lost_on"))
    lost = OPEN if lost_on is None else max(lost_on, end)
    yield from during("resident.in_transit", street, told, [(end, min(found, lost))])
    yield from during("resident.lost", street, told, [(lost, found)])
    yield from during("flow.out.found", street, told, [(found, OPEN)])


def _residents(lived: Lived, held: Sequence[Holding]) -> Iterator[Contribution]:
    street, told, resident, usual, categories = lived
    archived = unite(each for holding in held for each in holding.open)
    built = unite(each for holding in held for each in holding.built)
    for measure in ("resident", *(f"resident.{sort}" for sort in categories)):
        yield from during(measure, street, told, [resident])
    yield from during("resident.archived", street, told, intersect([resident], archived))
    yield from during("usual", street, told, [usual])
    yield from during("usual.archived", street, told, intersect([usual], archived))
    yield from during("usual.built", street, told, intersect([usual], built))


def _by_age(lived: Lived, person: Person, policy: Policy) -> Iterator[Contribution]:
    street, told, resident, usual, _ = lived
    if person.birth is None:
        return
    for name, low, high in (("0_6", 0, policy.child_age), ("65", policy.elderly_age, None)):
        aged = between(person.birth, low, high)
        yield from during(f"resident.{name}", street, told, intersect([resident], aged))
        yield from during(f"usual.{name}", street, told, intersect([usual], aged))
    if told[1] == "w":
        yield from during("resident.15_49", street, told, intersect([resident], between(person.birth, 15, 50)))
    yield from _bands(person.birth, lived, person.horizon)


def _bands(birth: date, lived: Lived, horizon: int) -> Iterator[Contribution]:
    """Yield the bands of the pyramid that somebody passes through, up to the first that begins after the horizon."""
    since, until = lived.resident
    first = max(0, age_on(birth, day_from(since))) // 5
    for low in BANDS[min(first, len(BANDS) - 1) :]:
        aged = between(birth, low, None if low == BANDS[-1] else low + 5)
        yield from during(band_name(low), lived.street, lived.told, intersect([lived.resident], aged))
        if aged[0][1] >= until or aged[0][0] > horizon:
            return


def between(birth: date, low: int, high: int | None) -> list[Interval]:
    """Return the days on which somebody is at least so many years old, and not yet so many."""
    return [(birthday(birth, low), OPEN if high is None else birthday(birth, high))]


def band_name(low: int) -> str:
    """Return the measure of a band of the age pyramid."""
    return f"age.{low}" if low == BANDS[-1] else f"age.{low}_{low + 4}"
