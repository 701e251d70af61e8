"""HTTP in: what offices say of stays, notices, deaths and duplicates after the arrival, and what they have to do."""

from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field, model_validator

from contracts.registration import DestinationKind, Stay
from contracts.transfers import (
    Answer,
    Conflict,
    Notice,
    NoticeKind,
    Person,
    Urgency,
)
from services.registration import views
from services.registration.api import RECORDS, Cause, Clerk, Here, decided, find_person, refuses
from services.registration.commands import conflicts, inquiries, notices, people, stays
from services.registration.commands.conflicts import Means, Resolution
from services.registration.commands.notices import Reply
from services.registration.commands.registration import Registration
from services.registration.commands.stays import Dwelling, Going
from services.registration.domain.knowledge import Knowledge
from services.registration.domain.listed import ListedKind, NoticeStanding
from services.registration.domain.refused import (
    AcceptedAlreadyError,
    AlreadyDeadError,
    AnsweredAlreadyError,
    DiedBeforeBirthError,
    FutureDayError,
    LeftBeforeArrivingError,
    NotAskedError,
    NotContestedError,
    NotDeadError,
    NotEndedError,
    NothingToCorrectError,
    NotInConflictError,
    NotLivingHereError,
    NotMergedError,
    ResolvedAlreadyError,
    RetractedError,
    SamePersonError,
    StaleError,
    WithdrawnError,
)
from services.registration.domain.transfers import TERMINAL, Task, TaskKind, Transfer, TransferState
from services.registration.intake import NoticeReply
from services.registration.timeline import Moment, tell
from services.registration.views import Wanted
from services.registration.vocabulary import Dwelling as DwellingKind
from services.registration.vocabulary import Hazard, Purpose
from services.runtime.access import Caller
from services.runtime.problems import Problem

router = APIRouter(tags=["transfers"])

Division = Annotated[str, Query(pattern=r"^(?:[0-9]{2}|[0-9]{4}|[0-9]{6}|[0-9]{9})$")]
Id = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
Version = Annotated[int | None, Field(ge=0, description="the version the form was filled in over; refused if stale")]


@dataclass(frozen=True)
class Page:
    """Which page of a list: what follows a cursor, and how much of it."""

    cursor: Annotated[str, Query(max_length=150)] = ""
    limit: Annotated[int, Query(ge=1, le=500)] = 100


Paged = Annotated[Page, Depends()]


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
    def standings(self) -> tuple[NoticeStanding, ...]:
        """Say how they may stand."""
        if self.state is None:
            return tuple(NoticeStanding)
        return (NoticeStanding.OPEN if self.state == "overdue" else NoticeStanding(self.state),)


@dataclass(frozen=True)
class TransferFilter:
    """Which transfers: their state, on which side the division is, a person's; `overdue` are those past their day."""

    state: TransferState | None = None
    direction: Literal["leaving", "reaching"] | None = None
    overdue: bool = False
    person: Annotated[str | None, Query(pattern=r"^[0-9a-f]{32}$")] = None

    @property
    def kinds(self) -> tuple[ListedKind, ...]:
        """Say on which side the division may be."""
        return (ListedKind(self.direction),) if self.direction else (ListedKind.LEAVING, ListedKind.REACHING)

    @property
    def states(self) -> tuple[TransferState, ...]:
        """Say in which states they may be; nothing that is over is overdue."""
        return tuple(
            state for state in TransferState if self.state in {None, state} and not (self.overdue and state in TERMINAL)
        )


@dataclass(frozen=True)
class TaskFilter:
    """Which tasks: a district's own or its streets', and those due by a day."""

    level: Literal["district", "street"] | None = None
    until: date | None = None

    @property
    def digits(self) -> int | None:
        """Say how many digits the divisions have whose tasks are wanted."""
        return {"district": 6, "street": 9}[self.level] if self.level else None


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

    @model_validator(mode="after")
    def _a_day_is_a_day(self) -> "Correction":
        if any(name in self.model_fields_set and getattr(self, name) is None for name in ("started_on", "ended_on")):
            raise ValueError("a day is corrected by another day")
        return self

    @property
    def changes(self) -> dict[str, Any]:
        """Give what is to be corrected."""
        return self.model_dump(exclude={"version"}, exclude_unset=True)


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


class CommunityCount(BaseModel):
    """How many residents a community has; None are those of whom the office did not say."""

    community: str | None
    residents: int


