"""What registration does when asked: load, decide, record. One function per command."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from contracts.envelope import Event, Fact
from contracts.registration import Stay, StayFact, StayState, stay_id
from services.registration import domain, views
from services.registration.intake import Arrival, Departure
from services.registration.vault import Identity, Vault
from services.runtime.gathering import Gathering
from services.runtime.journal import Commit, ConflictError, Taken
from services.runtime.service import Service

ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class ArrivalReported:
    """A checked arrival and the request it came with; the same request again gets the same answer."""

    arrival: Arrival
    causation: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an arrival: `accepted`, or `duplicate` of a stay that is already registered."""

    accepted: bool
    stay_id: str
    person_id: str
    warnings: tuple[str, ...] = ()


@dataclass
class Registration:
    """The registration service as its commands see it."""

    service: Service
    vault: Vault
    arrivals: Gathering[ArrivalReported, Outcome] = field(init=False)

    def __post_init__(self) -> None:
        self.arrivals = Gathering(lambda reports: record_arrivals(self, reports))


class NotRegisteredError(domain.RefusedError):
    """The person has no open stay in the street."""

    code = "not_registered_here"
    advice = "该人员在本街道没有在住记录。No open stay of this person in this street; register the arrival first."


class NotOursError(domain.RefusedError):
    """The stay is unknown here or another district's."""

    code = "not_found"
    advice = "本区没有该居住记录。No such stay in this district."


async def record_arrivals(registration: Registration, reports: Sequence[ArrivalReported]) -> list[Outcome]:
    """Record arrivals in bulk: identities sealed first, then the facts; natural ids make repetitions duplicates."""
    journal = registration.service.journal
    recorded_at = registration.service.clock()
    named = [(_stay_of(report.arrival, registration.vault, recorded_at), report) for report in reports]
    first: dict[str, tuple[Stay, ArrivalReported]] = {}
    for stay, report in named:
        first.setdefault(stay.stay_id, (stay, report))
    await _keep_identities(registration, [(stay.person_id, report.arrival) for stay, report in first.values()])
    commits = [journal.commit(domain.start(stay), causation=report.causation) for stay, report in first.values()]
    taken = await journal.record(commits)
    taken = await _start_again(registration, commits, taken) if taken else taken
    causes = {
        stay: _cause_of(commit, taken.get(index))
        for index, (stay, commit) in enumerate(zip(first, commits, strict=True))
    }
    return [
        Outcome(causes[stay.stay_id] == report.causation, stay.stay_id, stay.person_id, report.arrival.warnings)
        for stay, report in named
    ]


async def _start_again(
    registration: Registration, commits: Sequence[Commit], taken: Mapping[int, Taken]
) -> dict[int, Taken]:
    """Start again the stays that stand there retracted, unless the request is an old one; give what is still taken."""
    journal = registration.service.journal
    still = dict(taken)
    people = {commits[index].first.data.person_id or "" for index in taken}
    standing = {event.subject: event for event in await journal.load_streams_of(people)}
    for index in taken:
        started, event = commits[index].first, standing[commits[index].stream]
        if event.sequence == 1:
            continue
        if started.causationid in await journal.load_causes(started.subject):
            still[index] = Taken(started.causationid)
        elif event.data.stay.state is StayState.RETRACTED and await _continue(
            registration, event, started.data, started.causationid
        ):
            del still[index]
    return still


def _cause_of(commit: Commit, taken: Taken | None) -> str:
    """Name the request that the stay owes its start to."""
    return taken.causation if taken else commit.first.causationid


def _stay_of(arrival: Arrival, vault: Vault, recorded_at: datetime) -> Stay:
    person_id = vault.name(arrival.document_type, arrival.document_number)
    return Stay(
        stay_id=stay_id(person_id, arrival.street, arrival.started_on),
        person_id=person_id,
        street=arrival.street,
        started_on=arrival.started_on,
        recorded_at=recorded_at,
        birth=arrival.birth,
        sex=arrival.sex,
        hukou_division=arrival.hukou_division,
        origin=arrival.origin,
        purpose=arrival.purpose,
        dwelling=arrival.dwelling,
        hazard=arrival.hazard,
        community=arrival.community,
        grid=arrival.grid,
    )


async def _keep_identities(registration: Registration, people: Sequence[tuple[str, Arrival]]) -> None:
    """Seal who the people are; of a person already known, only what differs and is not older is replaced."""
    vault, database = registration.vault, registration.service.database
    latest: dict[str, Arrival] = {}
    for person_id, arrival in people:
        if person_id not in latest or latest[person_id].started_on <= arrival.started_on:
            latest[person_id] = arrival
    identities = {person_id: _identity_of(arrival) for person_id, arrival in latest.items()}
    known = await views.find_sealed(database, identities)
    news = [person for person, identity in identities.items() if person not in known]
    changed = [person for person in known if vault.open(known[person]) != identities[person]]
    sealed = {
        person: (person, vault.seal(identities[person]), latest[person].started_on.isoformat())
        for person in (*news, *changed)
    }
    raced = await views.insert_sealed(database, [sealed[person] for person in news])
    await views.replace_sealed(database, [sealed[person] for person in (*changed, *(news[index] for index in raced))])


