"""Yearly figures 年报数 as facts of reporting: numbers of people that are not counted here but told by others."""

from enum import StrEnum
from hashlib import sha256
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field

from contracts.envelope import Fact
from contracts.reference.divisions import DivisionCode
from contracts.reporting.groups import Group


class FigureKind(StrEnum):
    """What a figure is a number of: 常住人口, 0-6岁儿童, 15-49岁妇女, 65岁及以上老年人, 户数, 活产数."""

    POPULATION = "population"
    CHILDREN = "children"
    WOMEN_15_49 = "women_15_49"
    ELDERLY = "elderly"
    HOUSEHOLDS = "households"
    BIRTHS = "births"


class Figure(BaseModel):
    """A figure of a division for a year: people at its end, births within it.

    `group` is everyone 全体, who is registered there 户籍, or who is not 流动. `origin` tells who says so, such as
    统计年鉴. `figure_id` is natural: a division has one figure of a kind, group and year, which may be told again.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    figure_id: str
    division: DivisionCode
    year: int
    kind: FigureKind
    group: Group = Group.EVERYONE
    value: int = Field(ge=0)
    origin: str
    withdrawn: bool = False


def figure_id(division: str, year: int, kind: FigureKind, group: Group) -> str:
    """Return the id of a figure, derived from what it is of (32 hexadecimal digits)."""
    return sha256(f"figure|{division}|{year}|{kind}|{group}".encode()).hexdigest()[:32]


class FigureFact(Fact):
    """A fact of the stream `figure/<figure_id>`."""

    figure: Figure

    @property
    def stream(self) -> str:
        """Return the stream of the figure."""
        return f"figure/{self.figure.figure_id}"

    @property
    def division(self) -> str:
        """Return the division that it is of."""
        return self.figure.division


class FigureRecorded(FigureFact):
    """A yearly figure was told, for the first time or again."""

    TYPE: ClassVar[str] = "reporting.figure_recorded.v1"


class FigureWithdrawn(FigureFact):
    """A yearly figure had been recorded by mistake."""

    TYPE: ClassVar[str] = "reporting.figure_withdrawn.v1"


FIGURE_FACTS: tuple[type[FigureFact], ...] = (FigureRecorded, FigureWithdrawn)
