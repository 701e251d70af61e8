"""HTTP in: the counselling rooms of schools, and how many schools have one."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from contracts.outreach.counselling import CounsellingMonth, CounsellingRoom, room_id
from contracts.outreach.institutions import InstitutionKind
from services.outreach.api.dependencies import HexId, IdInPath, Reader, StreetCursor, Worker, next_cursor
from services.outreach.commands import counselling as commands
from services.outreach.commands.counselling import UnknownRoomError, find_room
from services.outreach.commands.institutions import NoInstitutionHereError, find_institution
from services.outreach.domain.counselling import (
    NoRoomThenError,
    NotSchoolError,
    RoomClosedError,
    RoomInFutureError,
    RoomKnownError,
)
from services.outreach.domain.institutions import cover
from services.outreach.views.counselling import count_open, list_rooms, sum_sessions
from services.outreach.views.institutions import count_institutions
from services.runtime.access import Caller
from services.runtime.bodies import Body
from services.runtime.parameters import Cause, Division, Limit, ServiceHere
from services.runtime.problems import refuses
from services.runtime.service import Service

router = APIRouter(tags=["counselling"])

MONTH = r"^[0-9]{4}-(0[1-9]|1[0-2])$"
MonthInQuery = Annotated[str, Query(pattern=MONTH, description="a month, e.g. 2026-03")]


class RoomDetails(Body):
    """Since when a room is open, and for how many hours a week."""

    opened_on: date
    hours_per_week: float = Field(gt=0, le=80, multiple_of=0.25)


class RoomRequest(RoomDetails):
    """The counselling room of a school."""

    institution_id: HexId


class SessionsRequest(Body):
    """How many sessions a room had in a month, in place of what was counted before."""

    month: str = Field(pattern=MONTH)
    sessions: int = Field(ge=0, le=10_000)


class RoomClosingRequest(Body):
    """The day on which a room was closed."""

    closed_on: date


class RoomPage(BaseModel):
    """Counselling rooms of a division, and the cursor of the next page, if there is one."""

    rooms: list[CounsellingRoom]
    cursor: str | None


class RoomCoverage(BaseModel):
    """How many open schools have an open room, and the sessions of a period; the rate is null if there is no school."""

    schools: int
    rooms: int
    rate: float | None
    sessions: int


@router.post(
    "/counselling-rooms",
    status_code=201,
    summary="Record the counselling room of a school 心理咨询室",
    responses=refuses(
        NoInstitutionHereError, NotSchoolError, RoomInFutureError, RoomKnownError, NoRoomThenError, conflict=409
    ),
)
async def post_room(body: RoomRequest, service: ServiceHere, caller: Worker, cause: Cause) -> CounsellingRoom:
    """Record since when the room is open and for how many hours a week; a school has one room."""
    school = await find_institution(service, body.institution_id)
    if school is None or not caller.covers(school.street):
        raise NoInstitutionHereError
    room = CounsellingRoom(room_id=room_id(school.institution_id), street=school.street, **body.model_dump())
    return await commands.open_room(service, room, school, cause)


@router.post(
    "/counselling-rooms/{room_id}/correction",
    summary="Correct what is recorded of a counselling room",
    responses=refuses(UnknownRoomError, NotSchoolError, RoomInFutureError, RoomClosedError),
)
async def post_correction(
    room_id: IdInPath, body: RoomDetails, service: ServiceHere, caller: Worker, cause: Cause
) -> CounsellingRoom:
    """Replace the day on which the room was opened and its hours."""
    await _own_room(service, caller, room_id)
    return await commands.correct(service, room_id, (body.opened_on, body.hours_per_week), cause)


@router.post(
    "/counselling-rooms/{room_id}/sessions",
    summary="Count the sessions of a month",
    responses=refuses(UnknownRoomError, RoomInFutureError, NoRoomThenError),
)
async def post_sessions(
    room_id: IdInPath, body: SessionsRequest, service: ServiceHere, caller: Worker, cause: Cause
) -> CounsellingRoom:
    """Record how many sessions there were; nothing is recorded of who came."""
    await _own_room(service, caller, room_id)
    counted = CounsellingMonth(month=body.month, sessions=body.sessions)
    return await commands.count(service, room_id, counted, cause)


@router.post(
    "/counselling-rooms/{room_id}/closing",
    summary="Record that a counselling room was closed",
    responses=refuses(UnknownRoomError, RoomInFutureError, RoomClosedError, NoRoomThenError),
)
async def post_closing(
    room_id: IdInPath, body: RoomClosingRequest, service: ServiceHere, caller: Worker, cause: Cause
) -> CounsellingRoom:
    """Close a room; what it did stays on record."""
    await _own_room(service, caller, room_id)
    return await commands.close(service, room_id, body.closed_on, cause)


@router.get("/counselling-rooms", summary="Counselling rooms", responses=refuses(outside_your_division=403))
async def get_rooms(
    service: ServiceHere, caller: Reader, division: Division, cursor: StreetCursor = "", limit: Limit = 100
) -> RoomPage:
    """List the counselling rooms of a division by street, closed ones included."""
    caller.must_cover(division)
    found = await list_rooms(service.database, service.areas(division), cursor, limit)
    return RoomPage(rooms=found, cursor=next_cursor(found, limit, "street", "room_id"))


@router.get(
    "/counselling-rooms/coverage",
    summary="How many schools have a counselling room",
    responses=refuses(outside_your_division=403),
)
async def get_coverage(
    service: ServiceHere, caller: Reader, division: Division, from_month: MonthInQuery, to_month: MonthInQuery
) -> RoomCoverage:
    """Compare open rooms with open schools, and add up the sessions of a period (both months included)."""
    caller.must_cover(division)
    areas = service.areas(division)
    kinds = cover(await count_institutions(service.database, areas))
    schools = sum(one.institutions for one in kinds if one.kind is InstitutionKind.SCHOOL)
    rooms = await count_open(service.database, areas)
    sessions = await sum_sessions(service.database, areas, from_month, to_month)
    return RoomCoverage(schools=schools, rooms=rooms, rate=rooms / schools if schools else None, sessions=sessions)


async def _own_room(service: Service, caller: Caller, known: str) -> CounsellingRoom:
    """Return a room of the caller's division; what is elsewhere is not found."""
    found = await find_room(service, known)
    if found is None or not caller.covers(found.street):
        raise UnknownRoomError
    return found
