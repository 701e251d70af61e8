"""HTTP in: surveys are answered, through a worker or by a signed link on a phone; answers are exported."""

from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Header, Response, UploadFile
from pydantic import BaseModel, Field

from contracts.envelope import uuid7
from contracts.outreach.questionnaires import Item, Wording
from contracts.outreach.surveys import AnswerSheet, Chosen, Survey, Way
from services.outreach.api.dependencies import CodeKey, HexId, IdInPath, Staff, Worker
from services.outreach.api.exports import A_FILE, table_response
from services.outreach.api.surveys import own_survey
from services.outreach.commands import surveys as commands
from services.outreach.commands.exports import TooManyRowsError, gather_answers
from services.outreach.commands.imports import hand_in
from services.outreach.commands.surveys import UnknownSurveyError, find_asked, find_survey
from services.outreach.domain.questionnaires import ItemTwiceError, NoSuchChoiceError, NoSuchItemError, OneChoiceError
from services.outreach.domain.survey_links import WrongLinkError, must_be_code
from services.outreach.domain.survey_policy import POLICY
from services.outreach.domain.surveys import (
    AnsweredAlreadyError,
    BeforeOpeningError,
    Filled,
    NotInSampleError,
    SampleNotDrawnError,
    SurveyClosedError,
    SurveyInFutureError,
    WayNotOfferedError,
)
from services.outreach.intake.survey_sheets import KIND
from services.runtime.bodies import AsSent, Body
from services.runtime.parameters import Cause, ServiceHere
from services.runtime.problems import Problem, refuses
from services.runtime.registers import Progress, Submission
from services.runtime.service import Service
from services.runtime.sheets.files import FILE_ADVICE, SheetError
from services.runtime.workers import BusyError, TooCostlyError

router = APIRouter(tags=["surveys"])

_ANSWERING = (
    SurveyClosedError,
    WayNotOfferedError,
    SampleNotDrawnError,
    NotInSampleError,
    NoSuchItemError,
    NoSuchChoiceError,
    OneChoiceError,
    ItemTwiceError,
    AnsweredAlreadyError,
)
Answers = Annotated[tuple[Chosen, ...], AsSent(tuple[Chosen, ...]), Field(min_length=1, max_length=100)]
Code = Annotated[str, Field(pattern=r"^[A-Za-z2-7]{26}$")]


class AnswerRequest(Body):
    """A respondent's answers, on paper or to an interviewer.

    `respondent` is the id of a person of the sample, or the place in it; of a survey without a sample the serial
    number of the sheet.
    """

    respondent: str = Field(pattern=r"^(?:[0-9a-f]{32}|[0-9A-Za-z][0-9A-Za-z\-]{0,11})$")
    way: Literal[Way.PAPER, Way.INTERVIEW]
    answered_on: date
    interviewer: Staff | None = None
    chosen: Answers


class LinkAnswerRequest(Body):
    """Answers on a phone: the code of the link, and who answers.

    `respondent` is the id in the link of a person of a sample, else a random one that the phone keeps for itself.
    """

    code: Code
    respondent: HexId
    chosen: Answers


class ShownChoice(BaseModel):
    """A choice as it is shown to who answers."""

    code: str
    wording: tuple[Wording, ...]


class ShownItem(BaseModel):
    """An item as it is shown to who answers, without its right answer."""

    code: str
    multiple: bool
    wording: tuple[Wording, ...]
    choices: list[ShownChoice]


class Form(BaseModel):
    """What is to be filled in on a phone."""

    survey_id: str
    wording: tuple[Wording, ...]
    questions: list[ShownItem]


class Thanks(BaseModel):
    """That the answers were recorded."""

    survey_id: str
    answered: int


@router.post(
    "/surveys/{survey_id}/answers",
    status_code=201,
    summary="Record a respondent's answers",
    responses=refuses(UnknownSurveyError, SurveyInFutureError, BeforeOpeningError, *_ANSWERING),
)
async def post_answers(
    survey_id: IdInPath, body: AnswerRequest, service: ServiceHere, caller: Worker, cause: Cause
) -> AnswerSheet:
    """Record the answers of a respondent, once; items that were left out are missing."""
    survey = await own_survey(service, caller, survey_id)
    filled = Filled(body.respondent, body.way, body.answered_on, body.chosen, body.interviewer)
    return await commands.answer(service, await find_asked(service, survey), filled, cause)


