"""The rows of articles, and queries for them."""

from collections.abc import Sequence
from datetime import date

from contracts.outreach.articles import Article
from contracts.reference.divisions import Area
from services.outreach.views.pages import find_in_period, in_period
from services.runtime.mongo import Database, Document, Row, make_index

ARTICLES = "articles"


async def prepare(database: Database) -> None:
    """Make the indexes of articles: by street and by institution, each with the day."""
    await make_index(database[ARTICLES], [("street", 1), ("submitted_on", 1)], name="street")
    await make_index(database[ARTICLES], [("institution_id", 1), ("submitted_on", 1)], name="institution")


def article_row(article: Article, sequence: int) -> Row:
    """Return the row of an article."""
    return Row(ARTICLES, article.article_id, sequence, article.model_dump(mode="json", exclude={"article_id"}))


async def list_articles(database: Database, areas: Sequence[Area], since: date, until: date) -> list[Article]:
    """Return the articles of areas in a period (both days included) by street and day, at most 1,000."""
    found = await find_in_period(database, ARTICLES, areas, "submitted_on", (since, until), 1000)
    return [Article.model_validate({**row, "article_id": row["_id"]}) for row in found]


async def count_articles(database: Database, areas: Sequence[Area], since: date, until: date) -> dict[str, int]:
    """Return how many articles each unit of areas submitted in a period (both days included), by unit."""
    stages: list[Document] = [
        {"$match": in_period(areas, "submitted_on", (since, until))},
        {"$group": {"_id": {"$ifNull": ["$institution_id", "$street"]}, "articles": {"$sum": 1}}},
    ]
    return {row["_id"]: row["articles"] async for row in database[ARTICLES].aggregate(stages, hint="street")}
