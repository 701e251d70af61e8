"""Record the counselling rooms of schools, and how many sessions they had."""

from collections.abc import Callable
from datetime import date

from contracts.outreach.counselling import CounsellingFact, CounsellingMonth, CounsellingRoom
from contracts.outreach.institutions import Institution
from contracts.refusals import RefusedError
from services.outreach.commands.institutions import UnknownInstitutionError, find_institution
from services.outreach.domain import counselling
from services.runtime.recording import record_decision
from services.runtime.service import Service


class UnknownRoomError(RefusedError):
    """There is no such counselling room in the division."""

    code = "not_found"
    advice = "没有该心理咨询室。No such counselling room in your division."
    status = 404


async def open_room(service: Service, room: CounsellingRoom, school: Institution, cause: str) -> CounsellingRoom:
    """Record that a school opened its counselling room, once, and return the room."""

    def decide(known: CounsellingFact | None) -> CounsellingFact | None:
        return counselling.open_room(known.room if known else None, room, school, service.today)

    stream = f"counselling_room/{room.room_id}"
    return _known(await record_decision(service, stream, CounsellingFact, decide, cause))


async def correct(service: Service, room_id: str, told: tuple[date, float], cause: str) -> CounsellingRoom:
    """Record since when a room is open and for how many hours a week, and return the room."""
    opened_on, hours = told
    known = await find_room(service, room_id)
    school = await find_institution(service, known.institution_id) if known else None
    if school is None:
        raise UnknownInstitutionError

    def decide(room: CounsellingRoom) -> CounsellingFact | None:
        changed = room.model_copy(update={"opened_on": opened_on, "hours_per_week": hours})
        return counselling.correct(room, changed, school, service.today)

    return await _change(service, room_id, decide, cause)


async def count(service: Service, room_id: str, counted: CounsellingMonth, cause: str) -> CounsellingRoom:
    """Record how many sessions a room had in a month, and return the room."""
    return await _change(service, room_id, lambda room: counselling.count(room, counted, service.today), cause)


async def close(service: Service, room_id: str, closed_on: date, cause: str) -> CounsellingRoom:
    """Record that a room was closed, and return the room."""
    return await _change(service, room_id, lambda room: counselling.close(room, closed_on, service.today), cause)


async def find_room(service: Service, room_id: str) -> CounsellingRoom | None:
    """Return a room from the journal; None if there is no such room."""
    event = await service.journal.load(f"counselling_room/{room_id}", CounsellingFact)
    return event.data.room if event else None


async def _change(
    service: Service, room_id: str, decide: Callable[[CounsellingRoom], CounsellingFact | None], cause: str
) -> CounsellingRoom:
    def decide_known(known: CounsellingFact | None) -> CounsellingFact | None:
        return decide(_known(known))

    stream = f"counselling_room/{room_id}"
    return _known(await record_decision(service, stream, CounsellingFact, decide_known, cause))


def _known(fact: CounsellingFact | None) -> CounsellingRoom:
    if fact is None:
        raise UnknownRoomError
    return fact.room
