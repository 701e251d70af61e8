"""Archives exported and taken back in: one as a FHIR bundle, a division's as lines of bundles under a manifest."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import Literal

from pydantic import BaseModel

from contracts.archives.archives import Archive, ArchiveCompleted, archive_stream
from contracts.archives.custody import Custody
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
from contracts.reference.telling import tells_number, tells_phone_or_card
from contracts.refusals import RefusedError
from services.archives.commands.recording import archive_in, commits_of, newest_of, record_together
from services.archives.domain.access import find_keeping_street
from services.archives.domain.entries import CODES, record_entry
from services.archives.domain.errors import NoArchiveError
from services.archives.fhir.portable import PortableArchive, kept_by
from services.archives.fhir.reading import BundleRefusedError, open_bundle
from services.archives.fhir.writing import write_bundle
from services.archives.views import exports
from services.archives.views.people import Heard, find_heard
from services.runtime.access import Caller
from services.runtime.access_log.log import Access, AccessLog
from services.runtime.bodies import texts_of
from services.runtime.journal import Commit
from services.runtime.service import Service

BATCH_SIZE = 100
"""How many archives an export reads at a time."""


class DiffersError(RefusedError):
    """The same entry is recorded here with another content."""

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
    """Return what a district knows of a person, as it goes into a bundle; `duties` are its open duties."""
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
    """Return the archives that a division keeps, one bundle a line, and complete the manifest after the last."""
    digest, count = sha256(), 0
    areas, around = service.areas(manifest.division), service.areas(manifest.division[:6])
    async for perhaps in exports.pages(service.database, areas, around, BATCH_SIZE):
        heard = await find_heard(service.database, [person_id for person_id, _ in perhaps])
        keeping = {(person, of): _keeping_street(heard[person], of) for person, of in perhaps}
        kept = {key: perhaps[key] for key, street in keeping.items() if any(street in area for area in areas)}
        await log.record_all([_exported(caller, manifest, person, keeping[person, of]) for person, of in kept])
        lines = await asyncio.to_thread(_lines, kept, heard, manifest.as_of)
        digest.update(lines)
        count += len(kept)
        yield lines
    await exports.complete(service.database, manifest.export_id, count, digest.hexdigest(), service.clock())


def _keeping_street(heard: Heard, district: str) -> str:
    return find_keeping_street(heard.archives[district], heard.stays)


def _exported(caller: Caller, manifest: exports.Manifest, person_id: str, street: str) -> Access:
    return Access.of(caller, "archive_exported", f"export {manifest.export_id}", person_id=person_id, street=street)


def begin_export(division: str, by: str, as_of: datetime) -> exports.Manifest:
    """Return the manifest of an export that begins."""
    return exports.Manifest(export_id=uuid7(), division=division, by=by, as_of=as_of)


def _lines(kept: Mapping[tuple[str, str], Sequence[Duty]], heard: Mapping[str, Heard], as_of: datetime) -> bytes:
    """Return archives as lines of JSON; at a millisecond or two each this is not for the event loop."""
    bundles = (
        write_bundle(make_portable(heard[person_id], district, duties), as_of)
        for (person_id, district), duties in kept.items()
    )
    return b"".join(render(bundle) + b"\n" for bundle in bundles)


def render(bundle: Mapping[str, object]) -> bytes:
    """Return a bundle as compact JSON in UTF-8."""
    return json.dumps(bundle, ensure_ascii=False, separators=(",", ":")).encode()


# --- in


async def take(service: Service, caller: Caller, person_id: str, body: bytes) -> Taken:
    """Take in a bundle that was written here: record what is missing as it was; leave alone what is here already.

    Raise BundleRefusedError if it is no such bundle of this person, DiffersError if an entry is recorded otherwise.
    """
    portable = await service.workers.run(open_bundle, body)
    district = portable.archive.district
    caller.must_cover(district)
    if portable.archive.person_id != person_id:
        raise BundleRefusedError("not_ours", "Bundle.entry.1.resource.id")
    _must_have_no_numbers(portable)
    cause = f"fhir/{sha256(body).hexdigest()}"

    async def decide(streams: Mapping[str, Event[Fact]]) -> tuple[tuple[Taken, list[Fact]], Sequence[Commit]]:
        incoming = await _load(service, portable, streams)
        facts = [*_entries(incoming), *_completion(incoming), *_enrolments(incoming)]
        return (incoming.taken, facts), list(commits_of(service, facts, streams, cause))

    people = {person_id, *(entry.person_id for entry in portable.entries)}
    taken, facts = await record_together(service, people, decide, archive_stream(person_id, district))
    await _keep_serial(service, facts)
    return taken


def _must_have_no_numbers(portable: PortableArchive) -> None:
    """Raise BundleRefusedError if something that was typed has a number which may say who somebody is."""
    archive = portable.archive
    said = [
        (version.content, version.reason)
        for entry in portable.entries
        for version in (*entry.earlier, entry.as_earlier())
    ]
    typed = [archive.basic, archive.paper and archive.paper.reference, *said]
    for loc, text in texts_of(typed):
        if (tells_phone_or_card if loc[-1] in CODES else tells_number)(text):
            raise BundleRefusedError("long_number", "Bundle")


@dataclass(slots=True)
class Incoming:
    """A bundle on its way in, beside what is recorded and known here of its person; `taken` counts what becomes of it.

    `streams` are the own streams about everyone in it, `copies` the entries that the district was sent or made.
    """

    portable: PortableArchive
    archive: Archive
    custody: Custody | None
    streams: Mapping[str, Event[Fact]]
    copies: Mapping[str, Entry]
    died_on: date | None
    now: datetime
    taken: Taken


async def _load(service: Service, portable: PortableArchive, streams: Mapping[str, Event[Fact]]) -> Incoming:
    person_id, district = portable.archive.person_id, portable.archive.district
    archive, custody = archive_in(streams, person_id, district)
    if archive is None:
        raise NoArchiveError
    heard = (await find_heard(service.database, [person_id]))[person_id]
    return Incoming(
        portable=portable,
        archive=archive,
        custody=custody,
        streams=streams,
        copies=heard.entries_known_to(district),
        died_on=heard.died_on,
        now=service.clock(),
        taken=Taken(person_id=person_id),
    )


def _entries(incoming: Incoming) -> Iterator[Fact]:
    """Return the facts of the own district's entries that are missing here, one for each missing version."""
    for entry in incoming.portable.entries:
        event = newest_of(incoming.streams, entry_stream(entry.entry_id), EntryFact)
        known = event.data.entry if event else incoming.copies.get(entry.entry_id)
        if known and not _agree(known, entry):
            raise DiffersError(entry.entry_id)
        if known and (known.version >= entry.version or event is None):
            incoming.taken.duplicate += 1
        elif entry.district != incoming.archive.district:
            incoming.taken.elsewhere += 1
        else:
            # only to refuse what may not be entered: what is recorded are the entry's own versions
            record_entry(incoming.archive, incoming.custody, entry, incoming.now, incoming.died_on)
            incoming.taken.recorded += known is None
            incoming.taken.continued += known is not None
            yield from history(entry)[known.version if known else 0 :]


