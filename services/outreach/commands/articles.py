"""Record articles that units submitted."""

from contracts.outreach.articles import Article
from services.outreach.domain.articles import submit
from services.runtime.service import Service


async def submit_article(service: Service, article: Article, cause: str) -> Article:
    """Record an article, once however often it is reported, and return it."""
    await service.journal.record([service.journal.commit(submit(article, service.today), causation=cause)])
    return article
