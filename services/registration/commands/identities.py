"""Whom an identity is shown to: to who covers a stay of the person and says why, once that stands in the access log."""

from collections.abc import Collection

from contracts.registration.stays import Stay, StayState
from services.registration.domain.identities import Identity
from services.registration.domain.mentions import tidy
from services.registration.service import Registration
from services.registration.views.sealed import find_sealed
from services.runtime.access import Caller
from services.runtime.access_log.log import Access
from services.runtime.problems import Problem


async def show_identity(
    registration: Registration, caller: Caller, person_id: str, stays: Collection[Stay], reason: str
) -> Identity | None:
    """Log the access, then give who the person is, or None if that was erased; a search in vain is logged too."""
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
    """Open a person's identity for the vault's own work; showing it is `show_identity`'s."""
    sealed = (await find_sealed(registration.service.database, [person_id])).get(person_id)
    return registration.vault.open(sealed) if sealed else None


def texts_of(identity: Identity | None) -> tuple[str, ...]:
    """Give the texts that say who a person is."""
    return (identity.name, identity.document_number, identity.phone, identity.address) if identity else ()


def refuse_naming(reason: str, *texts: str) -> None:
    """Refuse a reason that says who a person is: the access log is kept for ever, and it is not sealed."""
    said = tidy(reason)
    if any(len(tidy(text)) > 1 and tidy(text) in said for text in texts):
        raise Problem(
            422,
            "reason_names_person",
            "请勿在事由中填写姓名、证件号码、电话或地址。Give the reason without name, number, phone or address.",
            field="reason",
        )


def newest_street(stays: Collection[Stay]) -> str | None:
    """Give the street of a person's newest stay, those retracted only if there is no other."""
    newest = max(stays, key=lambda stay: (stay.state is not StayState.RETRACTED, stay.started_on), default=None)
    return newest.street if newest else None
