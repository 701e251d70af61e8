"""Year plans 年度计划 of streets and institutions as facts of outreach: drafted, adjusted, adopted."""

from datetime import date
from hashlib import sha256
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from contracts.envelope import Fact
from contracts.outreach.activities import ActivityKind
from contracts.reference.divisions import StreetCode


class PlanItem(BaseModel):
    """One activity of a year plan; once the plan is adopted, `item_id` is the id of the activity."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    item_id: str
    kind: ActivityKind
    topic: str
    planned_on: date
    occasion: str | None = None


class YearPlan(BaseModel):
    """The activities that an institution, or the street itself, plans for a year.

    `plan_id` is natural: there is one plan of each for a year.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    plan_id: str
    street: StreetCode
    institution_id: str | None = None
    year: int
    items: tuple[PlanItem, ...] = ()
    adopted_on: date | None = None


def plan_id(street: str, institution: str | None, year: int) -> str:
    """Return the id of the year plan of an institution, or of a street (32 hexadecimal digits)."""
    return sha256(f"year_plan|{institution or street}|{year}".encode()).hexdigest()[:32]


class YearPlanFact(Fact):
    """A fact of the stream `year_plan/<plan_id>`."""

    plan: YearPlan

    @property
    def stream(self) -> str:
        """Return the stream of the plan."""
        return f"year_plan/{self.plan.plan_id}"

    @property
    def division(self) -> str:
        """Return the street that plans."""
        return self.plan.street


class YearPlanDrafted(YearPlanFact):
    """A plan was made from the health days of the year and from what plans demand of the institution."""

    TYPE: ClassVar[str] = "outreach.year_plan_drafted.v1"


class YearPlanAdjusted(YearPlanFact):
    """The activities of a draft were moved, changed, left out or added to."""

    TYPE: ClassVar[str] = "outreach.year_plan_adjusted.v1"


class YearPlanAdopted(YearPlanFact):
    """The plan was adopted: its activities are planned from now on."""

    TYPE: ClassVar[str] = "outreach.year_plan_adopted.v1"


YEAR_PLAN_FACTS: tuple[type[YearPlanFact], ...] = (YearPlanDrafted, YearPlanAdjusted, YearPlanAdopted)
