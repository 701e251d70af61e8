"""The store of files (GridFS): written before the fact that names a file, and swept of what no fact came to name.

A note stands in `uploads` from before the first byte until the fact is recorded, so that a sweep looks at nothing else.
"""

from collections.abc import AsyncIterator
from datetime import datetime
from io import BytesIO

from services.outreach.intake.files import Checked
from services.runtime.mongo import Bucket, Database, Document, DuplicateKeyError, NoFile, bucket_of, make_index

UPLOADS = "uploads"
FILES = "evidence"
"""The bucket: its collections are `evidence.files` and `evidence.chunks`."""


async def prepare(database: Database) -> None:
    """Make the index by which uploads that came to nothing are found."""
    await make_index(database[UPLOADS], "begun_at", name="begun_at")


async def store(database: Database, checked: Checked, stream: str, now: datetime) -> bool:
    """Keep a file that a fact of a stream is about to name, and return whether it is kept; again is no harm.

    It is not while a sweep removes what an earlier request with the same file left.
    """
    file_id = checked.file.file_id
    try:
        note = {"$set": {"stream": stream, "begun_at": now}}
        await database[UPLOADS].update_one({"_id": file_id, "going": None}, note, upsert=True)
    except DuplicateKeyError:
        return False
    bucket = bucket_of(database, FILES)
    await _write(bucket, file_id, checked.content)
    if checked.thumbnail is not None:
        await _write(bucket, _thumbnail_of(file_id), checked.thumbnail)
    return True


async def settle(database: Database, file_id: str) -> bool:
    """Note that a fact names a file; return whether no sweep was quicker."""
    return bool((await database[UPLOADS].delete_one({"_id": file_id, "going": None})).deleted_count)


async def find_unsettled(database: Database, before: datetime) -> AsyncIterator[tuple[str, str]]:
    """Yield file and stream of each upload begun before a moment of which it is not noted that a fact names it."""
    query: Document = {"begun_at": {"$lt": before}}
    async for note in database[UPLOADS].find(query, hint="begun_at"):
        yield note["_id"], note["stream"]


async def remove(database: Database, file_id: str, before: datetime) -> bool:
    """Remove a file that no fact names, with whatever was written of it; return whether nobody took it up again."""
    given_up = {"_id": file_id, "begun_at": {"$lt": before}}
    if not (await database[UPLOADS].update_one(given_up, {"$set": {"going": True}})).matched_count:
        return False
    bucket = bucket_of(database, FILES)
    for one in (file_id, _thumbnail_of(file_id)):
        await _delete(bucket, one)
    await database[UPLOADS].delete_one({"_id": file_id})
    return True


async def read(database: Database, file_id: str, *, thumbnail: bool = False) -> bytes | None:
    """Return the content of a file or of its thumbnail; None if it is not there."""
    content = BytesIO()
    try:
        await bucket_of(database, FILES).download_to_stream(_thumbnail_of(file_id) if thumbnail else file_id, content)
    except NoFile:
        return None
    return content.getvalue()


async def _write(bucket: Bucket, file_id: str, content: bytes) -> None:
    """Write a file whole; what a crash left of it before is replaced."""
    try:
        await bucket.open_download_stream(file_id)
    except NoFile:
        await _delete(bucket, file_id)
        await bucket.upload_from_stream_with_id(file_id, file_id, content)


async def _delete(bucket: Bucket, file_id: str) -> None:
    try:
        await bucket.delete(file_id)  # removes pieces that belong to no file as well, and says so
    except NoFile:
        return


def _thumbnail_of(file_id: str) -> str:
    return f"{file_id}.thumbnail"
