"""HTTP in: residents, arrivals and departures of a division, and of its streets or districts."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel

from services.reporting.api.dependencies import (
    NOT_THEN,
    CountingThen,
    Reader,
    Since,
    Until,
    as_known,
    must_be_period,
)
from services.reporting.commands.counting import Counting
from services.reporting.commands.values import Counter, find_place
from services.reporting.domain.counting import Numbers
from services.reporting.domain.scores import rate
from services.reporting.domain.values import Place
from services.reporting.views.contributions import find_numbers
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


class DistrictTotals(Totals):
    """The numbers of a district."""

    district: str
    name: str | None


class Flows(Totals):
    """Arrivals and departures of a division in a period, both days included, and its residents at the end.

    A district or street is told by `streets` and `days`, a city or province by `districts`.

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
    districts: list[DistrictTotals]
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
    responses=refuses(*NOT_THEN, outside_your_division=403, bad_period=422),
)
async def get_flows(
    service: ServiceHere, counting: CountingThen, caller: Reader, division: Division, since: Since, until: Until
) -> Flows:
    """Count residents, arrivals and departures of a division by street and day, of a city or province by district."""
    caller.must_cover(division)
    must_be_period(since, until)
    known = await as_known(service, counting)
    found = await find_place(service, counting, division)
    place, numbers = found.place, await _read(service, counting, found, since, until)
    return Flows(
        division=division,
        name=service.divisions.name(division),
        since=since,
        until=until,
        **known,
        **_totals(numbers, since, until, place.codes),
        districts=[
            DistrictTotals(district=part.division, name=service.divisions.name(part.division), **totals)
            for part, totals in _moved_in(place.districts(), numbers, since, until)
        ],
        streets=[
            StreetTotals(street=part.division, name=service.divisions.name(part.division), **totals)
            for part, totals in _moved_in(_streets(place), numbers, since, until)
        ],
        days=list(_days(numbers, since, until, _streets(place))),
    )


async def _read(service: Service, counting: Counting, of: Counter, since: date, until: date) -> Numbers:
    measures = (*_STANDING.values(), *_MOVED.values())
    days = (since - timedelta(days=1), until)
    by_day = () if of.place.is_wide else tuple(_MOVED.values())
    return await find_numbers(service.database, counting.build, of.first, measures, days, by_day=by_day)


def _streets(place: Place) -> list[Place]:
    """Return the streets of a district, each as a place; none of a city or province, which would be too many."""
    return [] if place.is_wide else [Place(code, {code: codes}) for code, codes in sorted(place.streets.items())]


def _moved_in(
    places: Iterable[Place], numbers: Numbers, since: date, until: date
) -> Iterator[tuple[Place, dict[str, Any]]]:
    """Yield the places in which there is any number, each with its numbers."""
    for place in places:
        totals = _totals(numbers, since, until, place.codes)
        if any(totals.values()):
            yield place, totals


def _totals(numbers: Numbers, since: date, until: date, codes: Sequence[str]) -> dict[str, Any]:
    standing = {name: numbers.at(measure, until, codes) for name, measure in _STANDING.items()}
    moved = {name: numbers.flow(measure, since, until, codes) for name, measure in _MOVED.items()}
    return {**standing, **moved, "archive_rate": rate(standing["archived"], standing["residents"])}


def _days(numbers: Numbers, since: date, until: date, streets: Iterable[Place]) -> Iterator[StreetDay]:
    for street in streets:
        moved: dict[date, dict[str, int]] = defaultdict(dict)
        for name, measure in _MOVED.items():
            for day, count in numbers.by_day(measure, since, until, street.codes).items():
                moved[day][name] = count
        yield from (StreetDay(street=street.division, day=day, **counts) for day, counts in sorted(moved.items()))
