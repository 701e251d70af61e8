"""What archives does when asked or when it hears: load, decide, record."""

import asyncio
import random
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, TypeVar

from contracts.archives import (
    Archive,
    ArchiveClosed,
    ArchiveCompleted,
    ArchiveFact,
    ArchiveOpened,
    ArchiveReopened,
    BasicInformation,
    ClosingReason,
    PaperCompared,
    PaperFile,
    archive_code,
    archive_stream,
)
from contracts.custody import Custody, CustodyFact, custody_stream
from contracts.enrolments import (
    Condition,
    Enrolment,
    EnrolmentEnding,
    EnrolmentFact,
    enrolment_stream,
)
from contracts.entries import AnyContent, Entry, EntryFact, EntryForwarded, entry_stream
from contracts.envelope import Event, Fact
from contracts.registration import Stay
from services.archives import domain, views
from services.archives.custody import Known, begin_custody, find_home, may_be_refused, refuse
from services.archives.custody import settle as settle_known
from services.archives.duties import POLICY, add_months, age_on, find_duties
from services.archives.quality import Reviewed, find_findings, marks
from services.runtime.clock import day_of
from services.runtime.journal import Commit, ConflictError
from services.runtime.mongo import wait_while_away
from services.runtime.service import Service

ATTEMPTS = 5
SETTLE_ATTEMPTS = 40
HELPING = 250
QUIET = 1.0
"""Seconds without news after which new archives are charted."""
NOW_AND_THEN = 30.0
"""Seconds after which some are charted although there is news."""
DAYS_ORDINAL = 10_000_000
FactT = TypeVar("FactT", bound=Fact)


class NothingOfferedError(domain.RefusedError):
    """There is no offer of this person to answer."""

    code = "nothing_offered"
    advice = "没有待接收的档案移交。No archive of this person is offered to your district."


# --- reacting to what is heard


async def settle(service: Service, started: Sequence[Stay], cause: str) -> None:
    """Open the archives that are owed to the people whose stays started."""
    own = [stay for stay in started if service.serves(stay.street)]
    now = service.clock()
    commits = [service.journal.commit(fact, causation=cause, at=now) for fact in domain.settle(own, now)]
    if commits:
        await service.journal.record(commits)


async def settle_custody(service: Service, causes: Mapping[str, str]) -> None:
    """Record what the own districts still owe about people, given the event that was heard of each."""
    concerned = set(causes)
    for attempt in range(SETTLE_ATTEMPTS):
        if not concerned:
            return
        concerned = await _settle_once(service, {person: causes[person] for person in concerned})
        if concerned:
            await asyncio.sleep(random.uniform(0, 0.01 * attempt))  # noqa: S311  # somebody else settles them too
    raise ConflictError(min(concerned))


async def _settle_once(service: Service, causes: Mapping[str, str]) -> set[str]:
    """Settle people once; give those of whom somebody else recorded something in between."""
    own = _by_person(await service.journal.load_streams_of(causes))
    heard = await views.find_heard(service.database, causes)
    commits: list[tuple[str, Commit]] = []
    for person, cause in causes.items():
        streams = {event.subject: event for event in own.get(person, ())}
        for known in _everything_known(streams.values(), heard.get(person, views.Heard())):
            facts = settle_known(known, service.clock())
            commits += [(person, commit) for commit in _commits(service, facts, streams, cause)]
    taken = await service.journal.record([commit for _, commit in commits]) if commits else {}
    return {commits[index][0] for index in taken}


def _by_person(events: Iterable[Event[Any]]) -> dict[str, list[Event[Any]]]:
    found: dict[str, list[Event[Any]]] = defaultdict(list)
    for event in events:
        found[event.data.person_id].append(event)
    return found


def _commits(
    service: Service, facts: Iterable[Fact], streams: Mapping[str, Event[Any]], cause: str
) -> Iterator[Commit]:
    """Put facts into one commit for each of their streams."""
    by_stream: dict[str, list[Fact]] = defaultdict(list)
    for fact in facts:
        by_stream[fact.stream].append(fact)
    for stream, continued in by_stream.items():
        standing = streams.get(stream)
        yield service.journal.commit(
            *continued,
            after=standing.sequence if standing else 0,
            causation=cause,
            correlation=standing.correlationid if standing else None,
        )


