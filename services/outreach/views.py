"""What outreach reads: activities, and residents without a name, for the size of audiences."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from contracts.categories import NOT_EXPOSED, born_between
from contracts.divisions import Area
from contracts.outreach import Activity, Audience
from contracts.registration import Stay, StayState
from services.outreach.domain import AUDIENCES
from services.runtime.mongo import Database, Document, Row, in_areas, make_index

RESIDENTS = "residents"
ACTIVITIES = "activities"

_ADDRESSED = {"person_id", "street", "state", "birth", "sex", "hazard"}


async def prepare(database: Database) -> None:
    """Make the indexes that the queries below need."""
    await make_index(database[RESIDENTS], [("street", 1), ("state", 1), ("birth", 1), ("sex", 1)], name="street")
    await make_index(database[ACTIVITIES], [("street", 1), ("planned_on", 1)], name="street")


def resident_row(stay: Stay, sequence: int) -> Row:
    """Make the row of a stay: what decides whether the person belongs to an audience."""
    return Row(RESIDENTS, stay.stay_id, sequence, stay.model_dump(mode="json", include=_ADDRESSED))


def activity_row(activity: Activity, sequence: int) -> Row:
    """Make the row of an activity."""
    return Row(ACTIVITIES, activity.activity_id, sequence, activity.model_dump(mode="json", exclude={"activity_id"}))


async def count_audiences(database: Database, areas: Sequence[Area], today: date) -> dict[Audience, int]:
    """Count the residents of a division who belong to each audience."""
    sizes = {}
    for audience in Audience:
        sizes[audience] = await database[RESIDENTS].count_documents(_query(audience, areas, today), hint="street")
    return sizes


def _query(audience: Audience, areas: Sequence[Area], today: date) -> Document:
    wanted = AUDIENCES[audience]
    query: Document = {"street": in_areas(areas), "state": StayState.OPEN.value}
    if not wanted.of_any_age:
        after, until = born_between(wanted, today)
        query["birth"] = {"$gt": after.isoformat(), "$lte": until.isoformat()}
    if wanted.women_only:
        query["sex"] = "female"
    if wanted.hazard_only:
        query["hazard"] = {"$nin": list(NOT_EXPOSED)}
    return query


async def list_activities(database: Database, areas: Sequence[Area], since: date, until: date) -> list[Activity]:
    """List the activities of a division that are planned for a period, by street and day."""
    query: dict[str, Any] = {
        "street": in_areas(areas),
        "planned_on": {"$gte": since.isoformat(), "$lte": until.isoformat()},
    }
    found = database[ACTIVITIES].find(query, hint="street").sort([("street", 1), ("planned_on", 1)]).limit(1000)
    return [Activity.model_validate({**document, "activity_id": document["_id"]}) async for document in found]
