"""Webhooks: where each audience's events are delivered and how far, who is at it, and the log of all attempts.

Whoever delivers holds a lease, and writes what came of it only as long as the lease is its own. So two processes never
deliver at once, what a killed one had in hand is taken over, and a position is never advanced by somebody who was late.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import BaseModel, ConfigDict
from pymongo import ReturnDocument

from contracts.envelope import uuid7
from services.feeds.domain.webhooks import Answer, Outcome, Page, PauseReason
from services.runtime.mongo import Database, Document, DuplicateKeyError, make_index

WEBHOOKS, DELIVERIES = "webhooks", "deliveries"
LEASE = timedelta(seconds=30)
"""Longer than any attempt; then another process takes over."""
KEPT_SECONDS = 30 * 24 * 3600
"""So long an attempt stands in the log."""
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
_AFRESH: Document = {"$cond": ["$page", {"$mergeObjects": ["$page", {"since": None, "attempt": 0}]}, None]}
"""A page that goes out still, as if it had never been tried."""


class Paused(BaseModel):
    """Why a webhook is paused, since when, and what whoever paused it said."""

    model_config = ConfigDict(frozen=True)

    reason: PauseReason
    at: datetime
    note: str = ""


class Secret(BaseModel):
    """A secret, sealed, the request that made it, and until when it signs beside a newer one."""

    model_config = ConfigDict(frozen=True)

    sealed: bytes
    cause: str
    until: datetime | None = None


class Webhook(BaseModel):
    """The webhook of a subscription: `position` is the last that was acknowledged, the newest secret comes first."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    subscription_id: str
    url: str
    position: int
    secrets: tuple[Secret, ...]
    made_at: datetime
    next_at: datetime
    paused: Paused | None = None
    page: Page | None = None
    test: str | None = None
    lease: str | None = None


