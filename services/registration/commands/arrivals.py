"""Record arrivals in bulk: take in the identities, then record the facts that start the stays."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Literal, NamedTuple

from contracts.envelope import Event, narrow
from contracts.reference.calendar import day_of
from contracts.registration.stays import Stay, StayFact, StayState, stay_id
from services.registration.commands.erasure import ReportedAgain, restore_identities
from services.registration.commands.recording import record_next
from services.registration.commands.taking_in import (
    Finding,
    Findings,
    Reported,
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

Told = Literal["accepted", "duplicate", "updated"]


class ArrivalReported(NamedTuple):
    """A checked arrival and the name of its request; the same request again gets the same answer.

    `reported_at` is when it was handed in, if that is not now: an identity erased since is not restored.
    """

    arrival: Arrival
    causation: str
    reported_at: datetime | None = None


class Outcome(NamedTuple):
    """The outcome of an arrival: accepted, a duplicate of a stay that is registered already, or refused.

    `updated` are the fields of the recorded identity that it changed, `differs` those of identity and stay that it says
    differently from what stays recorded, as reports call them. With `refusal` nothing of its request was taken in.
    """

    accepted: bool
    stay_id: str
    person_id: str
    warnings: tuple[str, ...] = ()
    updated: tuple[str, ...] = ()
    differs: tuple[str, ...] = ()
    refusal: Refusal | None = None

    @property
    def told(self) -> Told:
        """Return the outcome as offices are told it: a report that changed something is no duplicate."""
        return "accepted" if self.accepted else "updated" if self.updated else "duplicate"


class Arrivals:
    """Registers arrivals; those that come at the same time, over HTTP or AMQP, are recorded together."""

    def __init__(self, registration: Registration) -> None:
        self._gathering: Gathering[Sequence[ArrivalReported], Sequence[Outcome]] = Gathering(
            lambda requests: record_requests(registration, requests)
        )

    async def register(
        self, arrivals: Sequence[Arrival], causation: str, reported_at: datetime | None = None
    ) -> Sequence[Outcome] | Refusal:
        """Register people who arrived together; return an outcome for each, in the same order, or why none is."""
        reports = [ArrivalReported(arrival, cause_of(arrival, causation), reported_at) for arrival in arrivals]
        outcomes = await self._gathering.submit(reports)
        return next((outcome.refusal for outcome in outcomes if outcome.refusal), outcomes)


def cause_of(arrival: Arrival, causation: str) -> str:
    """Return the causation of an arrival: that of its request, preceded by the approver of an unverified number."""
    return f"override/{arrival.approved_by}/{causation}" if arrival.unverified else causation


async def record_arrivals(registration: Registration, reports: Sequence[ArrivalReported]) -> list[Outcome]:
    """Record arrivals that were reported one by one; return their outcomes, in the same order."""
    return [outcome for [outcome] in await record_requests(registration, [[report] for report in reports])]


async def record_requests(
    registration: Registration, requests: Sequence[Sequence[ArrivalReported]]
) -> list[list[Outcome]]:
    """Take in the identities, record the arrivals of each request and return their outcomes, in the same order.

    Ids follow from person, street and day, so that a repetition is a duplicate. One refused arrival refuses all of its
    request.
    """
    recorded_at = registration.service.clock()
    named = await _name(registration, requests, recorded_at)
    findings = await take_in_identities(registration, [one.identity for one in named])
    taken_in = [index for index, one in enumerate(named) if one.identity.request not in findings.refusals]
    recorded = await _record(registration, [named[index] for index in taken_in], recorded_at)
    started = [index for index in taken_in if recorded.started_by(named[index])]
    if findings.erasures:
        await _restore_identities(registration, named, recorded, started, findings)
    outcomes = [
        _refused(one, findings.refusals[one.identity.request])
        if one.identity.request in findings.refusals
        else _outcome(one, recorded, finding)
        for one, finding in zip(named, findings.by_report, strict=True)
    ]
    answered = iter(outcomes)
    return [[next(answered) for _ in request] for request in requests]


class _Named(NamedTuple):
    """An arrival with the stay that it starts or repeats, and the identity that it reports."""

    stay: Stay
    report: ArrivalReported
    identity: Reported


class _Recorded(NamedTuple):
    """The stays as they stand after recording, and the causation of the fact that started each, by id."""

    stays: Mapping[str, Stay]
    causes: Mapping[str, str]

    def started_by(self, one: _Named) -> bool:
        """Return whether an arrival's request started its stay, now or when it was sent before."""
        return self.causes[one.stay.stay_id] == one.report.causation


