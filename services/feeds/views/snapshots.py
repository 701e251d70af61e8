"""Snapshots: what an audience was told up to a position, as counts of what is alike, in one file an audience (GridFS).

A note says which one is wanted, with the files that were begun for it, and which one is ready; whatever no note speaks
of was left behind by a crash, and is swept away. It says too up to where the releases were compacted: what was told
until there stands in the ready snapshot alone, and the next snapshot is made from it.
"""

from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import BaseModel

from services.feeds.views.releases import RELEASES, Progress
from services.runtime.mongo import Database, Document, DuplicateKeyError, NoFile, bucket_of

SNAPSHOTS, FILES = "snapshots", "snapshot_files"
ROWS_AT_ONCE = 1000
"""Rows that are read at once; no more of a snapshot is in memory."""


class ParquetFile(BaseModel):
    """A snapshot as Parquet: size in bytes and SHA-256 of that file."""

    size: int
    sha256: str


class Snapshot(BaseModel):
    """A snapshot that is ready: `position` is where its tail begins, `sha256` and `size` (bytes) are of its file.

    The same rows as Parquet are another file.
    """

    position: int
    rows: int
    events: int
    size: int
    sha256: str
    made_at: datetime
    parquet: ParquetFile | None = None


class Making(BaseModel):
    """A snapshot that is being made: since when, and how many events of how many are written."""

    begun_at: datetime
    written: int
    events: int


@dataclass(frozen=True)
class Note:
    """What is known of an audience's snapshot: the one that is being made, the one that is ready, and its file.

    `number` is the last release that is counted in it, `compacted` the last one that stands in it alone.
    """

    making: Making | None
    ready: Snapshot | None
    file_id: str
    number: int
    compacted: int


async def find(database: Database, audience: str) -> Note | None:
    """Return what is known of an audience's snapshot; None if none was ever wanted."""
    note = await database[SNAPSHOTS].find_one({"_id": audience})
    if note is None:
        return None
    ready, wanted = note.get("ready"), note.get("wanted")
    snapshot = Snapshot.model_validate(ready) if ready else None
    return Note(
        making=Making(**{"written": 0, **wanted, "events": wanted["position"]}) if wanted else None,
        ready=snapshot,
        file_id=ready["file_id"] if ready else "",
        number=ready.get("number", 0) if ready else 0,
        compacted=note.get("compacted", {}).get("number", 0),
    )


async def find_compacted(database: Database, audience: str) -> int:
    """Return the position up to which what an audience was told stands in its snapshot alone; 0 if nothing does."""
    note = await database[SNAPSHOTS].find_one({"_id": audience}, {"compacted": 1})
    return int(note["compacted"]["position"]) if note and "compacted" in note else 0


async def compact(database: Database, audience: str, last: Progress) -> bool:
    """Note that what was told up to a release stands in the snapshot alone; return whether it is counted there."""
    further = {"$max": {"compacted.number": last.number, "compacted.position": last.end}}
    noted = await database[SNAPSHOTS].update_one({"_id": audience, "ready.number": {"$gte": last.number}}, further)
    return bool(noted.matched_count)


async def want(database: Database, audience: str, progress: Progress, now: datetime) -> None:
    """Note that a snapshot of an audience's feed as it is now is wanted, unless one is wanted already."""
    wanted = {"number": progress.number, "position": progress.end, "begun_at": now, "files": []}
    try:
        await database[SNAPSHOTS].update_one(
            {"_id": audience, "wanted": None}, {"$set": {"wanted": wanted}}, upsert=True
        )
    except DuplicateKeyError:
        return  # one is wanted already


async def find_wanted(database: Database) -> list[Document]:
    """Return the notes of all snapshots that are to be made."""
    return await database[SNAPSHOTS].find({"wanted": {"$type": "object"}}).to_list(None)


