"""Counts of residents and flows."""

from collections.abc import Sequence
from datetime import date

from pydantic import BaseModel

from contracts.reference.divisions import Area
from contracts.registration.stays import DestinationKind, Ending, StayState
from services.reporting.views.rows import STAYS
from services.runtime.mongo import Database, Document, in_areas


class StreetDay(BaseModel):
    """What moved in one street on one day: arrivals that stand, departures (some of them by default), deaths."""

    street: str
    day: date
    inflow: int = 0
    outflow: int = 0
    by_default: int = 0
    deaths: int = 0


class StreetTotals(BaseModel):
    """A street at the end of the period: who lives there, who left it and is not found, and what moved in the period.

    `archive_rate` 建档率 is residents with an archive over residents, from 0 to 1; None where nobody lives.
    """

    street: str
    name: str | None
    residents: int = 0
    archived: int = 0
    contested: int = 0
    in_transit: int = 0
    lost: int = 0
    inflow: int = 0
    outflow: int = 0
    by_default: int = 0
    deaths: int = 0
    archive_rate: float | None


async def count_days(database: Database, areas: Sequence[Area], since: date, until: date) -> list[StreetDay]:
    """Return arrivals, departures and deaths by street and day of a period, both days included."""
    begun: Document = {"inflow": {"$sum": 1}}
    over: Document = {
        "outflow": {"$sum": {"$cond": [{"$eq": ["$ending", Ending.DIED]}, 0, 1]}},
        "deaths": {"$sum": {"$cond": [{"$eq": ["$ending", Ending.DIED]}, 1, 0]}},
        "by_default": {"$sum": {"$cond": [{"$eq": ["$ending", Ending.BY_DEFAULT]}, 1, 0]}},
    }
    moved: dict[tuple[str, str], Document] = {}
    for field, counts in (("started_on", begun), ("ended_on", over)):
        stages: list[Document] = [
            {
                "$match": {
                    field: {"$gte": since.isoformat(), "$lte": until.isoformat()},
                    "street": in_areas(areas),
                    "state": {"$ne": StayState.RETRACTED.value},
                }
            },
            {"$group": {"_id": {"street": "$street", "day": f"${field}"}, **counts}},
        ]
        async for found in database[STAYS].aggregate(stages):
            key = found.pop("_id")
            moved.setdefault((key["street"], key["day"]), {}).update(found)
    return [
        StreetDay.model_validate({"street": street, "day": day, **counts})
        for (street, day), counts in sorted(moved.items())
    ]


async def count_standing(database: Database, areas: Sequence[Area], on: date) -> dict[str, Document]:
    """Return by street how many residents there are at the end of a day, how many archived, and the contested stays.

    A stay that is contested now counts as no resident on any day: whether it is over, and since when, is not settled.
    """
    day = on.isoformat()
    lives = {"$ne": ["$state", StayState.CONTESTED.value]}
    archived = {"$or": [{"$eq": ["$archived", True]}, {"$eq": ["$archived_otherwise", True]}]}
    stages: list[Document] = [
        {
            "$match": {
                "street": in_areas(areas),
                "started_on": {"$lte": day},
                "$or": [
                    {"state": {"$in": [StayState.OPEN.value, StayState.CONTESTED.value]}},
                    {"state": StayState.ENDED.value, "ended_on": {"$gt": day}},
                ],
            }
        },
        {
            "$group": {
                "_id": "$street",
                "residents": {"$sum": {"$cond": [lives, 1, 0]}},
                "archived": {"$sum": {"$cond": [{"$and": [lives, archived]}, 1, 0]}},
                "contested": {"$sum": {"$cond": [lives, 0, 1]}},
            }
        },
    ]
    return await _by_street(database, stages)


async def count_unplaced(database: Database, areas: Sequence[Area], on: date) -> dict[str, Document]:
    """Return by street the number of people who left it and are not known elsewhere at the end of a day.

    They are in transit, or lost. People who went abroad are not counted.
    """
    day = on.isoformat()
    lost = {"$and": [{"$ne": [{"$ifNull": ["$trace_lost_on", None]}, None]}, {"$lte": ["$trace_lost_on", day]}]}
    left: Document = {
        "state": StayState.ENDED.value,
        "street": in_areas(areas),
        "ended_on": {"$lte": day},
        "ending": {"$in": [None, Ending.DEPARTED.value]},
        "destination_kind": {"$ne": DestinationKind.EXTERNAL.value},
    }
    stages: list[Document] = [
        {"$match": {"$or": [{**left, "found_on": None}, {**left, "found_on": {"$gt": day}}]}},
        {
            "$group": {
                "_id": "$street",
                "in_transit": {"$sum": {"$cond": [lost, 0, 1]}},
                "lost": {"$sum": {"$cond": [lost, 1, 0]}},
            }
        },
    ]
    return await _by_street(database, stages, hint="unplaced")


def read_day(text: str | None) -> date | None:
    """Return a day from its text in a row; None if there is none."""
    return date.fromisoformat(text) if text else None


async def _by_street(database: Database, stages: Sequence[Document], **options: str) -> dict[str, Document]:
    found = database[STAYS].aggregate(list(stages), **options)
    return {row.pop("_id"): row async for row in found}
