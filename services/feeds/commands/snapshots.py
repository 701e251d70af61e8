"""Make snapshots of feeds in the background: whoever begins to read takes one, and goes on with the tail behind it."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from hashlib import sha256

from contracts.envelope import uuid7
from contracts.feeds.feeds import told_type
from contracts.refusals import RefusedError
from services.feeds.service import Feed
from services.feeds.views import snapshots
from services.feeds.views.releases import find_progress
from services.feeds.views.snapshots import Note, Snapshot
from services.runtime.mongo import Document

LOOK_EVERY = 1.0
"""Seconds between two looks for a snapshot that is wanted."""
ANEW_AFTER = timedelta(hours=1)
"""How old a snapshot is before it is made anew: nobody can have all the events counted all the time."""


class NoSnapshotError(RefusedError):
    """No snapshot was asked for, or the first one is not ready yet."""

    code = "no_snapshot"
    advice = "尚无快照，请先 POST 申请并等待完成。No snapshot yet; ask for one with POST and wait until it is ready."
    status = 404


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
    """Make every snapshot that is wanted."""
    for note in await snapshots.find_wanted(feed.service.database):
        await _make(feed, note)


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
    found = snapshots.count_alike(feed.service.database, note["_id"], note["wanted"]["number"])
    async for kind, data, count in found:
        told = {"type": told_type(kind), "data": data, "count": count}
        line = json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode() + b"\n"
        counted.rows += 1
        counted.events += count
        counted.size += len(line)
        counted.digest.update(line)
        yield line
