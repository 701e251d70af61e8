"""Record who came to an activity, once, as a person or by the code at the door."""

from datetime import date

from contracts.outreach.activities import Activity
from contracts.outreach.sign_ins import AttendanceRecorded
from services.outreach.commands.residents import must_be_known
from services.outreach.domain import sign_ins
from services.runtime.service import Service


async def sign_in_person(
    service: Service, activity: Activity, came: tuple[str, date], division: str, cause: str
) -> bool:
    """Record that a person of a division `came` on a day, and return whether that is new.

    Raise NotKnownHereError, or what `domain.sign_ins.sign_in` raises.
    """
    person_id, on = came
    await must_be_known(service, person_id, division)
    return await _record(service, activity, person_id, person_id, on, cause)


async def sign_in_phone(service: Service, activity: Activity, phone: str, cause: str) -> bool:
    """Record that somebody came who typed the code at the door, once for each phone, and return whether that is new."""
    return await _record(service, activity, f"phone|{phone}", None, service.today, cause)


async def count_recorded(service: Service, activity_id: str) -> int:
    """Return how many sign-ins to an activity are recorded, sent or not."""
    return await service.journal.count_streams(f"sign_in/{activity_id}-")


async def _record(
    service: Service, activity: Activity, attendee: str, person_id: str | None, on: date, cause: str
) -> bool:
    stream = f"sign_in/{sign_ins.sign_in_id(activity.activity_id, attendee)}"
    if await service.journal.load(stream, AttendanceRecorded):
        return False
    so_far = await count_recorded(service, activity.activity_id)
    fact = sign_ins.sign_in(activity, attendee, person_id, on, service.today, so_far)
    return not await service.journal.record([service.journal.commit(fact, causation=cause)])
