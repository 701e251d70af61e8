"""HTTP in: assessments 考核 of the streets of a division, ranked, deductions explained, and the money tied to them."""

from dataclasses import asdict

from fastapi import APIRouter
from pydantic import BaseModel

from services.reporting.api.asking import Asked, PeriodAsked, Told
from services.reporting.api.dependencies import NOT_THEN, Assessor, CountingThen
from services.reporting.commands.values import find_counted, find_place
from services.reporting.domain.assessment import (
    EDITION,
    FUNDING,
    PARTS,
    Assessment,
    Funding,
    Mark,
    Part,
    assess,
    parts_for,
)
from services.reporting.domain.indicators import INDICATORS
from services.runtime.parameters import Division, ServiceHere
from services.runtime.problems import refuses
from services.runtime.service import Service

router = APIRouter(tags=["assessments"])


class MarkTold(Told):
    """The points for an indicator, of how many, and why some were deducted; None where nothing tells, not counted."""

    indicator: str
    points: float
    got: float | None
    why_zh: str
    why_en: str


class StreetAssessed(BaseModel):
    """The assessment of a street: its score from 0 to 100, its rank, the share of the money that follows, its marks.

    Points for which nothing tells are left out of the score.
    """

    street: str
    name: str | None
    score: float | None
    rank: int | None
    funding: Funding | None
    marks: list[MarkTold]


class Assessments(Asked):
    """The assessments of the streets of a division in a period, the best first, by an edition of the tables."""

    edition: str
    streets: list[StreetAssessed]


class Rules(BaseModel):
    """The tables by which streets are assessed: points and bands of indicators, and the money tied to the score."""

    edition: str
    parts: list[Part]
    funding: list[Funding]


@router.get("/assessments/rules", summary="By what streets are assessed 考核标准")
async def get_rules(_: Assessor) -> Rules:
    """Tell the points and bands of each indicator, and which share of the money follows from a score."""
    return Rules(edition=EDITION, parts=list(PARTS), funding=list(FUNDING))


@router.get(
    "/assessments",
    summary="Assessments of streets 考核, ranked",
    responses=refuses(*NOT_THEN, outside_your_division=403, unknown_division=422, bad_period=422),
)
async def get_assessments(
    service: ServiceHere, counting: CountingThen, caller: Assessor, division: Division, period: PeriodAsked
) -> Assessments:
    """Assess the streets of a division in a period, usually a quarter, each deduction explained.

    What the calendar year counts in all, such as four follow-ups a year, is assessed in periods that end with the year.
    """
    asked = await period.of(service, caller, division, counting)
    found = await find_place(service, counting, division)
    parts = parts_for(asked.period)
    indicators = [INDICATORS[part.indicator] for part in parts]
    counted = await find_counted(service, counting, found, indicators, [asked.period])
    assessed = assess(found.place.parts(), parts, asked.period, counted)
    return Assessments(**dict(asked), edition=EDITION, streets=[_street(one, service) for one in assessed])


def _street(one: Assessment, service: Service) -> StreetAssessed:
    street = one.place.division
    return StreetAssessed(
        street=street,
        name=service.divisions.name(street),
        score=one.score,
        rank=one.rank,
        funding=one.funding,
        marks=[_mark(mark) for mark in one.marks],
    )


def _mark(mark: Mark) -> MarkTold:
    return MarkTold(
        indicator=mark.part.indicator,
        points=mark.part.points,
        got=mark.got,
        why_zh=mark.why_zh,
        why_en=mark.why_en,
        **asdict(mark.value),
    )
