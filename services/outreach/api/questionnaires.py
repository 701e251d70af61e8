"""HTTP in: questionnaires are published and listed."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import Field

from contracts.outreach.questionnaires import Item, Questionnaire, Wording, questionnaire_id
from services.outreach.api.dependencies import IdInPath, Reader, Supervision
from services.outreach.commands.questionnaires import UnknownQuestionnaireError, find_questionnaire, publish
from services.outreach.domain.questionnaires import CodesRepeatError, QuestionnaireKnownError, RightAnswerError
from services.outreach.views.questionnaires import list_questionnaires
from services.runtime.access import Caller
from services.runtime.bodies import AsSent, Body
from services.runtime.parameters import Cause, DistrictOrStreet, ServiceHere
from services.runtime.problems import refuses

router = APIRouter(tags=["surveys"])


class QuestionnaireRequest(Body):
    """A questionnaire to publish: whose it is, its items and their right answers.

    `threshold` is the share of a measure's points, in percent, from which a person counts as aware.
    """

    owner: str = Field(pattern=r"^(?:[0-9]{6}|[0-9]{9})$", description="6-digit district or 9-digit street")
    series: str = Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")
    edition: str = Field(pattern=r"^[A-Za-z0-9._\-]{1,20}$")
    wording: Annotated[tuple[Wording, ...], AsSent(tuple[Wording, ...])] = Field(min_length=1, max_length=2)
    literacy: bool = Field(default=False, description="whether it is the literacy test 健康素养测试")
    threshold: int = Field(default=80, ge=1, le=100)
    questions: Annotated[tuple[Item, ...], AsSent(tuple[Item, ...])] = Field(min_length=1, max_length=100)


@router.post(
    "/questionnaires",
    status_code=201,
    summary="Publish a questionnaire 问卷",
    responses=refuses(QuestionnaireKnownError, CodesRepeatError, RightAnswerError, outside_your_division=403),
)
async def post_questionnaire(
    body: QuestionnaireRequest, service: ServiceHere, caller: Supervision, cause: Cause
) -> Questionnaire:
    """Publish an edition of a questionnaire, which is never changed; for other words publish another edition."""
    caller.must_cover(body.owner)
    named = questionnaire_id(body.owner, body.series, body.edition)
    return await publish(service, Questionnaire(questionnaire_id=named, **dict(body)), cause)


@router.get("/questionnaires", summary="Questionnaires to ask by", responses=refuses(outside_your_division=403))
async def get_questionnaires(service: ServiceHere, caller: Reader, division: DistrictOrStreet) -> list[Questionnaire]:
    """List the questionnaires by which a district or street may ask: its own, and its district's (at most 200)."""
    caller.must_cover(division)
    return await list_questionnaires(service.database, {division, division[:6]})


@router.get(
    "/questionnaires/{questionnaire_id}",
    summary="A questionnaire with its right answers",
    responses=refuses(UnknownQuestionnaireError),
)
async def get_questionnaire(questionnaire_id: IdInPath, service: ServiceHere, caller: Reader) -> Questionnaire:
    """Show a questionnaire of the caller's division, or of the district that the caller's street is in."""
    found = await find_questionnaire(service, questionnaire_id)
    if found is None or not _may_use(caller, found.owner):
        raise UnknownQuestionnaireError
    return found


def _may_use(caller: Caller, owner: str) -> bool:
    """Return whether a questionnaire is of the caller's division, or of the district of the caller's street."""
    return caller.covers(owner) or (len(caller.division) == 9 and caller.division[:6] == owner)
