"""Numbers as of a moment: everybody is counted as known then, beside the counters that answer, and kept for a day.

What was recorded by then and is heard of later is counted as well: whoever is noted is counted in every build.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from uuid import uuid4

from pydantic import BaseModel

from contracts.envelope import render_time
from contracts.refusals import RefusedError
from services.reporting.commands.counting import Counting, Recounting
from services.reporting.views.builds import add_moment, build_of, list_moments
from services.reporting.views.contributions import Build
from services.reporting.views.everybody import is_anything_known
from services.runtime.mongo import Document
from services.runtime.service import Service

MOST = 4
"""Moments that are kept at once: each is a copy of all counters, and whoever is heard of is counted in it."""
KEPT = timedelta(days=1)


class KnownBy(StrEnum):
    """What is known at a moment: what had been recorded anywhere by then, or what had been heard here."""

    RECORDED = "recorded"
    HEARD = "heard"


_FIELDS = {KnownBy.RECORDED: "said_at", KnownBy.HEARD: "heard_at"}
_KNOWN = {field: known for known, field in _FIELDS.items()}


class MomentAheadError(RefusedError):
    """The moment is yet to come."""

    code = "as_of_ahead"
    advice = "as_of 不能晚于现在。Nothing is known as of a moment to come; give one that is over."
    field = "as_of"
    status = 422


class BeforeFirstFactError(RefusedError):
    """Nothing was known at the moment."""

    code = "before_first_fact"
    advice = "该时刻尚无任何记录，请给更晚的 as_of。Nothing was known by then; give a later moment."
    field = "as_of"
    status = 422


class NotCountedThenError(RefusedError):
    """Nobody was counted as of the moment yet."""

    code = "as_of_not_counted"
    advice = (
        "尚未按该时刻统计：先 POST /moments，待 ended_at 有值后再查。"
        "Not counted as of then: ask for it with POST /moments, and again when it has ended."
    )
    field = "as_of"


class TooManyMomentsError(RefusedError):
    """As many moments are kept as may be."""

    code = "too_many_moments"
    advice = (
        "已保留的时刻过多，请用 GET /moments 所列之一，或次日再试。Take one of GET /moments, or try again in a day."
    )


class CountedMoment(BaseModel):
    """A moment as of which everybody is counted: `done` of about `expected` are; it answers once it has ended."""

    moment_id: str
    as_of: datetime
    known: KnownBy
    done: int
    expected: int
    began_at: datetime
    ended_at: datetime | None
    drop_at: datetime


async def ask(service: Service, recounting: Recounting, as_of: datetime, known: KnownBy) -> CountedMoment:
    """Let everybody be counted as of a moment, unless that is so already, and return how far that is."""
    database, now, until = service.database, service.clock(), render_time(as_of)
    _must_be_over(service, as_of)
    kept = await list_moments(database, now)
    for row in kept:
        if (row["until"], row["moment"]) == (until, _FIELDS[known]):
            return _told(row)
    if len(kept) >= MOST:
        raise TooManyMomentsError
    if not await is_anything_known(database, until, _FIELDS[known]):
        raise BeforeFirstFactError
    build = Build(uuid4().hex, until, _FIELDS[known])
    kept_as = {"until": build.until, "moment": build.moment, "as_of": as_of, "drop_at": now + KEPT}
    row = {**await recounting.begin_build(build), **kept_as}
    await add_moment(database, row)
    return _told(row)


async def list_all(service: Service) -> list[CountedMoment]:
    """Return the moments that are kept, the earliest first."""
    return [_told(row) for row in await list_moments(service.database, service.clock())]


async def find_counting_of(service: Service, recounting: Recounting, as_of: datetime, known: KnownBy) -> Counting:
    """Return what numbers are read from as of a moment; raise a refusal if nobody was counted as of then."""
    _must_be_over(service, as_of)
    found = await list_moments(service.database, service.clock(), until=render_time(as_of), moment=_FIELDS[known])
    for row in found:
        if row["ended_at"]:
            return Counting(build_of(row), recounting.policy, as_of)
    raise NotCountedThenError


def _must_be_over(service: Service, as_of: datetime) -> None:
    if as_of > service.clock():
        raise MomentAheadError


def _told(row: Document) -> CountedMoment:
    return CountedMoment.model_validate({**row, "moment_id": row["_id"], "known": _KNOWN[row["moment"]]})
