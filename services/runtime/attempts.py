"""Guessing costs: what could be tried out on people is limited for each caller, over all processes of a service.

A window slides: so many attempts of a kind within any hour. Those that are refused do not count.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Literal

from pymongo import ReturnDocument

from services.runtime.access import Caller
from services.runtime.access_log.log import Access, AccessLog
from services.runtime.clock import Clock
from services.runtime.logs import get_log
from services.runtime.mongo import Database, Document, make_index
from services.runtime.problems import Problem

LIMITS = "limits"
WINDOW = timedelta(hours=1)

Kind = Literal["lookup", "search", "check", "emergency", "replay", "contacts", "survey", "door", "webhook"]
CONTACTS = 10
"""Contacts are asked for by machines, many people at once, so many times as often as a person looks somebody up."""
CHECKS = 10
"""An arrival is checked while it is typed, several times over, before it is registered."""
_OFTEN: Mapping[Kind, int] = {"contacts": CONTACTS, "check": CHECKS}


class TooManyRequestsError(Problem):
    """A caller tried too often; `retry_after` seconds must pass."""

    def __init__(self, seconds: int) -> None:
        advice = f"查询过于频繁，请稍后再试。Too many of these within an hour; try again in {seconds} seconds."
        super().__init__(429, "too_many_requests", advice, retry_after=seconds)


class Attempts:
    """How often each caller tried something within the last hour; kept in MongoDB, where all processes count."""

    def __init__(self, database: Database, clock: Clock, an_hour: int) -> None:
        self._documents = database[LIMITS]
        self._clock = clock
        self._an_hour = an_hour

    async def prepare(self, _: Database) -> None:
        """Let MongoDB forget whoever tried nothing for a while."""
        await make_index(self._documents, "last", name="last", expireAfterSeconds=2 * int(WINDOW.total_seconds()))

    async def spend(self, kind: Kind, caller: Caller) -> None:
        """Count an attempt of a caller; raise TooManyRequestsError if there were too many within the hour."""
        await self.spend_of(kind, caller.subject, self._an_hour * _OFTEN.get(kind, 1))

    async def spend_of(self, kind: Kind, subject: str, most: int) -> None:
        """Count an attempt at something that so many may be made at in an hour, whoever makes them; raise likewise."""
        now = self._clock()
        found: Document = await self._documents.find_one_and_update(
            {"_id": _id_of(kind, subject)},
            _one_more(now, most),
            upsert=True,
            return_document=ReturnDocument.AFTER,
        )
        if not found["granted"]:
            over = found["at"][0] + WINDOW - now
            raise TooManyRequestsError(max(1, -int(-over.total_seconds() // 1)))

    async def give_back(self, kind: Kind, caller: Caller) -> None:
        """Take the newest attempt of a caller back: it was none to find out something."""
        await self._documents.update_one({"_id": _id_of(kind, caller.subject)}, {"$pop": {"at": 1}})


def _one_more(now: datetime, most: int) -> Sequence[Document]:
    """Return the stages that forget what is older than the window, and add an attempt where there is room for one."""
    recent: Any = {"$filter": {"input": {"$ifNull": ["$at", []]}, "cond": {"$gt": ["$$this", now - WINDOW]}}}
    return [
        {"$set": {"at": recent, "last": now}},
        {"$set": {"granted": {"$lt": [{"$size": "$at"}, most]}}},
        {"$set": {"at": {"$cond": ["$granted", {"$concatArrays": ["$at", [now]]}, "$at"]}}},
    ]


def _id_of(kind: Kind, subject: str) -> str:
    return f"{kind}/{sha256(subject.encode()).hexdigest()[:32]}"


async def must_be_within(attempts: Attempts, log: AccessLog | None, kind: Kind, caller: Caller) -> None:
    """Count an attempt of a caller; keep one that is refused, in the access log where the service has one."""
    try:
        await attempts.spend(kind, caller)
    except TooManyRequestsError:
        get_log().warning("too many requests", type=kind, division=caller.division)
        if log is not None:
            await log.record(Access.of(caller, f"{kind}_refused", "too many requests"))
        raise
