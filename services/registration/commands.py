"""What registration does when asked: load, decide, record. One function per command."""

import asyncio
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from functools import cached_property
from typing import Any, NamedTuple

from contracts.divisions import district_of
from contracts.envelope import Event, Fact
from contracts.registration import DestinationKind, Stay, StayFact, StayState, stay_id
from contracts.transfers import (
    Answer,
    AnswerFact,
    AnswerState,
    Conflict,
    ConflictFact,
    Notice,
    NoticeFact,
    NoticeKind,
    NoticeSent,
    NoticeState,
    Person,
    PersonFact,
    RejectionReason,
    notice_id,
    person_stream,
)
from services.registration import duplicates, vault_views, views
from services.registration.deadlines import Policy
from services.registration.domain import notices, people, settling, stays
from services.registration.domain.knowledge import Knowledge
from services.registration.domain.refused import (
    AcceptedAlreadyError,
    FutureDayError,
    LeftBeforeArrivingError,
    MismatchError,
    NotContestedError,
    NotFoundError,
    NotInConflictError,
    NotRegisteredError,
    RefusedError,
    ResolvedAlreadyError,
    StaleError,
)
from services.registration.domain.settling import Now, Rules, Told
from services.registration.erasure import ReportedAgain, bring_back
from services.registration.households import who_follows
from services.registration.intake import Arrival, Departure
from services.registration.vault import Identity, Vault
from services.registration.views import KnownPerson
from services.runtime.access_log import AccessLog
from services.runtime.clock import day_of
from services.runtime.gathering import Gathering
from services.runtime.journal import Commit, ConflictError, Taken
from services.runtime.logs import get_log
from services.runtime.mongo import wait_while_away
from services.runtime.service import Service

ATTEMPTS = 5
SWEEP_EVERY = 60.0
"""Seconds between two looks at what the clock makes due."""


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


class Dwelling(NamedTuple):
    """Where inside a street a person lives."""

    community: str | None
    grid: str | None
    dwelling: str | None


@dataclass(frozen=True, slots=True)
class Reply:
    """What an office says to a notice; `left_on` goes with a confirmed arrival, `reason` with a rejection."""

    state: AnswerState
    left_on: date | None = None
    reason: RejectionReason | None = None


class Going(NamedTuple):
    """When a person left, and for where if it is known."""

    left_on: date
    destination: str | None = None
    kind: DestinationKind = DestinationKind.UNKNOWN


class Means(StrEnum):
    """How an office settles a conflict by what it says of its own stay."""

    RETRACT = "retract"
    END = "end"
    CORRECT = "correct"
    STILL_HERE = "still_here"


@dataclass(frozen=True, slots=True)
class Resolution:
    """What an office says of its own stay in a conflict: `going` where it ended, `changes` where it was wrong."""

    means: Means
    stay_id: str
    going: Going | None = None
    changes: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class Registration:
    """The registration service as its commands see it."""

    service: Service
    vault: Vault
    arrivals: Gathering[ArrivalReported, Outcome] = field(init=False)
    access_log: AccessLog = field(init=False)

    def __post_init__(self) -> None:
        self.access_log = AccessLog(self.service.database, self.service.clock, self.vault.access_log_keys)
        self.arrivals = Gathering(lambda reports: record_arrivals(self, reports))

    @cached_property
    def rules(self) -> Rules:
        """Load what settling goes by; the calendar of working days takes a second."""
        deadlines, divisions = Policy.load(self.service.settings.deadlines), self.service.divisions
        return Rules(deadlines, lambda code: divisions.has(district_of(self.standing(code))), self.service.serves)

    def standing(self, code: str) -> str:
        """Give the division that stands in a code's place today."""
        return self.service.divisions.successor(code, self.service.today)

    async def find_known(self, person_ids: Iterable[str]) -> list[KnownPerson]:
        """Find everything known about people, each once."""
        return await views.find_known(self.service.database, person_ids, self.standing)

    def now(self) -> Now:
        """Give the present moment and day."""
        moment = self.service.clock()
        return Now(moment, day_of(moment))


async def register(
    registration: Registration, arrivals: Sequence[Arrival], causation: str, reported_at: datetime | None = None
) -> Sequence[Outcome]:
    """Register people who arrived together; each has a stay of their own."""
    reports = [ArrivalReported(arrival, cause_of(arrival, causation), reported_at) for arrival in arrivals]
    return await asyncio.gather(*map(registration.arrivals.submit, reports))


