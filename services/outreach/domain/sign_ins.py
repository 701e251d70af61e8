"""Pure decisions on sign-ins: who came to an activity, and the code at its door."""

import hmac
from base64 import b32encode
from datetime import date
from hashlib import sha256

from contracts.outreach.activities import Activity, ActivityState
from contracts.outreach.sign_ins import AttendanceRecorded, SignIn
from contracts.refusals import RefusedError
from services.outreach.domain.activities import CancelledError, HeldInFutureError, MoreSignInsError

CODE_LENGTH = 8
"""Characters of the code at the door, of 5 bits each."""


class WrongDayError(RefusedError):
    """The activity was, or is planned, for another day than that of the sign-in."""

    code = "another_day"
    advice = "签到日期与活动日期不符。The activity was on another day; correct the day of the sign-in."
    field = "signed_on"


class WrongCodeError(RefusedError):
    """The code is not that of this activity today."""

    code = "wrong_code"
    advice = "签到码不正确或已过期，请看现场当日的签到码。Not today's code of this activity; look at the door."
    field = "code"
    status = 403


def make_code(key: bytes, activity_id: str, day: date) -> str:
    """Return the code that is shown at the door of an activity on a day, signed with a key of the service."""
    signature = hmac.digest(key, f"door|{activity_id}|{day.isoformat()}".encode(), "sha256")
    return b32encode(signature).decode()[:CODE_LENGTH]


def must_be_code(typed: str, key: bytes, activity_id: str, day: date) -> None:
    """Raise WrongCodeError unless a typed code is that of an activity on a day; case does not matter."""
    if not hmac.compare_digest(typed.upper().encode(), make_code(key, activity_id, day).encode()):
        raise WrongCodeError


def sign_in_id(activity_id: str, attendee: str) -> str:
    """Return the id of the sign-in of a person, or of a phone, to an activity."""
    return f"{activity_id}-{sha256(f'{activity_id}|{attendee}'.encode()).hexdigest()[:32]}"


def sign_in(
    activity: Activity, attendee: str, person_id: str | None, on: date, today: date, so_far: int
) -> AttendanceRecorded:
    """Return the fact that somebody came to an activity, to which so many came so far.

    Raise CancelledError, HeldInFutureError, WrongDayError or MoreSignInsError if that can't be.
    """
    if activity.state is ActivityState.CANCELLED:
        raise CancelledError
    if on > today:
        raise HeldInFutureError
    if on != (activity.held_on or on) or on < min(activity.planned_on, activity.recorded_on or on):
        raise WrongDayError
    if activity.attendance is not None and so_far >= activity.attendance:
        raise MoreSignInsError
    return AttendanceRecorded(
        sign_in=SignIn(
            sign_in_id=sign_in_id(activity.activity_id, attendee),
            activity_id=activity.activity_id,
            street=activity.street,
            kind=activity.kind,
            topic=activity.topic,
            signed_on=on,
            person_id=person_id,
        )
    )
