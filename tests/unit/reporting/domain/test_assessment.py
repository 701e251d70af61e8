"""Assessments: points by bands, what nothing tells left out, ranks, deductions in words, and the money that follows."""

from datetime import date

import pytest

from services.reporting.domain.assessment import (
    EDITION,
    FUNDING,
    PARTS,
    Assessed,
    Band,
    Part,
    assess,
    funding_for,
    parts_for,
    share_of,
)
from services.reporting.domain.figures import Figures
from services.reporting.domain.indicators import INDICATORS, Better
from services.reporting.domain.periods import Period, read_period
from services.reporting.domain.values import Counted, Place
from tests.support.counting import numbers_of
from tests.support.facts import STREETS

QUARTER = Period(date(2026, 4, 1), date(2026, 6, 30))
PLACES = [Place(street, {street: [street]}) for street in STREETS[:3]]


def part(indicator: str, points: float, *bands: tuple[float, float]) -> Part:
    return Part("test", indicator, points, Assessed.ALWAYS, tuple(Band(*band) for band in bands), "")


ARCHIVES = part("archive_rate", 10, (0.85, 1), (0.6, 0.5))
LECTURES = part("lectures", 5, (3, 1), (1, 0.4))
OVERDUE = part("overdue_notices", 5, (0, 1), (1, 0.5))


def test_the_tables_are_of_one_edition_their_bands_fall_and_their_points_are_known() -> None:
    assert {one.edition for one in PARTS} == {one.edition for one in FUNDING} == {EDITION}
    for one in PARTS:
        worst_first = sorted(one.bands, key=lambda band: band.value)
        if INDICATORS[one.indicator].better is Better.LOWER:
            worst_first.reverse()
        shares = [band.share for band in worst_first]
        assert shares == sorted(set(shares))
        assert shares[-1] == 1.0
        assert worst_first[-1] == one.bands[0]
    assert sum(one.points for one in PARTS) == 100


def test_what_the_year_counts_in_all_is_assessed_when_it_ends() -> None:
    def codes(text: str) -> set[str]:
        period = read_period(text)
        assert period is not None
        return {one.indicator for one in parts_for(period)}

    assert "hypertension_standard_rate" not in codes("2026Q3")
    assert codes("2026Q4") == codes("2026") == {one.indicator for one in PARTS}
    assert "archive_rate" in codes("2026Q3")


@pytest.mark.parametrize(("value", "share"), [(1.0, 1), (0.85, 1), (0.849, 0.5), (0.6, 0.5), (0.59, 0)])
def test_a_value_is_worth_the_share_of_its_band(value: float, share: float) -> None:
    assert share_of(ARCHIVES, value) == share


@pytest.mark.parametrize(("value", "share"), [(0, 1), (1, 0.5), (2, 0)])
def test_where_lower_is_better_a_band_is_not_to_be_exceeded(value: float, share: float) -> None:
    assert share_of(OVERDUE, value) == share


def counted(**measures: dict[str, int]) -> Counted:
    """Return numbers on the days of the quarter: by street, how many there are of a measure."""
    told = {name.replace("__", "."): counts for name, counts in measures.items()}
    return Counted(numbers_of(told, date(2026, 5, 1)), Figures())


def test_streets_are_ranked_equal_ones_alike_and_who_has_nothing_to_tell_is_not() -> None:
    one, two, three = STREETS[:3]
    found = counted(
        usual={one: 10, two: 10},
        usual__built={one: 9, two: 6},
        activity__held__lecture={one: 1, two: 3},
    )

    assessed = assess(PLACES, [ARCHIVES], QUARTER, found)

    assert [(each.place.division, each.score, each.rank) for each in assessed] == [
        (one, 100.0, 1),
        (two, 50.0, 2),
        (three, None, None),
    ]
    both = assess(PLACES, [ARCHIVES, LECTURES], QUARTER, found)
    assert {each.place.division: (each.score, each.rank) for each in both} == {
        one: (80.0, 1),  # 10 and 2 of 15
        two: (66.67, 2),  # 5 and 5 of 15
        three: (0.0, 3),  # no lecture is told, nobody's archives are not
    }
    alike = assess(PLACES, [OVERDUE], QUARTER, found)
    assert [each.rank for each in alike] == [1, 1, 1]


def test_a_deduction_says_what_was_wanted_in_both_languages() -> None:
    (street,) = assess(PLACES[:1], [ARCHIVES, OVERDUE], QUARTER, counted(usual={STREETS[0]: 10}))

    archives, overdue = street.marks
    assert archives.got == 0
    assert archives.why_zh == "健康档案建档率 0.0%，得0分，扣10分（满分10分，要求不低于85.0%）"
    assert archives.why_en == "archive-building rate 0.0%: 0 points, 10 deducted (of 10, for at least 85.0%)"
    assert overdue.why_zh == "逾期通报数 0，得5分"


def test_what_nothing_tells_is_not_counted_and_says_so() -> None:
    (street,) = assess(PLACES[:1], [ARCHIVES], QUARTER, counted())

    assert (street.score, street.funding) == (None, None)
    assert street.marks[0].got is None
    assert "不计分" in street.marks[0].why_zh


@pytest.mark.parametrize(
    ("score", "share"), [(100, 1), (90, 1), (89.99, 0.9), (70, 0.8), (60, 0.6), (59.99, 0), (0, 0)]
)
def test_the_money_follows_from_the_score(score: float, share: float) -> None:
    funding = funding_for(score)

    assert funding is not None
    assert funding.share == share
