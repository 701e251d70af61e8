"""Archives carried out and in: one as a FHIR bundle, a division's as lines of bundles under a manifest."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import Literal

from pydantic import BaseModel

from contracts.archives.archives import Archive, ArchiveCompleted, ArchiveFact, archive_stream
from contracts.archives.custody import Custody, CustodyFact, custody_stream
from contracts.archives.enrolments import (
    ChronicEnrolled,
    Duty,
    Enrolment,
    EnrolmentEnded,
    EnrolmentFact,
    enrolment_stream,
)
from contracts.archives.entries import (
    Entry,
    EntryCorrected,
    EntryFact,
    EntryRecorded,
    EntryState,
    EntryVoided,
    entry_stream,
)
from contracts.envelope import Event, Fact, uuid7
from contracts.refusals import RefusedError
from services.archives.commands.recording import commits_of, newest_of
from services.archives.domain.entries import record_entry
from services.archives.domain.errors import NoArchiveError
from services.archives.fhir.portable import PortableArchive, kept_by
from services.archives.fhir.reading import BundleRefusedError, read_bundle, validate_bundle
from services.archives.fhir.writing import write_bundle
from services.archives.views import exports
from services.archives.views.people import Heard, find_heard
from services.runtime.access import Caller
from services.runtime.access_log.log import Access, AccessLog
from services.runtime.journal import ConflictError
from services.runtime.service import Service

ATTEMPTS = 5
HELPING = 100


class DiffersError(RefusedError):
    """An entry stands here and says something else."""

    code = "entry_differs"
    advice = "该条目在本区内容不同,请用更正功能修改。The same entry says something else here; correct it instead."

    def __init__(self, entry_id: str) -> None:
        super().__init__(entry_id)
        self.field = entry_id


class Taken(BaseModel):
    """What became of a bundle that was handed in.

    Of its entries some were `recorded` or `continued` by later versions, some were here already (`duplicate`), and some
    are of other districts (`elsewhere`): those come with the hand-over of the archive, from whoever wrote them. What
    stands here of the archive itself and of its enrolments is never written over: it is `kept`.
    """

    person_id: str
    recorded: int = 0
    continued: int = 0
    duplicate: int = 0
    elsewhere: int = 0
    archive: Literal["completed", "duplicate", "kept"] = "kept"
    enrolments: dict[Literal["recorded", "duplicate", "kept", "elsewhere"], int] = {}


def make_portable(heard: Heard, district: str, duties: Sequence[Duty]) -> PortableArchive:
    """Put together what a district knows of a person."""
    archive = heard.archives[district]
    entries = heard.entries_known_to(district).values()
    return PortableArchive(
        archive=archive,
        entries=tuple(sorted(entries, key=lambda entry: (entry.measured_at, entry.entry_id))),
        enrolments=tuple(known for known in heard.enrolments if known.district == district),
        duties=tuple(duties),
        kept=kept_by(archive, heard.custodies.get(district)),
        died_on=heard.died_on,
        replaced_by=heard.merged_into,
        replaces=tuple(sorted({alias.person_id for alias in heard.aliases})),
    )


# --- out


async def export(service: Service, log: AccessLog, caller: Caller, manifest: exports.Manifest) -> AsyncIterator[bytes]:
    """Give the archives that a division keeps, one bundle a line, and complete the manifest at the end."""
    digest, count = sha256(), 0
    async for kept in exports.pages(service.database, service.areas(manifest.division), HELPING):
        heard = await find_heard(service.database, [person_id for person_id, _ in kept])
        await log.record_all([_exported(caller, manifest, heard[person].archives[of]) for person, of in kept])
        lines = await asyncio.to_thread(_lines, kept, heard, manifest.as_of)
        digest.update(lines)
        count += len(kept)
        yield lines
    await exports.complete(service.database, manifest.export_id, count, digest.hexdigest(), service.clock())


def _exported(caller: Caller, manifest: exports.Manifest, archive: Archive) -> Access:
    reason = f"export {manifest.export_id}"
    return Access.of(caller, "archive_exported", reason, person_id=archive.person_id, street=archive.street)


def begin_export(division: str, by: str, as_of: datetime) -> exports.Manifest:
    """Begin a manifest."""
    return exports.Manifest(export_id=uuid7(), division=division, by=by, as_of=as_of)


def _lines(kept: Mapping[tuple[str, str], Sequence[Duty]], heard: Mapping[str, Heard], as_of: datetime) -> bytes:
    """Render archives; it takes a millisecond or two each, so it is done beside the event loop."""
    bundles = (
        write_bundle(make_portable(heard[person_id], district, duties), as_of)
        for (person_id, district), duties in kept.items()
    )
    return b"".join(render(bundle) + b"\n" for bundle in bundles)


def render(bundle: Mapping[str, object]) -> bytes:
    """Render a bundle as compact JSON."""
    return json.dumps(bundle, ensure_ascii=False, separators=(",", ":")).encode()


# --- in


async def take(service: Service, caller: Caller, person_id: str, body: bytes) -> Taken:
    """Take a bundle of ours back in: what is missing is recorded as it was, what is here already is left alone."""
    told = await asyncio.to_thread(lambda: read_bundle(validate_bundle(body)))
    if told.archive.person_id != person_id:
        raise BundleRefusedError("not_ours", "Bundle.entry.1.resource.id")
    caller.must_cover(told.archive.district)
    cause = f"fhir/{sha256(body).hexdigest()}"
    for _ in range(ATTEMPTS):
        taking = await _load(service, told)
        facts = [*_entries(taking), *_completion(taking), *_enrolments(taking)]
        commits = list(commits_of(service, facts, taking.standing, cause))
        if not commits or not await service.journal.record(commits):
            await _keep_serial(service, facts)
            return taking.taken
    raise ConflictError(archive_stream(person_id, told.archive.district))


@dataclass(slots=True)
class Taking:
    """A bundle on its way in, beside what stands here of its person."""

    told: PortableArchive
    archive: Archive
    custody: Custody | None
    standing: Mapping[str, Event[Fact]]
    copies: Mapping[str, Entry]
    died_on: date | None
    now: datetime
    taken: Taken


async def _load(service: Service, told: PortableArchive) -> Taking:
    person_id, district = told.archive.person_id, told.archive.district
    people = {person_id, *(entry.person_id for entry in told.entries)}
    standing = {event.subject: event for event in await service.journal.load_streams_of(people)}
    archive = newest_of(standing, archive_stream(person_id, district), ArchiveFact)
    custody = newest_of(standing, custody_stream(person_id, district), CustodyFact)
    if archive is None:
        raise NoArchiveError
    heard = (await find_heard(service.database, [person_id])).get(person_id, Heard())
    return Taking(
        told=told,
        archive=archive.data.archive,
        custody=custody.data.custody if custody else None,
        standing=standing,
        copies=heard.entries_known_to(district),
        died_on=heard.died_on,
        now=service.clock(),
        taken=Taken(person_id=person_id),
    )


def _entries(taking: Taking) -> Iterator[Fact]:
    """Record the own district's entries that are missing, with everything that they said before."""
    for entry in taking.told.entries:
        event = newest_of(taking.standing, entry_stream(entry.entry_id), EntryFact)
        standing = event.data.entry if event else taking.copies.get(entry.entry_id)
        if standing and not _agree(standing, entry):
            raise DiffersError(entry.entry_id)
        if standing and (standing.version >= entry.version or event is None):
            taking.taken.duplicate += 1
        elif entry.district != taking.archive.district:
            taking.taken.elsewhere += 1
        else:
            record_entry(taking.archive, taking.custody, entry, taking.now, taking.died_on)
            taking.taken.recorded += standing is None
            taking.taken.continued += standing is not None
            yield from history(entry)[standing.version if standing else 0 :]


