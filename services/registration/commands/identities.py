"""Show an identity to a caller who covers a stay of the person and gives a reason, once the access log has it."""

from collections.abc import Collection

from contracts.registration.stays import Stay, StayState
from services.registration.domain.identities import Identity
from services.registration.domain.mentions import normalise
from services.registration.service import Registration
from services.registration.views.sealed import find_sealed
from services.runtime.access import Caller
from services.runtime.access_log.log import Access
from services.runtime.problems import Problem


async def show_identity(
    registration: Registration, caller: Caller, person_id: str, stays: Collection[Stay], reason: str
) -> Identity | None:
    """Log the access, then return the person's identity, or None if it was erased or is not known here.

    Log the attempt and raise Problem (404) if the caller covers no stay of the person.
    """
    street = newest_street(stays)
    if not any(caller.covers(stay.street) for stay in stays):
        sought = Access.of(caller, "identity_sought", reason, person_id=person_id, street=street)
        await registration.access_log.record(sought)
        raise Problem(404, "not_found", "No such person in your division.")
    identity = await find_identity(registration, person_id)
    refuse_naming(reason, *texts_of(identity))
    read = Access.of(caller, "identity_read", reason, person_id=person_id, street=street)
    await registration.access_log.record(read)
    return identity


async def find_identity(registration: Registration, person_id: str) -> Identity | None:
    """Return a person's identity, or None if there is none, without logging; use `show_identity` to show it."""
    sealed = (await find_sealed(registration.service.database, [person_id])).get(person_id)
    return registration.vault.open(sealed) if sealed else None


def texts_of(identity: Identity | None) -> tuple[str, ...]:
    """Return the texts that identify a person; none without an identity."""
    return (identity.name, identity.document_number, identity.phone, identity.address) if identity else ()


def refuse_naming(reason: str, *texts: str) -> None:
    """Raise Problem (422) if a reason names a person: the access log is kept for ever, and it is not sealed."""
    typed = normalise(reason)
    if any(len(normalise(text)) > 1 and normalise(text) in typed for text in texts):
        raise Problem(
            422,
            "reason_names_person",
            "请勿在事由中填写姓名、证件号码、电话或地址。Give the reason without name, number, phone or address.",
            field="reason",
        )


def newest_street(stays: Collection[Stay]) -> str | None:
    """Return the street of a person's newest stay, of a retracted one only if there is no other; None without stays."""
    newest = max(stays, key=lambda stay: (stay.state is not StayState.RETRACTED, stay.started_on), default=None)
    return newest.street if newest else None
