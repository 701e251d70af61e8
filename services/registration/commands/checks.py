"""Check what would come of an arrival: nothing is recorded but who asked, so that nobody tries numbers out unseen."""

from collections.abc import Sequence
from typing import NamedTuple

from contracts.envelope import uuid7
from contracts.registration.stays import StayState
from services.registration.commands.arrivals import (
    CheckedArrival,
    NamedArrival,
    Outcome,
    RecordedStays,
    assign_stays,
    load_newest,
    outcome_of,
)
from services.registration.commands.knowledge import load_knowledge
from services.registration.commands.taking_in import IdentityOutcome, foresee_identities
from services.registration.domain.arrivals import Arrival
from services.registration.domain.settling import find_contested
from services.registration.domain.stays import LIVING
from services.registration.intake.refusals import Refusal
from services.registration.service import Registration
from services.registration.views.duplicates import find_alike, likeness_of
from services.registration.views.stays import find_household
from services.runtime.access import Caller
from services.runtime.access_log.log import Access

REASON = "before an arrival is registered"


class Foreseen(NamedTuple):
    """What would come of an arrival.

    `contests` are the divisions of stays that would contest each other with it, `household` who lives in the household,
    `resembles` who of the caller's division may be the same person.
    """

    outcome: Outcome
    contests: tuple[str, ...] = ()
    household_id: str | None = None
    household: tuple[str, ...] = ()
    resembles: tuple[str, ...] = ()


async def check_arrivals(
    registration: Registration, caller: Caller, arrivals: Sequence[Arrival]
) -> list[Foreseen] | Refusal:
    """Log who is asked about, then return what would come of people arriving together, or the refusal of them all."""
    reports = [CheckedArrival(arrival, uuid7()) for arrival in arrivals]
    named = await assign_stays(registration, [reports], registration.service.clock())
    people = [one.stay.person_id for one in named]
    asked = Access.of(caller, "arrival_checked", REASON, street=named[0].stay.street, people=people)
    await registration.access_log.record(asked)
    identities = await foresee_identities(registration, [one.identity for one in named])
    if refusal := identities.refusals.get(0):
        return refusal
    recorded = await _foresee_stays(registration, named)
    return [
        await _foresee(registration, caller, one, recorded, identity)
        for one, identity in zip(named, identities.by_report, strict=True)
    ]


async def _foresee_stays(registration: Registration, named: Sequence[NamedArrival]) -> RecordedStays:
    """Return the stays as they would be; one that is registered already, and not retracted, stays as it is."""
    newest = await load_newest(registration, {one.stay.person_id for one in named})
    registered = {event.data.stay.stay_id: event.data.stay for event in newest.values()}
    standing = {name: stay for name, stay in registered.items() if stay.state is not StayState.RETRACTED}
    return RecordedStays(
        {one.stay.stay_id: standing.get(one.stay.stay_id, one.stay) for one in named},
        {one.stay.stay_id: "" if one.stay.stay_id in standing else one.report.causation for one in named},
    )


async def _foresee(
    registration: Registration, caller: Caller, one: NamedArrival, recorded: RecordedStays, identity: IdentityOutcome
) -> Foreseen:
    outcome, stay = outcome_of(one, recorded, identity), one.stay
    known = await load_knowledge(registration, stay.person_id)
    contested = find_contested(known, stay, registration.rules, registration.now().day) if outcome.accepted else []
    return Foreseen(
        outcome,
        tuple(sorted({other.street for other in contested})),
        stay.household_id,
        await _find_household(registration, one),
        await _find_alike(registration, caller, one, {other.person_id for other in known.stays}),
    )


async def _find_household(registration: Registration, one: NamedArrival) -> tuple[str, ...]:
    """Return who else lives in the household of an arrival."""
    if one.stay.household_id is None:
        return ()
    stays = await find_household(registration.service.database, one.stay.household_id)
    living = {stay.person_id for stay in stays if stay.state in LIVING}
    return tuple(sorted(living - {one.stay.person_id}))


async def _find_alike(
    registration: Registration, caller: Caller, one: NamedArrival, same_person: set[str]
) -> tuple[str, ...]:
    """Return who is like the person who arrives and stays or stayed where the caller covers."""
    arrival = one.report.arrival
    likeness, _ = likeness_of(registration.vault, arrival.name, arrival.birth, arrival.sex, arrival.hukou_division)
    alike = await find_alike(registration.service.database, one.stay.person_id, likeness)
    known = await registration.find_known_people(set(alike) - same_person)
    here = {
        person
        for each in known
        if any(caller.covers(stay.street) for stay in each.knowledge.stays)
        for person in each.ids
    }
    return tuple(person for person in alike if person in here)