class Attempt(BaseModel):
    """An attempt: the positions that went out (none in a test), when, what came of it, when the next one is due."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    attempt_id: str
    webhook_id: str
    first: int | None
    last: int | None
    attempt: int
    at: datetime
    outcome: Outcome = Outcome.UNKNOWN
    status: int | None = None
    seconds: float | None = None
    next_at: datetime | None = None


async def prepare(database: Database) -> None:
    """Make the indexes: webhooks by when they are due, attempts by subscription; the log forgets."""
    await make_index(database[WEBHOOKS], [("next_at", 1), ("leased_until", 1)], name="due")
    await make_index(database[DELIVERIES], [("subscription_id", 1), ("_id", -1)], name="subscription")
    await make_index(database[DELIVERIES], "at", name="at", expireAfterSeconds=KEPT_SECONDS)


async def add(database: Database, webhook: Webhook) -> bool:
    """Add a webhook; return whether its subscription had none."""
    fields = webhook.model_dump(exclude={"subscription_id"})
    try:
        await database[WEBHOOKS].insert_one({"_id": webhook.subscription_id, "leased_until": LONG_AGO, **fields})
    except DuplicateKeyError:
        return False
    return True


async def find(database: Database, subscription_id: str) -> Webhook | None:
    """Return the webhook of a subscription; None if it has none."""
    return _read(await database[WEBHOOKS].find_one({"_id": subscription_id}))


async def read_all(database: Database) -> AsyncIterator[Webhook]:
    """Yield all webhooks."""
    async for row in database[WEBHOOKS].find():
        yield Webhook.model_validate({**row, "subscription_id": row["_id"]})


async def remove(database: Database, subscription_id: str) -> bool:
    """Remove a webhook; return whether there was one."""
    return bool((await database[WEBHOOKS].delete_one({"_id": subscription_id})).deleted_count)


async def change_url(database: Database, subscription_id: str, url: str, now: datetime) -> Webhook | None:
    """Let a webhook lead elsewhere, at once; what it could not deliver is tried there as if for the first time."""
    return await _change(database, subscription_id, {"url": {"$literal": url}, "next_at": now, "page": _AFRESH})


async def go_on(database: Database, subscription_id: str, now: datetime) -> Webhook | None:
    """Let a webhook deliver again from where it is."""
    return await _change(database, subscription_id, {"paused": None, "next_at": now, "page": _AFRESH})


async def go_back(database: Database, subscription_id: str, after: int, now: datetime) -> Webhook | None:
    """Let a webhook deliver again from a position on; what comes of an attempt that goes on now does not count.

    That is waited for, lest its page come between those that go out again: until `let_go`, or the end of its lease.
    """
    interrupted = {"$ifNull": ["$lease", "$interrupted"]}
    begun = {"position": after, "page": None, "lease": None, "interrupted": interrupted, "next_at": now}
    return await _change(database, subscription_id, begun)


async def pause(database: Database, subscription_id: str, paused: Paused) -> Webhook | None:
    """Let a webhook deliver nothing, for a reason."""
    return await _change(database, subscription_id, {"paused": {"$literal": paused.model_dump()}})


async def want_test(database: Database, subscription_id: str, webhook_id: str, now: datetime) -> Webhook | None:
    """Let a webhook deliver an empty page next, under an id, also while it is paused."""
    return await _change(database, subscription_id, {"test": webhook_id, "next_at": now})


async def set_secrets(database: Database, known: Webhook, secrets: Sequence[Secret]) -> Webhook | None:
    """Set the secrets of a webhook; return None if they are not what is known any more."""
    same = {"_id": known.subscription_id, "secrets.0.cause": known.secrets[0].cause}
    sealed = [secret.model_dump() for secret in secrets]
    return _read(
        await database[WEBHOOKS].find_one_and_update(
            same, {"$set": {"secrets": sealed}}, return_document=ReturnDocument.AFTER
        )
    )


async def wake(database: Database, subscription_id: str, now: datetime) -> None:
    """Let a webhook look for what is new, unless it waits to try again."""
    await database[WEBHOOKS].update_one({"_id": subscription_id, "page": None}, {"$set": {"next_at": now}})


async def claim(database: Database, now: datetime) -> Webhook | None:
    """Lease the webhook that is due longest, and return it; None if none is due."""
    due = {
        "next_at": {"$lte": now},
        "leased_until": {"$lte": now},
        "$or": [{"paused": None}, {"test": {"$ne": None}}],
    }
    leased = {"$set": {"leased_until": now + LEASE, "lease": uuid7()}}
    return _read(
        await database[WEBHOOKS].find_one_and_update(
            due, leased, sort=[("next_at", 1)], return_document=ReturnDocument.AFTER
        )
    )


async def begin(database: Database, webhook: Webhook, page: Page) -> bool:
    """Note the page that is about to go out; return whether the lease is held still."""
    begun = await database[WEBHOOKS].update_one(_held(webhook), {"$set": {"page": page.model_dump()}})
    return bool(begun.matched_count)


async def rest(database: Database, webhook: Webhook, until: datetime) -> None:
    """Give a webhook back that has nothing to deliver until a moment, or until it was woken meanwhile."""
    unwoken: Document = {"$cond": [{"$eq": ["$next_at", webhook.next_at]}, until, "$next_at"]}
    await _give_back(database, webhook, {"next_at": unwoken})


async def advance(database: Database, webhook: Webhook, position: int, now: datetime) -> bool:
    """Give a webhook back that delivered up to a position; return whether the lease was held still."""
    return await _give_back(database, webhook, {"position": position, "page": None, "next_at": now})


async def put_off(database: Database, webhook: Webhook, until: datetime) -> bool:
    """Give a webhook back whose page was not taken, until a moment; return whether the lease was held still."""
    return await _give_back(database, webhook, {"next_at": until})


async def stop(database: Database, webhook: Webhook, paused: Paused) -> bool:
    """Give a webhook back paused, unless it is paused already; return whether the lease was held still."""
    why = {"$literal": paused.model_dump()}
    return await _give_back(database, webhook, {"paused": {"$ifNull": ["$paused", why]}})


async def let_go(database: Database, webhook: Webhook) -> None:
    """Let a webhook that went back during an attempt deliver at once: the attempt is over."""
    waiting = {"_id": webhook.subscription_id, "lease": None, "interrupted": webhook.lease}
    await database[WEBHOOKS].update_one(waiting, {"$set": {"leased_until": LONG_AGO, "interrupted": None}})


async def end_test(database: Database, webhook: Webhook) -> bool:
    """Give a webhook back that was tested; return whether the lease was held still."""
    return await _give_back(database, webhook, {"test": None})


async def log_attempt(database: Database, subscription_id: str, attempt: Attempt) -> None:
    """Write an attempt into the log before it is made."""
    fields = attempt.model_dump(exclude={"attempt_id"})
    await database[DELIVERIES].insert_one({"_id": attempt.attempt_id, "subscription_id": subscription_id, **fields})


async def log_answer(
    database: Database, attempt: Attempt, answer: Answer, seconds: float, next_at: datetime | None
) -> None:
    """Write into the log what came of an attempt."""
    told = {"outcome": answer.outcome, "status": answer.status, "seconds": seconds, "next_at": next_at}
    await database[DELIVERIES].update_one({"_id": attempt.attempt_id}, {"$set": told})


async def list_attempts(database: Database, subscription_id: str, before: str, limit: int) -> list[Attempt]:
    """Return the attempts of a subscription's webhook, the newest first, those before an id."""
    query: Document = {"subscription_id": subscription_id, **({"_id": {"$lt": before}} if before else {})}
    found = database[DELIVERIES].find(query).sort("_id", -1).limit(limit)
    return [Attempt.model_validate({**attempt, "attempt_id": attempt["_id"]}) async for attempt in found]


async def _change(database: Database, subscription_id: str, changes: Mapping[str, Any]) -> Webhook | None:
    """Set fields of a webhook and return it; None if there is none."""
    return _read(
        await database[WEBHOOKS].find_one_and_update(
            {"_id": subscription_id}, [{"$set": dict(changes)}], return_document=ReturnDocument.AFTER
        )
    )


async def _give_back(database: Database, webhook: Webhook, changes: Mapping[str, Any]) -> bool:
    free = {"lease": None, "leased_until": LONG_AGO, **changes}
    return bool((await database[WEBHOOKS].update_one(_held(webhook), [{"$set": free}])).matched_count)


def _held(webhook: Webhook) -> Document:
    """Return the query of a webhook as long as its lease is held."""
    return {"_id": webhook.subscription_id, "lease": webhook.lease}


def _read(row: Document | None) -> Webhook | None:
    return Webhook.model_validate({**row, "subscription_id": row["_id"]}) if row else None