def cause_of(arrival: Arrival, causation: str) -> str:
    """Name the request; of a number that was approved it says so and by whom, the reason is kept with the identity."""
    return f"override/{arrival.approved_by}/{causation}" if arrival.unverified else causation


async def record_arrivals(registration: Registration, reports: Sequence[ArrivalReported]) -> list[Outcome]:
    """Record arrivals in bulk: identities sealed first, then the facts; natural ids make repetitions duplicates."""
    journal = registration.service.journal
    recorded_at = registration.service.clock()
    named = [(_stay_of(report.arrival, registration.vault, recorded_at), report) for report in reports]
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
        Outcome(causes[stay.stay_id] == report.causation, stay.stay_id, stay.person_id, report.arrival.warnings)
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
    known = await views.find_sealed(database, identities)
    news = [person for person, identity in identities.items() if person not in known]
    changed = [person for person in known if vault.open(known[person]) != identities[person]]
    sealed = {
        person: (person, vault.seal(identities[person]), latest[person].started_on.isoformat())
        for person in (*news, *changed)
    }
    raced = await views.insert_sealed(database, [sealed[person] for person in news], likenesses)
    there = [news[index] for index in raced]
    differing = [*changed, *there]
    await views.replace_sealed(database, [sealed[person] for person in differing])
    await duplicates.add_likenesses(database, {person: likenesses[person] for person in differing})
    await duplicates.raise_pairs(database, likenesses)
    return await vault_views.find_erasures(database, there) if there else {}


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


async def record_departure(registration: Registration, departure: Departure, causation: str) -> list[Stay]:
    """End the stays of who left, the one that the report names first; the same departure again changes nothing.

    Children without a document follow their guardian, and with `household` everybody of it; each stay ends by itself.
    A repetition of the request finds those that a crash kept from ending.
    """
    first = await _end_by_departure(registration, registration.vault.name(*departure.document), departure, causation)
    staying = {registration.vault.name(*document) for document in departure.staying}
    around = registration.service.areas(registration.standing(first.street))
    dependants = await views.find_dependants(registration.service.database, first, around)
    there = [_before(departure, stay) for stay in dependants]
    ended = [first]
    for stay in who_follows(first, there, household=departure.household, staying=staying):
        with suppress(NotRegisteredError, LeftBeforeArrivingError):
            ended.append(await _end_by_departure(registration, stay.person_id, departure, causation))
    return ended


def _before(departure: Departure, stay: Stay) -> Stay:
    """Take a stay as it was before this departure, which may be reported again."""
    ended = stay.state is StayState.ENDED and stay.ended_on == departure.left_on
    return stay.model_copy(update={"state": StayState.OPEN}) if ended else stay


async def _end_by_departure(registration: Registration, person_id: str, departure: Departure, causation: str) -> Stay:
    divisions, today = registration.service.divisions, registration.service.today

    def decide(known: Sequence[Stay]) -> StayFact | Stay:
        here = [stay for stay in known if divisions.overlap(stay.street, departure.street, today)]
        living = [stay for stay in here if stays.may_end(stay)]
        if living:
            stay = max(living, key=lambda stay: stay.started_on)
            going = departure.left_on, departure.destination, departure.destination_kind, departure.returning_on
            return stays.end(stay, *going)
        for stay in here:
            if stay.state is StayState.ENDED and stay.ended_on == departure.left_on:
                return stay
        raise NotRegisteredError

    return await _decide_about(registration, person_id, decide, causation)


async def end_stay(
    registration: Registration, stay_id: str, going: Going, causation: str, version: int | None = None
) -> Stay:
    """Declare that the person of a stay left."""
    _must_not_be_future(registration, left_on=going.left_on)
    return await _change_stay(registration, stay_id, lambda stay: stays.end(stay, *going), causation, version)


async def correct_stay(
    registration: Registration, stay_id: str, changes: Mapping[str, Any], causation: str, version: int | None = None
) -> Stay:
    """Correct what was reported of a stay."""
    _must_not_be_future(registration, started_on=changes.get("started_on"), ended_on=changes.get("ended_on"))
    return await _change_stay(registration, stay_id, lambda stay: stays.correct(stay, changes), causation, version)


