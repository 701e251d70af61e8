"""HTTP in: surveys are opened and closed, their samples drawn."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from contracts.outreach.segments import Segment
from contracts.outreach.surveys import LARGEST_SAMPLE, Sample, SamplePlan, Survey, SurveyRound, Way, answer_id
from services.outreach.api.dependencies import CodeKey, HexId, IdInPath, InstitutionId, Reader, Worker, street_of
from services.outreach.commands import surveys as commands
from services.outreach.commands.institutions import NoInstitutionHereError, must_be_in
from services.outreach.commands.questionnaires import UnknownQuestionnaireError, find_questionnaire
from services.outreach.commands.surveys import UnknownSurveyError, find_sample, find_survey
from services.outreach.domain.ids import id_from
from services.outreach.domain.segments import AgesTurnedError, GroupNotKnownError, must_be_known
from services.outreach.domain.survey_links import NoOpenLinkError, make_code
from services.outreach.domain.survey_policy import TARGETS, Target
from services.outreach.domain.surveys import (
    AnsweredLaterError,
    BeforeOpeningError,
    NobodyToDrawError,
    NoPairError,
    NoSampleError,
    SampleDrawnError,
    SampleNotDrawnError,
    SurveyClosedError,
    SurveyInFutureError,
    UnknownTargetError,
)
from services.outreach.views.surveys import find_answered, list_surveys
from services.runtime.access import Caller
from services.runtime.bodies import AsSent, Body, Day
from services.runtime.parameters import Cause, Division, Limit, ServiceHere, Street
from services.runtime.problems import refuses
from services.runtime.service import Service

router = APIRouter(tags=["surveys"])

After = Annotated[int, Query(ge=0, le=LARGEST_SAMPLE)]


class PlanRequest(Body):
    """Whom to draw a sample from, and how many."""

    segment: Annotated[Segment, AsSent(Segment)] = Segment()
    size: int = Field(ge=1, le=LARGEST_SAMPLE)


class SurveyRequest(Body):
    """A survey to open; without a `sample` whoever comes may answer, of whom nothing is known."""

    street: Street
    institution_id: InstitutionId = None
    questionnaire_id: HexId
    round: SurveyRound = SurveyRound.SINGLE
    before: HexId | None = Field(default=None, description="the survey of the round before, to compare with")
    ways: tuple[Way, ...] = Field(min_length=1, max_length=len(Way))
    sample: PlanRequest | None = None
    target: str | None = Field(default=None, max_length=40, description="the plan whose rates are to be reached")
    opened_on: date


class ClosingRequest(Body):
    """The day on which a survey was closed."""

    closed_on: date


class DrawRequest(Body):
    """The seed to draw with; without one a seed follows from the request, and is kept."""

    seed: int | None = Field(default=None, ge=0, le=2**31 - 1)


class Member(BaseModel):
    """A person of a sample who has not answered, with the place in the sample, and the code of the person's link."""

    place: int
    person_id: str
    code: str | None


class Members(BaseModel):
    """People of a sample who have not answered, and from which place on to ask for the next ones, if there are any."""

    drawn: int
    members: list[Member]
    after: int | None


class LinkCode(BaseModel):
    """The code of the link by which whoever comes answers a survey."""

    survey_id: str
    code: str


@router.get("/surveys/targets", summary="What plans want of surveys")
async def get_targets(_: Reader) -> list[Target]:
    """List the targets of the plans by edition and indicator: rates in percent, literacy tests in persons."""
    return list(TARGETS)


@router.post(
    "/surveys",
    status_code=201,
    summary="Open a survey 问卷调查",
    responses=refuses(
        UnknownQuestionnaireError,
        NoInstitutionHereError,
        SurveyInFutureError,
        NoPairError,
        UnknownTargetError,
        GroupNotKnownError,
        AgesTurnedError,
        outside_your_division=403,
        unknown_street=422,
    ),
)
async def post_survey(body: SurveyRequest, service: ServiceHere, caller: Worker, cause: Cause) -> Survey:
    """Open a survey of a street or one of its institutions."""
    street = street_of(service, caller, body.street)
    await must_be_in(service, street, body.institution_id)
    questionnaire = await find_questionnaire(service, body.questionnaire_id)
    if questionnaire is None or not street.startswith(questionnaire.owner):
        raise UnknownQuestionnaireError
    if body.sample is not None:
        must_be_known(body.sample.segment)
    survey = Survey(
        survey_id=id_from("survey", cause),
        street=street,
        literacy=questionnaire.literacy,
        plan=SamplePlan(segment=body.sample.segment, size=body.sample.size) if body.sample else None,
        ways=tuple(dict.fromkeys(body.ways)),
        **body.model_dump(exclude={"street", "sample", "ways"}),
    )
    return await commands.open_survey(service, survey, cause)


