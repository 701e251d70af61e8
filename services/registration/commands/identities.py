"""Show identities, and correct or confirm names, each recorded in the access log first.

What can't be deleted may not name anybody.
"""

import re
from collections.abc import Collection

from contracts.reference.telling import tells_number
from contracts.registration.stays import Stay, StayState
from services.registration.domain.errors import NamesPersonError
from services.registration.domain.identities import Identity
from services.registration.domain.mentions import is_named_after, names_somebody, repeats
from services.registration.service import Registration
from services.registration.views import duplicates
from services.registration.views.name_differences import (
    NameDifference,
    find_other_names,
    forget_names,
    keep_settled,
    settle_differences,
)
from services.registration.views.sealed import Replacement, find_erasures, find_recorded, find_sealed, replace_sealed
from services.runtime.access import Caller
from services.runtime.access_log.log import Access
from services.runtime.problems import Problem

WITHHELD = "withheld: the reason named the person"
"""What the access log keeps of such a reason where refusing it would tell that it is right."""
_ID = re.compile(r"[0-9a-f]{32}")


async def show_identity(
    registration: Registration, caller: Caller, person_id: str, stays: Collection[Stay], reason: str
) -> Identity | None:
    """Log the access, then return the person's identity; None if it was erased or is not known here.

    Log the attempt and raise Problem (404) if the caller covers no stay of the person; raise Problem (422) if the
    reason names the person.
    """
    street = newest_street(stays)
    identity = await find_identity(registration, person_id)
    telling = (*texts_of(identity), *await find_names(registration, person_id))
    if not any(caller.covers(stay.street) for stay in stays):
        said, whom = withhold(reason, *telling), person_id if _ID.fullmatch(person_id) else None
        await registration.access_log.record(Access.of(caller, "identity_sought", said, person_id=whom, street=street))
        raise Problem(404, "not_found", "No such person in your division.")
    refuse_naming(reason, *telling)
    read = Access.of(caller, "identity_read", reason, person_id=person_id, street=street)
    await registration.access_log.record(read)
    return identity


async def find_identity(registration: Registration, person_id: str) -> Identity | None:
    """Return a person's identity without logging, None if there is none; to show it, use `show_identity`."""
    sealed = (await find_sealed(registration.service.database, [person_id])).get(person_id)
    return registration.vault.open(sealed) if sealed else None


async def find_names(registration: Registration, *person_ids: str) -> list[str]:
    """Return the differing names of people in reports that no office has settled, without logging."""
    sealed = await find_other_names(registration.service.database, person_ids)
    return [registration.vault.open_bytes(name).decode() for name in sealed]


async def explain_missing(registration: Registration, person_id: str) -> Problem:
    """Return the problem if there is no identity of a person: it was erased (410), or another district has it (404)."""
    if await find_erasures(registration.service.database, [person_id]):
        return Problem(410, "erased", "身份信息已删除。Who this person is was erased.")
    return Problem(404, "not_found", "Another district registered this person and knows the identity.")


async def correct_name(registration: Registration, access: Access, person_id: str, name: str) -> None:
    """Log the correction of a person's name, then record it; the same correction again changes nothing.

    The former name is settled: a later report under it is accepted with a warning and raises no task. Raise Problem if
    there is no identity (404, 410) or the reason names the person (422).
    """
    await _log(registration, access, person_id, name)
    while not await _replace_name(registration, access, person_id, name):
        continue
    service = registration.service
    await settle_differences(service.database, person_id, service.today)


async def confirm_name(registration: Registration, access: Access, person_id: str) -> None:
    """Log that the recorded name of a person is right, then settle the differing names.

    Raise Problem if there is no identity (404, 410) or the reason names the person (422).
    """
    await _log(registration, access, person_id)
    await settle_differences(registration.service.database, person_id, registration.service.today)


async def _log(registration: Registration, access: Access, person_id: str, *names: str) -> None:
    identity = await find_identity(registration, person_id)
    if identity is None:
        raise await explain_missing(registration, person_id)
    refuse_naming(access.reason, *texts_of(identity), *names, *await find_names(registration, person_id))
    await registration.access_log.record(access)


async def _replace_name(registration: Registration, access: Access, person_id: str, name: str) -> bool:
    """Replace the name unless somebody else changed the identity meanwhile; return whether it is replaced.

    The name is written last, so that a repetition after a crash does the rest.
    """
    database, vault, today = registration.service.database, registration.vault, registration.service.today
    recorded = (await find_recorded(database, [person_id])).get(person_id)
    if recorded is None:
        await forget_names(database, [person_id])
        raise await explain_missing(registration, person_id)
    identity = vault.open(recorded.sealed)
    if identity.name == name:
        return True
    former = vault.name_digest(identity.name), vault.seal_bytes(identity.name.encode())
    await keep_settled(database, NameDifference(person_id, *former, access.street or "", "", today, today))
    await duplicates.rename(database, vault, person_id, identity, name)
    sealed = vault.seal(identity.model_copy(update={"name": name}))
    return not await replace_sealed(database, [Replacement(person_id, recorded.sealed, sealed, recorded.as_of)])


def texts_of(identity: Identity | None) -> tuple[str, ...]:
    """Return the texts of an identity that identify the person; empty without an identity."""
    return (identity.name, identity.document_number, identity.phone, identity.address) if identity else ()


def refuse_naming(reason: str, *texts: str) -> None:
    """Raise Problem (422) if a reason has one of the texts or a long number: the access log is kept, and not sealed."""
    if _tells(reason, *texts):
        raise Problem(
            422,
            "reason_names_person",
            "请勿在事由中填写姓名、证件号码、电话或地址。Give the reason without name, number, phone or address.",
            field="reason",
        )


def withhold(reason: str, *texts: str) -> str:
    """Return a reason for the access log, withheld if it has one of the texts or a long number."""
    return WITHHELD if _tells(reason, *texts) else reason


def _tells(reason: str, *texts: str) -> bool:
    return tells_number(reason) or repeats(reason, *texts)


async def refuse_named_place(registration: Registration, stay: Stay, community: str | None, grid: str | None) -> None:
    """Raise NamesPersonError if a community or grid of a stay says who the person is: facts keep it for ever."""
    if not (community or grid):
        return
    divisions, identity = registration.service.divisions, await find_identity(registration, stay.person_id)
    street = registration.current_division(stay.street)
    streets = (stay.street, street, *divisions.predecessors(street))
    names = [*([identity.name] if identity else ()), *await find_names(registration, stay.person_id)]
    _, number, phone, address = texts_of(identity) or ("", "", "", "")
    for field, said in (("community", community or ""), ("grid", grid or "")):
        if names_somebody(said, *streets) or any(is_named_after(said, name, number, phone, address) for name in names):
            raise NamesPersonError(field)


def newest_street(stays: Collection[Stay]) -> str | None:
    """Return the street of a person's newest stay, of a retracted one only if there is no other; None without stays."""
    newest = max(stays, key=lambda stay: (stay.state is not StayState.RETRACTED, stay.started_on), default=None)
    return newest.street if newest else None