def _everything_known(own: Iterable[Event[Any]], heard: views.Heard) -> Iterator[Known]:
    """Give what each own district with an archive knows: its streams from the journal, the rest as it was heard."""
    said = _Said.of(event.data for event in own)
    custodies = {**heard.custodies, **said.custodies}
    enrolments = {(known.district, known.condition): known for known in heard.enrolments} | said.enrolments
    archives = {**heard.archives, **said.archives}
    for district, archive in said.archives.items():
        yield Known(
            archive=archive,
            custody=said.custodies.get(district) or begin_custody(archive),
            stays=tuple(heard.stays),
            others=tuple(custody for other, custody in custodies.items() if other != district),
            aliases=tuple(known for known in heard.aliases if known.district == district),
            handed=tuple(known for known in archives.values() if known.closing and known.closing.to == district),
            handed_enrolments=tuple(known for known in enrolments.values() if known.handed_to == district),
            entries=_newest(heard.entries_known_to(district), said.entries, district),
            enrolments={name: known for (where, name), known in said.enrolments.items() if where == district},
            forwarded={(entry, to): version for (entry, by, to), version in said.forwarded.items() if by == district},
            died_on=heard.died_on,
        )


@dataclass(frozen=True, slots=True)
class _Said:
    """The newest fact of each own stream about a person, by kind."""

    archives: dict[str, Archive]
    custodies: dict[str, Custody]
    enrolments: dict[tuple[str, str], Enrolment]
    entries: dict[str, Entry]
    forwarded: dict[tuple[str, str, str], int]

    @classmethod
    def of(cls, facts: Iterable[Fact]) -> "_Said":
        said = cls({}, {}, {}, {}, {})
        for fact in facts:
            match fact:
                case ArchiveFact(archive=archive):
                    said.archives[archive.district] = archive
                case CustodyFact(custody=custody):
                    said.custodies[custody.district] = custody
                case EnrolmentFact(enrolment=enrolment):
                    said.enrolments[enrolment.district, enrolment.condition] = enrolment
                case EntryFact(entry=entry):
                    said.entries[entry.entry_id] = entry
                case EntryForwarded(entry=entry, by=by, to=to):
                    said.forwarded[entry.entry_id, by, to] = entry.version
        return said


def _newest(heard: Mapping[str, Entry], own: Mapping[str, Entry], district: str) -> dict[str, Entry]:
    """Put the entries that the journal holds over those that were heard."""
    return {**heard, **{name: entry for name, entry in own.items() if entry.district == district}}


# --- charts


async def chart_told_archives(service: Service, told: Sequence[ArchiveFact]) -> None:
    """Chart the archives of which more is known than that they were opened; the others wait for `Charting`."""
    later = {fact.person_id for fact in told if not isinstance(fact, ArchiveOpened)}
    opened = {fact.person_id for fact in told} - later
    await chart(service, later | await views.find_with_records(service.database, opened))


def waits_for_chart(archive: Archive) -> bool:
    """Tell whether an archive that was just opened has duties by age alone: children's, or the elderly's."""
    age = age_on(archive.birth, day_of(archive.opened_at)) if archive.birth else None
    return age is not None and (age < 7 or age >= POLICY.elderly_age)


class Charting:
    """Charts newly opened archives once it is quiet, and a few now and then while it is not.

    Thousands are opened by one register; what is due by age can wait for the seconds until they all are.
    """

    def __init__(self, service: Service) -> None:
        self._service = service
        self._busy_at = self._charted_at = 0.0

    def is_busy(self) -> None:
        """Note that something was heard."""
        self._busy_at = time.monotonic()

    async def run(self) -> None:
        """Chart for ever."""
        while True:
            now = time.monotonic()
            is_quiet = now - self._busy_at > QUIET
            if is_quiet or now - self._charted_at > NOW_AND_THEN:
                self._charted_at = now
                if await wait_while_away(self._chart_some) and is_quiet:
                    continue
            await asyncio.sleep(QUIET)

    async def _chart_some(self) -> bool:
        waiting = await views.find_waiting_for_chart(self._service.database, HELPING)
        people = {archive.person_id for archive in waiting if self._service.serves(archive.district)}
        await chart(self._service, people)
        return bool(people)


async def chart(service: Service, person_ids: Iterable[str]) -> None:
    """Work out what follows from everything heard of people for each archive of an own district."""
    people = set(person_ids)
    if not people:
        return
    people |= set().union(*(await views.find_linked(service.database, people)).values())
    today = day_of(service.clock())
    charts = {
        views.archive_key(archive.person_id, district): _chart_of(archive, heard, today)
        for heard in (await views.find_heard(service.database, people)).values()
        for district, archive in heard.archives.items()
        if service.serves(district)
    }
    await views.write_charts(service.database, charts)


