"""HTTP in: what offices say of stays, notices, deaths and duplicates after the arrival, and what they have to do."""

from collections.abc import Iterator
from datetime import date
from hashlib import sha256
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field, model_validator

from contracts.envelope import uuid7
from contracts.registration import DestinationKind, Ending, Stay, StayState
from contracts.transfers import (
    Answer,
    AnswerState,
    Conflict,
    Notice,
    NoticeKind,
    Person,
    RejectionReason,
    Urgency,
)
from services.registration import commands, views
from services.registration.api import Clerk, Here, decided, find_person
from services.registration.commands import Dwelling, Registration, Reply
from services.registration.domain.knowledge import Knowledge
from services.registration.domain.transfers import Task, Transfer, TransferState
from services.registration.vocabulary import Dwelling as DwellingKind
from services.registration.vocabulary import Hazard, Purpose
from services.runtime.access import Caller
from services.runtime.clock import day_of
from services.runtime.problems import Problem

router = APIRouter(tags=["transfers"])

Division = Annotated[str, Query(pattern=r"^(?:[0-9]{2}|[0-9]{4}|[0-9]{6}|[0-9]{9})$")]
Limit = Annotated[int, Query(ge=1, le=500)]
Cursor = Annotated[str, Query(max_length=100)]
Id = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
Version = Annotated[int | None, Field(ge=0, description="the version the form was filled in over; refused if stale")]


class StayFile(BaseModel):
    """A stay, its version, and the day from which the person counts as a usual resident (常住, half a year)."""

    stay: Stay
    version: int
    usual_resident_from: date


class Correction(BaseModel):
    """What to correct of a stay; what is left out stays. The last three are those of a declared departure."""

    version: Version = None
    started_on: date | None = None
    origin: Annotated[str | None, Field(pattern=r"^[0-9]{6}$")] = None
    purpose: Purpose | None = None
    dwelling: DwellingKind | None = None
    hazard: Hazard | None = None
    ended_on: date | None = None
    destination: Annotated[str | None, Field(pattern=r"^[0-9]{6}(?:[0-9]{3})?$")] = None
    destination_kind: DestinationKind | None = None


class Relocation(BaseModel):
    """Where inside the street a person moved."""

    version: Version = None
    community: Annotated[str | None, Field(max_length=100)] = None
    grid: Annotated[str | None, Field(max_length=40)] = None
    dwelling: DwellingKind | None = None


class Confirmation(BaseModel):
    """That the person of a contested stay moved on; `left_on` if that was not the newer stay's first day."""

    version: Version = None
    left_on: date | None = None


class Retraction(BaseModel):
    """That something was recorded by mistake."""

    version: Version = None


class NoticeFile(BaseModel):
    """A notice, the answer to it as far as there is one, and the answer's version."""

    notice: Notice
    answer: Answer | None
    version: int


class ReplyRequest(BaseModel):
    """What an office says to a notice: received, paired, verified, confirmed (`left_on`) or rejected (`reason`)."""

    state: AnswerState
    version: Version = None
    left_on: date | None = None
    reason: RejectionReason | None = None

    @model_validator(mode="after")
    def _reason_for_rejecting(self) -> "ReplyRequest":
        if (self.state is AnswerState.REJECTED) != (self.reason is not None):
            raise ValueError("a rejection has a reason, nothing else has")
        return self


class InquiryRequest(BaseModel):
    """What to ask another office about a person 协查; health and identity do not belong into the question's code."""

    street: str = Field(pattern=r"^[0-9]{9}$", description="who asks")
    addressee: str = Field(pattern=r"^[0-9]{6}(?:[0-9]{3})?$")
    person_id: Id
    urgency: Urgency = Urgency.ORDINARY
    question: Literal["lives_there", "lived_there", "left_for", "household", "guardian"] = "lives_there"


class DeathReport(BaseModel):
    """A death as a district records it."""

    died_on: date


class MergeRequest(BaseModel):
    """The person that goes on after a merge."""

    into: Id


class TransferPage(BaseModel):
    """A page of transfers and the cursor of the next one, if there is one."""

    transfers: list[Transfer]
    cursor: str | None


class NoticePage(BaseModel):
    """A page of notices and the cursor of the next one, if there is one."""

    notices: list[NoticeFile]
    cursor: str | None


class ConflictPage(BaseModel):
    """A page of conflicts and the cursor of the next one, if there is one."""

    conflicts: list[Conflict]
    cursor: str | None


class TaskPage(BaseModel):
    """A page of tasks, what is due first; the cursor of the next one, if there is one."""

    tasks: list[Task]
    cursor: str | None


