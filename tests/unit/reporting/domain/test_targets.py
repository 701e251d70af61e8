"""Targets: what may be set, when it is to be reached, and how it stands, with the projection that says so."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.reporting.targets import Bound, Every, Target, TargetSet, target_id
from services.reporting.domain.indicators import INDICATORS
from services.reporting.domain.periods import Period, period_of
from services.reporting.domain.targets import (
    Judgement,
    NoRateError,
    Progress,
    ServedBandError,
    Standing,
    TargetPeriodError,
    is_for,
    judge,
    progress_of,
    set_target,
    window_of,
    withdraw,
)
from tests.support.samples import sample_of

TARGET: Target = sample_of(TargetSet).data.target
RATE, YEARLY, COUNT = (INDICATORS[code] for code in ("archive_rate", "hypertension_standard_rate", "lectures"))
FLOWING = INDICATORS["newborn_visited_rate"]
YEAR = period_of(date(2026, 1, 1), 12)


def change(**changed: object) -> Target:
    return TARGET.model_copy(update=changed)


def test_a_target_is_set_once_and_may_be_set_anew_or_withdrawn() -> None:
    fact = set_target(None, TARGET)

    assert fact is not None
    assert set_target(fact.target, TARGET) is None
    withdrawn = withdraw(TARGET)
    assert withdrawn is not None
    assert withdraw(withdrawn.target) is None
    assert set_target(withdrawn.target, TARGET) is not None


def test_another_value_is_the_same_target_and_another_plan_is_not() -> None:
    assert target_id(change(value=0.5)) == target_id(TARGET)
    assert target_id(change(plan="huaian_2010")) != target_id(TARGET)
    assert target_id(change(served_from=2000)) != target_id(TARGET)


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"value": 85.0}, NoRateError),
        ({"until": date(2025, 12, 31)}, TargetPeriodError),
        ({"every": Every.ONCE, "until": None}, TargetPeriodError),
        ({"served_from": 2000, "served_below": 2000}, ServedBandError),
    ],
)
def test_a_target_that_nobody_could_keep_is_refused(changed: dict[str, object], error: type[Exception]) -> None:
    with pytest.raises(error):
        set_target(None, change(**changed))


def test_a_count_may_be_as_high_as_a_plan_wants() -> None:
    assert set_target(None, change(indicator="lectures", value=1000.0)) is not None


@pytest.mark.parametrize(
    ("every", "window"),
    [
        (Every.MONTH, Period(date(2026, 5, 1), date(2026, 5, 31))),
        (Every.TWO_MONTHS, Period(date(2026, 5, 1), date(2026, 6, 30))),
        (Every.QUARTER, Period(date(2026, 4, 1), date(2026, 6, 30))),
        (Every.HALF_YEAR, Period(date(2026, 1, 1), date(2026, 6, 30))),
        (Every.YEAR, YEAR),
        (Every.ONCE, Period(date(2026, 2, 1), date(2027, 1, 31))),
    ],
)
def test_a_target_is_to_be_reached_in_the_period_around_a_day(every: Every, window: Period) -> None:
    target = change(every=every, since=date(2026, 2, 1), until=date(2027, 1, 31))

    assert window_of(target, date(2026, 5, 7)) == window
    assert window_of(target, date(2026, 1, 31)) is None
    assert window_of(target, date(2027, 2, 1)) is None
    assert window_of(target.model_copy(update={"withdrawn": True}), date(2026, 5, 7)) is None


@given(st.integers(0, 9999))
def test_bands_that_touch_leave_nobody_out_and_take_nobody_twice(served: int) -> None:
    bands = [(None, 500), (500, 2000), (2000, None)]
    targets = [change(served_from=low, served_below=high) for low, high in bands]

    assert sum(is_for(target, served) for target in targets) == 1


@pytest.mark.parametrize(
    ("bound", "reached"),
    [
        (Bound.AT_LEAST, (False, True, True)),
        (Bound.MORE_THAN, (False, False, True)),
        (Bound.AT_MOST, (True, True, False)),
    ],
)
def test_a_period_that_is_over_tells_for_good(bound: Bound, reached: tuple[bool, ...]) -> None:
    target = change(bound=bound, value=0.85)

    found = [judge(target, RATE, Progress(0, value, 1.0)) for value in (0.84, 0.85, 0.86)]

    assert found == [Judgement(Standing.ACHIEVED if one else Standing.MISSED) for one in reached]


def test_where_nothing_can_tell_a_target_is_unmeasured() -> None:
    assert judge(TARGET, RATE, Progress(0, None, 1.0)) == Judgement(Standing.UNMEASURED)


def test_what_would_miss_the_target_if_it_went_on_so_is_at_risk_with_the_value_it_would_reach() -> None:
    target = change(value=0.85)

    slow, fast = (judge(target, RATE, Progress(0.60, value, 0.5)) for value in (0.70, 0.75))

    assert (slow.standing, fast.standing) == (Standing.AT_RISK, Standing.OPEN)
    assert slow.projection == pytest.approx(0.80)
    assert fast.projection == pytest.approx(0.90)


def test_a_rate_that_falls_is_at_risk_although_it_still_reaches_the_target() -> None:
    judged = judge(change(value=0.85), RATE, Progress(0.95, 0.87, 0.5))

    assert judged.standing is Standing.AT_RISK
    assert judged.projection == pytest.approx(0.79)


def test_no_projection_leaves_what_a_rate_can_be() -> None:
    assert judge(change(value=0.85), RATE, Progress(0.2, 0.9, 0.25)).projection == 1.0
    assert judge(change(value=0.85), RATE, Progress(0.9, 0.2, 0.25)).projection == 0.0


def test_in_the_first_tenth_of_a_period_nothing_is_projected() -> None:
    assert judge(change(value=0.85), RATE, Progress(0, 0.01, 0.09)) == Judgement(Standing.OPEN)
    assert judge(change(value=0.85), RATE, Progress(0, 0.01, 0.1)).standing is Standing.AT_RISK


def test_a_count_that_has_reached_the_target_has_it_for_good_and_one_that_exceeds_it_too() -> None:
    wanted, allowed = change(value=12), change(value=2, bound=Bound.AT_MOST)

    assert judge(wanted, COUNT, Progress(0, 12, 0.3)) == Judgement(Standing.ACHIEVED)
    assert judge(wanted, COUNT, Progress(0, 5, 0.5)) == Judgement(Standing.AT_RISK, 10.0)
    assert judge(allowed, COUNT, Progress(0, 3, 0.3)) == Judgement(Standing.MISSED)
    assert judge(allowed, COUNT, Progress(0, 1, 0.5)) == Judgement(Standing.OPEN, 2.0)


def test_what_the_calendar_year_counts_anew_begins_with_nothing_in_january_only() -> None:
    today = date(2026, 7, 1)
    quarter = period_of(today, 3)

    assert progress_of(YEARLY, YEAR, today, 0.8, 0.4).began == 0.0
    assert progress_of(YEARLY, quarter, today, 0.3, 0.4).began == 0.3
    assert progress_of(RATE, YEAR, today, 0.8, 0.9).began == 0.8
    assert progress_of(RATE, YEAR, today, None, 0.9).began == 0.9


def test_a_rate_of_what_happens_within_a_period_goes_on_as_it_is() -> None:
    progress = progress_of(FLOWING, YEAR, date(2026, 7, 1), None, 0.7)

    assert judge(change(value=0.85), FLOWING, progress).projection == pytest.approx(0.7)


def test_how_much_of_a_period_is_over_counts_today() -> None:
    assert progress_of(RATE, YEAR, date(2026, 1, 1), 0, 0).over == pytest.approx(1 / 365)
    assert progress_of(RATE, YEAR, date(2026, 12, 31), 0, 0).over == 1.0
    assert progress_of(RATE, YEAR, date(2028, 1, 1), 0, 0).over == 1.0
