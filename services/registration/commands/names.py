"""Show who people are by masked names, many at once, and find them; the access log has whom, before they are shown."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from contracts.registration.stays import Stay, StayState
from services.registration.commands.identities import find_names, newest_street, refuse_naming, texts_of, withhold
from services.registration.domain.identities import Identity, MaskedIdentity, mask
from services.registration.domain.knowledge import claim_order
from services.registration.domain.searches import findable_by
from services.registration.service import Registration
from services.registration.views.people import KnownPerson
from services.registration.views.sealed import find_sealed
from services.registration.views.searches import find_sought
from services.runtime.access import Caller
from services.runtime.access_log.log import Access

MOST_FOUND = 50
"""People whom one search shows; more are too many to tell apart."""


class FoundPerson(NamedTuple):
    """A person who was found, and the stay by which the caller covers them: the open one, else the newest."""

    person_id: str
    identity: Identity
    stay: Stay


class _Group(NamedTuple):
    """People who live in one street, and whether the caller covers a stay of theirs."""

    street: str | None
    covered: bool


async def show_names(
    registration: Registration, caller: Caller, people: Sequence[str], reason: str
) -> list[MaskedIdentity]:
    """Log whose names are asked for, street by street, then return those of people whom the caller covers.

    Whoever never stayed there, is not known or was erased is missing. Raise Problem (422) if the reason names one of
    those who are shown.
    """
    known = await registration.find_known_people(people)
    groups = _group(caller, people, {one: person for person in known for one in person.ids})
    identities = await _open(registration, people)
    here = [person for group, members in groups.items() if group.covered for person in members]
    refuse_naming(reason, *await _tell(registration, identities, here))
    accesses = [
        Access.of(
            caller,
            "names_read" if group.covered else "names_sought",
            reason if group.covered else withhold(reason, *await _tell(registration, identities, members)),
            street=group.street,
            people=members,
        )
        for group, members in groups.items()
    ]
    await registration.access_log.record_all(accesses)
    shown = set(here)
    return [mask(person, identities[person]) for person in people if person in shown and person in identities]


async def search_people(registration: Registration, caller: Caller, sought: str, reason: str) -> list[FoundPerson]:
    """Log the search, street by street of who is found, then return people whom the caller covers, MOST_FOUND and one.

    Raise Problem (422) if the reason names one of them. What was sought stands in no log.
    """
    found: list[FoundPerson] = []
    async for sealed in find_sought(registration.service.database, registration.vault.digests(sought)):
        found += await _find_covered(registration, caller, sealed, sought)
        if len(found) > MOST_FOUND:
            break
    found = found[: MOST_FOUND + 1]
    telling = [text for person in found for text in texts_of(person.identity)]
    refuse_naming(reason, *telling, *await find_names(registration, *(person.person_id for person in found)))
    by_street: dict[str | None, list[str]] = {}
    for person in found[:MOST_FOUND]:
        by_street.setdefault(person.stay.street, []).append(person.person_id)
    accesses = [
        Access.of(caller, "people_sought", reason, street=street, people=people)
        for street, people in (by_street or {None: []}).items()
    ]
    await registration.access_log.record_all(accesses)
    return found


async def _find_covered(
    registration: Registration, caller: Caller, sealed: Mapping[str, bytes], sought: str
) -> list[FoundPerson]:
    """Return those of some people who stay or stayed where the caller covers and are still called so."""
    found = []
    for known in await registration.find_known_people(sealed):
        here = [stay for stay in known.knowledge.stays if caller.covers(stay.street)]
        if not here:
            continue
        stay = max(here, key=lambda one: (one.state is StayState.OPEN, claim_order(one)))
        for person in sorted(sealed.keys() & set(known.ids)):
            identity = registration.vault.open(sealed[person])
            if sought in findable_by(identity):
                found.append(FoundPerson(person, identity, stay))
    return found


def _group(caller: Caller, people: Sequence[str], known: Mapping[str, KnownPerson]) -> dict[_Group, list[str]]:
    groups: dict[_Group, list[str]] = {}
    for person in people:
        stays = known[person].knowledge.stays
        group = _Group(newest_street(stays), any(caller.covers(stay.street) for stay in stays))
        groups.setdefault(group, []).append(person)
    return groups


async def _open(registration: Registration, people: Sequence[str]) -> dict[str, Identity]:
    sealed = await find_sealed(registration.service.database, people)
    return {person: registration.vault.open(content) for person, content in sealed.items()}


async def _tell(
    registration: Registration, identities: Mapping[str, Identity], people: Sequence[str]
) -> tuple[str, ...]:
    """Return the texts that say who some people are, other names of theirs included."""
    texts = [text for person in people for text in texts_of(identities.get(person))]
    return (*texts, *await find_names(registration, *people))
