"""Register arrivals in bulk: take in the reported identities, then record the facts that start the stays."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Literal, NamedTuple

from contracts.envelope import Event, narrow
from contracts.reference.calendar import day_of
from contracts.registration.stays import Stay, StayFact, StayState, stay_id
from services.registration.commands.erasure import ReportedAgain, restore_identities
from services.registration.commands.recording import record_next
from services.registration.commands.taking_in import (
    IdentityOutcome,
    IdentityOutcomes,
    ReportedIdentity,
    identity_of,
    take_in_identities,
    take_in_restored,
)
from services.registration.domain import stays
from services.registration.domain.arrivals import Arrival, registration_due
from services.registration.intake.refusals import Refusal
from services.registration.service import Registration
from services.registration.views.sealed import find_recorded
from services.runtime.gathering import Gathering
from services.runtime.journal import Commit, Occupant

OutcomeKind = Literal["accepted", "duplicate", "updated"]


class CheckedArrival(NamedTuple):
    """A checked arrival with the causation of its request; the same causation again gets the same outcome.

    `reported_at` is when it was handed in, None if just now: an identity that was erased since is not restored.
    """

    arrival: Arrival
    causation: str
    reported_at: datetime | None = None


class Outcome(NamedTuple):
    """The outcome of an arrival: accepted, a duplicate of a stay that is registered already, or refused.

    `updated` are the fields of the recorded identity that it changed; `differs` those of identity and stay in which it
    differs from what is recorded and stays so; both by their names in reports. With `refusal` nothing of its request
    was taken in.
    """

    accepted: bool
    stay_id: str
    person_id: str
    warnings: tuple[str, ...] = ()
    updated: tuple[str, ...] = ()
    differs: tuple[str, ...] = ()
    refusal: Refusal | None = None

    @property
    def kind(self) -> OutcomeKind:
        """Return the outcome for answers to offices: a repeated report that changed something is no duplicate."""
        return "accepted" if self.accepted else "updated" if self.updated else "duplicate"


class Arrivals:
    """Registers arrivals; concurrent requests, over HTTP or AMQP, are recorded together."""

    def __init__(self, registration: Registration) -> None:
        self._gathering: Gathering[Sequence[CheckedArrival], Sequence[Outcome]] = Gathering(
            lambda requests: record_requests(registration, requests)
        )

    async def register(
        self, arrivals: Sequence[Arrival], causation: str, reported_at: datetime | None = None
    ) -> Sequence[Outcome] | Refusal:
        """Register people who arrived together; return their outcomes in the same order, or the refusal of them all."""
        reports = [CheckedArrival(arrival, cause_of(arrival, causation), reported_at) for arrival in arrivals]
        outcomes = await self._gathering.submit(reports)
        return next((outcome.refusal for outcome in outcomes if outcome.refusal), outcomes)


def cause_of(arrival: Arrival, causation: str) -> str:
    """Return the causation of an arrival: its request's, after the name of the approver if the number is unverified."""
    return f"override/{arrival.approved_by}/{causation}" if arrival.unverified else causation


async def record_arrivals(registration: Registration, reports: Sequence[CheckedArrival]) -> list[Outcome]:
    """Record arrivals that were reported one by one; return their outcomes, in the same order."""
    return [outcome for [outcome] in await record_requests(registration, [[report] for report in reports])]


async def record_requests(
    registration: Registration, requests: Sequence[Sequence[CheckedArrival]]
) -> list[list[Outcome]]:
    """Take in the identities, record the arrivals of each request and return their outcomes, in the same order.

    If one arrival is refused, all of its request are.
    """
    recorded_at = registration.service.clock()
    named = await assign_stays(registration, requests, recorded_at)
    identities = await take_in_identities(registration, [one.identity for one in named])
    taken_in = [index for index, one in enumerate(named) if one.identity.request not in identities.refusals]
    recorded = await _record(registration, [named[index] for index in taken_in], recorded_at)
    started = [index for index in taken_in if recorded.started_by(named[index])]
    if identities.erasures:
        await _restore_identities(registration, named, recorded, started, identities)
    outcomes = [
        _refused(one, identities.refusals[one.identity.request])
        if one.identity.request in identities.refusals
        else outcome_of(one, recorded, identity)
        for one, identity in zip(named, identities.by_report, strict=True)
    ]
    remaining = iter(outcomes)
    return [[next(remaining) for _ in request] for request in requests]


class NamedArrival(NamedTuple):
    """An arrival with the stay that it starts or repeats, and the identity that it reports."""

    stay: Stay
    report: CheckedArrival
    identity: ReportedIdentity


class RecordedStays(NamedTuple):
    """The stays after recording, and the causation of the fact that started each, both by stay id."""

    stays: Mapping[str, Stay]
    causes: Mapping[str, str]

    def started_by(self, one: NamedArrival) -> bool:
        """Return whether an arrival's request started its stay, now or when it was sent before."""
        return self.causes[one.stay.stay_id] == one.report.causation


async def assign_stays(
    registration: Registration, requests: Sequence[Sequence[CheckedArrival]], recorded_at: datetime
) -> list[NamedArrival]:
    """Return the arrivals of all requests, in order, each with its stay."""
    # A stay's id follows from person, street and day, so that a repetition is a duplicate.
    places = [(request, place) for request, reports in enumerate(requests) for place in range(len(reports))]
    reports = [requests[request][place] for request, place in places]
    stays = await _as_registered_before(
        registration, reports, [_stay_of(registration, report.arrival, recorded_at) for report in reports]
    )
    return [
        NamedArrival(
            stay, report, ReportedIdentity(stay.person_id, stay.stay_id, report.arrival, report.causation, *where)
        )
        for stay, report, where in zip(stays, reports, places, strict=True)
    ]