def _agree(one: Entry, other: Entry) -> bool:
    """Return whether two copies of an entry have the same content in every version that both have."""
    version = min(one.version, other.version)
    return (one.person_id, one.street, one.digest(version)) == (other.person_id, other.street, other.digest(version))


FACTS: Mapping[EntryState, type[EntryFact]] = {
    EntryState.RECORDED: EntryRecorded,
    EntryState.CORRECTED: EntryCorrected,
    EntryState.VOIDED: EntryVoided,
}


def history(entry: Entry) -> list[EntryFact]:
    """Return the facts that led to an entry as it is now, one for each version, oldest first."""
    versions = [*entry.earlier, entry.as_earlier()]
    return [
        FACTS[version.state](
            entry=entry.model_copy(
                update={
                    **{name: getattr(version, name) for name in type(version).model_fields},
                    "earlier": entry.earlier[:number],
                }
            )
        )
        for number, version in enumerate(versions)
    ]


def _completion(incoming: Incoming) -> Iterator[Fact]:
    """Return the completion of an archive that was not completed here yet, under the code that it had."""
    archive, theirs = incoming.archive, incoming.portable.archive
    if archive.basic is None and theirs.basic and archive.is_open:
        fields = ("basic", "code", "coded_on", "aliases", "completed_at", "completed_by", "paper", "since")
        incoming.taken.archive = "completed"
        yield ArchiveCompleted(archive=archive.model_copy(update={name: getattr(theirs, name) for name in fields}))
    elif archive == theirs:
        incoming.taken.archive = "duplicate"


def _enrolments(incoming: Incoming) -> Iterator[Fact]:
    """Return the facts of the own district's enrolments that are missing here."""
    counts = incoming.taken.enrolments
    for enrolment in incoming.portable.enrolments:
        stream = enrolment_stream(enrolment.person_id, enrolment.condition, enrolment.district)
        event = newest_of(incoming.streams, stream, EnrolmentFact)
        outcome: Literal["recorded", "duplicate", "kept", "elsewhere"] = "recorded"
        if enrolment.district != incoming.archive.district:
            outcome = "elsewhere"
        elif event:
            outcome = "duplicate" if event.data.enrolment == enrolment else "kept"
        counts[outcome] = counts.get(outcome, 0) + 1
        if outcome == "recorded":
            yield from _enrolment_history(enrolment)


def _enrolment_history(enrolment: Enrolment) -> Iterator[Fact]:
    begun = {"ended_on": None, "ending": None, "handed_to": None, "handed_turn": None}
    yield ChronicEnrolled(enrolment=enrolment.model_copy(update=begun))
    if not enrolment.active:
        yield EnrolmentEnded(enrolment=enrolment)


async def _keep_serial(service: Service, facts: Iterable[Fact]) -> None:
    """Count the serial number of a code that came back as used, so that it is never assigned a second time."""
    for fact in facts:
        if isinstance(fact, ArchiveCompleted) and fact.archive.code:
            await exports.keep_serial(service.database, fact.archive.code)
