"""Rates and their differences: the intervals are those of scipy and of the paper that the method is from."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from services.outreach.domain.rates import difference_of, rate_of

CONFIDENCES = st.sampled_from((0.9, 0.95, 0.99))


@given(of=st.integers(1, 5000), share=st.floats(0, 1), confidence=CONFIDENCES)
def test_an_interval_is_wilsons_as_scipy_works_it_out(of: int, share: float, confidence: float) -> None:
    count = round(share * of)

    rate = rate_of(count, of, confidence)

    expected = binomtest(count, of).proportion_ci(confidence_level=confidence, method="wilson")
    assert rate is not None
    assert rate.rate == count / of
    assert (rate.low, rate.high) == pytest.approx((expected.low, expected.high), abs=1e-9)
    assert 0 <= rate.low <= rate.rate <= rate.high <= 1


def test_there_is_no_rate_of_nobody() -> None:
    assert rate_of(0, 0, 0.95) is None


@pytest.mark.parametrize(
    ("later", "earlier", "low", "high"),
    [
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((10, 10), (0, 10), 0.6075, 1.0),
    ],
    ids=["a", "b", "d", "h"],
)
def test_an_interval_of_a_difference_is_that_of_newcombes_table(
    later: tuple[int, int], earlier: tuple[int, int], low: float, high: float
) -> None:
    rates = [rate_of(*told, 0.95) for told in (earlier, later)]

    difference = difference_of(*filter(None, rates))

    assert (difference.low, difference.high) == pytest.approx((low, high), abs=5e-5)


@given(counts=st.tuples(st.integers(0, 40), st.integers(0, 60)), confidence=CONFIDENCES)
def test_a_difference_turned_round_has_the_interval_turned_round(counts: tuple[int, int], confidence: float) -> None:
    one, other = rate_of(counts[0], 40, confidence), rate_of(counts[1], 60, confidence)
    assert one
    assert other

    there, back = difference_of(one, other), difference_of(other, one)

    assert (there.difference, there.low, there.high) == pytest.approx((-back.difference, -back.high, -back.low))
    assert -1 - 1e-9 <= there.low <= there.difference <= there.high <= 1 + 1e-9