def _chart_of(archive: Archive, heard: views.Heard, today: date) -> tuple[int, views.Chart]:
    """Chart one archive; the day settles it where just as much was known."""
    district, custody = archive.district, heard.custodies.get(archive.district)
    held = custody is None or custody.holds
    entries = [entry for entry in heard.entries_known_to(district).values() if entry.stands]
    enrolments = [known for known in heard.enrolments if known.district == district]
    owed = held and not heard.died_on and not heard.merged_into
    duties = find_duties(archive, enrolments, entries, today) if owed else []
    home = find_home(stay for stay in heard.stays if stay.street.startswith(district))
    findings = find_findings(Reviewed(archive, entries, heard.stays, heard.died_on))
    return heard.weight * DAYS_ORDINAL + today.toordinal(), views.Chart(
        street=home.street if home else archive.street,
        district=district,
        held=held,
        duties=duties,
        next_due_on=min((duty.due_on for duty in duties), default=None),
        catch_up_on=min((duty.catch_up_on for duty in duties if duty.catch_up_on), default=None),
        recheck_on=min((duty.lapses_on for duty in duties if duty.lapses_on), default=None),
        last_dynamic_on=max((day_of(entry.measured_at) for entry in entries), default=None),
        entries=len(entries),
        paper=_paper_difference(archive, len(entries)) if held else None,
        findings=findings,
        found=marks(findings),
    )


def _paper_difference(archive: Archive, entries: int) -> str | None:
    """Say how paper and electronic archive differ: none on paper, never counted, more on paper, or fewer."""
    if archive.paper is None:
        return "no_paper" if archive.code else None
    if archive.paper.entries is None:
        return "not_counted"
    if archive.paper.entries == entries:
        return None
    return "more_on_paper" if archive.paper.entries > entries else "fewer_on_paper"


async def sweep(service: Service) -> None:
    """Do what the calendar asks for: take back offers that wait too long, chart anew where a duty lapsed."""
    now = service.clock()
    late = await views.find_late_offers(service.database, now - timedelta(days=POLICY.offer_days), HELPING)
    await settle_custody(service, dict.fromkeys(late, f"sweep/{day_of(now)}"))
    today = day_of(now)
    turned = add_months(today, -12 * POLICY.elderly_age)
    await chart(
        service, await views.find_to_recheck(service.database, today, (turned - timedelta(days=7), turned), HELPING)
    )


# --- doing what is asked


async def record_entry(service: Service, entry: Entry, cause: str) -> Entry:
    """Enter something in the archive that the person has in the entry's district; give what stands there afterwards."""
    archive, custody = await _load_archive(service, entry.person_id, entry.district)
    died = await views.find_deaths(service.database, [entry.person_id])
    fact = domain.record_entry(archive, custody, entry, service.clock(), died.get(entry.person_id))
    try:
        await service.journal.record_one(service.journal.commit(fact, causation=cause))
    except ConflictError:
        earlier = await service.journal.load(fact.stream)
        if earlier is None or earlier.data.entry.person_id != entry.person_id:
            raise
        standing: Entry = earlier.data.entry
        return standing
    return fact.entry


@dataclass(frozen=True, slots=True)
class Change:
    """A change to what stands: by whom, on which request, and which version the caller looked at (None: any)."""

    by: str
    cause: str
    version: int | None = None


async def correct_entry(
    service: Service, person_id: str, entry_id: str, said: tuple[AnyContent, datetime, str], change: Change
) -> Entry:
    """Correct an entry of the own district: its content, its time, and the reason why."""
    content, measured_at, reason = said

    def decide(entry: Entry) -> EntryFact:
        return domain.correct_entry(entry, content, measured_at, change.by, reason, service.clock())

    return await _change_entry(service, person_id, entry_id, decide, change)


async def void_entry(service: Service, person_id: str, entry_id: str, reason: str, change: Change) -> Entry:
    """Void an entry of the own district."""

    def decide(entry: Entry) -> EntryFact:
        return domain.void_entry(entry, change.by, reason, service.clock())

    return await _change_entry(service, person_id, entry_id, decide, change)


async def _change_entry(
    service: Service, person_id: str, entry_id: str, decide: Callable[[Entry], EntryFact], change: Change
) -> Entry:
    def check(event: Event[Any] | None) -> EntryFact:
        if event is None or event.data.entry.person_id != person_id:
            raise domain.UnknownEntryError
        domain.must_be_version(event.data.entry.version, change.version)
        return decide(event.data.entry)

    return (await _continue(service, entry_stream(entry_id), check, change.cause)).entry


async def complete(
    service: Service, person_id: str, place: tuple[str, str], basic: BasicInformation, change: Change
) -> Archive:
    """Complete an archive in a street and committee; the first completion mints its code."""
    street, committee = place
    archive, custody = await _load_archive(service, person_id, street[:6])
    code = "" if domain.must_hold(archive, custody).code else await _mint(service, street, committee)

    def decide(archive: Archive) -> ArchiveCompleted:
        return domain.complete(archive, basic, archive.code or code, change.by, service.clock())

    return await _change_archive(service, person_id, street[:6], decide, change)


async def _mint(service: Service, street: str, committee: str) -> str:
    return archive_code(street, committee, await views.take_serial(service.database, street + committee))