class Moment(BaseModel):
    """One thing that happened in a person's life as it is registered: the day, what, where."""

    on: date
    what: str
    division: str
    stay_id: str | None = None
    notice_id: str | None = None
    detail: str | None = None


@router.get("/stays/{stay_id}", summary="A stay and its version")
async def get_stay(stay_id: str, registration: Here, caller: Clerk) -> StayFile:
    """Show a stay of the caller's division."""
    event = await registration.service.journal.load(f"stay/{stay_id}")
    if event is None or not caller.covers(event.division):
        raise Problem(404, "not_found", "辖区内没有该居住记录。No such stay in your division.")
    stay: Stay = event.data.stay
    return _stay_file(registration, stay, event.sequence)


@router.post("/stays/{stay_id}/correction", summary="Correct a stay")
async def post_correction(stay_id: str, body: Correction, registration: Here, caller: Clerk) -> Stay:
    """Correct dates or what came with them; a wrong street is a retraction and an arrival there."""
    await _must_cover_stay(registration, caller, stay_id)
    changes = body.model_dump(exclude={"version"}, exclude_unset=True)
    for field in ("started_on", "ended_on"):
        _must_not_be_future(registration, field, changes.get(field))
    return await decided(commands.correct_stay(registration, stay_id, changes, str(uuid7()), body.version))


@router.post("/stays/{stay_id}/relocation", summary="Move inside the street")
async def post_relocation(stay_id: str, body: Relocation, registration: Here, caller: Clerk) -> Stay:
    """Note another community, grid or dwelling; the street counts as before."""
    await _must_cover_stay(registration, caller, stay_id)
    dwelling = Dwelling(body.community, body.grid, body.dwelling)
    return await decided(commands.relocate_stay(registration, stay_id, dwelling, str(uuid7()), body.version))


@router.post("/stays/{stay_id}/confirmation", summary="Confirm that a contested stay is over")
async def post_confirmation(stay_id: str, registration: Here, caller: Clerk, body: Confirmation | None = None) -> Stay:
    """End a contested stay on the day the person left, by default when the newer one starts."""
    await _must_cover_stay(registration, caller, stay_id)
    said = body or Confirmation()
    _must_not_be_future(registration, "left_on", said.left_on)
    return await decided(commands.confirm_move(registration, stay_id, said.left_on, str(uuid7()), said.version))


@router.post("/stays/{stay_id}/retraction", summary="Retract an arrival registered by mistake")
async def post_retraction(stay_id: str, registration: Here, caller: Clerk, body: Retraction | None = None) -> Stay:
    """Retract a stay; a stay elsewhere that it contested is reaffirmed."""
    await _must_cover_stay(registration, caller, stay_id)
    version = body.version if body else None
    return await decided(commands.retract_arrival(registration, stay_id, str(uuid7()), version))


@router.get("/notices", summary="Notices to or from a division")
async def get_notices(
    registration: Here,
    caller: Clerk,
    division: Division,
    direction: Literal["received", "sent"] = "received",
    cursor: Cursor = "",
    limit: Limit = 100,
) -> NoticePage:
    """List notices with their answers."""
    caller.must_cover(division)
    found, following = await views.list_notices(
        registration.service.database, registration.service.areas(division), direction, cursor, limit
    )
    files = [NoticeFile(notice=notice, answer=answer, version=version) for notice, answer, version in found]
    return NoticePage(notices=files, cursor=following)


@router.get("/notices/{notice_id}", summary="A notice and its answer")
async def get_notice(notice_id: str, registration: Here, caller: Clerk) -> NoticeFile:
    """Show a notice to or from the caller's division."""
    notice = await _find_notice(registration, notice_id)
    if not (caller.covers(notice.addressee) or caller.covers(notice.sender)):
        raise Problem(404, "not_found", "辖区内没有该通报。No such notice in your division.")
    return await _notice_file(registration, notice)


@router.post("/notices/{notice_id}/answer", summary="Answer a notice")
async def post_answer(notice_id: str, body: ReplyRequest, registration: Here, caller: Clerk) -> NoticeFile:
    """Receive, pair, verify, confirm or reject a notice that is addressed to the caller's division."""
    notice = await _find_notice(registration, notice_id)
    if not caller.covers(notice.addressee):
        seen = caller.covers(notice.sender)
        raise Problem(
            403 if seen else 404, "not_yours" if seen else "not_found", "该通报不是发给本辖区的。Not your notice."
        )
    if not registration.service.serves(notice.addressee):
        raise Problem(409, "other_district", "本实例不服务该区。This instance does not serve that district.")
    _must_not_be_future(registration, "left_on", body.left_on)
    reply = Reply(body.state, body.left_on, body.reason)
    await decided(commands.answer_notice(registration, notice, reply, str(uuid7()), body.version))
    return await _notice_file(registration, notice)