def _identity_of(arrival: Arrival) -> Identity:
    return Identity(
        name=arrival.name,
        document_type=arrival.document_type,
        document_number=arrival.document_number,
        phone=arrival.phone,
        address=arrival.address,
        hukou_address=arrival.hukou_address,
        employer=arrival.employer,
    )


async def record_departure(registration: Registration, departure: Departure, causation: str) -> Stay:
    """End the person's stay in the street on the day the person left; the same departure again changes nothing."""
    person_id = registration.vault.name(departure.document_type, departure.document_number)

    def decide(stays: Sequence[Stay]) -> StayFact | Stay:
        here = [stay for stay in stays if stay.street == departure.street]
        living = [stay for stay in here if stay.state in domain.LIVING]
        if living:
            stay = max(living, key=lambda stay: stay.started_on)
            return domain.end(stay, departure.left_on, departure.destination)
        for stay in here:
            if stay.state is StayState.ENDED and stay.ended_on == departure.left_on:
                return stay
        raise NotRegisteredError

    return await _decide_about(registration, person_id, decide, causation)


async def confirm_move(registration: Registration, stay_id: str, causation: str) -> Stay:
    """Confirm that the person of a contested stay moved on; it ends where the newer stay starts."""

    async def rival_of(stay: Stay) -> Stay | None:
        return await views.find_stay(registration.service.database, stay.contested_by) if stay.contested_by else None

    for _ in range(ATTEMPTS):
        event = await _load_own(registration, stay_id)
        fact = domain.confirm(event.data.stay, await rival_of(event.data.stay))
        if await _continue(registration, event, fact, causation):
            return fact.stay
    raise ConflictError(stay_id)


async def retract_arrival(registration: Registration, stay_id: str, causation: str) -> Stay:
    """Retract an arrival that was registered by mistake."""
    for _ in range(ATTEMPTS):
        event = await _load_own(registration, stay_id)
        fact = domain.retract(event.data.stay)
        if await _continue(registration, event, fact, causation):
            return fact.stay
    raise ConflictError(stay_id)


async def settle(registration: Registration, causes: Mapping[str, str]) -> None:
    """Record what the own districts still owe about people, given the event that was heard of each."""
    service = registration.service
    movers = await views.find_movers(service.database, causes)
    if not movers:
        return
    heard = await views.find_stays_of(service.database, movers)
    own: dict[str, list[Event[Any]]] = {}
    for event in await service.journal.load_streams_of(movers):
        own.setdefault(event.data.person_id, []).append(event)
    for person_id in movers:
        await _settle_person(registration, own.get(person_id, []), heard.get(person_id, []), causes[person_id])


async def _settle_person(
    registration: Registration, own: Sequence[Event[Any]], heard: Sequence[Stay], cause: str
) -> None:
    events = {event.data.stay.stay_id: event for event in own}
    known = {stay.stay_id: stay for stay in heard} | {name: event.data.stay for name, event in events.items()}
    for fact in domain.settle([event.data.stay for event in own], list(known.values())):
        if not await _continue(registration, events[fact.stay.stay_id], fact, cause):
            await settle(registration, {fact.stay.person_id: cause})
            return


async def _decide_about(
    registration: Registration,
    person_id: str,
    decide: Callable[[Sequence[Stay]], StayFact | Stay],
    causation: str,
) -> Stay:
    for _ in range(ATTEMPTS):
        events = {e.data.stay.stay_id: e for e in await registration.service.journal.load_streams_of([person_id])}
        decided = decide([event.data.stay for event in events.values()])
        if isinstance(decided, Stay):
            return decided
        if await _continue(registration, events[decided.stay.stay_id], decided, causation):
            return decided.stay
    raise ConflictError(person_id)


async def _load_own(registration: Registration, stay_id: str) -> Event[Any]:
    event = await registration.service.journal.load(f"stay/{stay_id}")
    if event is None:
        raise NotOursError
    return event


async def _continue(registration: Registration, event: Event[Any], fact: Fact, causation: str) -> bool:
    """Record a fact after an event; False means that somebody else was first."""
    journal = registration.service.journal
    commit = journal.commit(fact, after=event.sequence, causation=causation, correlation=event.correlationid)
    return not await journal.record([commit])
