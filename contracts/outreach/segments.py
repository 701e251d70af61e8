"""Segments: the residents whom an activity, a survey or a message addresses, by what is registered of their stays."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from contracts.reference.identity import Sex
from contracts.registration.categories import OLDEST, PersonCategory


class HealthGroup(StrEnum):
    """The groups of the plans 健康人群, 亚健康人群, 高危人群, 重点保健人群.

    Stays tell of people at risk by their work, and of the key groups. Who is healthy or sub-healthy is found by
    examinations, of which outreach hears nothing.
    """

    HEALTHY = "healthy"
    SUB_HEALTHY = "sub_healthy"
    AT_RISK = "at_risk"
    KEY = "key"


class Segment(BaseModel):
    """Residents to whom everything applies that is named; within a tuple one is enough, and empty ones ask nothing.

    Ages are in completed years, both included. `origins` are codes of divisions (GB/T 2260) by prefix: 34 is whoever
    came from Anhui. `communities`, `dwellings` and `hazards` are as they are registered.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    youngest: int = Field(default=0, ge=0, le=OLDEST)
    oldest: int = Field(default=OLDEST, ge=0, le=OLDEST)
    sex: Sex | None = None
    categories: tuple[PersonCategory, ...] = Field(default=(), max_length=20)
    group: HealthGroup | None = None
    origins: tuple[str, ...] = Field(default=(), max_length=50)
    communities: tuple[str, ...] = Field(default=(), max_length=50)
    dwellings: tuple[str, ...] = Field(default=(), max_length=20)
    hazards: tuple[str, ...] = Field(default=(), max_length=20)
    exposed: bool = False
    """Whether only people with a hazard at work are meant, whichever it is."""
