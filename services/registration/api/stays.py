"""HTTP in: list and count stays; correct, relocate, confirm the end of, or retract a stay."""

from collections import Counter
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, Field, model_validator

from contracts.envelope import Event
from contracts.registration.stays import DestinationKind, Stay, StayFact
from services.registration.api.dependencies import Clerk, RegistrationHere
from services.registration.commands import conflicts, stays
from services.registration.commands.stays import Location
from services.registration.domain.arrivals import Dwelling, Hazard, Purpose
from services.registration.domain.errors import (
    AcceptedAlreadyError,
    AnsweredAlreadyError,
    FutureDayError,
    LeftBeforeArrivingError,
    NamesPersonError,
    NotContestedError,
    NotEndedError,
    NothingToCorrectError,
    NotLivingHereError,
    RetractedError,
    StaleError,
    WithdrawnError,
)
from services.registration.service import Registration
from services.registration.views.stays import count_communities, count_residents
from services.runtime.access import Caller
from services.runtime.bodies import Body
from services.runtime.parameters import Cause, Division, StreetInQuery, Version
from services.runtime.problems import Problem, refuses

router = APIRouter(tags=["transfers"])


class StayFile(BaseModel):
    """A stay, its version, and the day from which the person counts as a usual resident (常住, half a year)."""

    stay: Stay
    version: int
    usual_resident_from: date


class Correction(Body):
    """A correction of a stay: absent fields stay as they are, null clears; the last three need a declared departure."""

    null_clears = True
    version: Version = None
    started_on: date | None = None
    origin: Annotated[str | None, Field(pattern=r"^[0-9]{6}$")] = None
    purpose: Purpose | None = None
    dwelling: Dwelling | None = None
    hazard: Hazard | None = None
    ended_on: date | None = None
    destination: Annotated[str | None, Field(pattern=r"^[0-9]{6}(?:[0-9]{3})?$")] = None
    destination_kind: DestinationKind | None = None

    @model_validator(mode="after")
    def _days_are_not_null(self) -> "Correction":
        if any(name in self.model_fields_set and getattr(self, name) is None for name in ("started_on", "ended_on")):
            raise ValueError("日期只能改为另一日期。A day is corrected by another day.")
        return self

    @property
    def changes(self) -> dict[str, Any]:
        """Return the fields to correct, with their values."""
        return self.model_dump(exclude={"version"}, exclude_unset=True)


class Relocation(Body):
    """The new place of a person who moved inside the street."""

    tells_who = True
    version: Version = None
    community: Annotated[str | None, Field(max_length=100)] = None
    grid: Annotated[str | None, Field(max_length=40)] = None
    dwelling: Dwelling | None = None


class Confirmation(Body):
    """The confirmation that a contested stay is over; `left_on` is by default the newer stay's first day."""

    version: Version = None
    left_on: date | None = None


class Retraction(Body):
    """The retraction of something that was recorded by mistake."""

    version: Version = None


class CommunityCount(BaseModel):
    """How many residents a community has; None counts those without a recorded community."""

    community: str | None
    residents: int


@router.get("/stays/{stay_id}", summary="A stay and its version", responses=refuses(not_found=404))
async def get_stay(stay_id: str, registration: RegistrationHere, caller: Clerk) -> StayFile:
    """Return a stay of the caller's division."""
    event = await _load_covered(registration, caller, stay_id)
    since = registration.rules.deadlines.usual_resident_from(event.data.stay.started_on)
    return StayFile(stay=event.data.stay, version=event.sequence, usual_resident_from=since)


@router.post(
    "/stays/{stay_id}/correction",
    summary="Correct a stay",
    responses=refuses(
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
async def post_correction(
    stay_id: str, body: Correction, registration: RegistrationHere, caller: Clerk, cause: Cause
) -> Stay:
    """Correct the dates or other fields of a stay; to correct the street, retract the stay and register an arrival."""
    await _load_covered(registration, caller, stay_id)
    return await stays.correct_stay(registration, stay_id, body.changes, cause, body.version)


@router.post(
    "/stays/{stay_id}/relocation",
    summary="Move inside the street",
    responses=refuses(
        StaleError, NotLivingHereError, NothingToCorrectError, NamesPersonError, not_found=404, conflict=409
    ),
)
async def post_relocation(
    stay_id: str, body: Relocation, registration: RegistrationHere, caller: Clerk, cause: Cause
) -> Stay:
    """Record another community, grid or dwelling in the same street."""
    await _load_covered(registration, caller, stay_id)
    location = Location(body.community, body.grid, body.dwelling)
    return await stays.relocate_stay(registration, stay_id, location, cause, body.version)


@router.post(
    "/stays/{stay_id}/confirmation",
    summary="Confirm that a contested stay is over",
    responses=refuses(
        StaleError,
        NotContestedError,
        AnsweredAlreadyError,
        WithdrawnError,
        LeftBeforeArrivingError,
        FutureDayError,
        not_found=404,
        conflict=409,
    ),
)
async def post_confirmation(
    stay_id: str, registration: RegistrationHere, caller: Clerk, cause: Cause, body: Confirmation | None = None
) -> Stay:
    """End a contested stay on the day the person left, by default the first day of the newer stay."""
    await _load_covered(registration, caller, stay_id)
    confirmation = body or Confirmation()
    return await conflicts.confirm_move(registration, stay_id, confirmation.left_on, cause, confirmation.version)


@router.post(
    "/stays/{stay_id}/retraction",
    summary="Retract an arrival registered by mistake",
    responses=refuses(StaleError, RetractedError, AcceptedAlreadyError, not_found=404, conflict=409),
)
async def post_retraction(
    stay_id: str, registration: RegistrationHere, caller: Clerk, cause: Cause, body: Retraction | None = None
) -> Stay:
    """Retract a stay that was registered by mistake; a stay elsewhere that it contested is reaffirmed."""
    await _load_covered(registration, caller, stay_id)
    version = body.version if body else None
    return await stays.retract_arrival(registration, stay_id, cause, version)


@router.get("/communities", summary="Residents per community", responses=refuses(outside_your_division=403))
async def get_communities(registration: RegistrationHere, caller: Clerk, street: StreetInQuery) -> list[CommunityCount]:
    """Count the residents of each community 社区 of a street."""
    caller.must_cover(street)
    service = registration.service
    counted = await count_communities(service.database, service.areas(street))
    return [CommunityCount(community=name, residents=residents) for name, residents in counted.items()]


async def _load_covered(registration: Registration, caller: Caller, stay_id: str) -> Event[StayFact]:
    """Return the newest fact of a stay; raise Problem (404) if the caller does not cover it."""
    event = await registration.service.journal.load(f"stay/{stay_id}", StayFact)
    if event is None or not caller.covers(event.division):
        raise Problem(404, "not_found", "辖区内没有该居住记录。No such stay in your division.")
    return event


@router.get("/streets", summary="Residents per street", responses=refuses(outside_your_division=403))
async def get_streets(registration: RegistrationHere, caller: Clerk, division: Division) -> list[dict[str, Any]]:
    """Count the residents of each street of a division, empty streets and streets that were merged into it included."""
    caller.must_cover(division)
    service, divisions = registration.service, registration.service.divisions
    counts: Counter[str] = Counter()
    for code, residents in (await count_residents(service.database, service.areas(division))).items():
        counts[divisions.successor(code, service.today)] += residents
    standing = [code for code in divisions.streets(division) if divisions.stands(code, service.today)]
    streets = sorted({*counts, *standing})
    return [{"street": code, "name": divisions.name(code), "residents": counts[code]} for code in streets]
