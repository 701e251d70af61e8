"""Keep how people may be written to, and tell a service that is about to; the access log has each of them first."""

from collections.abc import Mapping, Sequence

from contracts.outreach.messages import Topic
from contracts.reference.telling import tells_mobile
from contracts.registration.contacts import ContactKind
from contracts.registration.stays import Stay, StayState
from services.registration.commands.identities import explain_missing, find_identity
from services.registration.domain.identities import Identity
from services.registration.service import Registration
from services.registration.views.sealed import Replacement, find_recorded, find_sealed, replace_sealed
from services.registration.views.stays import find_stays_of
from services.runtime.access import Caller
from services.runtime.access_log.log import Access


async def tell_contacts(
    registration: Registration, caller: Caller, people: Sequence[str], kind: ContactKind, purpose: Topic
) -> dict[str, str]:
    """Log who is asked about, then return contacts of those who live where the caller covers, by person.

    Whoever lives elsewhere, is not known or gave no such contact is missing.
    """
    stays = await find_stays_of(registration.service.database, people)
    here = {person: street for person in people if (street := _street_of(stays.get(person, ()), caller)) is not None}
    reason = f"message: {purpose.value}"
    accesses = [
        Access.of(
            caller,
            "contact_read" if person in here else "contact_sought",
            reason,
            person_id=person,
            street=here.get(person),
        )
        for person in people
    ]
    await registration.access_log.record_all(accesses)
    sealed = await find_sealed(registration.service.database, here)
    told = {person: _contact(registration.vault.open(content), kind) for person, content in sealed.items()}
    return {person: contact for person, contact in told.items() if contact}


async def keep_contacts(
    registration: Registration, access: Access, person_id: str, contacts: Mapping[str, str]
) -> None:
    """Log the change, then replace e-mail or openid of a person; raise Problem (404, 410) if there is no identity."""
    if await find_identity(registration, person_id) is None:
        raise await explain_missing(registration, person_id)
    await registration.access_log.record(access)
    database, vault = registration.service.database, registration.vault
    while True:
        recorded = (await find_recorded(database, [person_id])).get(person_id)
        if recorded is None:
            raise await explain_missing(registration, person_id)
        changed = vault.open(recorded.sealed).model_copy(update=dict(contacts))
        replaced = Replacement(person_id, recorded.sealed, vault.seal(changed), recorded.as_of)
        if not await replace_sealed(database, [replaced]):
            return


def _street_of(stays: Sequence[Stay], caller: Caller) -> str | None:
    """Return the street where somebody lives now, if the caller covers it."""
    living = (stay.street for stay in stays if stay.state is StayState.OPEN)
    return next((street for street in living if caller.covers(street)), None)


def _contact(identity: Identity, kind: ContactKind) -> str:
    if kind is ContactKind.PHONE:
        return identity.phone if tells_mobile(identity.phone) else ""
    return identity.email if kind is ContactKind.EMAIL else identity.openid
