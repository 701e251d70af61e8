"""Whom a street may care for, how often they are to be visited, and the kinds of help, from a table by edition."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from contracts.outreach.care import CareNeed
from contracts.outreach.segments import Segment
from contracts.refusals import RefusedError
from services.outreach.domain.calendar import HEALTH_DAYS, Occasion, occasions_of


class UnknownOccasionError(RefusedError):
    """The calendar has no such occasion in that year."""

    code = "unknown_occasion"
    advice = "宣传日历没有该活动时段，请从 GET /calendar 中选取。No such occasion; take one of GET /calendar."
    field = "occasion"
    status = 422


@dataclass(frozen=True, slots=True)
class Need:
    """Who is in need: residents whom a segment means, and if `returned_in` is told who came home in that occasion.

    A case is late if nobody was there for more than `visit_within_days`.
    """

    need: CareNeed
    title: str
    segment: Segment
    visit_within_days: int
    source: str
    returned_in: str | None = None


@dataclass(frozen=True, slots=True)
class HelpKind:
    """A kind of help, and the unit in which it is counted."""

    code: str
    title: str
    unit: str


_CRITERIA = ("categories", "youngest", "oldest", "sex")
_TABLE: Mapping[str, Any] = tomllib.loads(Path(__file__).with_name("care.toml").read_text(encoding="utf-8"))


def _need(need: CareNeed, told: Mapping[str, Any]) -> Need:
    segment = Segment.model_validate({name: told[name] for name in _CRITERIA if name in told})
    return Need(need, told["title"], segment, told["visit_within_days"], told["source"], told.get("returned_in"))


NEEDS: Mapping[CareNeed, Need] = {need: _need(need, _TABLE["needs"][need]) for need in CareNeed}
HELP: Mapping[str, HelpKind] = {code: HelpKind(code, **told) for code, told in _TABLE["help"].items()}


def occasion_of(code: str, year: int) -> Occasion:
    """Return an occasion of a year; raise UnknownOccasionError if there is none."""
    found = next((one for one in occasions_of(year) if one.day.code == code), None)
    if found is None:
        raise UnknownOccasionError
    return found


def last_occasion(code: str, today: date) -> Occasion:
    """Return the last occasion of a kind that has begun on a day."""
    begun = [one for year in (today.year - 1, today.year) for one in occasions_of(year) if one.starts_on <= today]
    return next(one for one in reversed(begun) if one.day == HEALTH_DAYS[code])