@router.post("/inquiries", status_code=201, summary="Ask another office about a person")
async def post_inquiry(body: InquiryRequest, registration: Here, caller: Clerk) -> Notice:
    """Ask an office to verify where a person lives 协查; the same question on one day is one inquiry."""
    caller.must_cover(body.street)
    await find_person(registration, caller, body.person_id)
    if not registration.rules.is_inside(body.addressee):
        raise Problem(422, "unknown_division", "没有该区划。No such division.", field="addressee")
    return await decided(commands.ask_inquiry(registration, _inquiry(registration, body), str(uuid7())))


@router.post("/inquiries/{notice_id}/withdrawal", summary="Withdraw an inquiry")
async def post_withdrawal(notice_id: str, registration: Here, caller: Clerk, body: Retraction | None = None) -> Notice:
    """Withdraw an inquiry of the caller's division."""
    notice = await _find_notice(registration, notice_id)
    if not caller.covers(notice.sender):
        raise Problem(404, "not_found", "辖区内没有该协查。No such inquiry in your division.")
    version = body.version if body else None
    return await decided(commands.withdraw_inquiry(registration, notice_id, str(uuid7()), version))


@router.get("/transfers", summary="Transfers from or to a division")
async def get_transfers(
    registration: Here,
    caller: Clerk,
    division: Division,
    state: TransferState | None = None,
    cursor: Cursor = "",
    limit: Limit = 100,
) -> TransferPage:
    """List people's moves with their state (DOMAIN 4.2), by person."""
    caller.must_cover(division)
    found, following = await views.list_transfers(
        registration.service.database, registration.service.areas(division), state, cursor, limit
    )
    return TransferPage(transfers=found, cursor=following)


@router.get("/conflicts", summary="Contradictions to resolve")
async def get_conflicts(
    registration: Here, caller: Clerk, division: Division, cursor: Cursor = "", limit: Limit = 100
) -> ConflictPage:
    """List the open conflicts that a division has a stay in."""
    caller.must_cover(division)
    found, following = await views.list_conflicts(
        registration.service.database, registration.service.areas(division), cursor, limit
    )
    return ConflictPage(conflicts=found, cursor=following)


@router.get("/tasks", summary="What to do")
async def get_tasks(
    registration: Here,
    caller: Clerk,
    division: Division,
    until: date | None = None,
    cursor: Cursor = "",
    limit: Limit = 100,
) -> TaskPage:
    """List what offices of a division have to do, overdue first: notices, stays to check, conflicts, people to find."""
    caller.must_cover(division)
    found, following = await views.list_tasks(
        registration.service.database, registration.service.areas(division), until, cursor, limit
    )
    return TaskPage(tasks=found, cursor=following)


@router.get("/people/{person_id}/timeline", summary="A person's whole history")
async def get_timeline(person_id: str, registration: Here, caller: Clerk) -> list[Moment]:
    """Tell what is registered of a person, oldest first; a stay of the person must be in the caller's division."""
    known = await find_person(registration, caller, person_id)
    return sorted(_moments(known.knowledge), key=lambda moment: (moment.on, moment.what, moment.division))


@router.post("/people/{person_id}/death", status_code=201, summary="Record a death")
async def post_death(person_id: str, body: DeathReport, registration: Here, caller: Clerk) -> Person:
    """Record a death: the person's stays end everywhere that day."""
    _must_not_be_future(registration, "died_on", body.died_on)
    known = await find_person(registration, caller, person_id)
    birth = min((stay.birth for stay in known.knowledge.stays if stay.birth), default=None)
    district = _district_of(registration, caller, known.knowledge)
    return await decided(commands.record_death(registration, person_id, district, body.died_on, birth, str(uuid7())))


@router.post("/people/{person_id}/death/retraction", summary="Retract a death")
async def post_death_retraction(person_id: str, registration: Here, caller: Clerk) -> Person:
    """Retract a death that the caller's district recorded by mistake."""
    known = await find_person(registration, caller, person_id)
    district = _district_of(registration, caller, known.knowledge)
    return await decided(commands.retract_death(registration, person_id, district, str(uuid7())))


@router.post("/people/{person_id}/merge", summary="Merge duplicates")
async def post_merge(person_id: str, body: MergeRequest, registration: Here, caller: Clerk) -> Person:
    """Say that two ids are one person; the other one goes on, this one stays readable as its alias."""
    known = await find_person(registration, caller, person_id)
    await find_person(registration, caller, body.into)
    district = _district_of(registration, caller, known.knowledge)
    return await decided(commands.merge_people(registration, person_id, body.into, district, str(uuid7())))


