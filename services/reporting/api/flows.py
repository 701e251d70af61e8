"""HTTP in: count residents, arrivals and departures of a division and its streets."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime

from fastapi import APIRouter
from pydantic import BaseModel

from services.reporting.api.dependencies import Reader, Since, Until, must_be_period
from services.reporting.domain.scores import rate
from services.reporting.views.flows import StreetDay, StreetTotals, count_days, count_standing, count_unplaced
from services.runtime.parameters import Division, ServiceHere
from services.runtime.problems import refuses
from services.runtime.service import Service

router = APIRouter(tags=["reporting"])


class Flows(BaseModel):
    """Arrivals and departures of a division in a period, both days included, and its residents at the end.

    `residents` counts stays that had started and not ended; a stay that a newer one contests today is counted in
    `contested` instead, on any day. `inflow` counts arrivals by their day, without retracted ones; `outflow` counts
    departures, and `by_default` those of them that nobody answered in time; `deaths` counts stays that ended with a
    death. Hence residents + contested = those of the day before `since` + inflow - outflow - deaths. `in_transit` 在途
    counts people who left a street here and are not known to live anywhere at the end, `lost` 失访 those missing longer
    than the deadline; neither counts people who went abroad. `archive_rate` 建档率 is residents with an archive divided
    by residents, None without residents. Corrections count on the day they are effective.
    """

    division: str
    name: str | None
    since: date
    until: date
    as_of: datetime
    residents: int
    archived: int
    contested: int
    in_transit: int
    lost: int
    inflow: int
    outflow: int
    by_default: int
    deaths: int
    archive_rate: float | None
    streets: list[StreetTotals]
    days: list[StreetDay]


@router.get(
    "/flows",
    summary="Residents, inflow, outflow, in transit, lost, archive-building rate",
    responses=refuses(outside_your_division=403, bad_period=422),
)
async def get_flows(service: ServiceHere, caller: Reader, division: Division, since: Since, until: Until) -> Flows:
    """Count residents, arrivals and departures of a division by street and day."""
    caller.must_cover(division)
    must_be_period(since, until)
    days = _under_current_streets(await count_days(service.database, service.areas(division), since, until), service)
    streets = await _totals(service, division, until, days)
    sums = {count: sum(getattr(street, count) for street in streets) for count in _COUNTS}
    return Flows(
        division=division,
        name=service.divisions.name(division),
        since=since,
        until=until,
        as_of=service.clock(),
        **sums,
        archive_rate=rate(sums["archived"], sums["residents"]),
        streets=streets,
        days=days,
    )


_COUNTS = (
    "residents", "archived", "contested", "in_transit", "lost", "inflow", "outflow", "by_default", "deaths",
)  # fmt: skip
_MOVED = ("inflow", "outflow", "by_default", "deaths")


def _under_current_streets(days: Iterable[StreetDay], service: Service) -> list[StreetDay]:
    """Return the counts by street and day, those of an abolished street added to its successor's."""
    moved: dict[tuple[str, date], Counter[str]] = defaultdict(Counter)
    for day in days:
        street = service.divisions.successor(day.street, service.today)
        moved[street, day.day].update(day.model_dump(include=set(_MOVED)))
    return [StreetDay(street=street, day=day, **counts) for (street, day), counts in sorted(moved.items())]


async def _totals(service: Service, division: str, on: date, days: Sequence[StreetDay]) -> list[StreetTotals]:
    counted: dict[str, Counter[str]] = defaultdict(Counter)
    for counts in (count_standing, count_unplaced):
        for street, found in (await counts(service.database, service.areas(division), on)).items():
            counted[service.divisions.successor(street, service.today)].update(found)
    for day in days:
        counted[day.street].update(day.model_dump(include=set(_MOVED)))
    return [
        StreetTotals(
            street=street,
            name=service.divisions.name(street),
            **counted[street],
            archive_rate=rate(counted[street]["archived"], counted[street]["residents"]),
        )
        for street in sorted(counted)
    ]