class NoticeFile(BaseModel):
    """A notice, the answer to it as far as there is one, and the answer's version."""

    notice: Notice
    answer: Answer | None
    version: int


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


class TaskCount(BaseModel):
    """How many tasks of a kind an office has: all, past their day, urgent, told to the district."""

    division: str
    kind: TaskKind
    tasks: int
    overdue: int
    urgent: int
    escalated: int


class KnownStay(BaseModel):
    """A stay of anywhere; its version where this instance writes it."""

    stay: Stay
    version: int | None


class ConflictFile(BaseModel):
    """A conflict with its stays, and which of them the caller may decide about."""

    conflict: Conflict
    stays: list[KnownStay]
    own: list[str]


class StayTold(BaseModel):
    """Which of the caller's stays a resolution is about."""

    stay_id: Id
    version: Version = None


class RetractStay(StayTold):
    """The arrival was registered by mistake."""

    action: Literal["retract"]


class EndStay(StayTold):
    """The person left; without a day and a destination when and for where the newer stay began."""

    action: Literal["end"]
    left_on: date | None = None
    destination: Annotated[str | None, Field(pattern=r"^[0-9]{6}(?:[0-9]{3})?$")] = None


class CorrectStay(StayTold):
    """What was reported of the stay was wrong."""

    action: Literal["correct"]
    correction: Correction


class StandByStay(StayTold):
    """The person still lives here: that they moved on is rejected."""

    action: Literal["still_here"]


ResolutionRequest = Annotated[RetractStay | EndStay | CorrectStay | StandByStay, Field(discriminator="action")]


@router.get("/stays/{stay_id}", summary="A stay and its version", responses=refuses(not_found=404))
async def get_stay(stay_id: str, registration: Here, caller: Clerk) -> StayFile:
    """Show a stay of the caller's division."""
    event = await registration.service.journal.load(f"stay/{stay_id}")
    if event is None or not caller.covers(event.division):
        raise Problem(404, "not_found", "辖区内没有该居住记录。No such stay in your division.")
    stay: Stay = event.data.stay
    return _stay_file(registration, stay, event.sequence)


@router.post(
    "/stays/{stay_id}/correction",
    summary="Correct a stay",
    responses=refuses(
        *RECORDS,
        StaleError,
        RetractedError,
        NothingToCorrectError,
        NotEndedError,
        LeftBeforeArrivingError,
        FutureDayError,
        not_found=404,
        conflict=409,
    ),
)
async def post_correction(stay_id: str, body: Correction, registration: Here, caller: Clerk, cause: Cause) -> Stay:
    """Correct dates or what came with them; a wrong street is a retraction and an arrival there."""
    await _must_cover_stay(registration, caller, stay_id)
    return await decided(stays.correct_stay(registration, stay_id, body.changes, cause, body.version))


@router.post(
    "/stays/{stay_id}/relocation",
    summary="Move inside the street",
    responses=refuses(*RECORDS, StaleError, NotLivingHereError, NothingToCorrectError, not_found=404, conflict=409),
)
async def post_relocation(stay_id: str, body: Relocation, registration: Here, caller: Clerk, cause: Cause) -> Stay:
    """Note another community, grid or dwelling; the street counts as before."""
    await _must_cover_stay(registration, caller, stay_id)
    dwelling = Dwelling(body.community, body.grid, body.dwelling)
    return await decided(stays.relocate_stay(registration, stay_id, dwelling, cause, body.version))


@router.post(
    "/stays/{stay_id}/confirmation",
    summary="Confirm that a contested stay is over",
    responses=refuses(
        *RECORDS,
        StaleError,
        NotContestedError,
        AnsweredAlreadyError,
        LeftBeforeArrivingError,
        FutureDayError,
        not_found=404,
        conflict=409,
    ),
)
async def post_confirmation(
    stay_id: str, registration: Here, caller: Clerk, cause: Cause, body: Confirmation | None = None
) -> Stay:
    """End a contested stay on the day the person left, by default when the newer one starts."""
    await _must_cover_stay(registration, caller, stay_id)
    said = body or Confirmation()
    return await decided(conflicts.confirm_move(registration, stay_id, said.left_on, cause, said.version))


