"""Institutions and places of health education as facts of outreach: registered, corrected, closed."""

from datetime import date
from enum import StrEnum
from hashlib import sha256
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from contracts.envelope import Fact
from contracts.reference.divisions import StreetCode


class InstitutionKind(StrEnum):
    """The kinds of institution and place that the plans name.

    社区卫生服务中心, 社区卫生服务站或村卫生室, 医院, 学校, 企业, 集贸市场, 集中居住区,
    流动人口健康驿站, 流动人口之家, 社区, 协会.
    """

    HEALTH_CENTRE = "health_centre"
    HEALTH_STATION = "health_station"
    HOSPITAL = "hospital"
    SCHOOL = "school"
    ENTERPRISE = "enterprise"
    MARKET = "market"
    CONCENTRATED_HOUSING = "concentrated_housing"
    HEALTH_POST = "health_post"
    MIGRANTS_HOME = "migrants_home"
    COMMUNITY = "community"
    ASSOCIATION = "association"


class Institution(BaseModel):
    """An institution or place in which people are reached.

    `institution_id` is natural: the same kind and name in the same street is the same institution. `responsible` is the
    staff number or account of the person in charge, never a name. `joined_on` is the day on which it joined the
    health-education network 健康教育网络.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    institution_id: str
    street: StreetCode
    community: str | None = None
    kind: InstitutionKind
    title: str
    responsible: str | None = None
    joined_on: date | None = None
    opened_on: date
    closed_on: date | None = None


def institution_id(street: str, kind: InstitutionKind, title: str) -> str:
    """Return the id of an institution, derived from its street, kind and title (32 hexadecimal digits)."""
    return sha256(f"institution|{street}|{kind}|{''.join(title.split())}".encode()).hexdigest()[:32]


class InstitutionFact(Fact):
    """A fact of the stream `institution/<institution_id>`."""

    institution: Institution

    @property
    def stream(self) -> str:
        """Return the stream of the institution."""
        return f"institution/{self.institution.institution_id}"

    @property
    def division(self) -> str:
        """Return the street in which the institution is."""
        return self.institution.street


class InstitutionRegistered(InstitutionFact):
    """An institution was registered, for the first time or again."""

    TYPE: ClassVar[str] = "outreach.institution_registered.v1"


class InstitutionCorrected(InstitutionFact):
    """What was recorded of an institution was corrected, such as who is responsible."""

    TYPE: ClassVar[str] = "outreach.institution_corrected.v1"


class InstitutionClosed(InstitutionFact):
    """An institution was closed."""

    TYPE: ClassVar[str] = "outreach.institution_closed.v1"


INSTITUTION_FACTS: tuple[type[InstitutionFact], ...] = (InstitutionRegistered, InstitutionCorrected, InstitutionClosed)