async def _record(registration: Registration, named: Sequence[NamedArrival], recorded_at: datetime) -> RecordedStays:
    """Record the facts that start stays; a stay that was registered before stays as it is."""
    journal = registration.service.journal
    first: dict[str, NamedArrival] = {}
    for one in named:
        first.setdefault(one.stay.stay_id, one)
    commits = [
        journal.commit(stays.start(one.stay), causation=one.report.causation, at=recorded_at) for one in first.values()
    ]
    taken = await journal.record(commits)
    known = {stay_id: one.stay for stay_id, one in first.items()}
    if taken:
        newest = await load_newest(registration, {commits[index].first.data.person_id or "" for index in taken})
        taken = await _restart_retracted(registration, commits, taken, newest)
        standing = [newest[commits[index].stream].data.stay for index in taken]
        known |= {stay.stay_id: stay for stay in standing}
    causes = {
        stay_id: _cause_of(commit, taken.get(index))
        for index, (stay_id, commit) in enumerate(zip(first, commits, strict=True))
    }
    return RecordedStays(known, causes)


def outcome_of(one: NamedArrival, recorded: RecordedStays, identity: IdentityOutcome) -> Outcome:
    """Return the outcome of an arrival; an accepted one can't differ from its own stay."""
    accepted = recorded.started_by(one)
    name = ("name",) if identity.name_differs else ()
    of_the_stay = () if accepted else stays.find_differences(recorded.stays[one.stay.stay_id], one.stay)
    differs = tuple(dict.fromkeys((*name, *identity.differs, *of_the_stay)))
    warnings = (*_warnings(one.stay, one.report), *(("name_differs",) if name else ()))
    return Outcome(accepted, one.stay.stay_id, one.stay.person_id, warnings, identity.updated, differs)


def _refused(one: NamedArrival, refusal: Refusal) -> Outcome:
    return Outcome(False, one.stay.stay_id, one.stay.person_id, refusal=refusal)


async def _as_registered_before(
    registration: Registration, reports: Sequence[CheckedArrival], stays: list[Stay]
) -> list[Stay]:
    """Return the stays of arrivals; one that was registered under a former code of its street keeps that code."""
    divisions = registration.service.divisions
    under_former_code = {
        stay_id(stay.person_id, old, stay.started_on): (stay.stay_id, old)
        for stay in stays
        if stay.started_on < divisions.last_abolition
        for old in divisions.predecessors(stay.street)
    }
    if not under_former_code:
        return stays
    known = await registration.service.journal.load_streams_of({stay.person_id for stay in stays})
    held = dict(
        under_former_code[former]
        for former in (event.subject.removeprefix("stay/") for event in known)
        if former in under_former_code
    )
    return [
        _stay_of(registration, report.arrival._replace(street=held[stay.stay_id]), stay.recorded_at)
        if stay.stay_id in held
        else stay
        for stay, report in zip(stays, reports, strict=True)
    ]


async def load_newest(registration: Registration, people: Collection[str]) -> dict[str, Event[StayFact]]:
    """Return the newest fact of each stay of people, by stream."""
    known = await registration.service.journal.load_streams_of(people)
    return {event.subject: narrow(event, StayFact) for event in known if isinstance(event.data, StayFact)}


async def _restart_retracted(
    registration: Registration,
    commits: Sequence[Commit],
    taken: Mapping[int, Occupant],
    newest: Mapping[str, Event[StayFact]],
) -> dict[int, Occupant]:
    """Start retracted stays again, unless their request is a repetition; return the other taken commits by index."""
    journal = registration.service.journal
    still_taken = dict(taken)
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


def _warnings(stay: Stay, report: CheckedArrival) -> tuple[str, ...]:
    """Return the warnings of an arrival, with `registered_late` if it was handed in after the last day for it."""
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


async def _restore_identities(
    registration: Registration,
    named: Sequence[NamedArrival],
    recorded: RecordedStays,
    started: Sequence[int],
    identities: IdentityOutcomes,
) -> None:
    """Restore the identities of erased people for whom arrivals started stays after the erasure.

    If several arrivals are about one such person, the first restores the identity, and each is folded into it.
    """
    again = [index for index in started if _is_after_erasure(named[index], recorded, identities.erasures)]
    reports = [
        ReportedAgain(
            one.stay.person_id,
            one.stay.stay_id,
            registration.vault.seal(identity_of(one.report.arrival)),
            one.report.arrival.started_on.isoformat(),
            one.report.reported_at,
        )
        for one in (named[index] for index in again)
    ]
    service = registration.service
    await restore_identities(service.database, service.journal, identities.erasures, reports)
    restored = await find_recorded(service.database, {named[index].stay.person_id for index in again})
    again = [index for index in again if named[index].stay.person_id in restored]
    taken_in = await take_in_restored(registration, [named[index].identity for index in again])
    for index, outcome in zip(again, taken_in, strict=True):
        identities.by_report[index] = outcome


def _is_after_erasure(one: NamedArrival, recorded: RecordedStays, erasures: Mapping[str, datetime]) -> bool:
    """Return whether a stay was reported, and started, after the identity of its person was erased."""
    erased_at, started_at = erasures.get(one.stay.person_id), recorded.stays[one.stay.stay_id].recorded_at
    return erased_at is not None and min(started_at, one.report.reported_at or started_at) > erased_at
