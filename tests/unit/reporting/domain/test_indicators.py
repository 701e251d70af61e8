"""Indicators as data: the table that ships can be used, and a table that can't is refused with its fault."""

import pytest

from contracts.reporting.publications import Unit
from services.reporting.domain.indicators import (
    INDICATORS,
    IndicatorsError,
    Reckoned,
    Source,
    read_indicators,
)

ROW = {
    "code": "archive_rate",
    "zh": "健康档案建档率",
    "en": "archive-building rate",
    "formula_zh": "建档人数 / 常住居民数",
    "formula_en": "built / usual residents",
    "excluded_zh": "",
    "excluded_en": "",
    "numerator": "usual.built",
    "denominator": "usual",
    "reckoned": "end",
    "unit": "rate",
    "better": "higher",
    "source": "registry",
    "sliced": "yes",
    "level": "street",
    "edition": "services_2017",
}


def test_a_row_says_which_measures_make_an_indicator() -> None:
    (found,) = read_indicators([ROW | {"denominator": "usual+usual.lost"}]).values()

    assert (found.numerator, found.denominator) == (("usual.built",), ("usual", "usual.lost"))
    assert (found.reckoned, found.unit, found.source) == (Reckoned.END, Unit.RATE, Source.REGISTRY)
    assert found.measures == ["usual.built", "usual", "usual.lost"]


def test_what_is_told_and_not_counted_is_no_measure() -> None:
    told = ROW | {"denominator": "figure.population", "source": "imported"}

    (found,) = read_indicators([told]).values()

    assert found.measures == ["usual.built"]


@pytest.mark.parametrize(
    "change",
    [
        {"code": "Archive"},
        {"zh": ""},
        {"formula_en": ""},
        {"excluded_zh": "死亡"},
        {"numerator": ""},
        {"denominator": ""},
        {"unit": "count"},
        {"unit": "percent"},
        {"reckoned": "ever"},
        {"better": "yes"},
        {"sliced": "true"},
        {"level": "village"},
        {"edition": ""},
        {"numerator": "usual built"},
        {"numerator": "figure.population"},
        {"source": "imported"},
        {"denominator": "figure.people", "source": "imported"},
        {"denominator": "estimate.people", "source": "estimate"},
        {"denominator": "usual+figure.population", "source": "imported"},
        {"denominator": "figure.population"},
        {"more": "1"},
    ],
    ids=str,
)
def test_a_row_that_says_nonsense_is_refused(change: dict[str, str]) -> None:
    assert read_indicators([ROW])
    with pytest.raises(IndicatorsError):
        read_indicators([ROW | change])


def test_no_indicator_stands_in_the_table_twice() -> None:
    with pytest.raises(IndicatorsError, match="twice"):
        read_indicators([ROW, ROW])


def test_a_row_without_a_column_is_refused() -> None:
    with pytest.raises(IndicatorsError):
        read_indicators([{name: cell for name, cell in ROW.items() if name != "edition"}])


def test_of_every_title_there_is_one_indicator() -> None:
    for language in ("zh", "en"):
        titles = [getattr(one, language) for one in INDICATORS.values()]
        assert len(set(titles)) == len(titles) > 50


def test_the_shapes_of_the_specification_are_all_there() -> None:
    assert {one.source for one in INDICATORS.values()} == set(Source)
    assert {one.reckoned for one in INDICATORS.values()} == set(Reckoned)
    assert {one.unit for one in INDICATORS.values()} == set(Unit)
