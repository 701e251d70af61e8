"""Parked messages: those that could not be handled are kept whole with the reason, and replayed after a fix."""

from collections.abc import Awaitable, Callable
from hashlib import sha256

from services.runtime.clock import Clock
from services.runtime.delivery import Delivery
from services.runtime.logs import get_log
from services.runtime.metrics import PARKED_MESSAGES
from services.runtime.mongo import Database, Document

PARKED = "parked"

Replay = Callable[[Document], Awaitable[str | None]]
"""Handles a parked document again; returns the reason if it still can't be handled, else None."""

Seal = Callable[[bytes], tuple[bytes, str | None]]
"""Seals a body and returns it with the name of the key; None if it is not sealed."""
Unseal = Callable[[bytes], bytes]
"""Opens a sealed body."""


class Parked:
    """A service's parked messages. The same message on the same queue is parked once, however often it arrives."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._documents = database[PARKED]
        self._clock = clock
        self._seal: Seal = _leave_unsealed
        self._open: Unseal = bytes

    def seal_with(self, seal: Seal, unseal: Unseal) -> None:
        """Keep bodies sealed, for a service whose messages identify people."""
        self._seal, self._open = seal, unseal

    async def park(self, delivery: Delivery, reason: str) -> None:
        """Keep a message with the reason and the sender that the broker verified."""
        parked_id = _id_of(delivery)
        sealed, sealed_with = self._seal(delivery.body)
        first_seen = {
            "queue": delivery.queue,
            "body": sealed,
            "sealed_with": sealed_with,
            "routing_key": delivery.routing_key,
            "user_id": delivery.user_id,
            "first_seen": self._clock(),
            **({"federated": True} if delivery.federated else {}),
        }
        await self._documents.update_one(
            {"_id": parked_id},
            {"$set": {"reason": reason}, "$setOnInsert": first_seen, "$inc": {"seen": 1}},
            upsert=True,
        )
        PARKED_MESSAGES.inc()
        get_log().warning("parked", queue=delivery.queue, parked_id=parked_id, reason=reason)

    async def count(self) -> int:
        """Return the number of parked messages."""
        return await self._documents.count_documents({})

    async def read(self, after: str = "", limit: int = 50) -> list[Document]:
        """Return parked messages without their bodies, in the order of their ids, from the first one after an id."""
        found = self._documents.find({"_id": {"$gt": after}}, {"body": 0, "sealed_with": 0}).sort("_id", 1).limit(limit)
        return await found.to_list(limit)

    async def replay(self, parked_id: str, take: Replay) -> str | None:
        """Handle a parked message again and remove it if that succeeds; return the reason if not, else None.

        Raise KeyError if there is no such message.
        """
        document = await self._documents.find_one({"_id": parked_id})
        if document is None:
            raise KeyError(parked_id)
        reason = await take({**document, "body": self._open(document["body"])})
        if reason is None:
            await self._documents.delete_one({"_id": parked_id})
            return None
        await self._documents.update_one({"_id": parked_id}, {"$set": {"reason": reason}})
        return reason


def _leave_unsealed(body: bytes) -> tuple[bytes, None]:
    return body, None


def _id_of(delivery: Delivery) -> str:
    """Return the id of a message, derived from its content, so that a repetition has the same id."""
    about = f"{delivery.queue}\0{delivery.routing_key}\0{delivery.user_id or ''}\0"
    return sha256(about.encode() + delivery.body).hexdigest()[:32]
