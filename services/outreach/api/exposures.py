"""HTTP in: who is exposed to hazards at work, when each is to be trained, and how many were in time."""

from datetime import date, timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from contracts.envelope import PersonId
from contracts.outreach.exposures import HazardExposure, HazardTraining, HazardTrainingKind, exposure_id
from services.outreach.api.dependencies import (
    ID,
    ArrivalCursor,
    IdInPath,
    InstitutionId,
    Reader,
    StreetCursor,
    Worker,
    activity_of,
    next_cursor,
    street_of,
)
from services.outreach.commands import exposures as commands
from services.outreach.commands.activities import UnknownActivityError
from services.outreach.commands.exposures import UnknownExposureError, find_exposure
from services.outreach.commands.institutions import NoInstitutionHereError, must_be_in
from services.outreach.commands.residents import NotRegisteredHereError
from services.outreach.domain.exposures import (
    POLICY,
    Coverage,
    ExposureInFutureError,
    ExposureKnownError,
    ExposureOverError,
    NotExposedThenError,
    Preparation,
    TooManyTrainingsError,
    UnknownHazardError,
    UnknownTrainingError,
    cover,
    registered_due,
)
from services.outreach.domain.ids import id_from
from services.outreach.views.exposures import (
    find_begun,
    find_living,
    find_unrecorded,
    leave_out_recorded,
    list_due,
    list_exposures,
    list_registered,
)
from services.runtime.access import Caller
from services.runtime.bodies import Body, Day
from services.runtime.parameters import Cause, Division, Limit, ServiceHere, Street
from services.runtime.problems import refuses
from services.runtime.service import Service

router = APIRouter(tags=["exposures"])

InstitutionInQuery = Annotated[str | None, Query(pattern=ID, description="of this institution alone")]
Hours = Annotated[float, Field(gt=0, le=80, multiple_of=0.25, description="in quarters of an hour")]


class ExposureRequest(Body):
    """Somebody who works with a hazard since a day, and where."""

    street: Street
    person_id: PersonId
    hazard: str = Field(pattern=r"^[a-z_]{1,40}$", description="a hazard of GET /exposures/policy")
    since: date
    institution_id: InstitutionId = None


class EndRequest(Body):
    """The first day on which somebody is no longer exposed."""

    until: date


class HazardTrainingRequest(Body):
    """A training of one person for the hazard."""

    kind: HazardTrainingKind
    held_on: date
    hours: Hours
    activity_id: str | None = Field(default=None, max_length=64)


class ExposurePage(BaseModel):
    """Exposures of a division, and the cursor of the next page, if there is one."""

    exposures: list[HazardExposure]
    cursor: str | None


class RegisteredHazard(BaseModel):
    """Somebody of whom registration alone tells of a hazard; to be recorded, and trained by `due_on`."""

    street: str
    person_id: str
    hazard: str
    arrived_on: date
    due_on: date


class RegisteredPage(BaseModel):
    """People of whose exposure nothing is recorded, and the cursor to go on from; a page may have few, or none."""

    people: list[RegisteredHazard]
    looked_at: int
    cursor: str | None


class ExposurePolicy(BaseModel):
    """When training is due, which share of people plans want to be trained before the job, and the hazards."""

    edition: str
    source: str
    target: float
    pre_job_days: int
    registered_days: int
    yearly_months: int
    hazards: dict[str, str]


class CoverageShown(BaseModel):
    """Of exposures to a hazard that began in a period: trained in time, late, never though due, not due yet.

    `unrecorded` were due too, of whom registration alone tells. Rate and `met` are null if nobody was due.
    """

    hazard: str
    in_time: int
    late: int
    missed: int
    open: int
    unrecorded: int
    rate: float | None
    target: float
    met: bool | None


@router.get("/exposures/policy", summary="Hazards, and when training is due")
async def get_policy(_: Reader) -> ExposurePolicy:
    """Show the table by which it is worked out when whom is to be trained."""
    return ExposurePolicy(
        edition=POLICY.edition,
        source=POLICY.source,
        target=POLICY.target,
        pre_job_days=POLICY.pre_job_days,
        registered_days=POLICY.registered_days,
        yearly_months=POLICY.yearly_months,
        hazards=dict(POLICY.hazards),
    )


@router.post(
    "/exposures",
    status_code=201,
    summary="Record that somebody is exposed to a hazard at work 职业危害接触",
    responses=refuses(
        NotRegisteredHereError,
        UnknownHazardError,
        ExposureInFutureError,
        ExposureKnownError,
        NotExposedThenError,
        NoInstitutionHereError,
        outside_your_division=403,
        conflict=409,
        unknown_street=422,
    ),
)
async def post_exposure(body: ExposureRequest, service: ServiceHere, caller: Worker, cause: Cause) -> HazardExposure:
    """Record a person who lives in the street and works with a hazard; from then on training is due."""
    street = street_of(service, caller, body.street)
    await must_be_in(service, street, body.institution_id)
    known = exposure_id(street, body.person_id, body.hazard)
    exposure = HazardExposure(exposure_id=known, **{**body.model_dump(), "street": street})
    return await commands.record(service, exposure, cause)


@router.post(
    "/exposures/{exposure_id}/ending",
    summary="Record that somebody is no longer exposed",
    responses=refuses(UnknownExposureError, ExposureOverError, ExposureInFutureError, NotExposedThenError),
)
async def post_ending(
    exposure_id: IdInPath, body: EndRequest, service: ServiceHere, caller: Worker, cause: Cause
) -> HazardExposure:
    """End an exposure; no training is due any more."""
    await _own_exposure(service, caller, exposure_id)
    return await commands.end(service, exposure_id, body.until, cause)


