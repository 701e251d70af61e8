"""Who may read an archive and as what, and the note that is kept of every read."""

from dataclasses import dataclass
from typing import Literal

from contracts.archives.custody import Custody
from services.archives.views.people import Heard, find_heard
from services.runtime.access import Caller
from services.runtime.access_log.log import Access, AccessLog
from services.runtime.problems import Problem
from services.runtime.service import Service

ReadAs = Literal["custodian", "copy", "emergency"]
"""As what somebody reads: as the one in charge, a former one's read-only copy, or in an emergency."""
ADVICE = (
    "本区没有该人员的档案;紧急情况请说明理由。"
    "No archive of this person in your district; in an emergency give a reason."
)


@dataclass(frozen=True, slots=True)
class Granted:
    """Leave to read what one district knows of a person."""

    district: str
    read_as: ReadAs


@dataclass(frozen=True, slots=True)
class Read:
    """What is about to be read of whom, why, and in which street the person lives as far as is known here."""

    action: str
    person_id: str
    reason: str = "care"
    street: str | None = None


def grant(caller: Caller, heard: Heard, emergency: str | None) -> Granted:
    """Say as what a caller may read of a person, or refuse.

    A health worker reads what the own district knows: all of it while it keeps the archive, afterwards the copy as it
    was handed over. In an emergency, with a reason, what whoever keeps the archive here knows.
    """
    own = [district for district in sorted(heard.archives) if is_of(caller, district)]
    keepers = [district for district in sorted(heard.archives) if _holds(heard.custodies.get(district))]
    for district in own:
        if district in keepers:
            return Granted(district, "custodian")
    if emergency and keepers:
        return Granted(keepers[0], "emergency")
    if own:
        return Granted(own[0], "copy")
    raise Problem(404, "not_found", ADVICE)


async def find_known_of(service: Service, person_id: str) -> Heard:
    """Return everything that was heard of a person; empty if nothing was."""
    return (await find_heard(service.database, [person_id])).get(person_id, Heard())


def read_of(heard: Heard, granted: Granted, action: str, reason: str) -> Read:
    """Return what is about to be read by a leave."""
    archive = heard.archives[granted.district]
    return Read(action, archive.person_id, reason, archive.street)


def is_of(caller: Caller, district: str) -> bool:
    """Say whether a district is the caller's own, or went over to it."""
    return caller.within(caller.division[:6], district)


def _holds(custody: Custody | None) -> bool:
    return custody is None or custody.holds


async def note_read(log: AccessLog, caller: Caller, read: Read) -> None:
    """Keep who read what of whom and why, before anything is shown."""
    access = Access.of(caller, read.action, read.reason, person_id=read.person_id, street=read.street)
    await log.record(access)
