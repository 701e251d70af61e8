"""Targets 目标值 that plans set for indicators, as facts of reporting: set, and withdrawn."""

from datetime import date
from enum import StrEnum
from hashlib import sha256
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field

from contracts.envelope import Fact
from contracts.reference.divisions import DivisionCode
from contracts.reporting.groups import Group, Setting


class Bound(StrEnum):
    """How a value is compared with a target: 不低于, 高于, 不高于."""

    AT_LEAST = "at_least"
    MORE_THAN = "more_than"
    AT_MOST = "at_most"


class Every(StrEnum):
    """How often a target is to be reached anew: 每月, 每两月, 每季度, 每半年, 每年; or once, in all its days 全期."""

    MONTH = "month"
    TWO_MONTHS = "two_months"
    QUARTER = "quarter"
    HALF_YEAR = "half_year"
    YEAR = "year"
    ONCE = "once"


class Per(StrEnum):
    """Who has to reach it: the division as a whole 本级, each of its streets 各街道, or institutions 各单位."""

    DIVISION = "division"
    STREET = "street"
    INSTITUTION = "institution"


class Target(BaseModel):
    """What a plan wants of an indicator in a division: a rate from 0 to 1, or a count.

    It is for one group of people and one setting, on the days from `since` to `until`, both included. With
    `served_from` and `served_below` it is for those alone who serve so many floating people 服务人数: that many or
    more, and fewer. `plan` names the plan, `source` gives its words. Targets of several plans stand side by side.
    `target_id` is natural: a plan sets one target of this kind from a day on, and may set it anew.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    target_id: str
    indicator: str
    division: DivisionCode
    group: Group = Group.EVERYONE
    setting: Setting = Setting.ANY
    per: Per = Per.DIVISION
    every: Every = Every.YEAR
    since: date
    until: date | None = None
    served_from: int | None = Field(default=None, ge=0)
    served_below: int | None = Field(default=None, ge=1)
    bound: Bound = Bound.AT_LEAST
    value: float = Field(ge=0)
    plan: str
    source: str = ""
    withdrawn: bool = False


def target_id(target: Target) -> str:
    """Return the id of a target, derived from what it is for (32 hexadecimal digits)."""
    named = (
        target.plan, target.indicator, target.division, target.group, target.setting, target.per, target.every,
        target.served_from, target.since.isoformat(),
    )  # fmt: skip
    return sha256("|".join(("target", *map(str, named))).encode()).hexdigest()[:32]


class TargetFact(Fact):
    """A fact of the stream `target/<target_id>`."""

    target: Target

    @property
    def stream(self) -> str:
        """Return the stream of the target."""
        return f"target/{self.target.target_id}"

    @property
    def division(self) -> str:
        """Return the division that has to reach it."""
        return self.target.division


class TargetSet(TargetFact):
    """A plan set a target, for the first time or anew."""

    TYPE: ClassVar[str] = "reporting.target_set.v1"


class TargetWithdrawn(TargetFact):
    """A target holds no more, as if it had not been set."""

    TYPE: ClassVar[str] = "reporting.target_withdrawn.v1"


TARGET_FACTS: tuple[type[TargetFact], ...] = (TargetSet, TargetWithdrawn)
