"""The access rules of `domain.access` applied to whoever calls, and the note that is kept of every read."""

from dataclasses import dataclass

from services.archives.commands.recording import load_archive
from services.archives.domain import access
from services.archives.domain.access import Granted, Kept, find_keeping_street, grant_reading
from services.archives.views.people import Heard, find_heard, find_stays
from services.runtime.access import Caller
from services.runtime.access_log.log import Access, AccessLog
from services.runtime.problems import Problem
from services.runtime.service import Service

ADVICE = (
    "您的辖区没有保管该人员的档案；紧急情况或为其提供服务的，请说明理由（emergency）。"
    "No archive of this person is kept in your division; in an emergency, or to serve the person, give a reason."
)


@dataclass(frozen=True, slots=True)
class Read:
    """What is about to be read of whom, why, and which street keeps the archive as far as is known here."""

    action: str
    person_id: str
    reason: str = "care"
    street: str | None = None


def find_grant(caller: Caller, heard: Heard, reason: str | None, district: str = "") -> Granted | None:
    """Return the leave of a caller, who may state a reason, to read a person's archive; None if there is none.

    With a `district` it is that district's archive, else the one of which the caller may read most.
    """
    kept = [each for each in _kept(heard) if each.district.startswith(district)]
    return grant_reading(caller.covers, kept, reason)


def grant(caller: Caller, heard: Heard, reason: str | None) -> Granted:
    """Return the leave of a caller to read a person's archive; raise Problem (404) if there is none.

    The answer is the same whether the archive is kept elsewhere or does not exist.
    """
    granted = find_grant(caller, heard, reason)
    if granted is None:
        raise Problem(404, "not_found", ADVICE)
    return granted


def _kept(heard: Heard) -> list[Kept]:
    """Return a person's archives in the order of their districts."""
    kept = []
    for district, archive in sorted(heard.archives.items()):
        custody = heard.custodies.get(district)
        kept.append(Kept(district, find_keeping_street(archive, heard.stays), custody is None or custody.holds))
    return kept


def keeps_any(caller: Caller, heard: Heard) -> bool:
    """Return whether a caller covers a street that keeps, or kept for its district, an archive of a person."""
    return any(caller.covers(kept.street) for kept in _kept(heard))


async def must_keep(service: Service, caller: Caller, person_id: str, street: str) -> None:
    """Raise unless a caller covers the named street, and the one that keeps the archive in that street's district."""
    caller.must_cover(street)
    archive, _ = await load_archive(service, person_id, street[:6])
    access.must_keep(caller.covers, archive, await find_stays(service.database, person_id))


async def must_keep_or_serve(
    service: Service, caller: Caller, person_id: str, street: str, reason: str | None
) -> str | None:
    """Return the street that keeps the archive if the caller does not cover it but served the person; None if it does.

    Raise unless the caller covers the named street, in the archive's district, and either keeps the archive or states
    the reason why a resident of another street was served.
    """
    caller.must_cover(street)
    archive, _ = await load_archive(service, person_id, street[:6])
    stays = await find_stays(service.database, person_id)
    keeping = access.must_keep_or_serve(caller.covers, archive, stays, reason)
    return None if caller.covers(keeping) else keeping


async def find_known_of(service: Service, person_id: str) -> Heard:
    """Return everything that was heard of a person; empty if nothing was."""
    return (await find_heard(service.database, [person_id])).get(person_id, Heard())


async def note_read(log: AccessLog, caller: Caller, read: Read) -> None:
    """Record who reads what of whom and why, before anything is shown."""
    note = Access.of(caller, read.action, read.reason, person_id=read.person_id, street=read.street)
    await log.record(note)
