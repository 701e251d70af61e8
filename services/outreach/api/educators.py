"""HTTP in: the lecturers' corps, volunteers and staff of a street, their training, and who took part in it."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from contracts.outreach.educators import Educator, EducatorKind, Term, Training, TrainingKind, educator_id
from services.outreach.api.dependencies import (
    IdInPath,
    InstitutionId,
    Reader,
    Staff,
    StreetCursor,
    Worker,
    activity_of,
    next_cursor,
    street_of,
)
from services.outreach.commands import educators as commands
from services.outreach.commands.activities import UnknownActivityError
from services.outreach.commands.educators import (
    UnknownEducatorError,
    UnknownTrainingError,
    find_educator,
    find_training,
)
from services.outreach.commands.institutions import NoInstitutionHereError, must_be_in
from services.outreach.domain.educators import (
    EducatorGoneError,
    EducatorInFutureError,
    EducatorKnownError,
    LeftBeforeJoiningError,
)
from services.outreach.domain.ids import id_from
from services.outreach.domain.trainings import (
    USUAL_EDITION,
    NamedTwiceError,
    NotEducatorThenError,
    Participation,
    TrainingInFutureError,
    UnknownEditionError,
    participation,
    targets_of,
)
from services.outreach.views.educators import (
    find_educators,
    find_pre_job,
    list_educators,
    list_trainings,
    sum_hours,
)
from services.runtime.access import Caller
from services.runtime.bodies import Body, Day
from services.runtime.parameters import Cause, Division, Limit, ServiceHere, Street
from services.runtime.problems import refuses
from services.runtime.service import Service

router = APIRouter(tags=["educators"])

MOST_TRAININGS = 5_000
"""Trainings of a period that are looked at."""
StaffCursor = Annotated[str, Query(pattern=r"^([0-9]{9}\|[A-Za-z0-9._\-]{1,40})?$")]
Edition = Annotated[str, Query(pattern=r"^[a-z0-9_]{1,40}$", description="of the plan whose targets are compared")]
Hours = Annotated[float, Field(gt=0, le=80, multiple_of=0.25, description="in quarters of an hour")]


class JoiningRequest(Body):
    """Somebody who becomes an educator: a staff number or account, never a name."""

    street: Street
    kind: EducatorKind
    staff: Staff
    joined_on: date
    institution_id: InstitutionId = None


class ReleaseRequest(Body):
    """The first day on which somebody is no educator any more."""

    left_on: date


class TrainingRequest(Body):
    """A session in which educators were trained; of one institution if it is named, else of the whole street."""

    street: Street
    kind: TrainingKind
    topic: str = Field(min_length=1, max_length=200)
    held_on: date
    hours: Hours
    participants: tuple[Staff, ...] = Field(min_length=1, max_length=1_000, description="the numbers of who took part")
    meant_for: tuple[EducatorKind, ...] = Field(default=tuple(EducatorKind), min_length=1, max_length=3)
    institution_id: InstitutionId = None
    activity_id: str | None = Field(default=None, max_length=64)


class EducatorPage(BaseModel):
    """Educators of a division, and the cursor of the next page, if there is one."""

    educators: list[Educator]
    cursor: str | None


class HoursShown(BaseModel):
    """How often and for how many hours somebody was trained in a period."""

    street: str
    staff: str
    trainings: int
    hours: float


class HoursPage(BaseModel):
    """The hours of educators of a division, and the cursor of the next page, if there is one."""

    people: list[HoursShown]
    cursor: str | None


class ParticipationShown(BaseModel):
    """How many of a kind of educator were to be trained, and were; rate and `met` are null if nobody was to be."""

    educators: EducatorKind
    kind: TrainingKind
    expected: int
    took_part: int
    rate: float | None
    target: float
    met: bool | None


class ParticipationReport(BaseModel):
    """Who took part in the training of educators in a period, by the targets of an edition."""

    edition: str
    source: dict[TrainingKind, str]
    counted: list[ParticipationShown]


@router.post(
    "/educators",
    status_code=201,
    summary="Record that somebody joined the educators 讲师团、志愿者",
    responses=refuses(
        EducatorInFutureError,
        EducatorKnownError,
        LeftBeforeJoiningError,
        NoInstitutionHereError,
        outside_your_division=403,
        conflict=409,
        unknown_street=422,
    ),
)
async def post_educator(body: JoiningRequest, service: ServiceHere, caller: Worker, cause: Cause) -> Educator:
    """Let a lecturer, volunteer or member of the staff join; whoever left before joins again."""
    street = street_of(service, caller, body.street)
    await must_be_in(service, street, body.institution_id)
    educator = Educator(
        educator_id=educator_id(street, body.kind, body.staff),
        street=street,
        kind=body.kind,
        staff=body.staff,
        terms=(Term(joined_on=body.joined_on, institution_id=body.institution_id),),
    )
    return await commands.join(service, educator, cause)


@router.post(
    "/educators/{educator_id}/release",
    summary="Record that an educator left",
    responses=refuses(UnknownEducatorError, EducatorInFutureError, EducatorGoneError, LeftBeforeJoiningError),
)
async def post_release(
    educator_id: IdInPath, body: ReleaseRequest, service: ServiceHere, caller: Worker, cause: Cause
) -> Educator:
    """End the present term of an educator; nothing is asked of them from that day on."""
    await _own_educator(service, caller, educator_id)
    return await commands.release(service, educator_id, body.left_on, cause)


@router.get("/educators", summary="Educators", responses=refuses(outside_your_division=403))
async def get_educators(
    service: ServiceHere,
    caller: Reader,
    division: Division,
    kind: EducatorKind | None = None,
    active_on: Day | None = None,
    cursor: StreetCursor = "",
    limit: Limit = 100,
) -> EducatorPage:
    """List the educators of a division by street with all their terms; of one kind, or active on a day, or all."""
    caller.must_cover(division)
    found = await list_educators(service.database, service.areas(division), (kind, active_on), cursor, limit)
    return EducatorPage(educators=found, cursor=next_cursor(found, limit, "street", "educator_id"))


@router.get("/educators/{educator_id}", summary="An educator", responses=refuses(UnknownEducatorError))
async def get_educator(educator_id: IdInPath, service: ServiceHere, caller: Reader) -> Educator:
    """Show an educator with all terms."""
    return await _own_educator(service, caller, educator_id)


@router.post(
    "/trainings",
    status_code=201,
    summary="Record a training of educators 培训",
    responses=refuses(
        TrainingInFutureError,
        NamedTwiceError,
        NotEducatorThenError,
        NoInstitutionHereError,
        UnknownActivityError,
        outside_your_division=403,
        unknown_street=422,
    ),
)
async def post_training(body: TrainingRequest, service: ServiceHere, caller: Worker, cause: Cause) -> Training:
    """Record a session with its hours and who took part; in service they were educators of the street on that day."""
    street = street_of(service, caller, body.street)
    await must_be_in(service, street, body.institution_id)
    if body.activity_id is not None:
        await activity_of(service, caller, body.activity_id)
    training = Training(training_id=id_from("training", cause), **{**body.model_dump(), "street": street})
    return await commands.hold_training(service, training, cause)


@router.post(
    "/trainings/{training_id}/withdrawal",
    summary="Withdraw a training that was recorded by mistake",
    responses=refuses(UnknownTrainingError),
)
async def post_training_withdrawal(
    training_id: IdInPath, service: ServiceHere, caller: Worker, cause: Cause
) -> Training:
    """Let a training count nowhere; it stays on record as withdrawn."""
    found = await find_training(service, training_id)
    if found is None or not caller.covers(found.street):
        raise UnknownTrainingError
    return await commands.withdraw_training(service, training_id, cause)


@router.get("/trainings", summary="Trainings of a period", responses=refuses(outside_your_division=403))
async def get_trainings(
    service: ServiceHere, caller: Reader, division: Division, since: Day, until: Day
) -> list[Training]:
    """List the trainings of a division in a period (both days included, at most 1,000), withdrawn ones too."""
    caller.must_cover(division)
    return await list_trainings(service.database, service.areas(division), (since, until), 1_000)


@router.get("/trainings/hours", summary="Hours of each educator", responses=refuses(outside_your_division=403))
async def get_hours(
    service: ServiceHere,
    caller: Reader,
    division: Division,
    since: Day,
    until: Day,
    cursor: StaffCursor = "",
    limit: Limit = 100,
) -> HoursPage:
    """Total the hours for which each educator of a division was trained in a period (both days included)."""
    caller.must_cover(division)
    street, _, staff = cursor.partition("|")
    found = await sum_hours(service.database, service.areas(division), (since, until), (street, staff), limit)
    people = [HoursShown(**one._asdict()) for one in found]
    return HoursPage(people=people, cursor=next_cursor(found, limit, "street", "staff"))


@router.get(
    "/trainings/participation",
    summary="Who took part in training 参训率",
    responses=refuses(UnknownEditionError, outside_your_division=403),
)
async def get_participation(
    service: ServiceHere,
    caller: Reader,
    division: Division,
    since: Day,
    until: Day,
    edition: Edition = USUAL_EDITION,
) -> ParticipationReport:
    """Compare who took part with those who were educators on each day of a training, and at joining."""
    caller.must_cover(division)
    targets = targets_of(edition)
    areas, period = service.areas(division), (since, until)
    educators = await find_educators(service.database, areas)
    sessions = await list_trainings(service.database, areas, period, MOST_TRAININGS)
    before = await find_pre_job(service.database, areas, [one.staff for one in educators])
    counted = participation(educators, [*sessions, *before], period, targets)
    source = {kind: target.source for kind, target in targets.items()}
    return ParticipationReport(edition=edition, source=source, counted=list(map(_show, counted)))


def _show(one: Participation) -> ParticipationShown:
    return ParticipationShown(
        educators=one.educators,
        kind=one.kind,
        expected=one.expected,
        took_part=one.took_part,
        rate=one.rate,
        target=one.target,
        met=one.met,
    )


async def _own_educator(service: Service, caller: Caller, known: str) -> Educator:
    """Return an educator of the caller's division; what is elsewhere is not found."""
    found = await find_educator(service, known)
    if found is None or not caller.covers(found.street):
        raise UnknownEducatorError
    return found
