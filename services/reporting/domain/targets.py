"""Pure decisions on targets, and how an indicator stands with one: achieved, open, at risk, missed."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from contracts.refusals import RefusedError
from contracts.reporting.publications import Unit
from contracts.reporting.targets import Bound, Every, Target, TargetSet, TargetWithdrawn
from services.reporting.domain.indicators import INDICATORS, Indicator, Reckoned
from services.reporting.domain.periods import Period, period_of

MONTHS = {Every.MONTH: 1, Every.TWO_MONTHS: 2, Every.QUARTER: 3, Every.HALF_YEAR: 6, Every.YEAR: 12}
EARLY = 0.1
"""The share of a period before which nothing is projected."""


class NoRateError(RefusedError):
    """The target of a rate lies above 1, which is 100 %."""

    code = "rate_above_100"
    advice = "比率的目标值不能超过100%。The target of a rate is at most 100 %."
    field = "value"
    status = 422


class TargetPeriodError(RefusedError):
    """The target ends before it begins, or is to be reached once and has no end."""

    code = "bad_target_period"
    advice = "结束日期早于开始日期，或一次性目标没有结束日期。It ends before it begins, or has no end and is for once."
    field = "until"
    status = 422


class ServedBandError(RefusedError):
    """The band of floating people who are served is empty."""

    code = "empty_band"
    advice = "服务人数的下限不小于上限，请核对。The band of people served is empty; check its limits."
    field = "served_below"
    status = 422


class Standing(StrEnum):
    """How it stands with a target: 已达标, 进行中, 有风险, 未达标; 无数据 where nothing that is counted can tell."""

    ACHIEVED = "achieved"
    OPEN = "open"
    AT_RISK = "at_risk"
    MISSED = "missed"
    UNMEASURED = "unmeasured"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a value has come in a period: at its beginning, now, and how much of the period is over (0 to 1)."""

    began: float
    value: float | None
    over: float


@dataclass(frozen=True, slots=True)
class Judgement:
    """How it stands with a target, and the value at the end of the period if it goes on as it went so far."""

    standing: Standing
    projection: float | None = None


def set_target(known: Target | None, target: Target) -> TargetSet | None:
    """Return the fact that a target was set; None if it is set so.

    Raise NoRateError, TargetPeriodError or ServedBandError if that can't be.
    """
    if INDICATORS[target.indicator].unit is Unit.RATE and target.value > 1:
        raise NoRateError
    if (target.until is None and target.every is Every.ONCE) or (target.until and target.until < target.since):
        raise TargetPeriodError
    if target.served_below is not None and target.served_below <= (target.served_from or 0):
        raise ServedBandError
    return None if known == target else TargetSet(target=target)


def withdraw(target: Target) -> TargetWithdrawn | None:
    """Return the fact that a target was withdrawn; None if that is recorded."""
    return None if target.withdrawn else TargetWithdrawn(target=target.model_copy(update={"withdrawn": True}))


def window_of(target: Target, on: date) -> Period | None:
    """Return the period around a day in which a target is to be reached; None if it does not hold on that day."""
    if target.withdrawn or on < target.since or (target.until is not None and target.until < on):
        return None
    if target.every is Every.ONCE:
        assert target.until is not None, "without an end it was refused"
        return Period(target.since, target.until)
    return period_of(on, MONTHS[target.every])


def is_for(target: Target, served: int) -> bool:
    """Return whether a target is for those who serve so many floating people."""
    return (target.served_from or 0) <= served and (target.served_below is None or served < target.served_below)


def progress_of(indicator: Indicator, period: Period, today: date, before: float | None, now: float | None) -> Progress:
    """Return how far an indicator has come in a period, from its values on the day before it and by today."""
    over = min(1.0, period.so_far(today).days / period.days)
    if indicator.reckoned is Reckoned.PERIOD:
        # what is counted within the period begins with nothing; a rate of it is so far what it will be
        return Progress(0.0 if indicator.unit is Unit.COUNT else now or 0.0, now, over)
    if indicator.reckoned is Reckoned.YEAR and period.since == period_of(period.since, 12).since:
        return Progress(0.0, now, over)
    return Progress(now or 0.0 if before is None else before, now, over)


def judge(target: Target, indicator: Indicator, progress: Progress) -> Judgement:
    """Return how it stands with a target.

    A period that is over tells for good, and so does a count that has reached what is wanted, or exceeded what is
    allowed. Before, what has come so far goes on: whatever then misses the target is at risk. In the first tenth of a
    period nothing is projected.
    """
    if progress.value is None:
        return Judgement(Standing.UNMEASURED)
    reached = is_reached(target, progress.value)
    if progress.over >= 1:
        return Judgement(Standing.ACHIEVED if reached else Standing.MISSED)
    if _only_grows(indicator) and reached is not (target.bound is Bound.AT_MOST):
        return Judgement(Standing.ACHIEVED if reached else Standing.MISSED)
    if progress.over < EARLY:
        return Judgement(Standing.OPEN)
    projection = _project(indicator, progress.began, progress.value, progress.over)
    return Judgement(Standing.OPEN if is_reached(target, projection) else Standing.AT_RISK, projection)


def is_reached(target: Target, value: float) -> bool:
    """Return whether a value reaches a target."""
    if target.bound is Bound.AT_MOST:
        return value <= target.value
    return value > target.value if target.bound is Bound.MORE_THAN else value >= target.value


def _only_grows(indicator: Indicator) -> bool:
    return indicator.reckoned is Reckoned.PERIOD and indicator.unit is Unit.COUNT


def _project(indicator: Indicator, began: float, value: float, over: float) -> float:
    projected = value + (value - began) * (1 - over) / over
    highest = 1.0 if indicator.unit is Unit.RATE else None
    return max(0.0, projected if highest is None else min(projected, highest))
