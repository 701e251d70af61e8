"""HTTP in: flows, residents and the archive-building rate of a division, and the two-way scores of its notices."""

from collections import Counter, defaultdict
from collections.abc import AsyncIterable, Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel

from services.reporting import views
from services.reporting.domain.scores import Exchange, Mark, Score, marks, rate, score
from services.reporting.views import StreetDay, StreetTotals
from services.runtime.access import Caller, Role, allow
from services.runtime.problems import Problem
from services.runtime.service import Service
from services.runtime.web import ServiceHere

router = APIRouter(tags=["reporting"])

Reader = Annotated[Caller, Depends(allow(Role.DISTRICT, Role.SUPERVISOR, Role.CLERK, Role.HEALTH_WORKER))]
Assessor = Annotated[Caller, Depends(allow(Role.DISTRICT, Role.SUPERVISOR))]
Division = Annotated[str, Query(pattern=r"^[0-9]{2,9}$")]
Since = Annotated[date, Query(alias="from")]
Until = Annotated[date, Query(alias="to")]
LONGEST = timedelta(days=1100)


class Flows(BaseModel):
    """What moved in a division from one day to another, both included, and who lives there at the end.

    `residents` are stays that had begun and not ended; one that a newer stay contests now is in `contested` instead,
    at any day. `inflow` counts arrivals that stand by their day, `outflow` departures, `by_default` of them those that
    nobody answered for in time, `deaths` stays that ended so. Hence residents + contested = those of the day before
    `since` + inflow - outflow - deaths. `in_transit` 在途 left a street here and are nowhere known to be at the end,
    `lost` 失访 are those for whom it has lasted too long; neither went abroad. `archive_rate` 建档率 is residents with
    an archive over residents, None where nobody lives. Corrections take their place by effective day.
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


class BothSides(BaseModel):
    """How a division answers what it is sent, and how what it sends is answered."""

    as_addressee: Score
    as_sender: Score


class DivisionScores(BothSides):
    """Both sides of one street; or of the district itself, where a notice names no street."""

    division: str
    name: str | None


class Scores(BothSides):
    """Two-way scores 双向考核 of notices that were sent from one day to another, both included, as they are today."""

    division: str
    name: str | None
    since: date
    until: date
    as_of: date
    divisions: list[DivisionScores]


@router.get("/flows", summary="Residents, inflow, outflow, in transit, lost, archive-building rate")
async def get_flows(service: ServiceHere, caller: Reader, division: Division, since: Since, until: Until) -> Flows:
    """Count a division by street and day."""
    caller.must_cover(division)
    _must_be_period(since, until)
    days = _days_as_they_stand(await views.count_days(service.database, service.areas(division), since, until), service)
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


@router.get("/scores", summary="Two-way scores 双向考核: receipt and feedback of notices, on both sides")
async def get_scores(service: ServiceHere, caller: Assessor, division: Division, since: Since, until: Until) -> Scores:
    """Score the notices that a division sent or was sent in a period, per street and in total, as of today."""
    caller.must_cover(division)
    _must_be_period(since, until)
    exchanges = views.find_exchanges(service.database, service.areas(division), since, until)
    sides = await _count_marks(exchanges, division, service)
    name = service.divisions.name
    return Scores(
        division=division,
        name=name(division),
        since=since,
        until=until,
        as_of=service.today,
        as_addressee=_score(sides["addressee"].values()),
        as_sender=_score(sides["sender"].values()),
        divisions=[
            DivisionScores(
                division=code,
                name=name(code),
                as_addressee=score(sides["addressee"][code]),
                as_sender=score(sides["sender"][code]),
            )
            for code in sorted({*sides["addressee"], *sides["sender"]})
        ],
    )


_COUNTS = (
    "residents", "archived", "contested", "in_transit", "lost", "inflow", "outflow", "by_default", "deaths",
)  # fmt: skip
_MOVED = ("inflow", "outflow", "by_default", "deaths")


def _must_be_period(since: date, until: date) -> None:
    if not timedelta(0) <= until - since <= LONGEST:
        raise Problem(422, "bad_period", "'to' must not lie before 'from', nor more than three years after it.")


def _days_as_they_stand(days: Iterable[StreetDay], service: Service) -> list[StreetDay]:
    """Count what moved in an abolished street with what stands in its place."""
    moved: dict[tuple[str, date], Counter[str]] = defaultdict(Counter)
    for day in days:
        street = service.divisions.successor(day.street, service.today)
        moved[street, day.day].update(day.model_dump(include=set(_MOVED)))
    return [StreetDay(street=street, day=day, **counts) for (street, day), counts in sorted(moved.items())]


async def _totals(service: Service, division: str, on: date, days: Sequence[StreetDay]) -> list[StreetTotals]:
    counted: dict[str, Counter[str]] = defaultdict(Counter)
    for counts in (views.count_standing, views.count_unplaced):
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


_Counted = defaultdict[str, Counter[Mark]]


async def _count_marks(exchanges: AsyncIterable[Exchange], division: str, service: Service) -> dict[str, _Counted]:
    divisions, today = service.divisions, service.today
    sides: dict[str, _Counted] = {"addressee": defaultdict(Counter), "sender": defaultdict(Counter)}
    async for exchange in exchanges:
        found = tuple(marks(exchange, today))
        for side, code in (("addressee", exchange.addressee), ("sender", exchange.sender)):
            if divisions.covers(division, code, today):
                sides[side][divisions.successor(code, today)].update(found)
    return sides


def _score(counted: Iterable[Counter[Mark]]) -> Score:
    return score(sum(counted, Counter[Mark]()))
