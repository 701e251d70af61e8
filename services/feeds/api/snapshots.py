"""HTTP in: other systems take a snapshot of what they were told, and read the feed on from its position."""

import re
from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Header
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from services.feeds.api.dependencies import Audience, FeedHere
from services.feeds.commands import snapshots as commands
from services.feeds.commands.snapshots import NoSnapshotError
from services.feeds.domain.subscriptions import ExpiredError, NotSubscribedError
from services.feeds.views.snapshots import Making, Note, ParquetFile, Snapshot, parquet_of, read
from services.runtime.parameters import IDEMPOTENT
from services.runtime.problems import Problem, refuses

router = APIRouter(tags=["feeds"])

NDJSON, PARQUET = "application/x-ndjson", "application/vnd.apache.parquet"
RANGE = re.compile(r"bytes=(\d{1,15})-(\d{0,15})")


class SnapshotForm(StrEnum):
    """As what a snapshot is given."""

    NDJSON = "ndjson"
    PARQUET = "parquet"


class SnapshotAnswer(BaseModel):
    """Whether a snapshot is being made, how far that is, and the one that is ready."""

    making: bool
    progress: Making | None
    ready: Snapshot | None


_REFUSED = (NotSubscribedError, ExpiredError)
_CODES = {"outside_your_division": 403, "district_needed": 422}


@router.post(
    "/feeds/{name}/snapshot",
    status_code=202,
    dependencies=[IDEMPOTENT],
    summary="Have a snapshot made",
    responses=refuses(*_REFUSED, **_CODES),
)
async def post_snapshot(feed: FeedHere, audience: Audience) -> SnapshotAnswer:
    """Have a snapshot made of what the caller was told so far, unless one is being made, or is younger than an hour."""
    return _answer(await commands.want(feed, audience.subscription_id))


@router.get(
    "/feeds/{name}/snapshot",
    summary="The manifest of the snapshot",
    responses=refuses(*_REFUSED, NoSnapshotError, **_CODES),
)
async def get_snapshot(feed: FeedHere, audience: Audience) -> SnapshotAnswer:
    """Say up to which position the snapshot is, how many rows it has, its size and SHA-256; read on `after` it."""
    return _answer(await commands.must_find(feed, audience.subscription_id))


@router.get(
    "/feeds/{name}/snapshot/content",
    summary="The snapshot itself, whole or from a byte on",
    response_class=StreamingResponse,
    responses={
        200: {"content": {NDJSON: {}, PARQUET: {}}},
        206: {"content": {NDJSON: {}, PARQUET: {}}, "description": "The bytes that `Range` asks for"},
        **refuses(*_REFUSED, NoSnapshotError, **_CODES, outside_the_file=416),
    },
)
async def get_content(
    feed: FeedHere,
    audience: Audience,
    form: SnapshotForm = SnapshotForm.NDJSON,
    wanted: Annotated[str, Header(alias="Range", max_length=100, description="bytes=<first>-<last>")] = "",
    if_range: Annotated[str, Header(max_length=100, description="the `ETag` of what is gone on with")] = "",
) -> StreamingResponse:
    """Give the snapshot: a line or row for whatever is alike, with kind, data and how many events are just so.

    As Parquet it has a column for each attribute; `told` names those that are told: a null among these is not known.
    With `Range` a download that broke off is gone on with; with `If-Range` it begins anew if the snapshot is another.
    """
    note = await commands.must_find(feed, audience.subscription_id)
    file: Snapshot | ParquetFile | None
    file_id, file, media_type = note.file_id, note.ready, NDJSON
    if form is SnapshotForm.PARQUET:
        file_id, file, media_type = parquet_of(note.file_id), note.ready and note.ready.parquet, PARQUET
    if file is None:
        raise NoSnapshotError
    tag, size = f'"{file.sha256}"', file.size
    part = _part(wanted, size) if if_range in ("", tag) else None
    first, last = part or (0, size - 1)
    headers = {"ETag": tag, "Accept-Ranges": "bytes", "Content-Length": str(last - first + 1)}
    if part:
        headers["Content-Range"] = f"bytes {first}-{last}/{size}"
    body = read(feed.service.database, file_id, first, last - first + 1)
    return StreamingResponse(body, 206 if part else 200, headers, media_type=media_type)


def _part(wanted: str, size: int) -> tuple[int, int] | None:
    """Return the first and last byte that is asked for; None for all, also if the header is no range that is known."""
    found = RANGE.fullmatch(wanted)
    if found is None:
        return None
    first, last = int(found[1]), min(int(found[2] or size - 1), size - 1)
    if first > last:
        raise Problem(416, "outside_the_file", f"范围超出文件。The file has {size} bytes; ask for a part of these.")
    return first, last


def _answer(note: Note) -> SnapshotAnswer:
    return SnapshotAnswer(making=note.making is not None, progress=note.making, ready=note.ready)