@router.post(
    "/stays/{stay_id}/retraction",
    summary="Retract an arrival registered by mistake",
    responses=refuses(*RECORDS, StaleError, RetractedError, AcceptedAlreadyError, not_found=404, conflict=409),
)
async def post_retraction(
    stay_id: str, registration: Here, caller: Clerk, cause: Cause, body: Retraction | None = None
) -> Stay:
    """Retract a stay; a stay elsewhere that it contested is reaffirmed."""
    await _must_cover_stay(registration, caller, stay_id)
    version = body.version if body else None
    return await decided(stays.retract_arrival(registration, stay_id, cause, version))


@router.get("/communities", summary="Residents per community", responses=refuses(outside_your_division=403))
async def get_communities(
    registration: Here, caller: Clerk, street: Annotated[str, Query(pattern=r"^[0-9]{9}$")]
) -> list[CommunityCount]:
    """Count the residents of each community 社区 of a street."""
    caller.must_cover(street)
    service = registration.service
    counted = await views.count_communities(service.database, service.areas(street))
    return [CommunityCount(community=name, residents=residents) for name, residents in counted.items()]


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
    wanted = Wanted(service.areas(division), (which.kind,), which.standings, overdue_by)
    found, following = await views.list_notices(service.database, wanted, page.cursor, page.limit)
    files = [NoticeFile(notice=notice, answer=answer, version=version) for notice, answer, version in found]
    return NoticePage(notices=files, cursor=following)


@router.get("/notices/{notice_id}", summary="A notice and its answer", responses=refuses(not_found=404))
async def get_notice(notice_id: str, registration: Here, caller: Clerk) -> NoticeFile:
    """Show a notice to or from the caller's division."""
    notice = await _find_notice(registration, notice_id)
    if not (caller.covers(notice.addressee) or caller.covers(notice.sender)):
        raise Problem(404, "not_found", "辖区内没有该通报。No such notice in your division.")
    return await _notice_file(registration, notice)