async def compare_paper(service: Service, person_id: str, district: str, paper: PaperFile, change: Change) -> Archive:
    """Keep what a comparison with the paper beside the archive found."""

    def decide(archive: Archive) -> PaperCompared:
        return domain.compare_paper(archive, paper)

    return await _change_archive(service, person_id, district, decide, change)


async def close(
    service: Service, person_id: str, district: str, why: tuple[ClosingReason, date], change: Change
) -> Archive:
    """Close an archive by hand."""

    def decide(archive: Archive) -> ArchiveClosed:
        return domain.close(archive, *why, change.by, service.clock())

    return await _change_archive(service, person_id, district, decide, change)


async def reopen(service: Service, person_id: str, district: str, change: Change) -> Archive:
    """Take a closed archive into use again."""
    _, custody = await _load_archive(service, person_id, district)

    def decide(archive: Archive) -> ArchiveReopened:
        return domain.reopen_by_hand(archive, custody)

    return await _change_archive(service, person_id, district, decide, change)


async def _change_archive(
    service: Service, person_id: str, district: str, decide: Callable[[Archive], ArchiveFact], change: Change
) -> Archive:
    _, custody = await _load_archive(service, person_id, district)

    def check(event: Event[Any] | None) -> ArchiveFact:
        archive = domain.must_hold(event.data.archive if event else None, custody)
        domain.must_be_version(event.sequence if event else 0, change.version)
        return decide(archive)

    return (await _continue(service, archive_stream(person_id, district), check, change.cause)).archive


async def enrol(service: Service, enrolment: Enrolment, cause: str) -> Enrolment:
    """Begin to manage a person for a condition."""
    archive, custody = await _load_archive(service, enrolment.person_id, enrolment.district)
    held = domain.must_hold(archive, custody)

    def decide(event: Event[Any] | None) -> EnrolmentFact:
        return domain.enrol(event.data.enrolment if event else None, enrolment, held, service.clock())

    stream = enrolment_stream(enrolment.person_id, enrolment.condition, enrolment.district)
    return (await _continue(service, stream, decide, cause)).enrolment


async def end_enrolment(
    service: Service,
    person_id: str,
    managed: tuple[Condition, str],
    why: tuple[date, EnrolmentEnding],
    cause: str,
) -> Enrolment:
    """Stop managing a person for a condition in a district."""

    def decide(event: Event[Any] | None) -> EnrolmentFact:
        return domain.end_managing(event.data.enrolment if event else None, *why, service.clock())

    return (await _continue(service, enrolment_stream(person_id, *managed), decide, cause)).enrolment


async def refuse_offer(service: Service, person_id: str, district: str, reason: str, change: Change) -> Custody:
    """Refuse the archives that other districts offer of a person."""
    for _ in range(ATTEMPTS):
        own = _by_person(await service.journal.load_streams_of([person_id])).get(person_id, [])
        heard = (await views.find_heard(service.database, [person_id])).get(person_id, views.Heard())
        known = next((known for known in _everything_known(own, heard) if known.district == district), None)
        offers = may_be_refused(known) if known else []
        if known is None or not offers:
            raise NothingOfferedError
        refused: list[CustodyFact] = []
        custody = known.custody
        for origin, offer in offers:
            refused.append(refuse(custody, origin, offer, service.clock(), reason=reason, by=change.by))
            custody = refused[-1].custody
        streams = {event.subject: event for event in own}
        if not await service.journal.record(list(_commits(service, refused, streams, change.cause))):
            return custody
    raise ConflictError(custody_stream(person_id, district))


async def load_entry(service: Service, person_id: str, entry_id: str) -> Entry:
    """Load an entry of the own district with its history."""
    event = await service.journal.load(entry_stream(entry_id))
    if event is None or event.data.entry.person_id != person_id:
        raise domain.UnknownEntryError
    entry: Entry = event.data.entry
    return entry


async def _load_archive(service: Service, person_id: str, district: str) -> tuple[Archive | None, Custody | None]:
    archive = await service.journal.load(archive_stream(person_id, district))
    custody = await service.journal.load(custody_stream(person_id, district))
    return archive.data.archive if archive else None, custody.data.custody if custody else None


async def _continue(service: Service, stream: str, decide: Callable[[Event[Any] | None], FactT], cause: str) -> FactT:
    """Continue a stream by what is decided on its newest fact; the same request again changes nothing."""
    for _ in range(ATTEMPTS):
        event = await service.journal.load(stream)
        if event is not None and cause in await service.journal.load_causes(stream):
            done: FactT = event.data
            return done
        fact = decide(event)
        commit = service.journal.commit(
            fact,
            after=event.sequence if event else 0,
            causation=cause,
            correlation=event.correlationid if event else None,
        )
        if not await service.journal.record([commit]):
            return fact
    raise ConflictError(stream)
