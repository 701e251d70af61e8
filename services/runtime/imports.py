"""Imports: what was handed in is worked through behind, by one worker at a time, resumed where the last one left it."""

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
    """How far an import is: of `rows` data rows `done` are worked through, each in exactly one of the four counts."""

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
        """Count a row that was refused."""
        self.refused += 1
        self.refused_by_reason[code] = self.refused_by_reason.get(code, 0) + 1

    def count_done(self, rows: int) -> None:
        """Count rows that were worked through, whatever became of them."""
        self.done += rows
        self.state = "done" if self.done == self.rows else "waiting"


async def prepare_imports(database: Database) -> None:
    """Make the index by which work that waits is found."""
    waiting: Document = {"state": "waiting"}
    await make_index(database[IMPORTS], "state", name="unfinished", partialFilterExpression=waiting)


async def enqueue_import(database: Database, import_id: str, progress: Mapping[str, Any]) -> None:
    """Promise to work through what was kept of an import."""
    await database[IMPORTS].insert_one({"_id": import_id, **progress, "leased_until": progress["handed_in_at"]})


async def find_import(database: Database, import_id: str) -> Document | None:
    """Find how far an import is."""
    found = await database[IMPORTS].find_one({"_id": import_id})
    return {**found, "import_id": import_id} if found else None


async def save_import(database: Database, import_id: str, progress: Mapping[str, Any], now: datetime) -> None:
    """Save how far an import is and keep the claim on it, unless somebody else got as far."""
    behind = {"_id": import_id, "done": {"$lt": progress["done"]}}
    await database[IMPORTS].update_one(behind, {"$set": {**progress, "leased_until": now + LEASE}})


async def work_through_imports(service: Service, finish: Callable[[str], Awaitable[None]]) -> None:
    """Finish for ever the imports that are not done, wherever a crashed worker left them."""
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
    """Claim the oldest import that waits and that nobody works on."""
    found = await database[IMPORTS].find_one_and_update(
        {"state": "waiting", "leased_until": {"$lte": now}},
        {"$set": {"leased_until": now + LEASE}},
        projection={"_id": 1},
        sort=[("handed_in_at", 1)],
    )
    return found["_id"] if found else None
