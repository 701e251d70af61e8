"""Articles 信息稿件 that units submit, as facts of outreach."""

from datetime import date
from enum import StrEnum
from hashlib import sha256
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from contracts.envelope import Fact
from contracts.reference.divisions import StreetCode


class ArticleChannel(StrEnum):
    """Where an article was submitted to: 健康教育网站, 报刊, 微信公众号, 其他."""

    SITE = "site"
    PRESS = "press"
    WECHAT = "wechat"
    OTHER = "other"


class Article(BaseModel):
    """An article that a unit submitted: an institution, or the street itself.

    `article_id` is natural: a unit submits one article of a topic on a day.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    article_id: str
    street: StreetCode
    institution_id: str | None = None
    topic: str
    channel: ArticleChannel = ArticleChannel.SITE
    submitted_on: date


def article_id(street: str, institution: str | None, topic: str, submitted_on: date) -> str:
    """Return the id of an article, derived from its unit, topic and day (32 hexadecimal digits)."""
    named = f"{institution or street}|{''.join(topic.split())}|{submitted_on.isoformat()}"
    return sha256(f"article|{named}".encode()).hexdigest()[:32]


class ArticleSubmitted(Fact):
    """A unit submitted an article; the only fact of the stream `article/<article_id>`."""

    TYPE: ClassVar[str] = "outreach.article_submitted.v1"

    article: Article

    @property
    def stream(self) -> str:
        """Return the stream of the article."""
        return f"article/{self.article.article_id}"

    @property
    def division(self) -> str:
        """Return the street of the unit."""
        return self.article.street


ARTICLE_FACTS: tuple[type[Fact], ...] = (ArticleSubmitted,)
