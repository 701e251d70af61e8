"""Sheets of follow-ups that were handed in: worked through in helpings, resumed after a crash, exact to the row."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Literal

from contracts.archives.archives import ArchiveFact, archive_stream
from contracts.archives.custody import CustodyFact, custody_stream
from contracts.archives.entries import Entry, EntryFact, EntryRecorded, EntryState, entry_stream
from contracts.envelope import Event, Fact, uuid7
from contracts.reference.calendar import day_of
from contracts.refusals import RefusedError
from services.archives.commands.recording import newest_of
from services.archives.domain.entries import record_entry
from services.archives.domain.errors import (
    AfterDeathError,
    ArchiveClosedError,
    BeforeBirthError,
    FutureEntryError,
    NoArchiveError,
    NotHeldError,
    VoidedError,
)
from services.archives.intake.rounds import (
    ADVICE,
    Refusal,
    Round,
    Row,
    Visit,
    check_row,
    make_entry,
    read_round,
    write_refused,
)
from services.archives.views.imports import find_helping, find_people, find_refused, keep, keep_refused, let_go
from services.archives.views.people import find_deaths
from services.runtime.imports import Progress as ImportProgress
from services.runtime.imports import enqueue_import, find_import, save_import, work_through_imports
from services.runtime.journal import StreamConflictError
from services.runtime.logs import get_log
from services.runtime.service import Service

ATTEMPTS = 5
HELPING = 250

Outcome = Literal["accepted", "duplicate"] | Refusal


class Progress(ImportProgress):
    """How far an import is: of `rows` data rows `done` are worked through, each in exactly one of the four counts."""

    by: str
    helpings: int = 0


@dataclass(frozen=True, slots=True)
class Submission:
    """Who hands in a sheet of follow-ups for which street."""

    import_id: str
    street: str
    by: str


async def hand_in(service: Service, content: bytes, filename: str, handed_in: Submission) -> Progress:
    """Keep the rows of a sheet and promise to work through them, once; raise SheetError if it can't be read at all."""
    known = await find_progress(service, handed_in.import_id)
    if known is not None:
        return known
    told = await asyncio.to_thread(read_round, content, filename)
    progress = begin(told, handed_in.street, handed_in.by, service.clock(), handed_in.import_id)
    await keep(service.database, progress.import_id, list(_helpings(told)))
    await enqueue_import(service.database, progress.import_id, _fields(progress))
    return progress


def begin(told: Round, street: str, by: str, handed_in_at: datetime, import_id: str = "") -> Progress:
    """Begin an import: its blank rows are done, the others are to come."""
    return Progress(
        import_id=import_id or uuid7(),
        street=street,
        by=by,
        state="waiting" if told.rows else "done",
        rows=len(told.rows) + told.blank,
        done=told.blank,
        blank=told.blank,
        handed_in_at=handed_in_at,
    )


def _helpings(told: Round) -> Iterator[Sequence[Row]]:
    for start in range(0, len(told.rows), HELPING):
        yield told.rows[start : start + HELPING]


async def take_round(
    service: Service, told: Round, progress: Progress
) -> AsyncIterator[tuple[Progress, list[tuple[Row, Refusal]]]]:
    """Work through a sheet in helpings, giving after each the progress and what was refused of it."""
    for rows in _helpings(told):
        outcomes = await take_rows(service, rows, progress)
        progress = _after(progress, [outcome for _, outcome in outcomes])
        yield progress, _refused(outcomes)


def _refused(outcomes: Iterable[tuple[Row, Outcome]]) -> list[tuple[Row, Refusal]]:
    return [(row, outcome) for row, outcome in outcomes if isinstance(outcome, Refusal)]


async def find_progress(service: Service, import_id: str) -> Progress | None:
    """Find how far an import is."""
    found = await find_import(service.database, import_id)
    return Progress.model_validate(found) if found else None


async def make_refused_workbook(service: Service, import_id: str) -> bytes:
    """Make the workbook of an import's refused rows."""
    refused = await find_refused(service.database, import_id)
    return await asyncio.to_thread(write_refused, refused, advise)


def advise(code: str) -> str:
    """Say what to do about a refused row."""
    return ADVICE.get(code) or _DECIDED[code]


_DECISIONS: tuple[type[RefusedError], ...] = (
    NoArchiveError,
    NotHeldError,
    ArchiveClosedError,
    VoidedError,
    FutureEntryError,
    BeforeBirthError,
    AfterDeathError,
)
_DECIDED: Mapping[str, str] = {error.code: error.advice for error in _DECISIONS}


async def work_through(service: Service) -> None:
    """Work for ever on imports that are not done, wherever a crashed worker left them."""
    await work_through_imports(service, partial(_finish, service))


