"""Parked messages: those that could not be handled are kept whole with the reason, and replayed after a fix."""

from collections.abc import Awaitable, Callable
from hashlib import sha256

from services.runtime.clock import Clock
from services.runtime.delivery import Delivery
from services.runtime.logs import get_log
from services.runtime.metrics import PARKED_MESSAGES
from services.runtime.mongo import Database, Document

PARKED = "parked"
LARGEST_WHOLE = 8 * 1024 * 1024
"""Bytes up to which a message is kept whole: MongoDB keeps 16 MiB, and what is sealed is a third larger."""
BEGINNING = 1024
"""Bytes kept of the headers and of the body of a larger one."""
LONGEST_REASON = 1000

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
        """Keep a message with the reason and the sender that the broker verified; of one too large, the beginning."""
        parked_id = _id_of(delivery)
        is_cut = len(delivery.body) > LARGEST_WHOLE
        body = _beginning_of(delivery) if is_cut else delivery.body
        told = reason[:LONGEST_REASON] + (f"; {_cut(delivery.body)}" if is_cut else "")
        sealed, sealed_with = self._seal(body)
        first_seen = {
            "queue": delivery.queue,
            "body": sealed,
            "sealed_with": sealed_with,
            "routing_key": delivery.routing_key,
            "user_id": delivery.user_id,
            "first_seen": self._clock(),
            **({"federated": True} if delivery.federated else {}),
            **({"is_cut": True} if is_cut else {}),
        }
        await self._documents.update_one(
            {"_id": parked_id},
            {"$set": {"reason": told}, "$setOnInsert": first_seen, "$inc": {"seen": 1}},
            upsert=True,
        )
        PARKED_MESSAGES.inc()
        get_log().warning("parked", queue=delivery.queue, parked_id=parked_id, reason=told)

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
        if document.get("is_cut"):
            return str(document["reason"])
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


def _beginning_of(delivery: Delivery) -> bytes:
    """Return the beginning of a message: of its headers in the first line, then of its body."""
    return repr(dict(delivery.headers)).encode()[:BEGINNING] + b"\n" + delivery.body[:BEGINNING]


def _cut(body: bytes) -> str:
    return f"of {len(body)} bytes (SHA-256 {sha256(body).hexdigest()}) only the beginning is kept"