@router.get(
    "/surveys/{survey_id}/answers",
    summary="The answers to a survey, to download",
    response_class=Response,
    responses={**A_FILE, **refuses(UnknownSurveyError, TooManyRowsError)},
)
async def get_answers(
    survey_id: IdInPath, service: ServiceHere, caller: Worker, form: Literal["csv", "xlsx"] = "xlsx"
) -> Response:
    """Export the answers, a line for each respondent, as they can be imported; those given on phones are not taken."""
    survey = await own_survey(service, caller, survey_id)
    return await table_response(await gather_answers(service, survey), f"answers-{survey_id}", form)


async def _survey_here(service: ServiceHere, caller: Worker, survey_id: IdInPath) -> Survey:
    """Return the survey before anything of a sheet is read."""
    return await own_survey(service, caller, survey_id)


@router.post(
    "/surveys/{survey_id}/imports",
    status_code=202,
    summary="Hand in answers that were typed from paper",
    responses=refuses(UnknownSurveyError, TooCostlyError, BusyError, **dict.fromkeys(FILE_ADVICE, 422)),
)
async def post_import(
    service: ServiceHere,
    caller: Worker,
    survey: Annotated[Survey, Depends(_survey_here)],
    file: UploadFile,
    cause: Cause,
) -> Progress:
    """Take in a spreadsheet (.xlsx, .xls, or .csv, at most 10 MiB) with 问卷编号, 调查日期 and a column for each item.

    It is worked through behind, see `GET /imports/{import_id}`; refused rows come back from there.
    """
    try:
        handed_in = Submission(cause, survey.street, KIND, caller.subject, survey.survey_id)
        return await hand_in(service, await file.read(), file.filename or "", handed_in)
    except SheetError as error:
        raise Problem(422, error.code, error.advise(FILE_ADVICE)) from error


@router.get(
    "/surveys/{survey_id}/form",
    summary="What is asked, by the link",
    responses=refuses(WrongLinkError, SurveyClosedError, too_many_requests=429),
)
async def get_form(
    survey_id: IdInPath,
    service: ServiceHere,
    key: CodeKey,
    link_code: Annotated[str, Header(pattern=r"^[A-Za-z2-7]{26}$")],
    link_respondent: Annotated[str, Header(pattern=r"^[0-9a-f]{32}$")],
) -> Form:
    """Return the questionnaire for a phone: no token is asked for, the code of the link stands for it.

    Code and respondent are headers, since addresses stand in the logs of whatever lies between.
    """
    survey = await _linked(service, key, (survey_id, link_code, link_respondent))
    if survey.closed_on is not None:
        raise SurveyClosedError
    questionnaire = (await find_asked(service, survey)).questionnaire
    return Form(survey_id=survey_id, wording=questionnaire.wording, questions=list(map(_show, questionnaire.questions)))


@router.post(
    "/surveys/{survey_id}/form",
    status_code=201,
    summary="Answer by the link",
    responses=refuses(WrongLinkError, *_ANSWERING, too_many_requests=429),
)
async def post_form(survey_id: IdInPath, body: LinkAnswerRequest, service: ServiceHere, key: CodeKey) -> Thanks:
    """Record what was answered on a phone, once for each phone or person of the sample; no token is asked for."""
    survey = await _linked(service, key, (survey_id, body.code, body.respondent))
    filled = Filled(body.respondent, Way.PHONE, service.today, body.chosen)
    sheet = await commands.answer(service, await find_asked(service, survey), filled, uuid7())
    return Thanks(survey_id=survey_id, answered=len(sheet.chosen))


async def _linked(service: Service, key: bytes, link: tuple[str, str, str]) -> Survey:
    """Return the survey of a link; raise WrongLinkError, or TooManyRequestsError if it is asked for too often."""
    survey_id, code, respondent = link
    survey = await find_survey(service, survey_id)
    if survey is None:
        raise WrongLinkError
    must_be_code(code, key, survey, respondent)
    of = respondent if survey.plan else ""
    await service.attempts.spend_of("survey", f"{survey_id}|{of}", POLICY.answers_an_hour)
    return survey


def _show(item: Item) -> ShownItem:
    choices = [ShownChoice(code=choice.code, wording=choice.wording) for choice in item.choices]
    return ShownItem(code=item.code, multiple=item.multiple, wording=item.wording, choices=choices)