async def _finish(service: Service, import_id: str) -> None:
    progress = await find_progress(service, import_id)
    while progress and progress.state == "waiting":
        rows = await find_helping(service.database, import_id, progress.helpings)
        if not rows:
            return  # another worker took over, finished and let go of them
        outcomes = await take_rows(service, rows, progress)
        await keep_refused(service.database, import_id, progress.helpings, _refused(outcomes))
        progress = _after(progress, [outcome for _, outcome in outcomes])
        await save_import(service.database, import_id, _fields(progress), service.clock())
    await let_go(service.database, import_id)
    get_log().info("import done", import_id=import_id, count=progress.rows if progress else 0)


def _after(progress: Progress, outcomes: Sequence[Outcome]) -> Progress:
    """Count the outcomes of one more helping."""
    after = progress.model_copy(deep=True, update={"helpings": progress.helpings + 1})
    for outcome in outcomes:
        match outcome:
            case Refusal(code=code):
                after.count_refused(code)
            case "duplicate":
                after.duplicate += 1
            case _:
                after.accepted += 1
    after.count_done(len(outcomes))
    return after


async def take_rows(service: Service, rows: Sequence[Row], progress: Progress) -> list[tuple[Row, Outcome]]:
    """Record what rows say; again after somebody else recorded something in between."""
    today = day_of(progress.handed_in_at)
    checked = [(row, check_row(row, today)) for row in rows]
    visits = [found for _, found in checked if isinstance(found, Visit)]
    people = await find_people(service.database, {visit.person for visit in visits}, progress.street[:6])
    for _ in range(ATTEMPTS):
        outcomes, facts = _decide(checked, people, await _load(service, people.values()), (progress, service.clock()))
        commits = [service.journal.commit(fact, causation=cause) for cause, fact in facts]
        if not commits or not await service.journal.record(commits):
            return outcomes
    raise StreamConflictError(f"import/{progress.import_id}")


async def _load(service: Service, people: Iterable[str]) -> "_Standing":
    wanted = set(people)
    events = {event.subject: event for event in await service.journal.load_streams_of(wanted)}
    return _Standing(events, await find_deaths(service.database, wanted))


class _Standing:
    """What stands of the people of a helping, and what the helping adds to it."""

    def __init__(self, events: Mapping[str, Event[Fact]], deaths: Mapping[str, Any]) -> None:
        self.events = events
        self.deaths = deaths
        self.visits: dict[tuple[str, str, object], Entry] = {}
        for event in events.values():
            if isinstance(event.data, EntryFact) and event.data.entry.stands:
                self.visits.setdefault(_visit_of(event.data.entry), event.data.entry)

    def decide(self, entry: Entry, cause: str, now: datetime) -> tuple[Outcome, EntryRecorded | None]:
        """Say what becomes of an entry: recorded, here already, or refused."""
        own = newest_of(self.events, entry_stream(entry.entry_id), EntryFact)
        if own and own.causationid == cause:
            return "accepted", None
        if own and own.data.entry.state is EntryState.VOIDED:
            return Refusal(VoidedError.code, "followed_on"), None
        known = own.data.entry if own else self.visits.get(_visit_of(entry))
        if known:
            return ("duplicate" if known.content == entry.content else Refusal("entry_differs", "followed_on")), None
        archive = newest_of(self.events, archive_stream(entry.person_id, entry.district), ArchiveFact)
        custody = newest_of(self.events, custody_stream(entry.person_id, entry.district), CustodyFact)
        try:
            fact = record_entry(
                archive.data.archive if archive else None,
                custody.data.custody if custody else None,
                entry,
                now,
                self.deaths.get(entry.person_id),
            )
        except RefusedError as error:
            return Refusal(error.code, "person" if error.code in _OF_ARCHIVES else "followed_on"), None
        self.visits[_visit_of(entry)] = entry
        return "accepted", fact


_OF_ARCHIVES = frozenset({NoArchiveError.code, ArchiveClosedError.code})


def _visit_of(entry: Entry) -> tuple[str, str, object]:
    return entry.person_id, entry.content.kind, day_of(entry.measured_at)


def _decide(
    checked: Sequence[tuple[Row, Visit | Refusal]],
    people: Mapping[str, str],
    standing: _Standing,
    about: tuple[Progress, datetime],
) -> tuple[list[tuple[Row, Outcome]], list[tuple[str, EntryRecorded]]]:
    """Decide a helping's rows one after the other, each knowing those before it."""
    progress, now = about
    outcomes: list[tuple[Row, Outcome]] = []
    facts: list[tuple[str, EntryRecorded]] = []
    for row, visit in checked:
        outcome: Outcome = visit if isinstance(visit, Refusal) else Refusal("unknown_person", "person")
        if isinstance(visit, Visit) and visit.person in people:
            cause = f"import/{progress.import_id}/{row.number}"
            entry = make_entry(visit, people[visit.person], progress.street, progress.by, now)
            outcome, fact = standing.decide(entry, cause, now)
            facts += [(cause, fact)] if fact else []
        outcomes.append((row, outcome))
    return outcomes, facts


def _fields(progress: Progress) -> dict[str, Any]:
    return progress.model_dump(exclude={"import_id"})
