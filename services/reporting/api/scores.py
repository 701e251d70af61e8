"""HTTP in: score how both sides of transfers kept to the rules 双向考核."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, timedelta

from fastapi import APIRouter
from pydantic import BaseModel

from contracts.reference.calendar import day_of
from services.reporting.api.dependencies import (
    NOT_THEN,
    Assessor,
    CountingThen,
    Since,
    Until,
    must_be_period,
)
from services.reporting.commands.counting import Counting
from services.reporting.domain.exchanges import SIDES, mark_measure
from services.reporting.domain.scores import Mark, Score, score
from services.reporting.views.contributions import find_numbers, find_places
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
    responses=refuses(*NOT_THEN, outside_your_division=403, bad_period=422),
)
async def get_scores(
    service: ServiceHere, counting: CountingThen, caller: Assessor, division: Division, since: Since, until: Until
) -> Scores:
    """Score the notices that a division sent or received in a period, per street and in total, as of today."""
    caller.must_cover(division)
    must_be_period(since, until)
    sides = await _count_marks(service, counting, division, since, until)
    name = service.divisions.name
    return Scores(
        division=division,
        name=name(division),
        since=since,
        until=until,
        as_of=day_of(counting.as_of or service.clock()),
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


_Counted = Mapping[str, Counter[Mark]]


async def _count_marks(
    service: Service, counting: Counting, division: str, since: date, until: date
) -> dict[str, _Counted]:
    """Return for each side the marks of the notices of a period, by the current division."""
    places = await find_places(service.database, counting.build, service.areas(division))
    measures = [mark_measure(side, mark) for side in SIDES for mark in Mark]
    days = (since - timedelta(days=1), until)
    numbers = await find_numbers(service.database, counting.build, places, measures, days)
    sides: dict[str, dict[str, Counter[Mark]]] = {side: defaultdict(Counter) for side in SIDES}
    for side in SIDES:
        for code in places:
            found = {mark: numbers.flow(mark_measure(side, mark), since, until, [code]) for mark in Mark}
            if any(found.values()):
                sides[side][service.divisions.successor(code, service.today)].update(found)
    return {**sides}


def _score(counted: Iterable[Counter[Mark]]) -> Score:
    return score(sum(counted, Counter[Mark]()))
