"""Custody: recording what the own districts owe by what was heard, and refusing what is offered."""

import asyncio
import random
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from contracts.archives.archives import Archive, ArchiveFact
from contracts.archives.custody import Custody, CustodyFact, custody_stream
from contracts.archives.enrolments import Enrolment, EnrolmentFact
from contracts.archives.entries import Entry, EntryFact, EntryForwarded
from contracts.envelope import Event, Fact
from contracts.refusals import RefusedError
from services.archives.commands.recording import ATTEMPTS, Change, by_person, commits_of
from services.archives.domain.custody import may_be_refused, refuse
from services.archives.domain.custody import settle as settle_known
from services.archives.domain.known import Known, begin_custody
from services.archives.views.people import Heard, find_heard
from services.runtime.journal import Commit, StreamConflictError
from services.runtime.service import Service

SETTLE_ATTEMPTS = 40


class NothingOfferedError(RefusedError):
    """There is no offer of this person to answer."""

    code = "nothing_offered"
    advice = "没有待接收的档案移交。No archive of this person is offered to your district."


async def settle_custody(service: Service, causes: Mapping[str, str]) -> None:
    """Record what the own districts still owe about people, given the event that was heard of each."""
    concerned = set(causes)
    for attempt in range(SETTLE_ATTEMPTS):
        if not concerned:
            return
        concerned = await _settle_once(service, {person: causes[person] for person in concerned})
        if concerned:
            await asyncio.sleep(random.uniform(0, 0.01 * attempt))  # noqa: S311  # somebody else settles them too
    raise StreamConflictError(min(concerned))


async def _settle_once(service: Service, causes: Mapping[str, str]) -> set[str]:
    """Settle people once; give those of whom somebody else recorded something in between."""
    own = by_person(await service.journal.load_streams_of(causes))
    heard = await find_heard(service.database, causes)
    commits: list[tuple[str, Commit]] = []
    for person, cause in causes.items():
        streams = {event.subject: event for event in own.get(person, ())}
        for known in _everything_known(streams.values(), heard.get(person, Heard())):
            facts = settle_known(known, service.clock())
            commits += [(person, commit) for commit in commits_of(service, facts, streams, cause)]
    taken = await service.journal.record([commit for _, commit in commits]) if commits else {}
    return {commits[index][0] for index in taken}


def _everything_known(own: Iterable[Event[Fact]], heard: Heard) -> Iterator[Known]:
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


async def refuse_offer(service: Service, person_id: str, district: str, reason: str, change: Change) -> Custody:
    """Refuse the archives that other districts offer of a person."""
    for _ in range(ATTEMPTS):
        own = by_person(await service.journal.load_streams_of([person_id])).get(person_id, [])
        heard = (await find_heard(service.database, [person_id])).get(person_id, Heard())
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
        if not await service.journal.record(list(commits_of(service, refused, streams, change.cause))):
            return custody
    raise StreamConflictError(custody_stream(person_id, district))