async def relocate_stay(
    registration: Registration, stay_id: str, dwelling: Dwelling, causation: str, version: int | None = None
) -> Stay:
    """Note that the person moved inside the street; the new address is sealed with the identity."""
    return await _change_stay(registration, stay_id, lambda stay: stays.relocate(stay, *dwelling), causation, version)


async def retract_arrival(registration: Registration, stay_id: str, causation: str, version: int | None = None) -> Stay:
    """Retract an arrival that was registered by mistake; not once the district that was left has confirmed it."""
    told = await _knowledge_of(registration, (await _load_own(registration, f"stay/{stay_id}")).data.person_id)
    accepted = any(answer.left_on for answer in told.answers if _is_about_arrival(told, answer, stay_id))

    def decide(stay: Stay) -> StayFact:
        if accepted:
            raise AcceptedAlreadyError
        return stays.retract(stay)

    return await _change_stay(registration, stay_id, decide, causation, version)


def _is_about_arrival(told: Knowledge, answer: Answer, stay_id: str) -> bool:
    return any(notice.notice_id == answer.notice_id and notice.stay_id == stay_id for notice in told.notices)


async def _change_stay(
    registration: Registration,
    stay_id: str,
    decide: Callable[[Stay], StayFact],
    causation: str,
    version: int | None,
) -> Stay:
    event = await _change(registration, f"stay/{stay_id}", lambda event: decide(event.data.stay), causation, version)
    return await _settled_stay(registration, event, causation)


async def _settled_stay(registration: Registration, event: Event[Any], causation: str) -> Stay:
    """Settle what a decision about a stay led to, and give the stay as this very request left it."""
    await settle(registration, {event.data.person_id: causation})
    led_to = await _recorded_by(registration, event.data.person_id, causation)
    settled = led_to.get(event.subject) or await _load_own(registration, event.subject)
    stay: Stay = settled.data.stay
    return stay


async def confirm_move(
    registration: Registration, stay_id: str, left_on: date | None, causation: str, version: int | None = None
) -> Stay:
    """Confirm that the person of a contested stay moved on: it ends on the day said, else where the newer one began.

    This answers the notice of the newer stay's district, whether that has arrived by now or not.
    """
    _must_not_be_future(registration, left_on=left_on)
    event = await _load_own(registration, f"stay/{stay_id}")
    if not await _recorded_by(registration, event.data.person_id, causation):
        _must_be_current(event, version)
        stay, notice = event.data.stay, await _find_contesting(registration, event.data.stay)
        await _answer(
            registration, notice, lambda answer, at: notices.confirm(notice, answer, at, stay, left_on), causation
        )
    return await _settled_stay(registration, event, causation)


async def _find_contesting(registration: Registration, stay: Stay) -> Notice:
    """Find the notice by which a stay is contested, or make it as its sender will."""
    rival = await views.find_stay(registration.service.database, stay.contested_by or "")
    if stay.state is not StayState.CONTESTED or rival is None:
        raise NotContestedError
    name = notice_id(NoticeKind.ARRIVAL, rival.stay_id, stay.stay_id)
    told = Told(NoticeKind.ARRIVAL, stay.street, stay.stay_id)
    return await views.find_notice(registration.service.database, name) or settling.make_notice(
        rival, told, registration.rules.deadlines, registration.now()
    )


async def resolve_conflict(
    registration: Registration, conflict: Conflict, said: Resolution, causation: str, version: int | None = None
) -> Stay:
    """Settle a conflict by what an office says of its own stay in it; what follows for the others is derived."""
    if said.stay_id not in conflict.stays:
        raise NotInConflictError
    own = (await _load_own(registration, f"stay/{said.stay_id}")).data.stay
    if not conflict.open and not await _recorded_by(registration, own.person_id, causation):
        raise ResolvedAlreadyError
    match said.means:
        case Means.RETRACT:
            return await retract_arrival(registration, own.stay_id, causation, version)
        case Means.CORRECT:
            return await correct_stay(registration, own.stay_id, said.changes, causation, version)
        case Means.STILL_HERE:
            return await _stand_by(registration, own.stay_id, causation, version)
        case Means.END:
            return await _end_in_conflict(registration, own, said.going, causation, version)


