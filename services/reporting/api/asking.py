"""What routes of values are asked: in which period, of whom; and what every answer tells of that."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated

from fastapi import Depends, Query
from pydantic import BaseModel

from contracts.reporting.groups import Group
from services.reporting.api.dependencies import as_known, division_of, must_be_period
from services.reporting.commands.counting import Counting
from services.reporting.domain.indicators import INDICATORS, Indicator
from services.reporting.domain.periods import TEXT, Period, read_period
from services.reporting.domain.values import SLICES
from services.runtime.access import Caller
from services.runtime.bodies import Day
from services.runtime.problems import Problem
from services.runtime.service import Service

INDICATOR = r"^[a-z][a-z0-9_]{0,79}$"
UNKNOWN_INDICATOR = "没有该指标，见 GET /indicators。No such indicator; GET /indicators lists them."
ONE_PERIOD = (
    "period（2026、2026Q2、2026-06）与 from、to 二选一，且已开始。Give a period that has begun, or 'from' and 'to'."
)
NOT_OF_GROUP = "该指标不分人群，或人群无法统计。The indicator can't be told of this group of people."


class Asked(BaseModel):
    """Of which division and days values are.

    The period is counted up to `on`; what was heard up to `counted_until` is in the numbers.
    """

    division: str
    name: str | None
    since: date
    until: date
    on: date
    as_of: datetime
    counted_until: datetime

    @property
    def period(self) -> Period:
        """Return the days that are counted."""
        return Period(self.since, self.on)


@dataclass(frozen=True)
class PeriodOf:
    """A period as 2026, 2026Q2 or 2026-06, or its first and last day."""

    period: Annotated[str | None, Query(pattern=TEXT, description="2026, 2026Q2 or 2026-06")] = None
    since: Annotated[Day | None, Query(alias="from")] = None
    until: Annotated[Day | None, Query(alias="to")] = None

    async def of(self, service: Service, caller: Caller, division: str, counting: Counting) -> Asked:
        """Return what is asked of a division, as known now or then; raise Problem if that can't be told."""
        division = division_of(service, caller, division)
        period = self._period(service.today)
        return Asked(
            division=division,
            name=service.divisions.name(division),
            since=period.since,
            until=period.until,
            on=period.so_far(service.today).until,
            **await as_known(service, counting),
        )

    def _period(self, today: date) -> Period:
        period = read_period(self.period) if self.period else None
        if self.since and self.until:
            must_be_period(self.since, self.until)
            period = None if period else Period(self.since, self.until)
        elif self.since or self.until:
            period = None
        if period is None or period.since > today:
            raise Problem(422, "bad_period", ONE_PERIOD, field="period")
        return period


PeriodAsked = Annotated[PeriodOf, Depends()]


async def _group(
    group: Annotated[Group, Query(description="everyone, registered or floating")] = Group.EVERYONE,
) -> Group:
    if group not in SLICES:
        raise Problem(422, "not_of_group", NOT_OF_GROUP, field="group")
    return group


GroupAsked = Annotated[Group, Depends(_group)]


class Told(BaseModel):
    """The value of an indicator: numerator over denominator, or a count; None where there is nothing to divide by.

    `origin` tells where a denominator is from that was not counted here.
    """

    numerator: int
    denominator: float | None
    value: float | None
    origin: str | None


def must_be_of_group(indicator: Indicator, group: Group) -> None:
    """Raise Problem (422) if an indicator can't be told of a group of people."""
    if group is not Group.EVERYONE and not indicator.sliced:
        raise Problem(422, "not_of_group", NOT_OF_GROUP, field="group")


def indicator_of(code: str) -> Indicator:
    """Return an indicator; raise Problem (404) if there is none."""
    if code not in INDICATORS:
        raise Problem(404, "unknown_indicator", UNKNOWN_INDICATOR, field="indicator")
    return INDICATORS[code]
