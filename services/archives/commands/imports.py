"""Sheets of follow-ups that were handed in: worked through in batches, resumed after a crash, exact to the row."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Any, Literal

from pydantic import ConfigDict, Field

from contracts.archives.entries import Entry, EntryFact, EntryRecorded, EntryState, entry_stream
from contracts.envelope import Event, Fact, uuid7
from contracts.reference.calendar import day_of
from contracts.refusals import RefusedError
from services.archives.commands.recording import archive_in, newest_of, record_together
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
from services.archives.intake import readings
from services.archives.intake.readings import COLUMNS, Refusal, Visit, read_visit
from services.archives.intake.rounds import Round, Row, make_entry, read_round, write_refused
from services.archives.views.imports import delete_rows, find_batch, find_people, find_refused, keep, keep_refused
from services.archives.views.people import find_deaths, find_keeping_streets
from services.runtime.imports import Progress as ImportProgress
from services.runtime.imports import enqueue_import, find_import, report_pages, save_import, work_through_imports
from services.runtime.journal import Commit
from services.runtime.logs import get_log
from services.runtime.service import Service

BATCH_SIZE = 250
"""How many rows are recorded together."""

Outcome = Literal["accepted", "duplicate"] | Refusal


class Progress(ImportProgress):
    """The progress of an import of follow-ups, and who typed the sheet."""

    model_config = ConfigDict(serialize_by_alias=True)

    by: str
    batches: int = Field(default=0, alias="helpings")


@dataclass(frozen=True, slots=True)
class Submission:
    """Who hands in a sheet of follow-ups for which street."""

    import_id: str
    street: str
    by: str


async def hand_in(service: Service, content: bytes, filename: str, handed_in: Submission) -> Progress:
    """Keep the rows of a sheet, not the sheet, and promise to work through them; return the progress.

    The same submission again changes nothing. Raise SheetError if it is no sheet of follow-ups.
    """
    known = await find_progress(service, handed_in.import_id)
    if known is not None:
        return known
    sheet = await service.workers.run(read_round, content, filename)
    progress = begin(sheet, handed_in.street, handed_in.by, service.clock(), handed_in.import_id)
    await keep(service.database, progress.import_id, list(_batches(sheet)))
    await enqueue_import(service, progress.import_id, _fields(progress))
    return progress


def begin(sheet: Round, street: str, by: str, handed_in_at: datetime, import_id: str = "") -> Progress:
    """Return the progress of an import that begins: its blank rows are done, the others are to come."""
    progress = Progress(
        import_id=import_id or uuid7(),
        street=street,
        by=by,
        rows=sheet.total,
        blank=sheet.blank,
        ignored=len(sheet.ignored),
        ignored_rows=sheet.ignored,
        sheets=sheet.sheets,
        handed_in_at=handed_in_at,
    )
    progress.count_done()
    return progress


def _batches(sheet: Round) -> Iterator[Sequence[Row]]:
    for start in range(0, len(sheet.rows), BATCH_SIZE):
        yield sheet.rows[start : start + BATCH_SIZE]


async def record_round(
    service: Service, sheet: Round, progress: Progress
) -> AsyncIterator[tuple[Progress, list[tuple[Row, Refusal]]]]:
    """Work through a sheet in batches; return after each the progress and the rows that it refused."""
    for rows in _batches(sheet):
        outcomes = await record_rows(service, rows, progress)
        progress = _after(progress, [outcome for _, outcome in outcomes])
        yield progress, _refused(outcomes)


def _refused(outcomes: Iterable[tuple[Row, Outcome]]) -> list[tuple[Row, Refusal]]:
    return [(row, outcome) for row, outcome in outcomes if isinstance(outcome, Refusal)]


async def find_progress(service: Service, import_id: str) -> Progress | None:
    """Return how far an import is; None if there is none."""
    found = await find_import(service.database, import_id)
    return Progress.model_validate(found) if found else None


async def make_refused_workbook(service: Service, progress: Progress) -> bytes:
    """Return the .xlsx workbook of an import's refused rows, and of how the file was read."""
    refused = await find_refused(service.database, progress.import_id)
    return await asyncio.to_thread(write_refused, refused, advise, *report_pages(progress, COLUMNS, {}))


def advise(refusal: Refusal) -> str:
    """Return what to do about a refused row, in Chinese and English."""
    return readings.advise(refusal) or _DECISION_ADVICE[refusal.code]


_DECISIONS: tuple[type[RefusedError], ...] = (
    NoArchiveError,
    NotHeldError,
    ArchiveClosedError,
    VoidedError,
    FutureEntryError,
    BeforeBirthError,
    AfterDeathError,
)
_DECISION_ADVICE: Mapping[str, str] = {error.code: error.advice for error in _DECISIONS}


async def work_through(service: Service) -> None:
    """Work for ever on imports that are not done, wherever a crashed worker left them."""
    await work_through_imports(service, partial(_finish, service))


