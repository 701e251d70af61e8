"""HTTP in: notices 通报 and what offices answer to them."""

from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel

from contracts.registration.notices import Answer, AnswerFact, Notice
from services.registration.api.dependencies import Clerk, Here, must_serve
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
    """Which notices: received or sent, and how they stand; `overdue` are the open ones whose day is past."""

    direction: Literal["received", "sent"] = "received"
    state: Literal["open", "answered", "withdrawn", "overdue"] | None = None

    @property
    def kind(self) -> ListedKind:
        """Say what is looked for."""
        return ListedKind.NOTICE_RECEIVED if self.direction == "received" else ListedKind.NOTICE_SENT

    @property
    def stages(self) -> tuple[NoticeStage, ...]:
        """Say how they may stand."""
        if self.state is None:
            return tuple(NoticeStage)
        return (NoticeStage.OPEN if self.state == "overdue" else NoticeStage(self.state),)


class NoticeFile(BaseModel):
    """A notice, the answer to it as far as there is one, and the answer's version."""

    notice: Notice
    answer: Answer | None
    version: int


class NoticePage(BaseModel):
    """A page of notices and the cursor of the next one, if there is one."""

    notices: list[NoticeFile]
    cursor: str | None


@router.get("/notices", summary="Notices to or from a division", responses=refuses(outside_your_division=403))
async def get_notices(
    registration: Here,
    caller: Clerk,
    division: Division,
    which: Annotated[NoticeFilter, Depends()],
    page: Paged,
) -> NoticePage:
    """List notices with their answers, by person."""
    caller.must_cover(division)
    service = registration.service
    overdue_by = service.today if which.state == "overdue" else None
    wanted = Wanted(service.areas(division), (which.kind,), which.stages, overdue_by)
    found, following = await list_notices(service.database, wanted, page.cursor, page.limit)
    files = [NoticeFile(notice=notice, answer=answer, version=version) for notice, answer, version in found]
    return NoticePage(notices=files, cursor=following)


@router.get("/notices/{notice_id}", summary="A notice and its answer", responses=refuses(not_found=404))
async def get_notice(notice_id: str, registration: Here, caller: Clerk) -> NoticeFile:
    """Show a notice to or from the caller's division."""
    notice = await find_notice(registration, notice_id)
    if not (caller.covers(notice.addressee) or caller.covers(notice.sender)):
        raise Problem(404, "not_found", "辖区内没有该通报。No such notice in your division.")
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
async def post_answer(notice_id: str, body: NoticeReply, registration: Here, caller: Clerk, cause: Cause) -> NoticeFile:
    """Receive, pair, verify, confirm or reject a notice that is addressed to the caller's division."""
    notice = await find_notice(registration, notice_id)
    if not caller.covers(notice.addressee):
        seen = caller.covers(notice.sender)
        raise Problem(
            403 if seen else 404, "not_yours" if seen else "not_found", "该通报不是发给本辖区的。Not your notice."
        )
    must_serve(registration, notice.addressee)
    reply = Reply(body.state, body.left_on, body.reason)
    answered = await notices.answer_notice(registration, notice, reply, cause, body.version)
    return NoticeFile(notice=notice, answer=answered.data.answer, version=answered.sequence)


async def find_notice(registration: Registration, notice_id: str) -> Notice:
    """Find a notice of any division, or answer 404."""
    notice = await transfers.find_notice(registration.service.database, notice_id)
    if notice is None:
        raise Problem(404, "not_found", "没有该通报。No such notice.")
    return notice


async def _notice_file(registration: Registration, notice: Notice) -> NoticeFile:
    own = await registration.service.journal.load(f"answer/{notice.notice_id}", AnswerFact)
    if own is not None:
        return NoticeFile(notice=notice, answer=own.data.answer, version=own.sequence)
    answer, version = await find_answer(registration.service.database, notice.notice_id)
    return NoticeFile(notice=notice, answer=answer, version=version)
