"""The journal: recording a fact is one insert, and the same document is the outbox that the relay publishes from."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from pydantic_core import from_json
from pymongo import UpdateOne

from contracts.envelope import Event, Fact, narrow, render, unwrap, wrap
from contracts.refusals import RefusedError
from services.runtime.clock import Clock
from services.runtime.mongo import Database, Document, bulk_write, insert_new, make_index

FactT = TypeVar("FactT", bound=Fact)

JOURNAL = "journal"
BATCH_SIZE = 5000
"""Commits that are marked at once when everything is to be sent again."""
BUFFERED = 2000
"""Commits kept in memory for the relay at most; older ones it reads from the database."""


class StreamConflictError(RefusedError):
    """Somebody else continued the stream first: load it again and decide again."""

    code = "conflict"
    advice = "记录正被他人修改，请重试。Somebody else changed it; look and try again."


@dataclass(frozen=True, slots=True)
class Commit:
    """One or more facts that continue one stream together: either all of them are recorded or none."""

    stream: str
    events: tuple[Event[Fact], ...]

    @property
    def first(self) -> Event[Fact]:
        """Return the event whose sequence identifies the commit."""
        return self.events[0]


@dataclass(frozen=True, slots=True)
class Occupant:
    """The commit already recorded at the place of another; its cause tells whether a request was repeated."""

    causation: str


class Journal:
    """A service's own streams. The document's id, unique for `(stream, sequence)`, decides every race."""

    def __init__(self, database: Database, service: str, clock: Clock, known: Mapping[str, type[Fact]]) -> None:
        self._documents = database[JOURNAL]
        self._service = service
        self._clock = clock
        self._known = known
        self.recorded = asyncio.Event()
        """Set when this process records commits; the relay waits for it and clears it."""
        self._buffered: deque[Document] = deque(maxlen=BUFFERED)

    async def prepare(self) -> None:
        """Make the indexes of unsent commits, unheard ones (no queue takes them yet) and commits about a person."""
        await make_index(self._documents, "recorded_at", name="unsent", partialFilterExpression={"sent_at": None})
        await make_index(self._documents, "person_id", name="person", sparse=True)
        owed: Document = {"unheard": {"$exists": True}}
        await make_index(
            self._documents, [("unheard", 1), ("recorded_at", 1)], name="unheard", partialFilterExpression=owed
        )

    def commit(
        self, *facts: Fact, after: int = 0, causation: str, correlation: str | None = None, at: datetime | None = None
    ) -> Commit:
        """Return facts of one stream in envelopes, from sequence `after` + 1 on, recorded `at` a moment or now."""
        recorded_at = at or self._clock()
        events = tuple(
            wrap(
                fact,
                sequence=sequence,
                service=self._service,
                recorded_at=recorded_at,
                causation=causation,
                correlation=correlation or causation,
            )
            for sequence, fact in enumerate(facts, start=after + 1)
        )
        return Commit(facts[0].stream, events)

    async def record(self, commits: Sequence[Commit]) -> dict[int, Occupant]:
        """Record the commits that are first at their place; return for the others, by index, what occupies it."""
        documents = [_commit_document(commit) for commit in commits]
        taken = await insert_new(self._documents, documents)
        if len(taken) < len(commits):
            refused = set(taken)
            self._buffered.extend(document for index, document in enumerate(documents) if index not in refused)
            self.recorded.set()
        return await self._find_occupants(commits, taken) if taken else {}

    @property
    def oldest_buffered(self) -> datetime | None:
        """Return when the oldest buffered commit was recorded; None if none is buffered."""
        return self._buffered[0]["recorded_at"] if self._buffered else None

    def take_buffered(self, most: int) -> list[Document]:
        """Return this process's own unsent commits from memory, oldest first, and drop them from the buffer."""
        return [self._buffered.popleft() for _ in range(min(most, len(self._buffered)))]

    def forget_buffered(self, ids: Collection[str]) -> None:
        """Drop these commits from the buffer, since they were read from the database."""
        kept = [document for document in self._buffered if document["_id"] not in ids]
        self._buffered.clear()
        self._buffered.extend(kept)

    async def record_one(self, commit: Commit) -> None:
        """Record a commit; raise StreamConflictError if another one occupies its place."""
        if await self.record([commit]):
            raise StreamConflictError(commit.stream)

    async def load(self, stream: str, kind: type[FactT]) -> Event[FactT] | None:
        """Return the newest fact of a stream, which carries the state of its subject; None if the stream is empty.

        Raise TypeError if it is a fact of another kind.
        """
        newest = self._documents.find({"_id": {"$gte": f"{stream}#", "$lt": f"{stream}$"}}).sort("_id", -1).limit(1)
        async for document in newest:
            return narrow(self._last_event(document), kind)
        return None

    async def names(self, stream: str, text: str) -> bool:
        """Return whether a fact of a stream has a text in it, such as the id of a file; streams are short."""
        async for document in self._documents.find({"_id": {"$gte": f"{stream}#", "$lt": f"{stream}$"}}):
            if any(text in fact["event"] for fact in document["facts"]):
                return True
        return False

    async def count_streams(self, prefix: str) -> int:
        """Return how many streams begin with a prefix, of those that begin with a single fact."""
        first = {"_id": {"$gte": prefix, "$lt": prefix[:-1] + chr(ord(prefix[-1]) + 1)}}
        return await self._documents.count_documents(first)

    async def load_streams_of(self, person_ids: Iterable[str]) -> list[Event[Fact]]:
        """Return the newest fact of each of this service's streams about the given people."""
        newest: dict[str, Document] = {}
        async for document in self._documents.find({"person_id": {"$in": list(person_ids)}}):
            known = newest.get(document["stream"])
            if known is None or known["_id"] < document["_id"]:
                newest[document["stream"]] = document
        return [self._last_event(document) for document in newest.values()]

    async def load_causes(self, stream: str) -> set[str]:
        """Return the ids of the requests and events that caused the facts of a stream."""
        commits = self._documents.find({"_id": {"$gte": f"{stream}#", "$lt": f"{stream}$"}}, {"causation_id": 1})
        return {commit["causation_id"] async for commit in commits}

    async def load_caused(self, person_ids: Iterable[str], cause: str) -> list[Event[Fact]]:
        """Return the facts about people that a request or an event led to, stream by stream in order."""
        return await self._load_all({"person_id": {"$in": list(person_ids)}, "causation_id": cause})

    async def load_history_of(self, person_ids: Iterable[str]) -> list[Event[Fact]]:
        """Return every fact of this service's streams about the given people, stream by stream in order."""
        return await self._load_all({"person_id": {"$in": list(person_ids)}})

    async def _load_all(self, query: Document) -> list[Event[Fact]]:
        commits = await self._documents.find(query).sort("_id", 1).to_list(None)
        return [unwrap(from_json(fact["event"]), self._known) for commit in commits for fact in commit["facts"]]

    def _last_event(self, document: Document) -> Event[Fact]:
        return unwrap(from_json(document["facts"][-1]["event"]), self._known)

    async def _find_occupants(self, commits: Sequence[Commit], taken: Sequence[int]) -> dict[int, Occupant]:
        """Return, by index, the other writers' commits in place of ours.

        A place may be taken by our own commit too, written by an attempt whose answer was lost; that is left out.
        """
        ids = {_id_of(commits[index]): index for index in taken}
        occupants: dict[int, Occupant] = {}
        async for document in self._documents.find({"_id": {"$in": list(ids)}}):
            index = ids[document["_id"]]
            if document["facts"][0]["id"] != commits[index].first.id:
                occupants[index] = Occupant(document["causation_id"])
        return occupants


