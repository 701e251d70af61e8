"""Rates with their intervals, and the difference of two rates with its own."""

from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist


@dataclass(frozen=True, slots=True)
class Rate:
    """So many of so many, and the interval in which the true rate lies with the confidence that was asked for."""

    count: int
    of: int
    rate: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Difference:
    """By how much a later rate is above an earlier one (negative: below it), with its interval."""

    difference: float
    low: float
    high: float


def rate_of(count: int, of: int, confidence: float) -> Rate | None:
    """Return a rate with its interval by Wilson's score method; None of nobody.

    E. B. Wilson, Probable inference, the law of succession, and statistical inference, JASA 22 (1927), 209-212.
    """
    if of == 0:
        return None
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    share = count / of
    middle = (share + z * z / (2 * of)) / (1 + z * z / of)
    half = z / (1 + z * z / of) * sqrt(share * (1 - share) / of + z * z / (4 * of * of))
    low = 0.0 if count == 0 else middle - half
    high = 1.0 if count == of else middle + half
    return Rate(count, of, share, low, high)


def difference_of(earlier: Rate, later: Rate) -> Difference:
    """Return the difference of two rates with its interval by Newcombe's hybrid score method, from those of the rates.

    It holds for independent samples: different people answered, or nobody is compared with themselves. R. G. Newcombe,
    Interval estimation for the difference between independent proportions, Statistics in Medicine 17 (1998), 873-890,
    method 10.
    """
    difference = later.rate - earlier.rate
    below = sqrt((later.rate - later.low) ** 2 + (earlier.high - earlier.rate) ** 2)
    above = sqrt((later.high - later.rate) ** 2 + (earlier.rate - earlier.low) ** 2)
    return Difference(difference, difference - below, difference + above)
