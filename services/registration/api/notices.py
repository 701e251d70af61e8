"""HTTP in: list notices 通报 and answer them."""

from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel

from contracts.registration.notices import Answer, AnswerFact, Notice
from services.registration.api.dependencies import Clerk, RegistrationHere, must_serve
from services.registration.commands import notices
from services.registration.commands.notices import Reply
from services.registration.domain.errors import (
    AnsweredAlreadyError,
    FutureDayError,
    LeftBeforeArrivingError,
    StaleError,
    WithdrawnError,
)
from services.registration.domain.listings import ListedKind, NoticeStage
from services.registration.intake.reports import NoticeReply
from services.registration.service import Registration
from services.registration.views import transfers
from services.registration.views.transfers import Wanted, find_answer, list_notices
from services.runtime.parameters import Cause, Division, Paged
from services.runtime.problems import Problem, refuses

router = APIRouter(tags=["transfers"])


@dataclass(frozen=True)
class NoticeFilter:
    """A filter for notices: received or sent, and their state; `overdue` are open ones past their due day."""

    direction: Literal["received", "sent"] = "received"
    state: Literal["open", "answered", "withdrawn", "overdue"] | None = None

    @property
    def kind(self) -> ListedKind:
        """Return the kind of listing to search."""
        return ListedKind.NOTICE_RECEIVED if self.direction == "received" else ListedKind.NOTICE_SENT

    @property
    def stages(self) -> tuple[NoticeStage, ...]:
        """Return the stages that match the state."""
        if self.state is None:
            return tuple(NoticeStage)
        return (NoticeStage.OPEN if self.state == "overdue" else NoticeStage(self.state),)


class NoticeFile(BaseModel):
    """A notice, its answer if there is one, and the version of the answer, 0 if there is none."""

    notice: Notice
    answer: Answer | None
    version: int


class NoticePage(BaseModel):
    """A page of notices and the cursor of the next one, if there is one."""

    notices: list[NoticeFile]
    cursor: str | None


@router.get("/notices", summary="Notices to or from a division", responses=refuses(outside_your_division=403))
async def get_notices(
    registration: RegistrationHere,
    caller: Clerk,
    division: Division,
    notice_filter: Annotated[NoticeFilter, Depends()],
    page: Paged,
) -> NoticePage:
    """List the notices that a division received or sent, with their answers, in the order of person ids."""
    caller.must_cover(division)
    service = registration.service
    overdue_by = service.today if notice_filter.state == "overdue" else None
    wanted = Wanted(service.areas(division), (notice_filter.kind,), notice_filter.stages, overdue_by)
    found, following = await list_notices(service.database, wanted, page.cursor, page.limit)
    files = [NoticeFile(notice=notice, answer=answer, version=version) for notice, answer, version in found]
    return NoticePage(notices=files, cursor=following)


@router.get("/notices/{notice_id}", summary="A notice and its answer", responses=refuses(not_found=404))
async def get_notice(notice_id: str, registration: RegistrationHere, caller: Clerk) -> NoticeFile:
    """Return a notice to or from the caller's division."""
    notice = await find_notice(registration, notice_id)
    if not (caller.covers(notice.addressee) or caller.covers(notice.sender)):
        raise no_such_notice()
    return await _notice_file(registration, notice)


@router.post(
    "/notices/{notice_id}/answer",
    summary="Answer a notice",
    responses=refuses(
        StaleError,
        AnsweredAlreadyError,
        WithdrawnError,
        LeftBeforeArrivingError,
        FutureDayError,
        not_found=404,
        not_yours=403,
        other_district=409,
        conflict=409,
    ),
)
async def post_answer(
    notice_id: str, body: NoticeReply, registration: RegistrationHere, caller: Clerk, cause: Cause
) -> NoticeFile:
    """Answer a notice to the caller's division: received, paired, verified, confirmed or rejected."""
    notice = await find_notice(registration, notice_id)
    if not caller.covers(notice.addressee):
        if not caller.covers(notice.sender):
            raise no_such_notice()
        raise Problem(403, "not_yours", "该通报不是发给本辖区的。Not your notice.")
    must_serve(registration, notice.addressee)
    reply = Reply(body.state, body.left_on, body.reason)
    answered = await notices.answer_notice(registration, notice, reply, cause, body.version)
    return NoticeFile(notice=notice, answer=answered.data.answer, version=answered.sequence)


async def find_notice(registration: Registration, notice_id: str) -> Notice:
    """Return a notice of any division; raise Problem (404) if there is none."""
    notice = await transfers.find_notice(registration.service.database, notice_id)
    if notice is None:
        raise no_such_notice()
    return notice


def no_such_notice() -> Problem:
    """Return the same answer for a notice that does not exist and for one between other divisions."""
    return Problem(404, "not_found", "辖区内没有该通报。No such notice in your division.")


async def _notice_file(registration: Registration, notice: Notice) -> NoticeFile:
    own = await registration.service.journal.load(f"answer/{notice.notice_id}", AnswerFact)
    if own is not None:
        return NoticeFile(notice=notice, answer=own.data.answer, version=own.sequence)
    answer, version = await find_answer(registration.service.database, notice.notice_id)
    return NoticeFile(notice=notice, answer=answer, version=version)