@router.post(
    "/notices/{notice_id}/answer",
    summary="Answer a notice",
    responses=refuses(
        *RECORDS,
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
    notice = await _find_notice(registration, notice_id)
    if not caller.covers(notice.addressee):
        seen = caller.covers(notice.sender)
        raise Problem(
            403 if seen else 404, "not_yours" if seen else "not_found", "该通报不是发给本辖区的。Not your notice."
        )
    _must_serve(registration, notice.addressee)
    reply = Reply(body.state, body.left_on, body.reason)
    answered = await decided(notices.answer_notice(registration, notice, reply, cause, body.version))
    return NoticeFile(notice=notice, answer=answered.data.answer, version=answered.sequence)


@router.post(
    "/inquiries",
    status_code=201,
    summary="Ask another office about a person",
    responses=refuses(*RECORDS, not_found=404, outside_your_division=403, unknown_division=422),
)
async def post_inquiry(body: InquiryRequest, registration: Here, caller: Clerk, cause: Cause) -> Notice:
    """Ask an office to verify where a person lives 协查; the same question on one day is one inquiry."""
    caller.must_cover(body.street)
    await find_person(registration, caller, body.person_id)
    if not registration.rules.is_inside(body.addressee):
        raise Problem(422, "unknown_division", "没有该区划。No such division.", field="addressee")
    return await decided(inquiries.ask_inquiry(registration, _inquiry(registration, body), cause))


@router.post(
    "/inquiries/{notice_id}/withdrawal",
    summary="Withdraw an inquiry",
    responses=refuses(*RECORDS, StaleError, NotAskedError, WithdrawnError, not_found=404, conflict=409),
)
async def post_withdrawal(
    notice_id: str, registration: Here, caller: Clerk, cause: Cause, body: Retraction | None = None
) -> Notice:
    """Withdraw an inquiry of the caller's division."""
    notice = await _find_notice(registration, notice_id)
    if not caller.covers(notice.sender):
        raise Problem(404, "not_found", "辖区内没有该协查。No such inquiry in your division.")
    version = body.version if body else None
    return await decided(inquiries.withdraw_inquiry(registration, notice_id, cause, version))


@router.get("/transfers", summary="Transfers from or to a division", responses=refuses(outside_your_division=403))
async def get_transfers(
    registration: Here,
    caller: Clerk,
    division: Division,
    which: Annotated[TransferFilter, Depends()],
    page: Paged,
) -> TransferPage:
    """List people's moves with their state (DOMAIN 4.2), by person."""
    caller.must_cover(division)
    service = registration.service
    overdue_by = service.today if which.overdue else None
    wanted = Wanted(service.areas(division), which.kinds, which.states, overdue_by)
    found, following = await views.list_transfers(service.database, wanted, which.person, page.cursor, page.limit)
    return TransferPage(transfers=found, cursor=following)


@router.get("/conflicts", summary="Contradictions to resolve", responses=refuses(outside_your_division=403))
async def get_conflicts(registration: Here, caller: Clerk, division: Division, page: Paged) -> ConflictPage:
    """List the open conflicts that a division has a stay in."""
    caller.must_cover(division)
    service = registration.service
    found, following = await views.list_conflicts(service.database, service.areas(division), page.cursor, page.limit)
    return ConflictPage(conflicts=found, cursor=following)


@router.get("/conflicts/{conflict_id}", summary="A conflict and its stays", responses=refuses(not_found=404))
async def get_conflict(conflict_id: Id, registration: Here, caller: Clerk) -> ConflictFile:
    """Show a conflict that the caller's division has a stay in."""
    conflict = await _find_conflict(registration, caller, conflict_id)
    own = [stay for stay, street in zip(conflict.stays, conflict.streets, strict=True) if caller.covers(street)]
    return ConflictFile(
        conflict=conflict, stays=[await _known_stay(registration, one) for one in conflict.stays], own=own
    )


@router.post(
    "/conflicts/{conflict_id}/resolution",
    summary="Resolve a conflict",
    responses=refuses(
        *RECORDS,
        StaleError,
        ResolvedAlreadyError,
        NotInConflictError,
        RetractedError,
        AcceptedAlreadyError,
        NotLivingHereError,
        LeftBeforeArrivingError,
        NotContestedError,
        NothingToCorrectError,
        NotEndedError,
        FutureDayError,
        not_found=404,
        not_yours=403,
        conflict=409,
    ),
)
async def post_resolution(
    conflict_id: Id, body: ResolutionRequest, registration: Here, caller: Clerk, cause: Cause
) -> Stay:
    """Say of the caller's own stay what settles the conflict; what follows for the other one is derived."""
    conflict = await _find_conflict(registration, caller, conflict_id)
    streets = dict(zip(conflict.stays, conflict.streets, strict=True))
    if body.stay_id in streets and not caller.covers(streets[body.stay_id]):
        raise Problem(403, "not_yours", "该居住记录不属于本辖区。Only its own office decides about a stay.")
    said = _resolution(body)
    return await decided(conflicts.resolve_conflict(registration, conflict, said, cause, body.version))


@router.get("/tasks", summary="What to do", responses=refuses(outside_your_division=403))
async def get_tasks(
    registration: Here, caller: Clerk, division: Division, which: Annotated[TaskFilter, Depends()], page: Paged
) -> TaskPage:
    """List what offices of a division have to do, overdue first: notices, stays to check, conflicts, people to find.

    `level=district` are a district's own: what was escalated to it, and what was addressed to no street of it.
    """
    caller.must_cover(division)
    service = registration.service
    found, following = await views.list_tasks(
        service.database, service.areas(division), which.digits, which.until, page.cursor, page.limit
    )
    return TaskPage(tasks=found, cursor=following)


@router.get("/tasks/summary", summary="How much there is to do", responses=refuses(outside_your_division=403))
async def get_task_summary(registration: Here, caller: Clerk, division: Division) -> list[TaskCount]:
    """Count the tasks of a division by office and kind."""
    caller.must_cover(division)
    service = registration.service
    counted = await views.count_tasks(service.database, service.areas(division), service.today)
    return [TaskCount.model_validate(one) for one in counted]


@router.get("/people/{person_id}/timeline", summary="A person's whole history", responses=refuses(not_found=404))
async def get_timeline(person_id: str, registration: Here, caller: Clerk) -> list[Moment]:
    """Tell what is registered of a person, oldest first; a stay of the person must be in the caller's division."""
    known = await find_person(registration, caller, person_id)
    return tell(known.knowledge, await registration.service.journal.load_history_of(known.ids))


@router.post(
    "/people/{person_id}/death",
    status_code=201,
    summary="Record a death",
    responses=refuses(
        *RECORDS,
        AlreadyDeadError,
        DiedBeforeBirthError,
        FutureDayError,
        not_found=404,
        other_district=409,
        conflict=409,
    ),
)
async def post_death(person_id: str, body: DeathReport, registration: Here, caller: Clerk, cause: Cause) -> Person:
    """Record a death: the person's stays end everywhere that day."""
    known = await find_person(registration, caller, person_id)
    birth = min((stay.birth for stay in known.knowledge.stays if stay.birth), default=None)
    district = _district_of(registration, caller, known.knowledge)
    return await decided(people.record_death(registration, person_id, district, body.died_on, birth, cause))


@router.post(
    "/people/{person_id}/death/retraction",
    summary="Retract a death",
    responses=refuses(*RECORDS, NotDeadError, not_found=404, other_district=409, conflict=409),
)
async def post_death_retraction(person_id: str, registration: Here, caller: Clerk, cause: Cause) -> Person:
    """Retract a death that the caller's district recorded by mistake."""
    known = await find_person(registration, caller, person_id)
    district = _district_of(registration, caller, known.knowledge)
    return await decided(people.retract_death(registration, person_id, district, cause))


@router.post(
    "/people/{person_id}/merge",
    summary="Merge duplicates",
    responses=refuses(*RECORDS, SamePersonError, not_found=404, other_district=409, conflict=409),
)
async def post_merge(person_id: str, body: MergeRequest, registration: Here, caller: Clerk, cause: Cause) -> Person:
    """Say that two ids are one person; the other one goes on, this one stays readable as its alias."""
    known = await find_person(registration, caller, person_id)
    await find_person(registration, caller, body.into)
    district = _district_of(registration, caller, known.knowledge)
    return await decided(people.merge_people(registration, person_id, body.into, district, cause))


@router.post(
    "/people/{person_id}/unmerge",
    summary="Undo a merge",
    responses=refuses(*RECORDS, NotMergedError, not_found=404, other_district=409, conflict=409),
)
async def post_unmerge(person_id: str, registration: Here, caller: Clerk, cause: Cause) -> Person:
    """Undo a merge: the two ids are two people again."""
    known = await find_person(registration, caller, person_id)
    district = _district_of(registration, caller, known.knowledge)
    return await decided(people.unmerge_people(registration, person_id, district, cause))


async def _must_cover_stay(registration: Registration, caller: Caller, stay_id: str) -> None:
    event = await registration.service.journal.load(f"stay/{stay_id}")
    if event is None or not caller.covers(event.division):
        raise Problem(404, "not_found", "辖区内没有该居住记录。No such stay in your division.")


def _district_of(registration: Registration, caller: Caller, known: Knowledge) -> str:
    """Give the district, among those where the person has a stay, on whose behalf the caller speaks."""
    districts = sorted(
        {stay.district for stay in known.stays if caller.covers(stay.street)}, key=lambda code: (len(code), code)
    )
    served = [district for district in districts if registration.service.serves(district)]
    _must_serve(registration, (served or districts)[0])
    return served[0]


def _must_serve(registration: Registration, division: str) -> None:
    if not registration.service.serves(division):
        raise Problem(409, "other_district", "本实例不服务该区。This instance does not serve that district.")


async def _find_conflict(registration: Registration, caller: Caller, conflict_id: str) -> Conflict:
    """Find a conflict as an own district keeps it, else as it was heard."""
    heard = await views.find_conflict(registration.service.database, conflict_id)
    if not any(caller.covers(street) for conflict in heard for street in conflict.streets):
        raise Problem(404, "not_found", "辖区内没有该冲突。No such conflict in your division.")
    own = [await registration.service.journal.load(f"conflict/{conflict_id}@{one.district}") for one in heard]
    kept = [event.data.conflict for event in own if event is not None] or heard
    newest: Conflict = next((conflict for conflict in kept if conflict.open), kept[0])
    return newest


async def _known_stay(registration: Registration, stay_id: str) -> KnownStay:
    event = await registration.service.journal.load(f"stay/{stay_id}")
    if event is not None:
        return KnownStay(stay=event.data.stay, version=event.sequence)
    heard = await views.find_stay(registration.service.database, stay_id)
    if heard is None:
        raise Problem(404, "not_found", "没有该居住记录。No such stay.")
    return KnownStay(stay=heard, version=None)


def _resolution(body: RetractStay | EndStay | CorrectStay | StandByStay) -> Resolution:
    match body:
        case CorrectStay(correction=correction):
            return Resolution(Means.CORRECT, body.stay_id, changes=correction.changes)
        case EndStay(left_on=left_on, destination=destination):
            kind = DestinationKind.DIVISION if destination else DestinationKind.UNKNOWN
            going = Going(left_on, destination, kind) if left_on else None
            return Resolution(Means.END, body.stay_id, going)
        case _:
            return Resolution(Means(body.action), body.stay_id)


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