@router.post("/people/{person_id}/unmerge", summary="Undo a merge")
async def post_unmerge(person_id: str, registration: Here, caller: Clerk) -> Person:
    """Undo a merge: the two ids are two people again."""
    known = await find_person(registration, caller, person_id)
    district = _district_of(registration, caller, known.knowledge)
    return await decided(commands.unmerge_people(registration, person_id, district, str(uuid7())))


async def _must_cover_stay(registration: Registration, caller: Caller, stay_id: str) -> None:
    event = await registration.service.journal.load(f"stay/{stay_id}")
    if event is None or not caller.covers(event.division):
        raise Problem(404, "not_found", "辖区内没有该居住记录。No such stay in your division.")


def _must_not_be_future(registration: Registration, field: str, day: date | None) -> None:
    if day is not None and day > day_of(registration.service.clock()):
        raise Problem(422, "future_date", "日期不能晚于今天。The day must not lie in the future.", field=field)


def _district_of(registration: Registration, caller: Caller, known: Knowledge) -> str:
    """Give the district, among those where the person has a stay, on whose behalf the caller speaks."""
    districts = sorted(
        {stay.district for stay in known.stays if caller.covers(stay.street)}, key=lambda code: (len(code), code)
    )
    served = [district for district in districts if registration.service.serves(district)]
    if not served:
        raise Problem(409, "other_district", "本实例不服务该区。This instance does not serve that district.")
    return served[0]


def _stay_file(registration: Registration, stay: Stay, version: int) -> StayFile:
    since = registration.rules.deadlines.usual_resident_from(stay.started_on)
    return StayFile(stay=stay, version=version, usual_resident_from=since)


async def _find_notice(registration: Registration, notice_id: str) -> Notice:
    notice = await views.find_notice(registration.service.database, notice_id)
    if notice is None:
        raise Problem(404, "not_found", "没有该通报。No such notice.")
    return notice


async def _notice_file(registration: Registration, notice: Notice) -> NoticeFile:
    own = await registration.service.journal.load(f"answer/{notice.notice_id}")
    if own is not None:
        return NoticeFile(notice=notice, answer=own.data.answer, version=own.sequence)
    answer, version = await views.find_answer(registration.service.database, notice.notice_id)
    return NoticeFile(notice=notice, answer=answer, version=version)


def _inquiry(registration: Registration, body: InquiryRequest) -> Notice:
    now, deadlines = registration.now(), registration.rules.deadlines
    within = body.street[:6] == body.addressee[:6]
    answer_due = deadlines.answer_due(NoticeKind.INQUIRY, body.urgency, within, now.day)
    asked = f"{body.person_id}|{body.street}|{body.addressee}|{body.question}|{now.day}"
    return Notice(
        notice_id=sha256(f"inquiry|{asked}".encode()).hexdigest()[:32],
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


def _moments(known: Knowledge) -> Iterator[Moment]:
    """Tell a life from the newest state of everything known."""
    for stay in known.stays:
        yield from _moments_of_stay(stay)
    for notice in known.notices:
        what, named = f"{notice.kind}_notice_sent", notice.notice_id
        sent_on = day_of(notice.sent_at)
        yield Moment(on=sent_on, what=what, division=notice.sender, notice_id=named, detail=notice.addressee)
    for answer in known.answers:
        about: dict[str, Any] = {"division": answer.answerer, "notice_id": answer.notice_id}
        yield Moment(on=day_of(answer.received_at), what="notice_received", **about)
        if answer.answered_at is not None:
            answered_on = day_of(answer.answered_at)
            yield Moment(on=answered_on, what=f"notice_{answer.state}", detail=answer.reason, **about)
    for person in known.people:
        if person.died_on is not None:
            yield Moment(on=person.died_on, what="death_recorded", division=person.district)


def _moments_of_stay(stay: Stay) -> Iterator[Moment]:
    here: dict[str, Any] = {"division": stay.street, "stay_id": stay.stay_id}
    yield Moment(on=stay.started_on, what="arrived", detail=stay.origin, **here)
    if stay.state is StayState.RETRACTED:
        yield Moment(on=day_of(stay.recorded_at), what="retracted", **here)
    if stay.state is StayState.CONTESTED:
        yield Moment(on=stay.started_on, what="contested", detail=stay.contest, **here)
    if stay.ended_on is not None:
        how = "died" if stay.ending is Ending.DIED else "left"
        yield Moment(on=stay.ended_on, what=how, detail=stay.destination, **here)
    if stay.trace_lost_on is not None:
        yield Moment(on=stay.trace_lost_on, what="trace_lost", **here)
