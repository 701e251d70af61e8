"""HTTP in: list conflicts, and resolve one by what the office decides about its own stay."""

from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field

from contracts.registration.conflicts import Conflict, ConflictFact
from contracts.registration.stays import DestinationKind, Stay, StayFact
from services.registration.api.dependencies import Clerk, HexId, RegistrationHere
from services.registration.api.stays import Correction
from services.registration.commands import conflicts
from services.registration.commands.conflicts import Means, Resolution
from services.registration.commands.stays import StayEnd
from services.registration.domain.errors import (
    AcceptedAlreadyError,
    AnsweredAlreadyError,
    FutureDayError,
    LeftBeforeArrivingError,
    NotContestedError,
    NotEndedError,
    NothingToCorrectError,
    NotInConflictError,
    NotLivingHereError,
    ResolvedAlreadyError,
    RetractedError,
    StaleError,
    WithdrawnError,
)
from services.registration.service import Registration
from services.registration.views.stays import find_stay
from services.registration.views.transfers import find_conflict, list_conflicts
from services.runtime.access import Caller
from services.runtime.bodies import Body
from services.runtime.parameters import Cause, Division, Paged, Version
from services.runtime.problems import Problem, refuses

router = APIRouter(tags=["transfers"])


class ConflictPage(BaseModel):
    """A page of conflicts and the cursor of the next one, if there is one."""

    conflicts: list[Conflict]
    cursor: str | None


class KnownStay(BaseModel):
    """A stay of any district; its version if this instance writes it, else None."""

    stay: Stay
    version: int | None


class ConflictFile(BaseModel):
    """A conflict with its stays; `own` are the ids of the stays that the caller may decide about."""

    conflict: Conflict
    stays: list[KnownStay]
    own: list[str]


class OwnStay(Body):
    """The caller's stay that a resolution is about."""

    stay_id: HexId
    version: Version = None


class RetractStay(OwnStay):
    """The arrival was registered by mistake."""

    action: Literal["retract"]


class EndStay(OwnStay):
    """The person left: on `left_on` for `destination`, by default on the day and for the place of the newer stay."""

    action: Literal["end"]
    left_on: date | None = None
    destination: Annotated[str | None, Field(pattern=r"^[0-9]{6}(?:[0-9]{3})?$")] = None


class CorrectStay(OwnStay):
    """The report of the stay was wrong."""

    null_clears = True
    action: Literal["correct"]
    correction: Correction


class StandByStay(OwnStay):
    """The person still lives here; the move is rejected."""

    action: Literal["still_here"]


ResolutionRequest = Annotated[RetractStay | EndStay | CorrectStay | StandByStay, Field(discriminator="action")]


@router.get("/conflicts", summary="Contradictions to resolve", responses=refuses(outside_your_division=403))
async def get_conflicts(registration: RegistrationHere, caller: Clerk, division: Division, page: Paged) -> ConflictPage:
    """List the open conflicts in which a division has a stay."""
    caller.must_cover(division)
    service = registration.service
    found, following = await list_conflicts(service.database, service.areas(division), page.cursor, page.limit)
    return ConflictPage(conflicts=found, cursor=following)


@router.get("/conflicts/{conflict_id}", summary="A conflict and its stays", responses=refuses(not_found=404))
async def get_conflict(conflict_id: HexId, registration: RegistrationHere, caller: Clerk) -> ConflictFile:
    """Return a conflict in which the caller's division has a stay."""
    conflict = await _find_conflict(registration, caller, conflict_id)
    own = [stay for stay, street in zip(conflict.stays, conflict.streets, strict=True) if caller.covers(street)]
    return ConflictFile(
        conflict=conflict, stays=[await _known_stay(registration, stay) for stay in conflict.stays], own=own
    )


@router.post(
    "/conflicts/{conflict_id}/resolution",
    summary="Resolve a conflict",
    responses=refuses(
        StaleError,
        ResolvedAlreadyError,
        NotInConflictError,
        RetractedError,
        AcceptedAlreadyError,
        NotLivingHereError,
        LeftBeforeArrivingError,
        NotContestedError,
        AnsweredAlreadyError,
        WithdrawnError,
        NothingToCorrectError,
        NotEndedError,
        FutureDayError,
        not_found=404,
        not_yours=403,
        conflict=409,
    ),
)
async def post_resolution(
    conflict_id: HexId, body: ResolutionRequest, registration: RegistrationHere, caller: Clerk, cause: Cause
) -> Stay:
    """Resolve a conflict by a decision about the caller's own stay; the effect on the other stay is derived."""
    conflict = await _find_conflict(registration, caller, conflict_id)
    streets = dict(zip(conflict.stays, conflict.streets, strict=True))
    if body.stay_id in streets and not caller.covers(streets[body.stay_id]):
        raise Problem(403, "not_yours", "该居住记录不属于本辖区。Only its own office decides about a stay.")
    return await conflicts.resolve_conflict(registration, conflict, _resolution(body), cause, body.version)


async def _find_conflict(registration: Registration, caller: Caller, conflict_id: str) -> Conflict:
    """Return a conflict as an own district records it, else as heard; raise Problem (404) if no stay is covered."""
    heard = await find_conflict(registration.service.database, conflict_id)
    if not any(caller.covers(street) for conflict in heard for street in conflict.streets):
        raise Problem(404, "not_found", "辖区内没有该冲突。No such conflict in your division.")
    journal = registration.service.journal
    own = [await journal.load(f"conflict/{conflict_id}@{known.district}", ConflictFact) for known in heard]
    kept = [event.data.conflict for event in own if event is not None] or heard
    return next((conflict for conflict in kept if conflict.open), kept[0])


async def _known_stay(registration: Registration, stay_id: str) -> KnownStay:
    event = await registration.service.journal.load(f"stay/{stay_id}", StayFact)
    if event is not None:
        return KnownStay(stay=event.data.stay, version=event.sequence)
    heard = await find_stay(registration.service.database, stay_id)
    if heard is None:
        raise Problem(404, "not_found", "没有该居住记录。No such stay.")
    return KnownStay(stay=heard, version=None)


def _resolution(body: RetractStay | EndStay | CorrectStay | StandByStay) -> Resolution:
    match body:
        case CorrectStay(correction=correction):
            return Resolution(Means.CORRECT, body.stay_id, changes=correction.changes)
        case EndStay(left_on=left_on, destination=destination):
            kind = DestinationKind.DIVISION if destination else DestinationKind.UNKNOWN
            end = StayEnd(left_on, destination, kind) if left_on else None
            return Resolution(Means.END, body.stay_id, end)
        case _:
            return Resolution(Means(body.action), body.stay_id)
