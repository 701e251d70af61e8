"""Imports: files are processed in the background, by one worker at a time, and resumed where the last one stopped."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Literal

from pydantic import BaseModel, Field

from services.runtime.logs import get_log
from services.runtime.mongo import Database, Document, make_index, wait_while_away
from services.runtime.service import Service

IMPORTS = "imports"
LEASE = timedelta(seconds=60)
LOOK_AGAIN_AFTER = 1.0


class Progress(BaseModel):
    """The progress of an import: `done` of `rows` data rows are processed, each in exactly one of the four counts."""

    import_id: str
    street: str
    state: Literal["waiting", "done"] = "waiting"
    rows: int
    done: int = 0
    accepted: int = 0
    duplicate: int = 0
    blank: int = 0
    refused: int = 0
    refused_by_reason: dict[str, int] = Field(default_factory=dict)
    handed_in_at: datetime

    def count_refused(self, code: str) -> None:
        """Count one row that was refused, by its code."""
        self.refused += 1
        self.refused_by_reason[code] = self.refused_by_reason.get(code, 0) + 1

    def count_done(self, rows: int) -> None:
        """Count rows that were processed, whatever the outcome."""
        self.done += rows
        self.state = "done" if self.done == self.rows else "waiting"


async def prepare_imports(database: Database) -> None:
    """Make the index that finds waiting imports."""
    waiting: Document = {"state": "waiting"}
    await make_index(database[IMPORTS], "state", name="unfinished", partialFilterExpression=waiting)


async def enqueue_import(database: Database, import_id: str, progress: Mapping[str, Any]) -> None:
    """Record an import as waiting; its rows are stored already."""
    await database[IMPORTS].insert_one({"_id": import_id, **progress, "leased_until": progress["handed_in_at"]})


async def find_import(database: Database, import_id: str) -> Document | None:
    """Return the progress of an import; None if there is no such import."""
    found = await database[IMPORTS].find_one({"_id": import_id})
    return {**found, "import_id": import_id} if found else None


async def save_import(database: Database, import_id: str, progress: Mapping[str, Any], now: datetime) -> None:
    """Save the progress of an import and extend the lease on it, unless another worker got as far."""
    behind = {"_id": import_id, "done": {"$lt": progress["done"]}}
    await database[IMPORTS].update_one(behind, {"$set": {**progress, "leased_until": now + LEASE}})


async def work_through_imports(service: Service, finish: Callable[[str], Awaitable[None]]) -> None:
    """Finish waiting imports one after another, for ever; resume what a crashed worker left where it stopped."""
    while True:
        import_id = await wait_while_away(lambda: _claim(service.database, service.clock()))
        if import_id is None:
            await asyncio.sleep(LOOK_AGAIN_AFTER)
            continue
        try:
            await finish(import_id)
        except Exception as error:
            get_log().error("import stopped, will go on", import_id=import_id, error=error)
            await asyncio.sleep(LOOK_AGAIN_AFTER)


async def _claim(database: Database, now: datetime) -> str | None:
    """Lease the oldest waiting import that no worker holds and return its id; None if there is none."""
    found = await database[IMPORTS].find_one_and_update(
        {"state": "waiting", "leased_until": {"$lte": now}},
        {"$set": {"leased_until": now + LEASE}},
        projection={"_id": 1},
        sort=[("handed_in_at", 1)],
    )
    return found["_id"] if found else None
