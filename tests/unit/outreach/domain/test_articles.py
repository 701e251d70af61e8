"""Articles: submitted once, and how many a unit owes for a quarter."""

from datetime import date, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from contracts.outreach.articles import ArticleSubmitted
from services.outreach.domain.articles import (
    QUOTAS,
    Submitted,
    SubmittedInFutureError,
    count_by_unit,
    quarter_of,
    submit,
)
from tests.support.samples import sample_of

ARTICLE = sample_of(ArticleSubmitted).data.article


def test_an_article_is_submitted_on_its_day_and_not_before() -> None:
    assert submit(ARTICLE, ARTICLE.submitted_on).article == ARTICLE
    with pytest.raises(SubmittedInFutureError):
        submit(ARTICLE, date(2026, 3, 9))


def test_a_unit_owes_what_is_missing_from_the_quota_and_never_less_than_nothing() -> None:
    counted = count_by_unit({"320507001": 3, "5" * 32: 1}, QUOTAS["huaian_2010"])

    assert counted == [Submitted("320507001", 3, 0), Submitted("5" * 32, 1, 1)]


@example(date.max)
@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)))
def test_a_day_lies_in_its_quarter_and_quarters_follow_one_another(day: date) -> None:
    first, last = quarter_of(day)

    assert first <= day <= last
    assert (first.day, first.month % 3) == (1, 1)
    assert last == date.max or quarter_of(last + timedelta(1))[0] == last + timedelta(1)
