"""Pure decisions on articles, and how many a unit owes each quarter, from a table by edition."""

from calendar import monthrange
from collections.abc import Mapping
from csv import DictReader
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from contracts.outreach.articles import Article, ArticleSubmitted
from contracts.refusals import RefusedError


class SubmittedInFutureError(RefusedError):
    """The day on which an article was submitted lies in the future."""

    code = "future_date"
    advice = "报送日期不能晚于今天。The day it was submitted must not lie in the future; correct it."
    field = "submitted_on"


@dataclass(frozen=True, slots=True)
class Quota:
    """How many articles a plan wants of each unit in a quarter, and its words."""

    edition: str
    articles: int
    source: str


def _read() -> Mapping[str, Quota]:
    with Path(__file__).with_suffix(".csv").open(encoding="utf-8", newline="") as file:
        return {row["edition"]: Quota(row["edition"], int(row["articles"]), row["source"]) for row in DictReader(file)}


QUOTAS = _read()


@dataclass(frozen=True, slots=True)
class Submitted:
    """How many articles a unit submitted in a quarter, and how many are still owed."""

    unit: str
    articles: int
    owed: int


def submit(article: Article, today: date) -> ArticleSubmitted:
    """Return the fact that an article was submitted; raise SubmittedInFutureError if the day lies in the future."""
    if article.submitted_on > today:
        raise SubmittedInFutureError
    return ArticleSubmitted(article=article)


def quarter_of(day: date) -> tuple[date, date]:
    """Return the first and the last day of the quarter that a day lies in."""
    month = 3 * ((day.month - 1) // 3) + 3
    return date(day.year, month - 2, 1), date(day.year, month, monthrange(day.year, month)[1])


def count_by_unit(articles: Mapping[str, int], quota: Quota) -> list[Submitted]:
    """Return how many articles each unit submitted and still owes, by unit."""
    return [Submitted(unit, count, max(0, quota.articles - count)) for unit, count in sorted(articles.items())]