async def _finish(service: Service, import_id: str) -> None:
    progress = await find_progress(service, import_id)
    while progress and progress.state == "waiting":
        rows = await find_batch(service.database, import_id, progress.batches)
        if not rows:
            return  # another worker took over, finished and deleted them
        outcomes = await record_rows(service, rows, progress)
        await keep_refused(service.database, import_id, progress.batches, _refused(outcomes))
        progress = _after(progress, [outcome for _, outcome in outcomes])
        await save_import(service, import_id, _fields(progress))
    await delete_rows(service.database, import_id)
    get_log().info("import done", import_id=import_id, count=progress.rows if progress else 0)


def _after(progress: Progress, outcomes: Sequence[Outcome]) -> Progress:
    """Return the progress after one more batch with its outcomes."""
    after = progress.model_copy(deep=True, update={"batches": progress.batches + 1})
    for outcome in outcomes:
        match outcome:
            case Refusal(code=code):
                after.count_refused(code)
            case "duplicate":
                after.duplicate += 1
            case _:
                after.accepted += 1
    after.count_done()
    return after


async def record_rows(service: Service, rows: Sequence[Row], progress: Progress) -> list[tuple[Row, Outcome]]:
    """Record the entries of a batch of rows; return the outcome of each row."""
    today = day_of(progress.handed_in_at)
    checked = [(row, read_visit(row.typed, today)) for row in rows]
    visits = [found for _, found in checked if isinstance(found, Visit)]
    people = await _find_own_people(service, {visit.person for visit in visits}, progress.street)
    wanted = set(people.values())

    async def decide(streams: Mapping[str, Event[Fact]]) -> tuple[list[tuple[Row, Outcome]], Sequence[Commit]]:
        state = _BatchState(streams, await find_deaths(service.database, wanted))
        outcomes, facts = _decide(checked, people, state, (progress, service.clock()))
        return outcomes, [service.journal.commit(fact, causation=cause) for cause, fact in facts]

    return await record_together(service, wanted, decide, f"import/{progress.import_id}")


async def _find_own_people(service: Service, typed: Set[str], street: str) -> dict[str, str]:
    """Return the ids of people by what was typed of them, as far as the street that hands in keeps their archives."""
    people = await find_people(service.database, typed, street[:6])
    keeping = await find_keeping_streets(service.database, set(people.values()), street[:6])
    own = {person for person, of in keeping.items() if service.divisions.covers(street, of, service.today)}
    return {name: person for name, person in people.items() if person in own}


class _BatchState:
    """What is recorded of the people of a batch, and what the rows decided so far add to it."""

    def __init__(self, streams: Mapping[str, Event[Fact]], deaths: Mapping[str, date]) -> None:
        self.streams = streams
        self.deaths = deaths
        self.visits: dict[tuple[str, str, date], Entry] = {}
        for event in streams.values():
            if isinstance(event.data, EntryFact) and event.data.entry.stands:
                self.visits.setdefault(_visit_of(event.data.entry), event.data.entry)

    def decide(self, entry: Entry, cause: str, now: datetime) -> tuple[Outcome, EntryRecorded | None]:
        """Return the outcome of an entry, and the fact to record; None if it is a duplicate, refused or recorded."""
        own = newest_of(self.streams, entry_stream(entry.entry_id), EntryFact)
        if own and own.causationid == cause:
            return "accepted", None
        if own and own.data.entry.state is EntryState.VOIDED:
            return Refusal(VoidedError.code, "followed_on"), None
        known = own.data.entry if own else self.visits.get(_visit_of(entry))
        if known:
            return ("duplicate" if known.content == entry.content else Refusal("entry_differs", "followed_on")), None
        archive, custody = archive_in(self.streams, entry.person_id, entry.district)
        try:
            fact = record_entry(archive, custody, entry, now, self.deaths.get(entry.person_id))
        except RefusedError as error:
            return Refusal(error.code, "person" if error.code in _OF_ARCHIVES else "followed_on"), None
        self.visits[_visit_of(entry)] = entry
        return "accepted", fact


_OF_ARCHIVES = frozenset({NoArchiveError.code, ArchiveClosedError.code})


def _visit_of(entry: Entry) -> tuple[str, str, date]:
    """Return what two entries of one visit have in common: person, kind and day."""
    return entry.person_id, entry.content.kind, day_of(entry.measured_at)


def _decide(
    checked: Sequence[tuple[Row, Visit | Refusal]],
    people: Mapping[str, str],
    state: _BatchState,
    about: tuple[Progress, datetime],
) -> tuple[list[tuple[Row, Outcome]], list[tuple[str, EntryRecorded]]]:
    """Return the outcomes of a batch's rows, each decided knowing those before it, and the facts by their causes."""
    progress, now = about
    outcomes: list[tuple[Row, Outcome]] = []
    facts: list[tuple[str, EntryRecorded]] = []
    for row, visit in checked:
        outcome: Outcome = visit if isinstance(visit, Refusal) else Refusal("unknown_person", "person")
        if isinstance(visit, Visit) and visit.person in people:
            cause = f"import/{progress.import_id}/{row.place}"
            entry = make_entry(visit, people[visit.person], progress.street, progress.by, now)
            outcome, fact = state.decide(entry, cause, now)
            facts += [(cause, fact)] if fact else []
        outcomes.append((row, outcome))
    return outcomes, facts


def _fields(progress: Progress) -> dict[str, Any]:
    return progress.model_dump(exclude={"import_id"})
