"""The figures of surveys: age bands without a gap, targets as plans word them."""

import pytest

from contracts.registration.categories import OLDEST
from services.outreach.domain.survey_policy import LITERACY_TESTS, POLICY, TARGETS, find_target


def test_every_age_lies_in_one_band_and_the_bands_go_on_without_a_gap() -> None:
    bands = [POLICY.band_of(age) for age in range(OLDEST + 1)]

    assert list(dict.fromkeys(bands)) == POLICY.bands
    for age, band in enumerate(bands):
        first, _, last = band.removesuffix("+").partition("-")
        assert int(first) <= age <= int(last or OLDEST)


@pytest.mark.parametrize(
    ("edition", "indicator", "value", "reached"),
    [
        ("street_2021", "knowledge", 85, True),
        ("street_2021", "knowledge", 84.99, False),
        ("huaian_2010_rural", "knowledge", 80, False),
        ("huaian_2010_rural", "knowledge", 80.01, True),
        ("qingjiangpu_literacy", LITERACY_TESTS, 1000, True),
    ],
)
def test_a_target_is_reached_as_its_plan_words_it(edition: str, indicator: str, value: float, reached: bool) -> None:
    target = find_target(edition, indicator)

    assert target is not None
    assert target.is_reached(value) is reached


def test_an_edition_wants_an_indicator_once_and_no_edition_wants_nothing() -> None:
    assert len({(one.edition, one.indicator) for one in TARGETS}) == len(TARGETS)
    assert find_target(None, "knowledge") is None
