"""HTTP in: articles that units submitted, and how many are owed for a quarter."""

from datetime import date

from fastapi import APIRouter
from pydantic import BaseModel, Field

from contracts.outreach.articles import Article, ArticleChannel, article_id
from services.outreach.api.dependencies import InstitutionId, Reader, Worker, street_of
from services.outreach.commands.articles import submit_article
from services.outreach.commands.institutions import NoInstitutionHereError, must_be_in
from services.outreach.domain.articles import QUOTAS, Submitted, SubmittedInFutureError, count_by_unit, quarter_of
from services.outreach.views.articles import count_articles, list_articles
from services.runtime.bodies import Body, Day
from services.runtime.parameters import Cause, Division, ServiceHere, Street
from services.runtime.problems import refuses

router = APIRouter(tags=["articles"])

QUOTA = QUOTAS["huaian_2010"]


class ArticleRequest(Body):
    """An article that a street or one of its institutions submitted."""

    street: Street
    topic: str = Field(min_length=1, max_length=200, description="what it is about, without names of people")
    channel: ArticleChannel = ArticleChannel.SITE
    submitted_on: date
    institution_id: InstitutionId = None


class Quarter(BaseModel):
    """The articles of a quarter by unit: how many, and how many of `wanted` are still owed.

    A unit that submitted none is not listed.
    """

    since: date
    until: date
    wanted: int
    source: str
    units: list[Submitted]


@router.post(
    "/articles",
    status_code=201,
    summary="Record an article that was submitted 报送信息",
    responses=refuses(SubmittedInFutureError, NoInstitutionHereError, outside_your_division=403, unknown_street=422),
)
async def post_article(body: ArticleRequest, service: ServiceHere, caller: Worker, cause: Cause) -> Article:
    """Record an article; a unit's article of the same topic and day is recorded once."""
    street = street_of(service, caller, body.street)
    await must_be_in(service, street, body.institution_id)
    named = article_id(street, body.institution_id, body.topic, body.submitted_on)
    article = Article(article_id=named, **{**body.model_dump(), "street": street})
    return await submit_article(service, article, cause)


@router.get("/articles", summary="Articles of a period", responses=refuses(outside_your_division=403))
async def get_articles(
    service: ServiceHere, caller: Reader, division: Division, since: Day, until: Day
) -> list[Article]:
    """List the articles of a division that were submitted in a period (both days included, at most 1,000)."""
    caller.must_cover(division)
    return await list_articles(service.database, service.areas(division), since, until)


@router.get("/articles/owed", summary="Articles still owed for a quarter", responses=refuses(outside_your_division=403))
async def get_owed(service: ServiceHere, caller: Reader, division: Division, day: Day) -> Quarter:
    """Count each unit's articles in the quarter of a day, and how many are still owed."""
    caller.must_cover(division)
    since, until = quarter_of(day)
    articles = await count_articles(service.database, service.areas(division), since, until)
    units = count_by_unit(articles, QUOTA)
    return Quarter(since=since, until=until, wanted=QUOTA.articles, source=QUOTA.source, units=units)
