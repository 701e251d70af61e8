"""Idempotent requests: a sender's key stands for one request, and repeating the request leads to the same facts.

The key is the `Idempotency-Key` over HTTP, the `message_id` over AMQP. A digest of the request is stored with the cause
of its facts. The key itself is stored nowhere, since people write names in it. After a refusal, a corrected request may
use the same key; after an answer, or while the first request is processed, it may not.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from contracts.envelope import uuid7
from contracts.refusals import RefusedError
from services.runtime.clock import Clock
from services.runtime.gathering import Gathering
from services.runtime.mongo import Database, Document, UpdateOne, bulk_write, insert_new

REQUESTS = "requests"


class IdempotencyMismatchError(RefusedError):
    """The key was used before, for another request."""

    code = "idempotency_mismatch"
    advice = "该 Idempotency-Key 已用于另一请求。The key was used for another request; send this one under a new key."
    status = 422


@dataclass(frozen=True, slots=True)
class NamedRequest:
    """A request with its sender's key, both as digests; `cause` is the causation of the facts it leads to."""

    key: str
    digest: str
    cause: str


class Requests:
    """The requests that senders named with a key, and the state of each: `begun`, `refused` or `answered`."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._documents = database[REQUESTS]
        self._clock = clock
        self._beginning: Gathering[Document, bool] = Gathering(self._insert)
        self._answering: Gathering[NamedRequest, None] = Gathering(self._mark_answered)

    async def begin(self, sender: str, key: str, content: bytes) -> NamedRequest:
        """Return the request that a sender's key stands for; raise IdempotencyMismatchError if it was used for another.

        `content` is compared with that of the first request. Equal requests get one cause, even at the same moment.
        """
        request = NamedRequest(_digest(f"{sender}\n{key}".encode()), _digest(content), uuid7())
        while True:
            begun: Document = {"digest": request.digest, "cause": request.cause, "state": "begun"}
            if await self._beginning.submit({"_id": request.key, **begun, "asked_at": self._clock()}):
                return request
            known = await self._documents.find_one({"_id": request.key})
            if known is None:
                continue  # it was refused, and its key freed just now
            if known["digest"] == request.digest:
                return NamedRequest(request.key, request.digest, known["cause"])
            if known["state"] != "refused":
                raise IdempotencyMismatchError
            await self._documents.delete_one({"_id": request.key, "digest": known["digest"], "state": "refused"})

    async def answer(self, request: NamedRequest) -> None:
        """Record that a request was answered: no other request may use its key any more."""
        await self._answering.submit(request)

    async def refuse(self, request: NamedRequest) -> None:
        """Record that a request was refused, unless a repetition of it was answered."""
        await self._documents.update_one({**_of(request), "state": "begun"}, {"$set": {"state": "refused"}})

    async def _insert(self, documents: Sequence[Document]) -> list[bool]:
        """Insert the documents that are new; return for each whether it was new."""
        known = set(await insert_new(self._documents, documents))
        return [index not in known for index in range(len(documents))]

    async def _mark_answered(self, requests: Sequence[NamedRequest]) -> list[None]:
        updates = [UpdateOne(_of(request), {"$set": {"state": "answered"}}) for request in requests]
        await bulk_write(self._documents, updates)
        return [None] * len(requests)


def _of(request: NamedRequest) -> Document:
    return {"_id": request.key, "digest": request.digest}


def _digest(content: bytes) -> str:
    return sha256(content).hexdigest()[:32]
