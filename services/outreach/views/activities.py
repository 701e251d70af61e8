"""The rows of activities, and queries for them."""

from collections.abc import Sequence
from datetime import date

from contracts.outreach.activities import Activity, ActivityState
from contracts.reference.divisions import Area
from services.outreach.views.pages import find_in_period, in_period
from services.runtime.mongo import Database, Document, Row, make_index

ACTIVITIES = "activities"


async def prepare(database: Database) -> None:
    """Make the indexes of activities: by street and by institution, each with the day."""
    await make_index(database[ACTIVITIES], [("street", 1), ("planned_on", 1)], name="street")
    await make_index(database[ACTIVITIES], [("institution_id", 1), ("planned_on", 1)], name="institution")


def activity_row(activity: Activity, sequence: int) -> Row:
    """Return the row of an activity."""
    return Row(ACTIVITIES, activity.activity_id, sequence, activity.model_dump(mode="json", exclude={"activity_id"}))


async def list_activities(database: Database, areas: Sequence[Area], since: date, until: date) -> list[Activity]:
    """Return the activities planned in areas for a period (both days included) by street and day, at most 1,000."""
    found = await find_in_period(database, ACTIVITIES, areas, "planned_on", (since, until), 1000)
    return [Activity.model_validate({**row, "activity_id": row["_id"]}) for row in found]


async def count_by_occasion(
    database: Database, areas: Sequence[Area], since: date, until: date
) -> list[tuple[str, str, str, int]]:
    """Return how many activities planned for a period each occasion has: (occasion, kind, state, how many)."""
    stages: list[Document] = [
        {"$match": {**in_period(areas, "planned_on", (since, until)), "occasion": {"$type": "string"}}},
        {"$group": {"_id": {"occasion": "$occasion", "kind": "$kind", "state": "$state"}, "count": {"$sum": 1}}},
    ]
    found = database[ACTIVITIES].aggregate(stages, hint="street")
    return [(row["_id"]["occasion"], row["_id"]["kind"], row["_id"]["state"], row["count"]) async for row in found]


async def find_publicised(database: Database, areas: Sequence[Area], since: date, until: date) -> list[Activity]:
    """Return the activities of which people were told, planned in areas for a period and not held yet."""
    found = await find_in_period(database, ACTIVITIES, areas, "planned_on", (since, until), 1000)
    told = [row for row in found if row["state"] == ActivityState.PUBLICISED]
    return [Activity.model_validate({**row, "activity_id": row["_id"]}) for row in told]
