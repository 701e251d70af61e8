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

Seal = Callable[[bytes], tuple[bytes, str | None]]
"""Seals a body and names the key it did that with."""
Unseal = Callable[[bytes], bytes]


class Parked:
    """A service's parked messages. The same message on the same queue is parked once, however often it comes."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._documents = database[PARKED]
        self._clock = clock
        self._seal: Seal = _leave
        self._open: Unseal = bytes

    def seal_with(self, seal: Seal, unseal: Unseal) -> None:
        """Keep bodies sealed, for a service whose messages say who people are."""
        self._seal, self._open = seal, unseal

    async def park(
        self, queue: str, body: bytes, reason: str, routing_key: str = "", user_id: str | None = None
    ) -> None:
        """Keep a message's raw bytes with the reason, and with the sender that the broker verified."""
        parked_id = _name(queue, routing_key, user_id or "", body)
        sealed, sealed_with = self._seal(body)
        first_seen = {
            "queue": queue,
            "body": sealed,
            "sealed_with": sealed_with,
            "routing_key": routing_key,
            "user_id": user_id,
            "first_seen": self._clock(),
        }
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
        found = self._documents.find({"_id": {"$gt": after}}, {"body": 0, "sealed_with": 0}).sort("_id", 1).limit(limit)
        return await found.to_list(limit)

    async def replay(self, parked_id: str, take: Replay) -> str | None:
        """Take one parked message in again; it leaves the list if it is understood now. Give the reason if not."""
        document = await self._documents.find_one({"_id": parked_id})
        if document is None:
            raise KeyError(parked_id)
        reason = await take({**document, "body": self._open(document["body"])})
        if reason is None:
            await self._documents.delete_one({"_id": parked_id})
            return None
        await self._documents.update_one({"_id": parked_id}, {"$set": {"reason": reason}})
        return reason


def _leave(body: bytes) -> tuple[bytes, None]:
    return body, None


def _name(queue: str, routing_key: str, user_id: str, body: bytes) -> str:
    """Name a message after what it is, so that its repetition has the same name."""
    return sha256(f"{queue}\0{routing_key}\0{user_id}\0".encode() + body).hexdigest()[:32]