async def _end_in_conflict(
    registration: Registration, own: Stay, going: Going | None, causation: str, version: int | None
) -> Stay:
    """End the own stay: a contested one for where it is contested from, any other as a departure."""
    if going is None or (own.state is StayState.CONTESTED and own.contested_by and going.destination is None):
        return await confirm_move(registration, own.stay_id, going.left_on if going else None, causation, version)
    return await end_stay(registration, own.stay_id, going, causation, version)


async def _stand_by(registration: Registration, stay_id: str, causation: str, version: int | None) -> Stay:
    """Reject that the person of a contested stay moved on."""
    event = await _load_own(registration, f"stay/{stay_id}")
    if not await _recorded_by(registration, event.data.person_id, causation):
        _must_be_current(event, version)
        notice = await _find_contesting(registration, event.data.stay)
        reason = RejectionReason.STILL_HERE
        await _answer(registration, notice, lambda answer, at: notices.reject(notice, answer, at, reason), causation)
    return await _settled_stay(registration, event, causation)


async def answer_notice(
    registration: Registration, notice: Notice, reply: Reply, causation: str, version: int | None = None
) -> Event[AnswerFact]:
    """Answer a notice: received, paired, verified, confirmed, or rejected with a reason."""
    _must_not_be_future(registration, left_on=reply.left_on)
    own = await registration.service.journal.load(f"stay/{notice.about}") if notice.about else None

    def decide(answer: Answer | None, at: datetime) -> AnswerFact:
        match reply.state:
            case AnswerState.CONFIRMED:
                return notices.confirm(notice, answer, at, own.data.stay if own else None, reply.left_on)
            case AnswerState.REJECTED:
                return notices.reject(notice, answer, at, reply.reason or RejectionReason.NOT_OURS)
            case step:
                return notices.advance(notice, answer, step, at)

    answered = await _answer(registration, notice, decide, causation, version)
    await settle(registration, {notice.person_id: causation})
    return answered


async def _answer(
    registration: Registration,
    notice: Notice,
    decide: Callable[[Answer | None, datetime], AnswerFact],
    causation: str,
    version: int | None = None,
) -> Event[AnswerFact]:
    """Continue the answer to a notice, which is its addressee's alone to give."""
    journal, stream = registration.service.journal, f"answer/{notice.notice_id}"
    for _ in range(ATTEMPTS):
        event = await journal.load(stream)
        recorded = (await _recorded_by(registration, notice.person_id, causation)).get(stream)
        if recorded is not None:
            return recorded
        _must_be_current(event, version)
        with _naming_version(event):
            fact = decide(event.data.answer if event else None, registration.service.clock())
        answered = await _continue(registration, event, fact, causation)
        if answered is not None:
            return answered
    raise ConflictError(notice.notice_id)


async def ask_inquiry(registration: Registration, inquiry: Notice, causation: str) -> Notice:
    """Ask another office to verify where a person lives 协查; the same question on one day is one inquiry."""
    journal = registration.service.journal
    for event in (await _recorded_by(registration, inquiry.person_id, causation)).values():
        if isinstance(event.data, NoticeSent):
            return event.data.notice
    standing = await journal.load(f"notice/{inquiry.notice_id}")
    if standing is None or standing.data.notice.state is NoticeState.WITHDRAWN:
        await _continue(registration, standing, NoticeSent(notice=inquiry), causation)
    asked: Notice = (await _load_own(registration, f"notice/{inquiry.notice_id}")).data.notice
    return asked


async def withdraw_inquiry(
    registration: Registration, notice_id: str, causation: str, version: int | None = None
) -> Notice:
    """Withdraw an inquiry that an office asked."""
    stream = f"notice/{notice_id}"
    event = await _change(registration, stream, lambda event: notices.withdraw(event.data.notice), causation, version)
    withdrawn: Notice = event.data.notice
    return withdrawn


async def record_death(
    registration: Registration, person_id: str, district: str, died_on: date, birth: date | None, causation: str
) -> Person:
    """Record a death; the stays everywhere end."""
    _must_not_be_future(registration, died_on=died_on)
    return await _say_of(
        registration, person_id, district, lambda person: people.die(person, died_on, birth), causation
    )


async def retract_death(registration: Registration, person_id: str, district: str, causation: str) -> Person:
    """Retract a death that this district recorded by mistake."""
    return await _say_of(registration, person_id, district, people.retract_death, causation)


