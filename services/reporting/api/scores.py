"""HTTP in: score how both sides of transfers kept to the rules 双向考核."""

from collections import Counter, defaultdict
from collections.abc import AsyncIterable, Iterable
from datetime import date

from fastapi import APIRouter
from pydantic import BaseModel

from services.reporting.api.dependencies import Assessor, Since, Until, must_be_period
from services.reporting.domain.scores import Exchange, Mark, Score, marks, score
from services.reporting.views.scores import find_exchanges
from services.runtime.parameters import Division, ServiceHere
from services.runtime.problems import refuses
from services.runtime.service import Service

router = APIRouter(tags=["reporting"])


class BothSides(BaseModel):
    """The scores of a division for the notices it received, and for those it sent."""

    as_addressee: Score
    as_sender: Score


class DivisionScores(BothSides):
    """The scores of a street, or of the district for notices that name no street."""

    division: str
    name: str | None


class Scores(BothSides):
    """Two-way scores 双向考核, as of today, of notices that were sent in a period, both days included."""

    division: str
    name: str | None
    since: date
    until: date
    as_of: date
    divisions: list[DivisionScores]


@router.get(
    "/scores",
    summary="Two-way scores 双向考核: receipt and feedback of notices, on both sides",
    responses=refuses(outside_your_division=403, bad_period=422),
)
async def get_scores(service: ServiceHere, caller: Assessor, division: Division, since: Since, until: Until) -> Scores:
    """Score the notices that a division sent or received in a period, per street and in total, as of today."""
    caller.must_cover(division)
    must_be_period(since, until)
    exchanges = find_exchanges(service.database, service.areas(division), since, until)
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