def _id_of(commit: Commit) -> str:
    return f"{commit.stream}#{commit.first.sequence:08d}"


def _commit_document(commit: Commit) -> Document:
    first = commit.first
    document: Document = {
        "_id": _id_of(commit),
        "stream": commit.stream,
        "causation_id": first.causationid,
        "recorded_at": first.time,
        "sent_at": None,
        "facts": [_fact_document(event) for event in commit.events],
    }
    if first.personid is not None:
        document["person_id"] = first.personid
    return document


def _fact_document(event: Event[Fact]) -> Document:
    """Return the document of a fact: its event with a routing key, and further ones if other districts must hear it."""
    key, *also = event.routing_keys
    fact = {"id": event.id, "key": key, "event": render(event)}
    return {**fact, "also": also} if also else fact


def routing_keys_of(fact: Document) -> tuple[str, ...]:
    """Return every routing key of a fact of a commit."""
    return (fact["key"], *fact.get("also", ()))


def events_under(commit: Document, key: str) -> list[str]:
    """Return the rendered events of a commit that are published with a routing key."""
    return [fact["event"] for fact in commit["facts"] if key in routing_keys_of(fact)]


async def read_unsent(database: Database, limit: int, before: datetime | None = None) -> list[Document]:
    """Return the oldest commits that the broker has not confirmed, optionally only those recorded before a moment."""
    query: Document = {"sent_at": None, "recorded_at": {"$lt": before}} if before else {"sent_at": None}
    unsent = database[JOURNAL].find(query, {"facts": 1, "recorded_at": 1}, hint="unsent")
    return await unsent.sort("recorded_at", 1).limit(limit).batch_size(limit).to_list(limit)


