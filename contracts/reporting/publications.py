"""Publications 公布 as facts of reporting: the numbers of a sealed edition that others may know."""

from datetime import date
from enum import StrEnum
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field

from contracts.envelope import Fact, Moment
from contracts.reference.divisions import DivisionCode
from contracts.reporting.groups import Group

MOST_VALUES = 8_000
"""Values in a publication at most, so that it fits into a message."""


class Unit(StrEnum):
    """What a value is: a rate from 0 to 1, a count, or so many per 1000."""

    RATE = "rate"
    COUNT = "count"
    PER_1000 = "per_1000"


class Suppressible(StrEnum):
    """What of a value may be too small to be published, or would give away what is."""

    NUMERATOR = "numerator"
    DENOMINATOR = "denominator"
    VALUE = "value"


class PublishedValue(BaseModel):
    """An indicator of a division, of everybody or of a group, as it is published; a count is told by its value alone.

    What is named in `suppressed` is not told. What is None without being named there does not exist, such as a rate
    of nobody. A district's own, of no street, has the code of the district and three zeros.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    indicator: str
    division: DivisionCode
    group: Group = Group.EVERYONE
    unit: Unit
    numerator: int | float | None = None
    denominator: int | float | None = None
    value: int | float | None = None
    suppressed: tuple[Suppressible, ...] = ()


class Publication(BaseModel):
    """What a district published of a report, by its newest published edition; `heard_at` is up to when it was known.

    Both days are included. Numbers of one edition replace those of the one before.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    report_id: str
    template: str
    division: DivisionCode
    period: str
    since: date
    until: date
    edition: int
    heard_at: Moment
    values: tuple[PublishedValue, ...] = Field(max_length=MOST_VALUES)


def publication_stream(report_id: str) -> str:
    """Return the stream of what is published of a report."""
    return f"publication/{report_id}"


class PublicationFact(Fact):
    """A fact of the stream `publication/<report_id>`."""

    publication: Publication

    @property
    def stream(self) -> str:
        """Return the stream of the publication."""
        return publication_stream(self.publication.report_id)

    @property
    def division(self) -> str:
        """Return the district that publishes."""
        return self.publication.division


class IndicatorsPublished(PublicationFact):
    """The numbers of a sealed edition were published, with what is small hidden as in its published files."""

    TYPE: ClassVar[str] = "reporting.indicators_published.v1"


PUBLICATION_FACTS: tuple[type[PublicationFact], ...] = (IndicatorsPublished,)
