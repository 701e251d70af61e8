"""Make snapshots of feeds in the background: whoever begins to read takes one, and goes on with the tail behind it."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from hashlib import sha256

from contracts.envelope import uuid7
from contracts.feeds.feeds import told_type
from contracts.refusals import RefusedError
from services.feeds.domain.alike import Row, add_up
from services.feeds.service import Feed
from services.feeds.views import snapshots
from services.feeds.views.releases import find_progress
from services.feeds.views.snapshots import Note, Snapshot
from services.runtime.logs import get_log
from services.runtime.mongo import Database, Document, is_away

LOOK_EVERY = 1.0
"""Seconds between two looks for a snapshot that is wanted."""
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


class _Counted:
    """What went by of the lines of a file."""

    def __init__(self) -> None:
        self.rows = self.events = self.size = 0
        self.digest = sha256()


async def _make(feed: Feed, note: Document) -> None:
    database, file_id, counted = feed.service.database, uuid7(), _Counted()
    if not await snapshots.begin_file(database, note, file_id):
        return  # another process was quicker
    await snapshots.write(database, file_id, _lines(feed, note, counted))
    if counted.events != note["wanted"]["position"]:
        raise MiscountedError
    ready = Snapshot(
        position=note["wanted"]["position"],
        rows=counted.rows,
        events=counted.events,
        size=counted.size,
        sha256=counted.digest.hexdigest(),
        made_at=feed.service.clock(),
    )
    await snapshots.finish(database, note, file_id, ready)


async def _lines(feed: Feed, note: Document, counted: _Counted) -> AsyncIterator[bytes]:
    before, database = note.get("ready") or {}, feed.service.database
    number = before.get("number", 0)
    since = snapshots.count_alike(database, note["_id"], number, note["wanted"]["number"])
    newer = (Row(told_type(kind), data, count) async for kind, data, count in since)
    async for row in add_up(_read_rows(database, before), newer) if number else newer:
        told = {"count": row.events, "data": row.data, "type": row.kind}
        line = json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
        counted.rows += 1
        counted.events += row.events
        counted.size += len(line)
        counted.digest.update(line)
        yield line


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