async def count_unsent(database: Database) -> int:
    """Return how many commits the broker has not confirmed."""
    return await database[JOURNAL].count_documents({"sent_at": None}, hint="unsent")


async def oldest_unsent(database: Database) -> datetime | None:
    """Return when the oldest commit was recorded that the broker has not confirmed; None if it has confirmed all."""
    oldest = await read_unsent(database, 1)
    return oldest[0]["recorded_at"] if oldest else None


async def mark_sent(database: Database, ids: Sequence[str], moment: datetime) -> None:
    """Mark commits as confirmed by the broker."""
    await database[JOURNAL].update_many({"_id": {"$in": list(ids)}}, {"$set": {"sent_at": moment}})


async def unmark_sent(database: Database, until: datetime) -> AsyncIterator[int]:
    """Mark everything recorded until a moment as unsent; after each batch yield the number of commits so far."""
    done, last = 0, ""
    while True:
        query: Document = {"_id": {"$gt": last}, "recorded_at": {"$lte": until}}
        ids = [row["_id"] async for row in database[JOURNAL].find(query, {"_id": 1}).sort("_id", 1).limit(BATCH_SIZE)]
        if not ids:
            return
        await database[JOURNAL].update_many({"_id": {"$in": ids}}, {"$set": {"sent_at": None}})
        done, last = done + len(ids), ids[-1]
        yield done


async def mark_unheard(database: Database, keys: Mapping[str, Sequence[str]], moment: datetime) -> None:
    """Mark commits as sent except for the routing keys that no queue took; these remain to be sent."""
    await bulk_write(
        database[JOURNAL],
        [
            UpdateOne({"_id": commit}, {"$set": {"sent_at": moment, "unheard": list(owed)}})
            for commit, owed in keys.items()
        ],
    )


async def list_unheard(database: Database) -> list[str]:
    """Return the routing keys that have commits which no queue took, in order."""
    stages: list[Document] = [
        {"$match": {"unheard": {"$exists": True}}},
        {"$unwind": "$unheard"},
        {"$group": {"_id": "$unheard"}},
        {"$sort": {"_id": 1}},
    ]
    return [row["_id"] async for row in database[JOURNAL].aggregate(stages, hint="unheard")]


async def read_unheard(database: Database, key: str, limit: int) -> list[Document]:
    """Return the oldest commits that no queue took under a routing key."""
    found = database[JOURNAL].find({"unheard": key}, {"facts": 1}, hint="unheard")
    return await found.sort("recorded_at", 1).limit(limit).to_list(limit)


async def mark_heard(database: Database, ids: Sequence[str], key: str) -> None:
    """Mark commits as taken by a queue under a routing key."""
    left = {"$setDifference": ["$unheard", [key]]}
    owed = {"$cond": [{"$eq": [left, []]}, "$$REMOVE", left]}
    await database[JOURNAL].update_many({"_id": {"$in": list(ids)}, "unheard": key}, [{"$set": {"unheard": owed}}])
