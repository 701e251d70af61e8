"""The store of what reports consist of (GridFS): found by its hash, written before the fact that names it.

Each storing makes a file of its own, so that none depends on what an earlier request left, which is removed later.
"""

from collections.abc import AsyncIterator
from datetime import datetime
from hashlib import sha256
from io import BytesIO
from typing import Any

from services.runtime.mongo import Database, NoFile, bucket_of, make_index

FILES = "report_files"
"""The bucket: its collections are `report_files.files` and `report_files.chunks`."""
_UNNAMED = {"metadata.unnamed": {"$type": "string"}}


async def prepare(database: Database) -> None:
    """Make the index of files that no fact is known to name."""
    files = database[f"{FILES}.files"]
    await make_index(files, "uploadDate", name="unnamed", partialFilterExpression=_UNNAMED)


async def store(database: Database, content: bytes, stream: str) -> str:
    """Keep what a fact of a stream is about to name, and return its hash."""
    digest = sha256(content).hexdigest()
    await bucket_of(database, FILES).upload_from_stream(
        f"{stream}/{digest}", content, metadata={"unnamed": stream, "sha256": digest}
    )
    return digest


async def settle(database: Database, stream: str) -> None:
    """Note that a fact names what was stored for a stream."""
    await database[f"{FILES}.files"].update_many({"metadata.unnamed": stream}, {"$unset": {"metadata.unnamed": ""}})


async def find_unnamed(database: Database, before: datetime) -> AsyncIterator[tuple[Any, str, str]]:
    """Yield id, stream and hash of what was stored before a moment and is not known to be named by a fact."""
    query = {**_UNNAMED, "uploadDate": {"$lt": before}}
    async for found in database[f"{FILES}.files"].find(query, hint="unnamed"):
        yield found["_id"], found["metadata"]["unnamed"], found["metadata"]["sha256"]


async def remove(database: Database, file_id: Any) -> None:
    """Remove a file."""
    await bucket_of(database, FILES).delete(file_id)


async def read(database: Database, stream: str, digest: str) -> bytes | None:
    """Return what was stored for a stream under a hash; None if it is not there."""
    content = BytesIO()
    try:
        await bucket_of(database, FILES).download_to_stream_by_name(f"{stream}/{digest}", content)
    except NoFile:
        return None
    return content.getvalue()