def _agree(one: Entry, other: Entry) -> bool:
    """Say whether two copies of an entry tell the same story as far as both go."""
    version = min(one.version, other.version)
    return (one.person_id, one.street, one.digest(version)) == (other.person_id, other.street, other.digest(version))


FACTS: Mapping[EntryState, type[EntryFact]] = {
    EntryState.RECORDED: EntryRecorded,
    EntryState.CORRECTED: EntryCorrected,
    EntryState.VOIDED: EntryVoided,
}


def history(entry: Entry) -> list[EntryFact]:
    """Tell the facts that led to what an entry says now."""
    versions = [*entry.earlier, entry.as_earlier()]
    return [
        FACTS[said.state](
            entry=entry.model_copy(
                update={
                    **{name: getattr(said, name) for name in type(said).model_fields},
                    "earlier": entry.earlier[:number],
                }
            )
        )
        for number, said in enumerate(versions)
    ]


def _completion(taking: Taking) -> Iterator[Fact]:
    """Complete an archive that nobody completed here yet, under the code that it had."""
    archive, told = taking.archive, taking.told.archive
    if archive.basic is None and told.basic and archive.is_open:
        fields = ("basic", "code", "coded_on", "aliases", "completed_at", "completed_by", "paper", "since")
        taking.taken.archive = "completed"
        yield ArchiveCompleted(archive=archive.model_copy(update={name: getattr(told, name) for name in fields}))
    elif archive == told:
        taking.taken.archive = "duplicate"


def _enrolments(taking: Taking) -> Iterator[Fact]:
    counts = taking.taken.enrolments
    for told in taking.told.enrolments:
        event = newest_of(
            taking.standing, enrolment_stream(told.person_id, told.condition, told.district), EnrolmentFact
        )
        outcome: Literal["recorded", "duplicate", "kept", "elsewhere"] = "recorded"
        if told.district != taking.archive.district:
            outcome = "elsewhere"
        elif event:
            outcome = "duplicate" if event.data.enrolment == told else "kept"
        counts[outcome] = counts.get(outcome, 0) + 1
        if outcome == "recorded":
            yield from _managed(told)


def _managed(told: Enrolment) -> Iterator[Fact]:
    begun = {"ended_on": None, "ending": None, "handed_to": None, "handed_turn": None}
    yield ChronicEnrolled(enrolment=told.model_copy(update=begun))
    if not told.active:
        yield EnrolmentEnded(enrolment=told)


async def _keep_serial(service: Service, facts: Iterable[Fact]) -> None:
    """Never give the serial of a code that came back a second time."""
    for fact in facts:
        if isinstance(fact, ArchiveCompleted) and fact.archive.code:
            await exports.keep_serial(service.database, fact.archive.code)
