"""HTTP in: what surveys say, and how many literacy tests each unit has."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel

from contracts.outreach.surveys import Survey
from services.outreach.api.dependencies import IdInPath, Reader
from services.outreach.api.exports import A_FILE, table_response
from services.outreach.api.surveys import own_survey
from services.outreach.commands.surveys import UnknownSurveyError, find_asked, find_survey
from services.outreach.domain.survey_policy import LITERACY_TESTS, POLICY, find_target
from services.outreach.domain.survey_results import (
    Change,
    Group,
    ItemResult,
    MeasureRates,
    Trait,
    changes_of,
    groups_of,
    is_told,
    items_of,
    rates_of,
)
from services.outreach.intake.survey_tables import write_table
from services.outreach.views.surveys import count_literacy_tests, tally
from services.runtime.parameters import Division, ServiceHere
from services.runtime.problems import refuses
from services.runtime.service import Service

router = APIRouter(tags=["surveys"])

LITERACY_EDITION = "qingjiangpu_literacy"


class Results(BaseModel):
    """What a survey says: rates by both methods with their intervals, by item and by group, and what changed.

    `persons` answered, a share `response` of those `drawn` for a sample. Nothing is told of fewer than `least` people;
    `untold` counts the groups left out. `changes` are differences from the survey before, for independent samples.
    """

    survey_id: str
    threshold: int
    confidence: float
    least: int
    persons: int
    drawn: int | None
    response: float | None
    measures: Sequence[MeasureRates]
    items: Sequence[ItemResult]
    groups: Sequence[Group]
    untold: dict[Trait, int]
    changes: Sequence[Change]


class LiteracyTests(BaseModel):
    """How many people answered literacy tests of a unit, and how many of the target are still to come."""

    street: str
    institution_id: str | None
    tests: int
    owed: int


class LiteracyYear(BaseModel):
    """The literacy tests of a year by unit; a unit of which nobody was tested is not listed."""

    year: int
    target: int
    source: str
    units: list[LiteracyTests]


@router.get(
    "/surveys/literacy-tests",
    summary="Literacy tests of each unit 健康素养测试",
    responses=refuses(outside_your_division=403),
)
async def get_literacy_tests(
    service: ServiceHere, caller: Reader, division: Division, year: Annotated[int, Query(ge=2000, le=2099)]
) -> LiteracyYear:
    """Count who answered a literacy test in a year, by street and institution, and what is owed of the target."""
    caller.must_cover(division)
    target = find_target(LITERACY_EDITION, LITERACY_TESTS)
    assert target is not None, "it is in the table"
    period = date(year, 1, 1), date(year, 12, 31)
    counted = await count_literacy_tests(service.database, service.areas(division), *period)
    units = [
        LiteracyTests(street=street, institution_id=unit, tests=tests, owed=max(0, target.value - tests))
        for street, unit, tests in counted
    ]
    return LiteracyYear(year=year, target=target.value, source=target.source, units=units)


@router.get(
    "/surveys/{survey_id}/results",
    summary="What a survey says 知晓率、行为形成率",
    responses=refuses(UnknownSurveyError),
)
async def get_results(survey_id: IdInPath, service: ServiceHere, caller: Reader) -> Results:
    """Work out the rates of knowledge and behaviour, by answers and by people, with Wilson intervals."""
    return await _work_out(service, await own_survey(service, caller, survey_id))


@router.get(
    "/surveys/{survey_id}/results/table",
    summary="What a survey says, to download",
    response_class=Response,
    responses={**A_FILE, **refuses(UnknownSurveyError)},
)
async def get_table(
    survey_id: IdInPath, service: ServiceHere, caller: Reader, form: Literal["csv", "xlsx"] = "xlsx"
) -> Response:
    """Export the rates of everybody, of items and of groups with their intervals, and what changed, in percent."""
    told = await _work_out(service, await own_survey(service, caller, survey_id))
    lines = write_table(told.measures, told.items, told.groups, told.changes)
    return await table_response(lines, f"results-{survey_id}", form)


async def _work_out(service: Service, survey: Survey) -> Results:
    asked = await find_asked(service, survey)
    tallies = await tally(service.database, survey.survey_id)
    persons, told = tallies.everybody.persons, is_told(tallies.everybody.persons)
    groups, untold = groups_of(tallies) if told else ([], {})
    before = await find_survey(service, survey.before) if survey.before else None
    earlier = (await tally(service.database, before.survey_id)).everybody if before else None
    drawn = len(asked.sample.people) if asked.sample else None
    return Results(
        survey_id=survey.survey_id,
        threshold=asked.questionnaire.threshold,
        confidence=POLICY.confidence,
        least=POLICY.least,
        persons=persons,
        drawn=drawn,
        response=persons / drawn if drawn else None,
        measures=rates_of(tallies.everybody, survey.target) if told else [],
        items=items_of(asked.questionnaire, tallies) if told else [],
        groups=groups,
        untold=untold,
        changes=changes_of(earlier, tallies.everybody) if earlier else [],
    )
