"""HTTP in: residents, arrivals and departures of a division and its streets."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel

from services.reporting.api.dependencies import CountingHere, Reader, Since, Until, must_be_period
from services.reporting.commands.counting import Counting
from services.reporting.domain.counting import Numbers
from services.reporting.domain.scores import rate
from services.reporting.views.contributions import find_numbers, find_places, uncounted_since
from services.runtime.parameters import Division, ServiceHere
from services.runtime.problems import refuses
from services.runtime.service import Service

router = APIRouter(tags=["reporting"])


class StreetDay(BaseModel):
    """What moved in one street on one day: arrivals that stand, departures (some of them by default), deaths."""

    street: str
    day: date
    inflow: int = 0
    outflow: int = 0
    by_default: int = 0
    deaths: int = 0


class Totals(BaseModel):
    """Numbers at the end of the period: who lives there, who left and is not found; and what moved in the period.

    `archive_rate` 建档率 is residents with an archive over residents, from 0 to 1; None where nobody lives.
    """

    residents: int = 0
    archived: int = 0
    contested: int = 0
    in_transit: int = 0
    lost: int = 0
    inflow: int = 0
    outflow: int = 0
    by_default: int = 0
    deaths: int = 0
    archive_rate: float | None


class StreetTotals(Totals):
    """The numbers of a street."""

    street: str
    name: str | None


class Flows(Totals):
    """Arrivals and departures of a division in a period, both days included, and its residents at the end.

    `residents` counts stays that had started and not ended; a stay that a newer one contests today is counted in
    `contested` instead, on any day. `inflow` counts arrivals by their day, without retracted ones; `outflow` counts
    departures, and `by_default` those of them that nobody answered in time; `deaths` counts stays that ended with a
    death. Hence residents + contested = those of the day before `since` + inflow - outflow - deaths. `in_transit` 在途
    counts people who left a street here and are not known to live anywhere at the end, `lost` 失访 those missing longer
    than the deadline; neither counts people who went abroad. Corrections count on the day they are effective. What was
    heard up to `counted_until` is in the numbers.
    """

    division: str
    name: str | None
    since: date
    until: date
    as_of: datetime
    counted_until: datetime
    streets: list[StreetTotals]
    days: list[StreetDay]


_STANDING = {
    "residents": "resident",
    "archived": "resident.archived",
    "contested": "resident.contested",
    "in_transit": "resident.in_transit",
    "lost": "resident.lost",
}
_MOVED = {"inflow": "flow.in", "outflow": "flow.out", "by_default": "flow.by_default", "deaths": "flow.deaths"}


@router.get(
    "/flows",
    summary="Residents, inflow, outflow, in transit, lost, archive-building rate",
    responses=refuses(outside_your_division=403, bad_period=422),
)
async def get_flows(
    service: ServiceHere, counting: CountingHere, caller: Reader, division: Division, since: Since, until: Until
) -> Flows:
    """Count residents, arrivals and departures of a division by street and day."""
    caller.must_cover(division)
    must_be_period(since, until)
    as_of = service.clock()
    waiting = await uncounted_since(service.database)
    streets, numbers = await _read(service, counting, division, since, until)
    totals = {street: _totals(numbers, since, until, codes) for street, codes in sorted(streets.items())}
    return Flows(
        division=division,
        name=service.divisions.name(division),
        since=since,
        until=until,
        as_of=as_of,
        counted_until=waiting or as_of,
        **_totals(numbers, since, until, [code for codes in streets.values() for code in codes]),
        streets=[
            StreetTotals(street=street, name=service.divisions.name(street), **found)
            for street, found in totals.items()
            if any(found.values())
        ],
        days=list(_days(numbers, since, until, streets)),
    )


async def _read(
    service: Service, counting: Counting, division: str, since: date, until: date
) -> tuple[Mapping[str, Sequence[str]], Numbers]:
    """Return the current streets of a division, each with the codes that it counts under, and their numbers."""
    places = await find_places(service.database, counting.build, service.areas(division))
    streets: dict[str, list[str]] = defaultdict(list)
    for code in places:
        streets[service.divisions.successor(code, service.today)].append(code)
    measures = (*_STANDING.values(), *_MOVED.values())
    days = (since - timedelta(days=1), until)
    return streets, await find_numbers(service.database, counting.build, places, measures, days, by_day=True)


def _totals(numbers: Numbers, since: date, until: date, codes: Sequence[str]) -> dict[str, Any]:
    standing = {name: numbers.at(measure, until, codes) for name, measure in _STANDING.items()}
    moved = {name: numbers.flow(measure, since, until, codes) for name, measure in _MOVED.items()}
    return {**standing, **moved, "archive_rate": rate(standing["archived"], standing["residents"])}


def _days(numbers: Numbers, since: date, until: date, streets: Mapping[str, Sequence[str]]) -> Iterator[StreetDay]:
    for street, codes in sorted(streets.items()):
        moved: dict[date, dict[str, int]] = defaultdict(dict)
        for name, measure in _MOVED.items():
            for day, count in numbers.by_day(measure, since, until, codes).items():
                moved[day][name] = count
        yield from (StreetDay(street=street, day=day, **counts) for day, counts in sorted(moved.items()))
