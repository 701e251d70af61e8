"""Pure decisions on the counselling rooms of schools."""

from datetime import date

from contracts.outreach.counselling import (
    CounsellingHeld,
    CounsellingMonth,
    CounsellingRoom,
    CounsellingRoomClosed,
    CounsellingRoomCorrected,
    CounsellingRoomOpened,
)
from contracts.outreach.institutions import Institution, InstitutionKind
from contracts.refusals import RefusedError


class RoomInFutureError(RefusedError):
    """A day or month of the room lies in the future."""

    code = "future_date"
    advice = "日期不能晚于今天。The day must not lie in the future; correct it."


class NotSchoolError(RefusedError):
    """The institution is no school, or was not open on that day."""

    code = "not_a_school"
    advice = "该机构不是学校，或该日未设立。The institution is no school, or was not open on that day; check its id."
    field = "institution_id"
    status = 422


class RoomKnownError(RefusedError):
    """The school has a counselling room that is recorded otherwise."""

    code = "room_known"
    advice = "该校咨询室已登记，内容不同；请更正原登记。The room is recorded otherwise; correct that record."


class RoomClosedError(RefusedError):
    """The room is closed."""

    code = "room_closed"
    advice = "该咨询室已关闭，请先重新登记。The room is closed; record that it was opened again first."


class NoRoomThenError(RefusedError):
    """The room was not open on that day, or in that month."""

    code = "no_room_then"
    advice = "该日或该月咨询室未开放，请核对。The room was not open then; correct the day or the month."


def open_room(
    known: CounsellingRoom | None, room: CounsellingRoom, school: Institution, today: date
) -> CounsellingRoomOpened | None:
    """Return the fact that a school opened its room; None if the same is recorded already.

    Raise NotSchoolError, RoomInFutureError, RoomKnownError or NoRoomThenError if that can't be.
    """
    _must_be_possible(room, school, today)
    if known is None:
        return CounsellingRoomOpened(room=room)
    if known.closed_on is None:
        if known.model_copy(update={"months": ()}) != room:
            raise RoomKnownError
        return None
    if room.opened_on < known.closed_on:
        raise NoRoomThenError
    return CounsellingRoomOpened(room=room.model_copy(update={"months": known.months}))


def correct(
    known: CounsellingRoom, room: CounsellingRoom, school: Institution, today: date
) -> CounsellingRoomCorrected | None:
    """Return the fact that a room was corrected; None if it is as it is.

    Raise NotSchoolError, RoomClosedError or RoomInFutureError if that can't be.
    """
    if known.closed_on is not None:
        raise RoomClosedError
    _must_be_possible(room, school, today)
    return None if known == room else CounsellingRoomCorrected(room=room)


def count(room: CounsellingRoom, counted: CounsellingMonth, today: date) -> CounsellingHeld | None:
    """Return the fact that the sessions of a month were counted; None if it is recorded already.

    Raise RoomInFutureError or NoRoomThenError if that can't be.
    """
    if counted.month > today.isoformat()[:7]:
        raise RoomInFutureError
    if counted.month < room.opened_on.isoformat()[:7] or counted.month > (room.closed_on or today).isoformat()[:7]:
        raise NoRoomThenError
    if counted in room.months:
        return None
    others = [one for one in room.months if one.month != counted.month]
    months = tuple(sorted((*others, counted), key=lambda one: one.month))
    return CounsellingHeld(room=room.model_copy(update={"months": months}))


def close(room: CounsellingRoom, closed_on: date, today: date) -> CounsellingRoomClosed | None:
    """Return the fact that a room was closed; None if it is recorded already.

    Raise RoomClosedError, RoomInFutureError or NoRoomThenError if that can't be.
    """
    if room.closed_on == closed_on:
        return None
    if room.closed_on is not None:
        raise RoomClosedError
    if closed_on > today:
        raise RoomInFutureError
    if closed_on < room.opened_on or any(one.month > closed_on.isoformat()[:7] for one in room.months):
        raise NoRoomThenError
    return CounsellingRoomClosed(room=room.model_copy(update={"closed_on": closed_on}))


def _must_be_possible(room: CounsellingRoom, school: Institution, today: date) -> None:
    if room.opened_on > today:
        raise RoomInFutureError
    closed = school.closed_on is not None and room.opened_on >= school.closed_on
    if school.kind is not InstitutionKind.SCHOOL or room.opened_on < school.opened_on or closed:
        raise NotSchoolError