@router.get("/surveys", summary="Surveys of a period", responses=refuses(outside_your_division=403))
async def get_surveys(service: ServiceHere, caller: Reader, division: Division, since: Day, until: Day) -> list[Survey]:
    """List the surveys of a division that were opened in a period (both days included, at most 1,000)."""
    caller.must_cover(division)
    return await list_surveys(service.database, service.areas(division), since, until)


@router.get("/surveys/{survey_id}", summary="A survey", responses=refuses(UnknownSurveyError))
async def get_survey(survey_id: IdInPath, service: ServiceHere, caller: Reader) -> Survey:
    """Show a survey."""
    return await own_survey(service, caller, survey_id)


@router.post(
    "/surveys/{survey_id}/closing",
    summary="Close a survey",
    responses=refuses(
        UnknownSurveyError, SurveyInFutureError, BeforeOpeningError, AnsweredLaterError, SurveyClosedError
    ),
)
async def post_closing(
    survey_id: IdInPath, body: ClosingRequest, service: ServiceHere, caller: Worker, cause: Cause
) -> Survey:
    """Close a survey: it takes no more answers, and what it says stands."""
    await own_survey(service, caller, survey_id)
    return await commands.close(service, survey_id, body.closed_on, cause)


@router.post(
    "/surveys/{survey_id}/sample",
    status_code=201,
    summary="Draw the sample of a survey 抽样",
    responses=refuses(UnknownSurveyError, NoSampleError, SurveyClosedError, SampleDrawnError, NobodyToDrawError),
)
async def post_sample(
    survey_id: IdInPath, body: DrawRequest, service: ServiceHere, caller: Worker, cause: Cause
) -> Sample:
    """Draw people at random from the segment as the residents are now, once; the seed is kept."""
    survey = await own_survey(service, caller, survey_id)
    return await commands.draw(service, survey, body.seed, cause)


@router.get(
    "/surveys/{survey_id}/sample",
    summary="Who of the sample has not answered",
    responses=refuses(UnknownSurveyError, SampleNotDrawnError),
)
async def get_sample(
    survey_id: IdInPath,
    service: ServiceHere,
    caller: Worker,
    key: CodeKey,
    after: After = 0,
    limit: Limit = 100,
) -> Members:
    """List the people of the sample who have not answered, by id, in the order in which they were drawn."""
    survey = await own_survey(service, caller, survey_id)
    sample = await find_sample(service, survey_id)
    if sample is None:
        raise SampleNotDrawnError
    answers = {person: answer_id(survey_id, person) for person in sample.people}
    answered = await find_answered(service.database, list(answers.values()))
    waiting = [
        Member(place=place, person_id=person, code=make_code(key, survey, person) if Way.PHONE in survey.ways else None)
        for place, person in enumerate(sample.people, start=1)
        if place > after and answers[person] not in answered
    ]
    found = waiting[:limit]
    return Members(drawn=len(sample.people), members=found, after=found[-1].place if len(waiting) > limit else None)


@router.get(
    "/surveys/{survey_id}/link",
    summary="The code of a survey's link",
    responses=refuses(UnknownSurveyError, NoOpenLinkError),
)
async def get_link(survey_id: IdInPath, service: ServiceHere, caller: Worker, key: CodeKey) -> LinkCode:
    """Return the code by which whoever comes answers on a phone; of a sample each person has one of their own."""
    survey = await own_survey(service, caller, survey_id)
    if survey.plan is not None or Way.PHONE not in survey.ways:
        raise NoOpenLinkError
    return LinkCode(survey_id=survey_id, code=make_code(key, survey, ""))


async def own_survey(service: Service, caller: Caller, survey_id: str) -> Survey:
    """Return a survey of the caller's division; what is asked elsewhere is not found."""
    found = await find_survey(service, survey_id)
    if found is None or not caller.covers(found.street):
        raise UnknownSurveyError
    return found
