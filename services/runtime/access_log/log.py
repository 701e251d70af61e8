"""The access log 访问日志: who saw or erased whose data, and why. Append-only, gapless, hash-chained, sealed.

Each entry carries the hash of the previous one, and a seal made with a key that MongoDB does not hold. So anybody who
can write to the database alone can't change, add, remove or reorder an entry unnoticed. They can only cut entries off
at the end, which shows in a comparison with a head noted elsewhere: every append writes one to the service's own log,
and `verify-access-log --heads` keeps them in a file. Anybody who has the key as well can rewrite the whole log; then
only the noted heads reveal it.
"""

import asyncio
import hmac
import json
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Self

from pydantic import BaseModel, ConfigDict, ValidationError
from pymongo.errors import BulkWriteError

from services.runtime.access import Caller
from services.runtime.clock import Clock
from services.runtime.gathering import Gathering
from services.runtime.logs import get_log
from services.runtime.mongo import Database, Document, duplicates_in, make_index

ACCESS_LOG = "access_log"
BEFORE_THE_FIRST = "0" * 64
"""The first entry's `previous`, in place of a hash."""
KEY_BYTES = 32
ATTEMPTS = 100
"""Attempts to append before the log counts as too busy."""
LONGEST_PAUSE = 0.1
"""Seconds between two attempts, at most."""
CODE_LENGTHS = (2, 4, 6, 9, 12)
"""Digits of a province, city, district, street and community (GB/T 2260, GB/T 10114)."""
_NUMBERED: Document = {"_id": {"$gt": 0}}


class Access(BaseModel):
    """What somebody is about to see or do: `reason` identifies no one, `street` is where the person lives, if known.

    It is about one person, or about several `people` who live in one street.
    """

    model_config = ConfigDict(frozen=True)

    by: str
    role: str
    division: str
    action: str
    reason: str
    person_id: str | None = None
    street: str | None = None
    people: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        caller: Caller,
        action: str,
        reason: str,
        *,
        person_id: str | None = None,
        street: str | None = None,
        people: Sequence[str] = (),
    ) -> Self:
        """Return the access of a caller who is about to see or do something."""
        return cls(
            by=caller.subject,
            role=caller.role.value,
            division=caller.division,
            action=action,
            reason=reason,
            person_id=person_id,
            street=street,
            people=tuple(people),
        )


class Entry(Access):
    """An access in the log: positions count from 1 without gaps, and `at` never decreases."""

    position: int
    at: datetime
    previous: str
    hash: str
    seal: str


@dataclass(frozen=True, slots=True)
class Search:
    """The entries to read: those `before` a position, `since` a moment and earlier than `until`."""

    division: str = ""
    person_id: str | None = None
    by: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    before: int | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """The result of a verification: `entries` are valid, up to `head`; `fault` is what is wrong after them, if any."""

    entries: int
    head: str
    fault: str | None = None


