"""Custody settled by what was heard, and offers refused: the facts that the own districts owe are recorded."""

import asyncio
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from contracts.archives.archives import Archive, ArchiveFact
from contracts.archives.custody import Custody, CustodyFact, custody_stream
from contracts.archives.enrolments import Enrolment, EnrolmentFact
from contracts.archives.entries import Entry, EntryFact, EntryForwarded
from contracts.envelope import Event, Fact
from contracts.refusals import RefusedError
from services.archives.commands.recording import Change, by_person, commits_of, record_together
from services.archives.domain.custody import may_be_refused, refuse, settle
from services.archives.domain.known import Known, begin_custody
from services.archives.views.people import Heard, find_heard
from services.runtime.journal import Commit, StreamConflictError
from services.runtime.service import Service

SETTLE_ATTEMPTS = 200
"""Far more than for one command: many messages may settle the same person at once, and what gives up is parked."""
LONGEST_REST = 0.3
"""Seconds after which it is tried again at the latest."""


class NothingOfferedError(RefusedError):
    """There is no offer of this person's archive to answer."""

    code = "nothing_offered"
    advice = "没有待接收的档案移交。No archive of this person is offered to your district."


async def settle_custody(service: Service, causes: Mapping[str, str]) -> dict[str, Heard]:
    """Record what the own districts still owe about people, each with the id of the event that gave rise to it.

    Return everything that was heard of them, as it was last read. Raise StreamConflictError if others continue the same
    streams again and again.
    """
    heard: dict[str, Heard] = {}
    concerned = set(causes)
    for attempt in range(SETTLE_ATTEMPTS):
        if not concerned:
            return heard
        concerned = await _settle_once(service, {person: causes[person] for person in concerned}, heard)
        if concerned:
            await asyncio.sleep(random.uniform(0, min(0.01 * attempt, LONGEST_REST)))  # noqa: S311  # others settle them too
    raise StreamConflictError(min(concerned))


async def _settle_once(service: Service, causes: Mapping[str, str], heard: dict[str, Heard]) -> set[str]:
    """Settle people once and keep what was heard of them; return those whose streams were continued by others.

    The own streams are read first: what another worker recorded by what it had heard must not be judged by less.
    """
    own = by_person(await service.journal.load_streams_of(causes))
    heard |= await find_heard(service.database, causes)
    commits: list[tuple[str, Commit]] = []
    for person, cause in causes.items():
        streams = {event.subject: event for event in own.get(person, ())}
        for known in _everything_known(streams.values(), heard[person]):
            facts = settle(known, service.clock())
            commits += [(person, commit) for commit in commits_of(service, facts, streams, cause)]
    taken = await service.journal.record([commit for _, commit in commits]) if commits else {}
    return {commits[index][0] for index in taken}


def _everything_known(own: Iterable[Event[Fact]], heard: Heard) -> Iterator[Known]:
    """Return what each own district with an archive knows: its own streams from the journal, the rest as heard."""
    recorded = _Recorded.of(event.data for event in own)
    custodies = {**heard.custodies, **recorded.custodies}
    enrolments = {(known.district, known.condition): known for known in heard.enrolments} | recorded.enrolments
    archives = {**heard.archives, **recorded.archives}
    for district, archive in recorded.archives.items():
        yield Known(
            archive=archive,
            custody=recorded.custodies.get(district) or begin_custody(archive),
            stays=tuple(heard.stays),
            others=tuple(custody for other, custody in custodies.items() if other != district),
            aliases=tuple(known for known in heard.aliases if known.district == district),
            handed=tuple(known for known in archives.values() if known.closing and known.closing.to == district),
            handed_enrolments=tuple(known for known in enrolments.values() if known.handed_to == district),
            entries=_newest(heard.entries_known_to(district), recorded.entries, district),
            enrolments={name: known for (where, name), known in recorded.enrolments.items() if where == district},
            forwarded={
                (entry, to): version for (entry, by, to), version in recorded.forwarded.items() if by == district
            },
            died_on=heard.died_on,
        )


@dataclass(frozen=True, slots=True)
class _Recorded:
    """The state after the newest fact of each own stream about a person, by kind."""

    archives: dict[str, Archive]
    custodies: dict[str, Custody]
    enrolments: dict[tuple[str, str], Enrolment]
    entries: dict[str, Entry]
    forwarded: dict[tuple[str, str, str], int]

    @classmethod
    def of(cls, facts: Iterable[Fact]) -> "_Recorded":
        recorded = cls({}, {}, {}, {}, {})
        for fact in facts:
            match fact:
                case ArchiveFact(archive=archive):
                    recorded.archives[archive.district] = archive
                case CustodyFact(custody=custody):
                    recorded.custodies[custody.district] = custody
                case EnrolmentFact(enrolment=enrolment):
                    recorded.enrolments[enrolment.district, enrolment.condition] = enrolment
                case EntryFact(entry=entry):
                    recorded.entries[entry.entry_id] = entry
                case EntryForwarded(entry=entry, by=by, to=to):
                    recorded.forwarded[entry.entry_id, by, to] = entry.version
        return recorded


def _newest(heard: Mapping[str, Entry], own: Mapping[str, Entry], district: str) -> dict[str, Entry]:
    """Return the entries that were heard, replaced by the own journal's version of those that the district made."""
    return {**heard, **{name: entry for name, entry in own.items() if entry.district == district}}


async def refuse_offer(service: Service, person_id: str, district: str, reason: str, change: Change) -> Custody:
    """Refuse the archives that other districts offer of a person; return the custody afterwards.

    Raise NothingOfferedError if none is offered.
    """

    async def decide(streams: Mapping[str, Event[Fact]]) -> tuple[Custody, Sequence[Commit]]:
        heard = (await find_heard(service.database, [person_id]))[person_id]
        everything = _everything_known(streams.values(), heard)
        known = next((known for known in everything if known.district == district), None)
        offers = may_be_refused(known) if known else []
        if known is None or not offers:
            raise NothingOfferedError
        refused: list[CustodyFact] = []
        custody = known.custody
        for origin, offer in offers:
            refused.append(refuse(custody, origin, offer, service.clock(), reason=reason, by=change.by))
            custody = refused[-1].custody
        return custody, list(commits_of(service, refused, streams, change.cause))

    return await record_together(service, [person_id], decide, custody_stream(person_id, district))
