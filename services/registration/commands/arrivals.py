"""Record arrivals in bulk: seal the identities, then record the facts that start the stays."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from contracts.envelope import narrow
from contracts.reference.calendar import day_of
from contracts.registration.stays import Stay, StayFact, StayState, stay_id
from services.registration.commands.erasure import ReportedAgain, restore_identities
from services.registration.commands.recording import record_next
from services.registration.domain import stays
from services.registration.domain.arrivals import Arrival, registration_due
from services.registration.domain.identities import Identity
from services.registration.intake.refusals import Refusal
from services.registration.service import Registration
from services.registration.views import duplicates
from services.registration.views.sealed import find_erasures, find_sealed, insert_sealed, replace_sealed
from services.runtime.gathering import Gathering
from services.runtime.journal import Commit, Occupant


class ArrivalReported(NamedTuple):
    """A checked arrival and the name of its request; the same request again gets the same answer.

    `reported_at` is when it was handed in, if that is not now: an identity erased since is not restored.
    """

    arrival: Arrival
    causation: str
    reported_at: datetime | None = None


class Outcome(NamedTuple):
    """The outcome of an arrival: accepted, or a duplicate of a stay that is registered already."""

    accepted: bool
    stay_id: str
    person_id: str
    warnings: tuple[str, ...] = ()
    updated: tuple[str, ...] = ()
    differs: tuple[str, ...] = ()
    refusal: Refusal | None = None


class Arrivals:
    """Registers arrivals; those that come at the same time, over HTTP or AMQP, are recorded together."""

    def __init__(self, registration: Registration) -> None:
        self._gathering: Gathering[ArrivalReported, Outcome] = Gathering(
            lambda reports: record_arrivals(registration, reports)
        )

    async def register(
        self, arrivals: Sequence[Arrival], causation: str, reported_at: datetime | None = None
    ) -> Sequence[Outcome]:
        """Register people who arrived together; return an outcome for each, in the same order."""
        reports = [ArrivalReported(arrival, cause_of(arrival, causation), reported_at) for arrival in arrivals]
        return await asyncio.gather(*map(self._gathering.submit, reports))


def cause_of(arrival: Arrival, causation: str) -> str:
    """Return the causation of an arrival: that of its request, preceded by the approver of an unverified number."""
    return f"override/{arrival.approved_by}/{causation}" if arrival.unverified else causation


async def record_arrivals(registration: Registration, reports: Sequence[ArrivalReported]) -> list[Outcome]:
    """Seal the identities, record the arrivals and return their outcomes, in the same order.

    Ids follow from person, street and day, so that a repetition is a duplicate.
    """
    journal = registration.service.journal
    recorded_at = registration.service.clock()
    named = [(_stay_of(registration, report.arrival, recorded_at), report) for report in reports]
    named = await _as_registered_before(registration, named)
    first: dict[str, tuple[Stay, ArrivalReported]] = {}
    for stay, report in named:
        first.setdefault(stay.stay_id, (stay, report))
    people = [(stay.person_id, report.arrival) for stay, report in first.values()]
    erased = await _seal_identities(registration, people)
    commits = [
        journal.commit(stays.start(stay), causation=report.causation, at=recorded_at) for stay, report in first.values()
    ]
    taken = await journal.record(commits)
    taken = await _restart_retracted(registration, commits, taken) if taken else taken
    causes = {
        stay: _cause_of(commit, taken.get(index))
        for index, (stay, commit) in enumerate(zip(first, commits, strict=True))
    }
    if erased:
        await _restore_identities(registration, erased, [(s, r) for s, r in named if causes[s.stay_id] == r.causation])
    return [
        Outcome(causes[stay.stay_id] == report.causation, stay.stay_id, stay.person_id, _warnings(stay, report))
        for stay, report in named
    ]


async def _as_registered_before(
    registration: Registration, named: list[tuple[Stay, ArrivalReported]]
) -> list[tuple[Stay, ArrivalReported]]:
    """Return the arrivals, with the registered stay in place of those registered under a former code of the street."""
    divisions = registration.service.divisions
    under_former_code = {
        stay_id(stay.person_id, old, stay.started_on): (stay.stay_id, old)
        for stay, _ in named
        if stay.started_on < divisions.last_abolition
        for old in divisions.predecessors(stay.street)
    }
    if not under_former_code:
        return named
    known = await registration.service.journal.load_streams_of({stay.person_id for stay, _ in named})
    held = {
        under_former_code[former][0]: {"stay_id": former, "street": under_former_code[former][1]}
        for former in (event.subject.removeprefix("stay/") for event in known)
        if former in under_former_code
    }
    return [(stay.model_copy(update=held.get(stay.stay_id)), report) for stay, report in named]


async def _restart_retracted(
    registration: Registration, commits: Sequence[Commit], taken: Mapping[int, Occupant]
) -> dict[int, Occupant]:
    """Start retracted stays again, unless the request is an old one; return the commits still taken, by index."""
    journal = registration.service.journal
    still_taken = dict(taken)
    people = {commits[index].first.data.person_id or "" for index in taken}
    known = await journal.load_streams_of(people)
    newest = {event.subject: narrow(event, StayFact) for event in known if isinstance(event.data, StayFact)}
    for index in taken:
        started, event = commits[index].first, newest[commits[index].stream]
        if event.sequence == 1:
            continue
        if started.causationid in await journal.load_causes(started.subject):
            still_taken[index] = Occupant(started.causationid)
        elif event.data.stay.state is StayState.RETRACTED and await record_next(
            registration, event, started.data, started.causationid
        ):
            del still_taken[index]
    return still_taken


def _cause_of(commit: Commit, taken: Occupant | None) -> str:
    """Return the causation of the fact that started the stay."""
    return taken.causation if taken else commit.first.causationid


def _warnings(stay: Stay, report: ArrivalReported) -> tuple[str, ...]:
    """Return the warnings of an arrival, with `registered_late` if it was handed in after the last day in time."""
    due, reported_at = stay.registration_due, report.reported_at or stay.recorded_at
    late = due is not None and day_of(reported_at) > due
    return (*report.arrival.warnings, "registered_late") if late else report.arrival.warnings


def _stay_of(registration: Registration, arrival: Arrival, recorded_at: datetime) -> Stay:
    vault, deadlines = registration.vault, registration.rules.deadlines
    person_id = vault.person_id_of(*arrival.document)
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
        household_id=vault.household_id_of(vault.person_id_of(*arrival.head), arrival.street) if arrival.head else None,
        relationship=arrival.relationship,
        guardian_id=vault.person_id_of(*arrival.guardian) if arrival.guardian else None,
        unverified=arrival.unverified,
        registration_due=registration_due(deadlines, arrival.started_on, arrival.purpose, arrival.dwelling),
    )


async def _seal_identities(registration: Registration, people: Sequence[tuple[str, Arrival]]) -> Mapping[str, datetime]:
    """Seal the identities of people, replacing only those that differ and are not newer.

    Return when identities among them were erased, by person. Raise pairs of people who may be one for a clerk to check.
    """
    vault, database = registration.vault, registration.service.database
    latest: dict[str, Arrival] = {}
    for person_id, arrival in people:
        if person_id not in latest or latest[person_id].started_on <= arrival.started_on:
            latest[person_id] = arrival
    likenesses = duplicates.likenesses_of(vault, people)
    identities = {person_id: _identity_of(arrival) for person_id, arrival in latest.items()}
    known = await find_sealed(database, identities)
    new = [person for person, identity in identities.items() if person not in known]
    changed = [person for person in known if vault.open(known[person]) != identities[person]]
    sealed = {
        person: (person, vault.seal(identities[person]), latest[person].started_on.isoformat())
        for person in (*new, *changed)
    }
    raced = await insert_sealed(database, [sealed[person] for person in new], likenesses)
    present = [new[index] for index in raced]
    differing = [*changed, *present]
    await replace_sealed(database, [sealed[person] for person in differing])
    await duplicates.add_likenesses(database, {person: likenesses[person] for person in differing})
    await duplicates.raise_pairs(database, likenesses)
    return await find_erasures(database, present) if present else {}


async def _restore_identities(
    registration: Registration, erased: Mapping[str, datetime], accepted: Sequence[tuple[Stay, ArrivalReported]]
) -> None:
    """Restore the identities of erased people for whom these arrivals started new stays."""
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
    await restore_identities(database, registration.service.journal, erased, reports)
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
