"""How divisions stand with targets: which value is compared, of whom and where, and what comes of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from contracts.reporting.groups import Group, Setting
from contracts.reporting.targets import Per, Target
from services.reporting.domain.indicators import INDICATORS, Reckoned
from services.reporting.domain.periods import Period
from services.reporting.domain.targets import (
    Judgement,
    Progress,
    Standing,
    is_for,
    judge,
    progress_of,
    window_of,
)
from services.reporting.domain.values import SLICES, Counted, Place, Value, evaluate

SERVED = "resident"
"""The measure of whom a division serves; of floating people it tells which band of targets is for it."""
_STREET_DIGIT = {Setting.URBAN: "0", Setting.RURAL: "123"}
"""By the seventh digit of a code (GB/T 10114): streets 街道 are urban, towns 镇 and townships 乡 rural."""


@dataclass(frozen=True, slots=True)
class Stand:
    """How a division stands with a target in a period: the value so far, and what comes of it."""

    target: Target
    division: str
    period: Period
    served: int
    value: Value
    judgement: Judgement


NOTHING = Value(0, None, None)
"""The value where nothing that is counted can tell."""


def stand(target: Target, place: Place, on: date, today: date, counted: Counted) -> Iterator[Stand]:
    """Yield how those whom a target is for stand with it in its period around a day; `place` is its division."""
    window = window_of(target, on)
    if window is None or window.since > today:
        return
    for one in place.parts() if target.per is Per.STREET else [place]:
        served = counted.numbers.at(SERVED, window.so_far(today).until, one.codes, SLICES[Group.FLOATING])
        if not is_for(target, served):
            continue
        where = _within(one, target.setting)
        if where is None or not _is_measured(target):
            yield Stand(target, one.division, window, served, NOTHING, Judgement(Standing.UNMEASURED))
            continue
        value, progress = _measure(target, where, window, today, counted)
        judgement = judge(target, INDICATORS[target.indicator], progress)
        yield Stand(target, one.division, window, served, value, judgement)


def periods_of(target: Target, on: date, today: date) -> list[Period]:
    """Return the periods whose numbers tell how it stands with a target; empty if it does not hold on that day."""
    window = window_of(target, on)
    if window is None or window.since > today:
        return []
    return [window.so_far(today), Period(window.before, window.before)]


def _is_measured(target: Target) -> bool:
    """Return whether numbers tell of the people whom a target is for, and of whoever has to reach it."""
    told = target.group is Group.EVERYONE or (target.group in SLICES and INDICATORS[target.indicator].sliced)
    return told and target.per is not Per.INSTITUTION


def _within(place: Place, setting: Setting) -> Place | None:
    """Return the part of a place that is of a setting; None if streets don't tell."""
    if setting is Setting.ANY:
        return place
    if setting not in _STREET_DIGIT:
        return None
    digits = _STREET_DIGIT[setting]
    streets = {street: codes for street, codes in place.streets.items() if street[6:7] in digits and street[6:]}
    return Place(place.division, streets)


def _measure(target: Target, where: Place, window: Period, today: date, counted: Counted) -> tuple[Value, Progress]:
    indicator = INDICATORS[target.indicator]
    now = evaluate(indicator, where, window.so_far(today), counted, target.group)
    before = None
    if indicator.reckoned is not Reckoned.PERIOD:
        day_before = Period(window.before, window.before)
        before = evaluate(indicator, where, day_before, counted, target.group).value
    return now, progress_of(indicator, window, today, before, now.value)