async def merge_people(registration: Registration, alias: str, survivor: str, district: str, causation: str) -> Person:
    """Merge a person into another, whose id goes on."""
    one_person = await _ids_of(registration, survivor, alias)

    def decide(person: Person) -> PersonFact:
        return people.merge(person, survivor, one_person)

    return await _say_of(registration, alias, district, decide, causation)


async def unmerge_people(registration: Registration, alias: str, district: str, causation: str) -> Person:
    """Undo a merge of this district's."""
    return await _say_of(registration, alias, district, people.unmerge, causation)


async def _say_of(
    registration: Registration,
    person_id: str,
    district: str,
    decide: Callable[[Person], PersonFact],
    causation: str,
) -> Person:
    stream = person_stream(person_id, district)
    for _ in range(ATTEMPTS):
        event = await registration.service.journal.load(stream)
        recorded = (await _recorded_by(registration, person_id, causation)).get(stream)
        if recorded is None:
            fact = decide(event.data.person if event else Person(person_id=person_id, district=district))
            recorded = await _continue(registration, event, fact, causation)
        if recorded is not None:
            await settle(registration, {person_id: causation})
            said: Person = recorded.data.person
            return said
    raise ConflictError(person_id)


async def keep_sweeping(registration: Registration) -> None:
    """Sweep as long as the service runs; what falls due falls due on a day, so a minute late is soon enough."""
    while True:
        try:
            await wait_while_away(lambda: sweep(registration))
        except Exception as error:
            get_log().error("sweep stumbled", error=error)
        await asyncio.sleep(SWEEP_EVERY)


async def sweep(registration: Registration) -> int:
    """Record what the clock alone makes due, once, whoever runs it; give how many people were looked at."""
    service = registration.service
    looked_at = 0
    async for due in views.find_due(service.database, day_of(service.clock())):
        await settle(registration, dict.fromkeys(due, "clock"))
        looked_at += len(due)
    return looked_at


async def settle(registration: Registration, causes: Mapping[str, str]) -> None:
    """Record what the own districts still owe about people, given what was heard or done of each."""
    known = await registration.find_known(causes)
    await settle_known(registration, known, causes)


async def settle_known(
    registration: Registration, people_known: Iterable[KnownPerson], causes: Mapping[str, str]
) -> None:
    """Record what the own districts still owe about people of whom everything is loaded."""
    for known in people_known:
        cause = next((causes[one] for one in known.ids if one in causes), None)
        if cause is not None:
            await _settle_person(registration, known, cause)


async def _settle_person(registration: Registration, known: KnownPerson, cause: str) -> None:
    """Record fact by fact; where somebody else was first, begin again with what is there by then.

    Whoever is always first recorded facts, which are heard and settled in their turn: nothing is left undone.
    """
    for _ in range(ATTEMPTS):
        own = {event.subject: event for event in await registration.service.journal.load_streams_of(known.ids)}
        owed = list(settling.settle(_with_own(known.knowledge, own), registration.rules, registration.now()))
        for fact in owed:
            if await _continue(registration, own.get(fact.stream), fact, cause) is None:
                break
        else:
            return
    get_log().warning("others settle it", person_id=known.person_id)


async def _knowledge_of(registration: Registration, person_id: str) -> Knowledge:
    """Give everything that is known of a person, what the own journal holds included."""
    found = await registration.find_known([person_id])
    known = next((one for one in found if person_id in one.ids), None)
    ids, knowledge = (
        (known.ids, known.knowledge) if known else ((person_id,), Knowledge(standing=registration.standing))
    )
    own = await registration.service.journal.load_streams_of(ids)
    return _with_own(knowledge, {event.subject: event for event in own})


async def _ids_of(registration: Registration, person_id: str, other: str) -> Collection[str]:
    """Give the ids of a person, by the merges that were heard and those in the own journal that concern another id."""
    found = await registration.find_known([person_id, other])
    records = {(one.person_id, one.district): one for known in found for one in known.knowledge.people}
    for event in await registration.service.journal.load_streams_of([person_id, other]):
        if isinstance(event.data, PersonFact):
            records[event.data.person_id, event.data.person.district] = event.data.person
    return people.ids_of(person_id, records.values())[1]