async def _name(
    registration: Registration, requests: Sequence[Sequence[ArrivalReported]], recorded_at: datetime
) -> list[_Named]:
    """Name the stays of arrivals, request by request."""
    places = [(request, place) for request, reports in enumerate(requests) for place in range(len(reports))]
    reports = [requests[request][place] for request, place in places]
    stays = await _as_registered_before(
        registration, reports, [_stay_of(registration, report.arrival, recorded_at) for report in reports]
    )
    return [
        _Named(stay, report, Reported(stay.person_id, stay.stay_id, report.arrival, report.causation, *where))
        for stay, report, where in zip(stays, reports, places, strict=True)
    ]


async def _record(registration: Registration, named: Sequence[_Named], recorded_at: datetime) -> _Recorded:
    """Record the facts that start stays; a stay that was registered before stays as it is."""
    journal = registration.service.journal
    first: dict[str, _Named] = {}
    for one in named:
        first.setdefault(one.stay.stay_id, one)
    commits = [
        journal.commit(stays.start(one.stay), causation=one.report.causation, at=recorded_at) for one in first.values()
    ]
    taken = await journal.record(commits)
    known = {stay_id: one.stay for stay_id, one in first.items()}
    if taken:
        newest = await _load_newest(registration, {commits[index].first.data.person_id or "" for index in taken})
        taken = await _restart_retracted(registration, commits, taken, newest)
        standing = [newest[commits[index].stream].data.stay for index in taken]
        known |= {stay.stay_id: stay for stay in standing}
    causes = {
        stay_id: _cause_of(commit, taken.get(index))
        for index, (stay_id, commit) in enumerate(zip(first, commits, strict=True))
    }
    return _Recorded(known, causes)


def _outcome(one: _Named, recorded: _Recorded, finding: Finding) -> Outcome:
    """Return what became of an arrival; the stay of one that was accepted is as it was reported."""
    accepted = recorded.started_by(one)
    name = ("name",) if finding.name_differs else ()
    of_the_stay = () if accepted else stays.find_differences(recorded.stays[one.stay.stay_id], one.stay)
    differs = tuple(dict.fromkeys((*name, *finding.differs, *of_the_stay)))
    warnings = (*_warnings(one.stay, one.report), *(("name_differs",) if name else ()))
    return Outcome(accepted, one.stay.stay_id, one.stay.person_id, warnings, finding.updated, differs)


def _refused(one: _Named, refusal: Refusal) -> Outcome:
    return Outcome(False, one.stay.stay_id, one.stay.person_id, refusal=refusal)


async def _as_registered_before(
    registration: Registration, reports: Sequence[ArrivalReported], stays: list[Stay]
) -> list[Stay]:
    """Return the stays of arrivals, under the former code of the street where they were registered under it."""
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


async def _load_newest(registration: Registration, people: Collection[str]) -> dict[str, Event[StayFact]]:
    """Return the newest fact of each stay of people, by stream."""
    known = await registration.service.journal.load_streams_of(people)
    return {event.subject: narrow(event, StayFact) for event in known if isinstance(event.data, StayFact)}


async def _restart_retracted(
    registration: Registration,
    commits: Sequence[Commit],
    taken: Mapping[int, Occupant],
    newest: Mapping[str, Event[StayFact]],
) -> dict[int, Occupant]:
    """Start retracted stays again, unless the request is an old one; return the commits still taken, by index."""
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


async def _restore_identities(
    registration: Registration, named: Sequence[_Named], recorded: _Recorded, started: Sequence[int], findings: Findings
) -> None:
    """Restore the identities of erased people for whom these arrivals started stays after the erasure.

    An arrival whose person's identity is there again by now is folded into it like any other.
    """
    again = [index for index in started if _is_later(named[index], recorded, findings.erasures)]
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
    await restore_identities(service.database, service.journal, findings.erasures, reports)
    restored = await find_recorded(service.database, {named[index].stay.person_id for index in again})
    again = [index for index in again if named[index].stay.person_id in restored]
    found = await take_in_restored(registration, [named[index].identity for index in again])
    for index, finding in zip(again, found, strict=True):
        findings.by_report[index] = finding


def _is_later(one: _Named, recorded: _Recorded, erasures: Mapping[str, datetime]) -> bool:
    """Return whether a stay was reported, and started, after the identity of its person was erased."""
    erased_at, started_at = erasures.get(one.stay.person_id), recorded.stays[one.stay.stay_id].recorded_at
    return erased_at is not None and min(started_at, one.report.reported_at or started_at) > erased_at
