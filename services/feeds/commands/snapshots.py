"""Make snapshots of feeds in the background: whoever begins to read takes one, and goes on with the tail behind it."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from hashlib import sha256
from tempfile import TemporaryFile
from typing import BinaryIO

from contracts.envelope import uuid7
from contracts.feeds.feeds import told_type
from contracts.refusals import RefusedError
from services.feeds.domain.alike import Row, add_up
from services.feeds.exports import ParquetWriter
from services.feeds.service import Feed
from services.feeds.views import snapshots
from services.feeds.views.releases import find_progress
from services.feeds.views.snapshots import Note, ParquetFile, Snapshot, parquet_of
from services.runtime.logs import get_log
from services.runtime.mongo import Database, Document, is_away

LOOK_EVERY = 1.0
"""Seconds between two looks for a snapshot that is wanted."""
A_GROUP, A_PART = 10_000, 2**18
"""Rows of Parquet that are written at once, and bytes."""
ANEW_AFTER = timedelta(hours=1)
"""How old a snapshot is before it is made anew: nobody can have all the events counted all the time."""


class NoSnapshotError(RefusedError):
    """No snapshot was asked for, or the first one is not ready yet."""

    code = "no_snapshot"
    advice = "尚无快照，请先 POST 申请并等待完成。No snapshot yet; ask for one with POST and wait until it is ready."
    status = 404


class MiscountedError(Exception):
    """A snapshot does not count what was told, or the one that it is made from is not what it was: it is of no use."""


async def want(feed: Feed, audience: str) -> Note:
    """Let a snapshot be made, unless one is being made or the last one is recent, and return what is known of it."""
    database, now = feed.service.database, feed.service.clock()
    note = await snapshots.find(database, audience)
    if note is None or not (note.making or (note.ready and now - note.ready.made_at < ANEW_AFTER)):
        await snapshots.want(database, audience, await find_progress(database, audience), now)
    return await must_find(feed, audience)


async def must_find(feed: Feed, audience: str) -> Note:
    """Return what is known of an audience's snapshot; raise NoSnapshotError if none was asked for."""
    note = await snapshots.find(feed.service.database, audience)
    if note is None:
        raise NoSnapshotError
    return note


async def make_all(feed: Feed) -> None:
    """Make every snapshot that is wanted; what stops one does not stop the others."""
    for note in await snapshots.find_wanted(feed.service.database):
        try:
            await _make(feed, note)
        except Exception as error:
            if is_away(error):
                raise
            get_log().error("no snapshot made, goes on later", subscription_id=note["_id"], error=error)


class _Written:
    """What went by of a file that is written; of one with a line for each row, the rows and the events in them too."""

    def __init__(self) -> None:
        self.rows = self.events = self.size = 0
        self.digest = sha256()

    def take(self, part: bytes) -> bytes:
        """Count a part of the file, and return it."""
        self.size += len(part)
        self.digest.update(part)
        return part


async def _make(feed: Feed, note: Document) -> None:
    database, file_id, lines = feed.service.database, uuid7(), _Written()
    if not await snapshots.begin_file(database, note, file_id):
        return  # another process was quicker
    await snapshots.write(database, file_id, _lines(feed, note, lines))
    if lines.events != note["wanted"]["position"]:
        raise MiscountedError
    sha = lines.digest.hexdigest()
    ready = Snapshot(
        position=note["wanted"]["position"],
        rows=lines.rows,
        events=lines.events,
        size=lines.size,
        sha256=sha,
        made_at=feed.service.clock(),
        parquet=await _write_parquet(database, {"file_id": file_id, "size": lines.size, "sha256": sha}),
    )
    await snapshots.finish(database, note, file_id, ready)


async def _write_parquet(database: Database, made: Document) -> ParquetFile:
    """Write the rows of a snapshot as Parquet, beside its lines; no more than a group of rows is in memory."""
    written = _Written()
    with TemporaryFile() as file:
        writer = ParquetWriter(file)
        async for rows in _groups(_read_rows(database, made)):
            await asyncio.to_thread(writer.write, rows)
        writer.close()
        file.seek(0)
        await snapshots.write(database, parquet_of(made["file_id"]), _parts(file, written))
    return ParquetFile(size=written.size, sha256=written.digest.hexdigest())


async def _groups(rows: AsyncIterator[Row]) -> AsyncIterator[list[Row]]:
    group: list[Row] = []
    async for row in rows:
        group.append(row)
        if len(group) == A_GROUP:
            yield group
            group = []
    if group:
        yield group


async def _parts(file: BinaryIO, written: _Written) -> AsyncIterator[bytes]:
    while part := file.read(A_PART):
        yield written.take(part)


async def _lines(feed: Feed, note: Document, lines: _Written) -> AsyncIterator[bytes]:
    before, database = note.get("ready") or {}, feed.service.database
    number = before.get("number", 0)
    since = snapshots.count_alike(database, note["_id"], number, note["wanted"]["number"])
    newer = (Row(told_type(kind), data, count) async for kind, data, count in since)
    async for row in add_up(_read_rows(database, before), newer) if number else newer:
        told = {"count": row.events, "data": row.data, "type": row.kind}
        line = json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
        lines.rows += 1
        lines.events += row.events
        yield lines.take(line)
        if lines.rows % A_GROUP == 0:
            await snapshots.note_written(database, note, lines.events)


async def _read_rows(database: Database, ready: Document) -> AsyncIterator[Row]:
    """Yield the rows of a snapshot; raise MiscountedError at its end if they are not what was written."""
    digest, begun = sha256(), b""
    async for part in snapshots.read(database, ready["file_id"], 0, ready["size"]):
        digest.update(part)
        *lines, begun = (begun + part).split(b"\n")
        for line in lines:
            told = json.loads(line)
            yield Row(told["type"], told["data"], told["count"])
    if digest.hexdigest() != ready["sha256"]:
        raise MiscountedError