def chain(access: Access, after: Entry | None, moment: datetime, key: bytes) -> Entry:
    """Return the entry for an access that follows another entry, or is the first."""
    at = moment.replace(microsecond=moment.microsecond // 1000 * 1000)
    entry = Entry(
        **access.model_dump(),
        position=after.position + 1 if after else 1,
        at=max(at, after.at) if after else at,
        previous=after.hash if after else BEFORE_THE_FIRST,
        hash="",
        seal="",
    )
    digest = _digest(entry)
    return entry.model_copy(update={"hash": digest, "seal": _seal(digest, key)})


def find_fault(document: Document, after: Entry | None, keys: Sequence[bytes]) -> str | None:
    """Return what is wrong with a document that should follow an entry; None if nothing is."""
    try:
        entry = _read(document)
    except (ValidationError, KeyError, TypeError):
        return "altered: it is no entry any more"
    if entry.position != (after.position + 1 if after else 1):
        return f"missing: after it comes {entry.position}"
    if entry.previous != (after.hash if after else BEFORE_THE_FIRST):
        return "altered: it does not follow the entry before it"
    if _digest(entry) != entry.hash or document != _document(entry):
        return "altered: it does not fit its hash"
    if not any(hmac.compare_digest(_seal(entry.hash, key), entry.seal) for key in keys):
        return "forged: it is not sealed with our key"
    return None


class AccessLog:
    """A service's access log. An access that can't be recorded must not happen: `record` first, then show."""

    def __init__(self, database: Database, clock: Clock, keys: str) -> None:
        self._documents = database[ACCESS_LOG]
        self._clock = clock
        self._keys = [_read_key(key) for key in keys.split(",")]
        self._gathering: Gathering[Access, Entry] = Gathering(self._append)

    async def prepare(self, _: Database) -> None:
        """Make the indexes for reading; appending needs none but the position, which is the id."""
        await make_index(self._documents, [("seen_from", 1), ("_id", 1)], name="seen_from")
        await make_index(self._documents, [("person_id", 1), ("_id", 1)], name="person")
        several: Document = {"people": {"$exists": True}}
        await make_index(self._documents, [("people", 1), ("_id", 1)], name="people", partialFilterExpression=several)
        await make_index(self._documents, [("by", 1), ("_id", 1)], name="by")
        await make_index(self._documents, [("at", 1), ("_id", 1)], name="at")

    async def record(self, access: Access) -> Entry:
        """Append an access and return its entry once it is on the disks of a majority; raise if it can't be written."""
        return await self._gathering.submit(access)

    async def record_all(self, accesses: Sequence[Access]) -> list[Entry]:
        """Append many accesses at once and return their entries; if this raises, some of them may be recorded."""
        return list(await asyncio.gather(*map(self._gathering.submit, accesses)))

    async def find_head(self) -> Entry | None:
        """Return the newest entry; None if the log is empty."""
        async for document in self._documents.find(_NUMBERED).sort("_id", -1).limit(1):
            return _read(document)
        return None

    async def find_newest_position(self) -> int:
        """Return the newest entry's position, even if the entry is damaged; 0 if the log is empty."""
        async for document in self._documents.find(_NUMBERED, {"_id": 1}).sort("_id", -1).limit(1):
            return int(document["_id"])
        return 0

    async def read(self, search: Search, limit: int) -> list[Entry]:
        """Return entries of callers in a division or about people who lived there, the newest first."""
        query: Document = {"_id": await self._positions(search)}
        if search.division:
            query["seen_from"] = search.division
        if search.by:
            query["by"] = search.by
        if search.person_id:
            query["$or"] = [{"person_id": search.person_id}, {"people": search.person_id}]
        found = self._documents.find(query).sort("_id", -1).limit(limit)
        return [_read(document) async for document in found]

    async def verify(self, heads: Mapping[int, str], report: Callable[[int], None]) -> Verdict:
        """Check all entries, reporting each position, until one is at fault or differs from the head noted for it."""
        last: Entry | None = None
        async for document in self._documents.find().sort("_id", 1).batch_size(1000):
            fault = find_fault(document, last, self._keys)
            if fault is None and heads.get(document["_id"], document["hash"]) != document["hash"]:
                fault = "rewritten: another head was noted for it"
            if fault is not None:
                return _verdict(last, fault)
            last = _read(document)
            report(last.position)
        noted = max(heads, default=0)
        reached = last.position if last else 0
        return _verdict(last, f"cut off: a head was noted at {noted}" if noted > reached else None)

    async def _append(self, accesses: Sequence[Access]) -> list[Entry]:
        """Append all accesses, trying again while other processes take the same positions; return their entries."""
        entries: list[Entry] = []
        for attempt in range(ATTEMPTS):
            chained = list(self._chain(accesses[len(entries) :], await self.find_head()))
            entries += chained[: await self._insert(chained)]
            if len(entries) == len(accesses):
                get_log().info("access logged", position=entries[-1].position, hash=entries[-1].hash)
                return entries
            await asyncio.sleep(random.uniform(0, min(0.001 * 2**attempt, LONGEST_PAUSE)))  # noqa: S311  # a pause, nothing secret
        raise TimeoutError("the access log is too busy")

    def _chain(self, accesses: Sequence[Access], head: Entry | None) -> Iterator[Entry]:
        for access in accesses:
            head = chain(access, head, self._clock(), self._keys[0])
            yield head

    async def _insert(self, entries: Sequence[Entry]) -> int:
        """Insert entries in order until one's position is taken; return how many were inserted."""
        try:
            await self._documents.insert_many([_document(entry) for entry in entries], ordered=True)
        except BulkWriteError as error:
            duplicates_in(error)
            return int(error.details["nInserted"])
        return len(entries)

    async def _positions(self, search: Search) -> Document:
        """Return the range of positions of a search, also for its moments, so that one index serves every search."""
        bounds = [search.before or float("inf")]
        if search.until is not None:
            bounds.append(await self._first_since(search.until))
        since = await self._first_since(search.since) if search.since is not None else 1
        return {"$gte": since, "$lt": min(bounds)}

    async def _first_since(self, moment: datetime) -> float:
        async for document in self._documents.find({"at": {"$gte": moment}}).sort([("at", 1), ("_id", 1)]).limit(1):
            return int(document["_id"])
        return float("inf")


def _read_key(text: str) -> bytes:
    key = bytes.fromhex(text.strip())
    if len(key) != KEY_BYTES:
        raise ValueError(f"a key of the access log has {KEY_BYTES} bytes")
    return key


def _canonical(entry: Entry) -> bytes:
    """Return the bytes that the hash covers (RFC 8785, for the text, numbers and nulls that an entry holds)."""
    content = _fields(entry, "hash", "seal")
    content["at"] = entry.at.astimezone(UTC).isoformat(timespec="milliseconds")
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _digest(entry: Entry) -> str:
    return sha256(_canonical(entry)).hexdigest()


def _seal(digest: str, key: bytes) -> str:
    return hmac.digest(key, digest.encode(), "sha256").hex()


def _fields(entry: Entry, *without: str) -> Document:
    """Return the fields of an entry; `people` is one of them only where there are any, as in no earlier version."""
    fields = entry.model_dump(exclude=set(without))
    people = fields.pop("people")
    return {**fields, "people": list(people)} if people else fields


def _document(entry: Entry) -> Document:
    codes = {code[:length] for code in (entry.division, entry.street or "") for length in CODE_LENGTHS}
    fields = _fields(entry, "position")
    return {"_id": entry.position, **fields, "seen_from": sorted(code for code in codes if len(code) in CODE_LENGTHS)}


def _read(document: Document) -> Entry:
    return Entry.model_validate({**document, "position": document["_id"]})


def _verdict(last: Entry | None, fault: str | None) -> Verdict:
    return Verdict(last.position, last.hash, fault) if last else Verdict(0, BEFORE_THE_FIRST, fault)
