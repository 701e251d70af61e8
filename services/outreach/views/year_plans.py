"""The rows of year plans, and queries for them."""

from collections.abc import Sequence

from contracts.outreach.activities import Activity
from contracts.outreach.year_plans import YearPlan
from contracts.reference.divisions import Area
from services.outreach.views.activities import ACTIVITIES
from services.outreach.views.pages import find_by_id
from services.runtime.mongo import Database, Row, in_areas, make_index

YEAR_PLANS = "year_plans"


async def prepare(database: Database) -> None:
    """Make the index of year plans by year and street."""
    await make_index(database[YEAR_PLANS], [("year", 1), ("street", 1)], name="year")


def plan_row(plan: YearPlan, sequence: int) -> Row:
    """Return the row of a year plan."""
    return Row(YEAR_PLANS, plan.plan_id, sequence, plan.model_dump(mode="json", exclude={"plan_id"}))


async def list_plans(database: Database, areas: Sequence[Area], year: int) -> list[YearPlan]:
    """Return the plans of areas for a year by street, at most 500."""
    query = {"year": year, "street": in_areas(areas)}
    found = database[YEAR_PLANS].find(query, hint="year").sort([("year", 1), ("street", 1)]).limit(500)
    return [YearPlan.model_validate({**row, "plan_id": row["_id"]}) async for row in found]


async def find_planned(database: Database, plan: YearPlan) -> dict[str, Activity]:
    """Return the activities of a plan by their ids, which are those of its items."""
    rows = await find_by_id(database, ACTIVITIES, [item.item_id for item in plan.items])
    return {known: Activity.model_validate({**row, "activity_id": known}) for known, row in rows.items()}
