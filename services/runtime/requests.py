"""Requests that their senders named: a key is for one request, and the same request again leads to the same facts.

A request is named by its sender with a key of its own: an `Idempotency-Key` over HTTP, a `message_id` over AMQP. What
was asked under a key is kept as a digest, beside the cause that the request's facts bear; the key itself, in which
people write names, is kept nowhere. A request that was refused may be corrected and sent under the same key; one that
was answered, or is being worked on, may not.
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
class Request:
    """A request under its sender's key: `cause` is what its facts are recorded as caused by."""

    key: str
    digest: str
    cause: str


class Requests:
    """The keys that a service's senders used, what for, and what became of it: `begun`, `refused` or `answered`."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._documents = database[REQUESTS]
        self._clock = clock
        self._beginning: Gathering[Document, bool] = Gathering(self._insert)
        self._answering: Gathering[Request, None] = Gathering(self._mark_answered)

    async def begin(self, sender: str, key: str, asked: bytes) -> Request:
        """Return the request that a key stands for; raise IdempotencyMismatchError if it was for another.

        `asked` is all that makes the request what it is. Whoever sends the same at the same moment gets the same cause.
        """
        request = Request(_digest(f"{sender}\n{key}".encode()), _digest(asked), uuid7())
        while True:
            begun: Document = {"digest": request.digest, "cause": request.cause, "state": "begun"}
            if await self._beginning.submit({"_id": request.key, **begun, "asked_at": self._clock()}):
                return request
            known = await self._documents.find_one({"_id": request.key})
            if known is None:
                continue  # it was refused, and its key freed just now
            if known["digest"] == request.digest:
                return Request(request.key, request.digest, known["cause"])
            if known["state"] != "refused":
                raise IdempotencyMismatchError
            await self._documents.delete_one({"_id": request.key, "digest": known["digest"], "state": "refused"})

    async def answer(self, request: Request) -> None:
        """Note that a request was answered: from now on its key is for nothing else."""
        await self._answering.submit(request)

    async def refuse(self, request: Request) -> None:
        """Note that a request was refused, unless it was answered when it was sent another time."""
        await self._documents.update_one({**_of(request), "state": "begun"}, {"$set": {"state": "refused"}})

    async def _insert(self, documents: Sequence[Document]) -> list[bool]:
        """Insert those that are new; return for each whether it was."""
        known = set(await insert_new(self._documents, documents))
        return [index not in known for index in range(len(documents))]

    async def _mark_answered(self, requests: Sequence[Request]) -> list[None]:
        updates = [UpdateOne(_of(request), {"$set": {"state": "answered"}}) for request in requests]
        await bulk_write(self._documents, updates)
        return [None] * len(requests)


def _of(request: Request) -> Document:
    return {"_id": request.key, "digest": request.digest}


def _digest(content: bytes) -> str:
    return sha256(content).hexdigest()[:32]