def _with_own(known: Knowledge, own: Mapping[str, Event[Any]]) -> Knowledge:
    """Put what the own journal holds, which is never late, over what was heard."""
    held = {stay.stay_id: stay for stay in known.stays}
    sent = {notice.notice_id: notice for notice in known.notices}
    answers = {answer.notice_id: answer for answer in known.answers}
    records = {(person.person_id, person.district): person for person in known.people}
    conflicts = {(conflict.conflict_id, conflict.district): conflict for conflict in known.conflicts}
    for event in own.values():
        match event.data:
            case StayFact(stay=stay):
                held[stay.stay_id] = stay
            case NoticeFact(notice=notice):
                sent[notice.notice_id] = notice
            case AnswerFact(answer=answer):
                answers[answer.notice_id] = answer
            case PersonFact(person=person):
                records[person.person_id, person.district] = person
            case ConflictFact(conflict=conflict):
                conflicts[conflict.conflict_id, conflict.district] = conflict
    return Knowledge(
        tuple(held.values()),
        tuple(sent.values()),
        tuple(answers.values()),
        tuple(records.values()),
        tuple(conflicts.values()),
        known.standing,
    )


async def _decide_about(
    registration: Registration,
    person_id: str,
    decide: Callable[[Sequence[Stay]], StayFact | Stay],
    causation: str,
) -> Stay:
    for _ in range(ATTEMPTS):
        loaded = await registration.service.journal.load_streams_of([person_id])
        for event in (await _recorded_by(registration, person_id, causation)).values():
            if isinstance(event.data, StayFact):
                return event.data.stay
        events = {event.data.stay.stay_id: event for event in loaded if isinstance(event.data, StayFact)}
        decided = decide([event.data.stay for event in events.values()])
        if isinstance(decided, Stay):
            return decided
        if await _continue(registration, events[decided.stay.stay_id], decided, causation):
            return decided.stay
    raise ConflictError(person_id)


async def _change(
    registration: Registration,
    stream: str,
    decide: Callable[[Event[Any]], Fact],
    causation: str,
    version: int | None,
) -> Event[Any]:
    """Continue a stream of the own district, once for a request however often it comes."""
    for _ in range(ATTEMPTS):
        event = await _load_own(registration, stream)
        recorded = (await _recorded_by(registration, event.data.person_id, causation)).get(stream)
        if recorded is not None:
            return recorded
        _must_be_current(event, version)
        with _naming_version(event):
            fact = decide(event)
        changed = await _continue(registration, event, fact, causation)
        if changed is not None:
            return changed
    raise ConflictError(stream)


async def _recorded_by(registration: Registration, person_id: str, causation: str) -> dict[str, Event[Any]]:
    """Give what this very request has led to already, the newest fact of each stream about a person.

    Where a request is named by its sender, its cause ends in `#` and a digest of what it asked for: the same name with
    another digest is refused. Ask after loading what is to be changed: then a change by this request is never missed.
    """
    name, mark, _ = causation.rpartition("#")
    found = await registration.service.journal.load_caused([person_id], name + mark if mark else causation)
    if any(event.causationid != causation for event in found):
        raise MismatchError
    return {event.subject: event for event in found}


async def _load_own(registration: Registration, stream: str) -> Event[Any]:
    event = await registration.service.journal.load(stream)
    if event is None:
        raise NotFoundError
    return event


def _must_be_current(event: Event[Any] | None, version: int | None) -> None:
    """Refuse what was decided over an older state than the present."""
    current = event.sequence if event else 0
    if version is not None and version != current:
        raise StaleError(current)


@contextmanager
def _naming_version(event: Event[Any] | None) -> Iterator[None]:
    """Say with a refusal which version it is about."""
    try:
        yield
    except RefusedError as error:
        error.version = event.sequence if event else 0
        raise


def _must_not_be_future(registration: Registration, **days: date | None) -> None:
    for name, day in days.items():
        if day is not None and day > registration.now().day:
            raise FutureDayError(name)


async def _continue(
    registration: Registration, event: Event[Any] | None, fact: Fact, causation: str
) -> Event[Any] | None:
    """Record a fact after an event, or as a stream's first, and give it; None means that somebody else was first."""
    journal = registration.service.journal
    sequence, correlation = (event.sequence, event.correlationid) if event else (0, None)
    commit = journal.commit(fact, after=sequence, causation=causation, correlation=correlation)
    return None if await journal.record([commit]) else commit.first
