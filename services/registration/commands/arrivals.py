"""Arrivals, many at once: identities sealed first, then the facts that start the stays."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from contracts.envelope import narrow
from contracts.reference.calendar import day_of
from contracts.registration.stays import Stay, StayFact, StayState, stay_id
from services.registration.commands.erasure import ReportedAgain, bring_back
from services.registration.commands.recording import record_next as _continue
from services.registration.domain import stays
from services.registration.domain.arrivals import Arrival, registration_due
from services.registration.domain.identities import Identity
from services.registration.service import Registration
from services.registration.views import duplicates
from services.registration.views.sealed import find_erasures, find_sealed, insert_sealed, replace_sealed
from services.runtime.gathering import Gathering
from services.runtime.journal import Commit, Occupant


class ArrivalReported(NamedTuple):
    """A checked arrival and the request it came with; the same request again gets the same answer.

    `reported_at` is when it was handed in, if that is not now: it does not bring back who was erased since.
    """

    arrival: Arrival
    causation: str
    reported_at: datetime | None = None


class Outcome(NamedTuple):
    """What became of an arrival: `accepted`, or `duplicate` of a stay that is already registered."""

    accepted: bool
    stay_id: str
    person_id: str
    warnings: tuple[str, ...] = ()


class Arrivals:
    """Registers arrivals; those that come at the same time, by whichever door, are recorded together."""

    def __init__(self, registration: Registration) -> None:
        self._gathering: Gathering[ArrivalReported, Outcome] = Gathering(
            lambda reports: record_arrivals(registration, reports)
        )

    async def register(
        self, arrivals: Sequence[Arrival], causation: str, reported_at: datetime | None = None
    ) -> Sequence[Outcome]:
        """Register people who arrived together; each has a stay of their own."""
        reports = [ArrivalReported(arrival, cause_of(arrival, causation), reported_at) for arrival in arrivals]
        return await asyncio.gather(*map(self._gathering.submit, reports))


def cause_of(arrival: Arrival, causation: str) -> str:
    """Name the request; of a number that was approved it says so and by whom, the reason is kept with the identity."""
    return f"override/{arrival.approved_by}/{causation}" if arrival.unverified else causation


async def record_arrivals(registration: Registration, reports: Sequence[ArrivalReported]) -> list[Outcome]:
    """Record arrivals in bulk: identities sealed first, then the facts; natural ids make repetitions duplicates."""
    journal = registration.service.journal
    recorded_at = registration.service.clock()
    named = [(_stay_of(registration, report.arrival, recorded_at), report) for report in reports]
    named = await _as_registered_before(registration, named)
    first: dict[str, tuple[Stay, ArrivalReported]] = {}
    for stay, report in named:
        first.setdefault(stay.stay_id, (stay, report))
    people = [(stay.person_id, report.arrival) for stay, report in first.values()]
    erased = await _keep_identities(registration, people)
    commits = [
        journal.commit(stays.start(stay), causation=report.causation, at=recorded_at) for stay, report in first.values()
    ]
    taken = await journal.record(commits)
    taken = await _start_again(registration, commits, taken) if taken else taken
    causes = {
        stay: _cause_of(commit, taken.get(index))
        for index, (stay, commit) in enumerate(zip(first, commits, strict=True))
    }
    if erased:
        await _bring_back(registration, erased, [(s, r) for s, r in named if causes[s.stay_id] == r.causation])
    return [
        Outcome(causes[stay.stay_id] == report.causation, stay.stay_id, stay.person_id, _warnings(stay, report))
        for stay, report in named
    ]


async def _as_registered_before(
    registration: Registration, named: list[tuple[Stay, ArrivalReported]]
) -> list[tuple[Stay, ArrivalReported]]:
    """Take an arrival that is registered under a code its street had at the time for what it is: the same stay."""
    divisions = registration.service.divisions
    earlier = {
        stay_id(stay.person_id, old, stay.started_on): (stay.stay_id, old)
        for stay, _ in named
        if stay.started_on < divisions.last_abolition
        for old in divisions.predecessors(stay.street)
    }
    if not earlier:
        return named
    known = await registration.service.journal.load_streams_of({stay.person_id for stay, _ in named})
    held = {
        earlier[one][0]: {"stay_id": one, "street": earlier[one][1]}
        for one in (event.subject.removeprefix("stay/") for event in known)
        if one in earlier
    }
    return [(stay.model_copy(update=held.get(stay.stay_id)), report) for stay, report in named]


async def _start_again(
    registration: Registration, commits: Sequence[Commit], taken: Mapping[int, Occupant]
) -> dict[int, Occupant]:
    """Start again the stays that stand there retracted, unless the request is an old one; give what is still taken."""
    journal = registration.service.journal
    still = dict(taken)
    people = {commits[index].first.data.person_id or "" for index in taken}
    known = await journal.load_streams_of(people)
    standing = {event.subject: narrow(event, StayFact) for event in known if isinstance(event.data, StayFact)}
    for index in taken:
        started, event = commits[index].first, standing[commits[index].stream]
        if event.sequence == 1:
            continue
        if started.causationid in await journal.load_causes(started.subject):
            still[index] = Occupant(started.causationid)
        elif event.data.stay.state is StayState.RETRACTED and await _continue(
            registration, event, started.data, started.causationid
        ):
            del still[index]
    return still


def _cause_of(commit: Commit, taken: Occupant | None) -> str:
    """Name the request that the stay owes its start to."""
    return taken.causation if taken else commit.first.causationid


def _warnings(stay: Stay, report: ArrivalReported) -> tuple[str, ...]:
    """Give what an office is told beside an accepted arrival; it is late by the day on which it was handed in."""
    due, reported_at = stay.registration_due, report.reported_at or stay.recorded_at
    late = due is not None and day_of(reported_at) > due
    return (*report.arrival.warnings, "registered_late") if late else report.arrival.warnings


def _stay_of(registration: Registration, arrival: Arrival, recorded_at: datetime) -> Stay:
    vault, deadlines = registration.vault, registration.rules.deadlines
    person_id = vault.name(*arrival.document)
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
        categories=arrival.categories,
        household_id=vault.household(vault.name(*arrival.head), arrival.street) if arrival.head else None,
        relationship=arrival.relationship,
        guardian_id=vault.name(*arrival.guardian) if arrival.guardian else None,
        unverified=arrival.unverified,
        registration_due=registration_due(deadlines, arrival.started_on, arrival.purpose, arrival.dwelling),
    )


async def _keep_identities(registration: Registration, people: Sequence[tuple[str, Arrival]]) -> Mapping[str, datetime]:
    """Seal who the people are, replacing only what differs and is not older; give who of them was erased, and when.

    Whoever is like somebody else becomes a candidate for a clerk to look at.
    """
    vault, database = registration.vault, registration.service.database
    latest: dict[str, Arrival] = {}
    for person_id, arrival in people:
        if person_id not in latest or latest[person_id].started_on <= arrival.started_on:
            latest[person_id] = arrival
    likenesses = duplicates.likenesses_of(vault, people)
    identities = {person_id: _identity_of(arrival) for person_id, arrival in latest.items()}
    known = await find_sealed(database, identities)
    news = [person for person, identity in identities.items() if person not in known]
    changed = [person for person in known if vault.open(known[person]) != identities[person]]
    sealed = {
        person: (person, vault.seal(identities[person]), latest[person].started_on.isoformat())
        for person in (*news, *changed)
    }
    raced = await insert_sealed(database, [sealed[person] for person in news], likenesses)
    there = [news[index] for index in raced]
    differing = [*changed, *there]
    await replace_sealed(database, [sealed[person] for person in differing])
    await duplicates.add_likenesses(database, {person: likenesses[person] for person in differing})
    await duplicates.raise_pairs(database, likenesses)
    return await find_erasures(database, there) if there else {}


async def _bring_back(
    registration: Registration, erased: Mapping[str, datetime], accepted: Sequence[tuple[Stay, ArrivalReported]]
) -> None:
    """Keep identities again of people who were erased before they arrived anew."""
    reports = [
        ReportedAgain(
            stay.person_id,
            stay.stay_id,
            registration.vault.seal(_identity_of(report.arrival)),
            report.arrival.started_on.isoformat(),
            report.reported_at,
        )
        for stay, report in accepted
        if stay.person_id in erased
    ]
    database = registration.service.database
    await bring_back(database, registration.service.journal, erased, reports)
    again = [(stay.person_id, report.arrival) for stay, report in accepted if stay.person_id in erased]
    likenesses = duplicates.likenesses_of(registration.vault, again)
    await duplicates.add_likenesses(database, likenesses)
    await duplicates.raise_pairs(database, likenesses)


def _identity_of(arrival: Arrival) -> Identity:
    return Identity(
        name=arrival.name,
        document_type=arrival.document_type,
        document_number=arrival.document_number,
        phone=arrival.phone,
        address=arrival.address,
        hukou_address=arrival.hukou_address,
        employer=arrival.employer,
        birth=arrival.birth,
        sex=arrival.sex,
        hukou_division=arrival.hukou_division,
        override_reason=arrival.override_reason,
        approved_by=arrival.approved_by,
    )