@router.post(
    "/exposures/{exposure_id}/trainings",
    status_code=201,
    summary="Record that somebody was trained for a hazard 职业卫生培训",
    responses=refuses(
        UnknownExposureError,
        ExposureInFutureError,
        NotExposedThenError,
        TooManyTrainingsError,
        UnknownActivityError,
    ),
)
async def post_training(
    exposure_id: IdInPath, body: HazardTrainingRequest, service: ServiceHere, caller: Worker, cause: Cause
) -> HazardExposure:
    """Record a training before the job, or a yearly one; the next is due a year later."""
    await _own_exposure(service, caller, exposure_id)
    if body.activity_id is not None:
        await activity_of(service, caller, body.activity_id)
    known = id_from("hazard_training", cause)
    training = HazardTraining(training_id=known, in_time=False, **body.model_dump())
    return await commands.train(service, exposure_id, training, cause)


@router.post(
    "/exposures/{exposure_id}/trainings/{hazard_training_id}/withdrawal",
    summary="Withdraw a training that was recorded by mistake",
    responses=refuses(UnknownExposureError, UnknownTrainingError),
)
async def post_training_withdrawal(
    exposure_id: IdInPath, hazard_training_id: IdInPath, service: ServiceHere, caller: Worker, cause: Cause
) -> HazardExposure:
    """Let a training count nowhere; it stays on record as withdrawn, and what is due is worked out anew."""
    await _own_exposure(service, caller, exposure_id)
    return await commands.withdraw(service, exposure_id, hazard_training_id, cause)


@router.get("/exposures", summary="Who is exposed", responses=refuses(outside_your_division=403))
async def get_exposures(
    service: ServiceHere,
    caller: Reader,
    division: Division,
    institution_id: InstitutionInQuery = None,
    cursor: StreetCursor = "",
    limit: Limit = 100,
) -> ExposurePage:
    """List the exposures of a division by street with their trainings, those that are over included."""
    caller.must_cover(division)
    found = await list_exposures(service.database, service.areas(division), institution_id, cursor, limit)
    return ExposurePage(exposures=found, cursor=_cursor(found, limit))


@router.get("/exposures/due", summary="Who is to be trained", responses=refuses(outside_your_division=403))
async def get_due(
    service: ServiceHere,
    caller: Reader,
    division: Division,
    institution_id: InstitutionInQuery = None,
    by: Day | None = None,
    cursor: StreetCursor = "",
    limit: Limit = 100,
) -> ExposurePage:
    """List who is to be trained by a day (today, if none is named), with what is due and since when.

    People who left the street are left out, so that a page may have few or none.
    """
    caller.must_cover(division)
    areas, wanted = service.areas(division), (institution_id, by or service.today)
    found = await list_due(service.database, areas, wanted, cursor, limit)
    living = await find_living(service.database, areas, found)
    return ExposurePage(exposures=living, cursor=_cursor(found, limit))


@router.get(
    "/exposures/unrecorded",
    summary="Of whom registration alone tells of a hazard",
    responses=refuses(outside_your_division=403),
)
async def get_unrecorded(
    service: ServiceHere, caller: Reader, division: Division, cursor: ArrivalCursor = "", limit: Limit = 100
) -> RegisteredPage:
    """List residents with a registered hazard whose exposure nobody recorded, by street, the earliest first."""
    caller.must_cover(division)
    found = await list_registered(service.database, service.areas(division), cursor, limit)
    people = [
        RegisteredHazard(
            street=one.street,
            person_id=one.person_id,
            hazard=one.hazard,
            arrived_on=one.arrived_on,
            due_on=registered_due(one.arrived_on),
        )
        for one in await leave_out_recorded(service.database, found)
    ]
    following = next_cursor(found, limit, "street", "arrived_on", "stay_id")
    return RegisteredPage(people=people, looked_at=len(found), cursor=following)


@router.get(
    "/exposures/coverage",
    summary="Who was trained before the job 岗前培训率",
    responses=refuses(outside_your_division=403),
)
async def get_coverage(
    service: ServiceHere, caller: Reader, division: Division, since: Day, until: Day
) -> list[CoverageShown]:
    """Count by hazard who was trained in time of those whose exposure began in a period (both days included)."""
    caller.must_cover(division)
    areas, today = service.areas(division), service.today
    begun = await find_begun(service.database, areas, (since, until))
    due = (since, min(until, today - timedelta(days=POLICY.registered_days + 1)))
    unrecorded = [one.hazard async for one in find_unrecorded(service.database, areas, due)]
    return [_show(one) for one in cover(begun, unrecorded, today)]


@router.get("/exposures/{exposure_id}", summary="An exposure", responses=refuses(UnknownExposureError))
async def get_exposure(exposure_id: IdInPath, service: ServiceHere, caller: Reader) -> HazardExposure:
    """Show an exposure with its trainings and what is due next."""
    return await _own_exposure(service, caller, exposure_id)


def _cursor(found: list[HazardExposure], limit: int) -> str | None:
    return next_cursor(found, limit, "street", "exposure_id")


def _show(one: Coverage) -> CoverageShown:
    return CoverageShown(
        hazard=one.hazard,
        in_time=one.counted[Preparation.IN_TIME],
        late=one.counted[Preparation.LATE],
        missed=one.counted[Preparation.MISSED],
        open=one.counted[Preparation.OPEN],
        unrecorded=one.unrecorded,
        rate=one.rate,
        target=POLICY.target,
        met=one.met,
    )


async def _own_exposure(service: Service, caller: Caller, known: str) -> HazardExposure:
    """Return an exposure of the caller's division; what is elsewhere is not found."""
    found = await find_exposure(service, known)
    if found is None or not caller.covers(found.street):
        raise UnknownExposureError
    return found
