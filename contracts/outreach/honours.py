"""Honours 创建与表彰 of households, homes and places as facts of outreach: awarded, and withdrawn."""

from datetime import date
from enum import StrEnum
from hashlib import sha256
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from contracts.envelope import Fact
from contracts.reference.divisions import StreetCode


class HonourKind(StrEnum):
    """What is awarded: 幸福家庭, 健康促进医院, 健康促进学校, 健康促进企业, 无烟单位, 示范阵地."""

    HAPPY_FAMILY = "happy_family"
    HEALTH_PROMOTING_HOSPITAL = "health_promoting_hospital"
    HEALTH_PROMOTING_SCHOOL = "health_promoting_school"
    HEALTH_PROMOTING_ENTERPRISE = "health_promoting_enterprise"
    SMOKE_FREE = "smoke_free"
    DEMONSTRATION_SITE = "demonstration_site"


class Honour(BaseModel):
    """An honour of a household or of an institution, one of both; withdrawn, it counts until that day.

    `honour_id` is natural: a household or institution is awarded an honour once on a day.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    honour_id: str
    street: StreetCode
    kind: HonourKind
    household_id: str | None = None
    institution_id: str | None = None
    awarded_on: date
    withdrawn_on: date | None = None


def honour_id(awarded_to: str, kind: HonourKind, awarded_on: date) -> str:
    """Return the id of an honour, derived from whose it is, its kind and day (32 hexadecimal digits)."""
    return sha256(f"honour|{awarded_to}|{kind}|{awarded_on.isoformat()}".encode()).hexdigest()[:32]


class HonourFact(Fact):
    """A fact of the stream `honour/<honour_id>`."""

    honour: Honour

    @property
    def stream(self) -> str:
        """Return the stream of the honour."""
        return f"honour/{self.honour.honour_id}"

    @property
    def division(self) -> str:
        """Return the street in which it was awarded."""
        return self.honour.street


class HonourAwarded(HonourFact):
    """A household or an institution was honoured."""

    TYPE: ClassVar[str] = "outreach.honour_awarded.v1"


class HonourWithdrawn(HonourFact):
    """An honour is no longer deserved."""

    TYPE: ClassVar[str] = "outreach.honour_withdrawn.v1"


HONOUR_FACTS: tuple[type[HonourFact], ...] = (HonourAwarded, HonourWithdrawn)
