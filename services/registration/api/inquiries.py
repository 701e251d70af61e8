"""HTTP in: ask another office about a person, and withdraw such an inquiry 协查."""

from hashlib import sha256
from typing import Literal

from fastapi import APIRouter
from pydantic import Field

from contracts.envelope import PersonId
from contracts.registration.notices import Notice, NoticeKind, Urgency
from services.registration.api.dependencies import Clerk, RegistrationHere, find_person
from services.registration.api.notices import find_notice, no_such_notice
from services.registration.api.stays import Retraction
from services.registration.commands import inquiries
from services.registration.domain.errors import NotAskedError, StaleError, WithdrawnError
from services.registration.service import Registration
from services.runtime.bodies import Body
from services.runtime.parameters import Cause
from services.runtime.problems import Problem, refuses

router = APIRouter(tags=["transfers"])


class InquiryRequest(Body):
    """A question to another office about a person 协查; it must not contain health data or an identity."""

    street: str = Field(pattern=r"^[0-9]{9}$", description="who asks")
    addressee: str = Field(pattern=r"^[0-9]{6}(?:[0-9]{3})?$")
    person_id: PersonId
    urgency: Urgency = Urgency.ORDINARY
    question: Literal["lives_there", "lived_there", "left_for", "household", "guardian"] = "lives_there"


@router.post(
    "/inquiries",
    status_code=201,
    summary="Ask another office about a person",
    responses=refuses(not_found=404, outside_your_division=403, unknown_division=422),
)
async def post_inquiry(body: InquiryRequest, registration: RegistrationHere, caller: Clerk, cause: Cause) -> Notice:
    """Ask an office to verify where a person lives 协查; the same question on the same day is one inquiry."""
    caller.must_cover(body.street)
    await find_person(registration, caller, body.person_id)
    if not registration.rules.is_inside(body.addressee):
        raise Problem(422, "unknown_division", "没有该区划。No such division.", field="addressee")
    return await inquiries.ask_inquiry(registration, _inquiry(registration, body), cause)


@router.post(
    "/inquiries/{notice_id}/withdrawal",
    summary="Withdraw an inquiry",
    responses=refuses(StaleError, NotAskedError, WithdrawnError, not_found=404, conflict=409),
)
async def post_withdrawal(
    notice_id: str, registration: RegistrationHere, caller: Clerk, cause: Cause, body: Retraction | None = None
) -> Notice:
    """Withdraw an inquiry of the caller's division."""
    notice = await find_notice(registration, notice_id)
    if not caller.covers(notice.sender):
        raise no_such_notice()
    version = body.version if body else None
    return await inquiries.withdraw_inquiry(registration, notice_id, cause, version)


def _inquiry(registration: Registration, body: InquiryRequest) -> Notice:
    now, deadlines = registration.now(), registration.rules.deadlines
    within = body.street[:6] == body.addressee[:6]
    answer_due = deadlines.answer_due(NoticeKind.INQUIRY, body.urgency, within, now.day)
    question = f"{body.person_id}|{body.street}|{body.addressee}|{body.question}|{now.day}"
    return Notice(
        notice_id=sha256(f"inquiry|{question}".encode()).hexdigest()[:32],
        kind=NoticeKind.INQUIRY,
        person_id=body.person_id,
        sender=body.street,
        addressee=body.addressee,
        urgency=body.urgency,
        sent_at=now.moment,
        receipt_due=deadlines.receipt_due(NoticeKind.INQUIRY, body.urgency, within, now.day),
        answer_due=answer_due,
        remind_on=deadlines.remind_on(NoticeKind.INQUIRY, body.urgency, within, answer_due),
        asked=True,
        question=body.question,
    )
