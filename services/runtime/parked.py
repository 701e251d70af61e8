"""What could not be understood: kept whole with the reason, listed, and replayed after a fix."""

from collections.abc import Awaitable, Callable
from hashlib import sha256

from services.runtime.clock import Clock
from services.runtime.logs import get_log
from services.runtime.metrics import PARKED_MESSAGES
from services.runtime.mongo import Database, Document

PARKED = "parked"

Replay = Callable[[Document], Awaitable[str | None]]
"""Takes a parked document back in; gives the reason if it still can't be understood."""


class Parked:
    """A service's parked messages. The same message on the same queue is parked once, however often it comes."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._documents = database[PARKED]
        self._clock = clock

    async def park(self, queue: str, body: bytes, reason: str, routing_key: str = "") -> None:
        """Keep a message's raw bytes with the reason."""
        parked_id = sha256(queue.encode() + b"\0" + body).hexdigest()[:32]
        first_seen = {"queue": queue, "body": body, "routing_key": routing_key, "first_seen": self._clock()}
        await self._documents.update_one(
            {"_id": parked_id},
            {"$set": {"reason": reason}, "$setOnInsert": first_seen, "$inc": {"seen": 1}},
            upsert=True,
        )
        PARKED_MESSAGES.inc()
        get_log().warning("parked", queue=queue, parked_id=parked_id, reason=reason)

    async def count(self) -> int:
        """Count what is parked."""
        return await self._documents.count_documents({})

    async def read(self, after: str = "", limit: int = 50) -> list[Document]:
        """List what is parked, without the bodies, in the order of the ids."""
        found = self._documents.find({"_id": {"$gt": after}}, {"body": 0}).sort("_id", 1).limit(limit)
        return await found.to_list(limit)

    async def replay(self, parked_id: str, take: Replay) -> str | None:
        """Take one parked message in again; it leaves the list if it is understood now. Give the reason if not."""
        document = await self._documents.find_one({"_id": parked_id})
        if document is None:
            raise KeyError(parked_id)
        reason = await take(document)
        if reason is None:
            await self._documents.delete_one({"_id": parked_id})
            return None
        await self._documents.update_one({"_id": parked_id}, {"$set": {"reason": reason}})
        return reason