async def begin_file(database: Database, note: Document, file_id: str) -> bool:
    """Note that a file is begun, before its first byte; return whether the snapshot is wanted still."""
    begun = await database[SNAPSHOTS].update_one(_wanted(note), {"$push": {"wanted.files": file_id}})
    return bool(begun.matched_count)


def parquet_of(file_id: str) -> str:
    """Return the id of the file that has the rows of another one as Parquet, and goes when that one goes."""
    return f"{file_id}.parquet"


async def write(database: Database, file_id: str, parts: AsyncIterator[bytes]) -> None:
    """Write a file."""
    stream: Any = bucket_of(database, FILES).open_upload_stream_with_id(file_id, file_id)
    async for part in parts:
        await stream.write(part)
    await stream.close()


async def note_written(database: Database, note: Document, events: int) -> None:
    """Note how many events of a snapshot are written, for whoever waits for it."""
    await database[SNAPSHOTS].update_one(_wanted(note), {"$set": {"wanted.written": events}})


async def finish(database: Database, note: Document, file_id: str, ready: Snapshot) -> None:
    """Note that a snapshot is ready, unless another process was quicker, and remove every other file."""
    made = {"ready": {**ready.model_dump(), "file_id": file_id, "number": note["wanted"]["number"]}, "wanted": None}
    before: Document | None = await database[SNAPSHOTS].find_one_and_update(_wanted(note), {"$set": made})
    if before is None:
        await _remove(database, file_id)
        return
    for old in {*before["wanted"]["files"], before.get("ready", {}).get("file_id")} - {file_id, None}:
        await _remove(database, old)


async def sweep(database: Database) -> None:
    """Remove what is left of files that no note speaks of: a process died before it removed them.

    A file is noted before its first byte, so whatever was there before the notes were read is noted or is left over.
    """
    bucket = database[FILES]
    there = {*await bucket["files"].distinct("_id"), *await bucket["chunks"].distinct("files_id")}
    async for note in database[SNAPSHOTS].find({}, {"ready.file_id": 1, "wanted.files": 1}):
        noted = [(note.get("ready") or {}).get("file_id"), *(note.get("wanted") or {}).get("files", ())]
        there.difference_update(noted, map(parquet_of, noted))
    for left in there:
        await _remove(database, left)


async def count_alike(database: Database, audience: str, after: int, until: int) -> AsyncIterator[tuple[str, Any, int]]:
    """Yield what an audience was told after a release and until another: kind, data, how many events are like that."""
    stages: list[Document] = [
        {"$match": {"audience": audience, "number": {"$gt": after, "$lte": until}}},
        {"$unwind": "$entries"},
        {"$group": {"_id": {"type": "$entries.type", "data": "$entries.data"}, "count": {"$sum": 1}}},
        {"$sort": {"_id": 1}},
    ]
    found = database[RELEASES].aggregate(stages, allowDiskUse=True, batchSize=ROWS_AT_ONCE)
    async for row in found:
        yield row["_id"]["type"], row["_id"]["data"], row["count"]


async def read(database: Database, file_id: str, first: int, length: int) -> AsyncIterator[bytes]:
    """Yield `length` bytes of a file from the byte `first` on."""
    stream: Any = await bucket_of(database, FILES).open_download_stream(file_id)
    stream.seek(first)
    left = length
    while left > 0:
        part = await stream.read(min(left, stream.chunk_size))
        if not part:
            return
        left -= len(part)
        yield part


def _wanted(note: Document) -> Document:
    """Return the query of a note as long as its snapshot is wanted."""
    wanted = note["wanted"]
    return {"_id": note["_id"], "wanted.begun_at": wanted["begun_at"], "wanted.number": wanted["number"]}


async def _remove(database: Database, file_id: str) -> None:
    """Remove a file and its rows as Parquet, with what was written of one that was not finished."""
    for each in (file_id, parquet_of(file_id)):
        with suppress(NoFile):
            await bucket_of(database, FILES).delete(each)
