"""What reporting reads: one row per stay, archive, entry and activity, and the numbers counted from them."""

from collections.abc import Iterable, Sequence
from datetime import date

from pydantic import BaseModel
from pymongo import UpdateMany

from contracts.archives import Archive, ArchiveState, Entry
from contracts.outreach import Activity
from contracts.registration import Stay, StayState
from services.runtime.mongo import Database, Document, Row, make_index

STAYS = "stays"
ARCHIVES = "archives"
ENTRIES = "entries"
ACTIVITIES = "activities"

_COUNTED = {
    "person_id", "street", "started_on", "ended_on", "state", "birth", "sex", "hukou_division", "origin",
    "destination", "purpose", "hazard",
}  # fmt: skip


class StreetDay(BaseModel):
    """What moved in one street on one day: arrivals that stand, and departures."""

    street: str
    day: date
    inflow: int
    outflow: int


class StreetTotals(BaseModel):
    """A street at the end of the period: residents, those of them with an archive, and what moved in the period.

    `archive_rate` 建档率 is residents with an archive over residents, from 0 to 1; None where nobody lives.
    """

    street: str
    name: str | None
    residents: int
    archived: int
    inflow: int
    outflow: int
    archive_rate: float | None


async def prepare(database: Database) -> None:
    """Make the indexes that the counts below need."""
    stays = database[STAYS]
    await make_index(stays, [("person_id", 1), ("district", 1)], name="person")
    await make_index(stays, [("street", 1), ("state", 1), ("archived", 1)], name="residents")
    await make_index(stays, [("started_on", 1), ("street", 1), ("state", 1)], name="inflow")
    await make_index(
        stays,
        [("ended_on", 1), ("street", 1)],
        name="outflow",
        partialFilterExpression={"ended_on": {"$type": "string"}},
    )


def stay_row(stay: Stay, sequence: int) -> Row:
    """Make the row of a stay."""
    counted = stay.model_dump(mode="json", include=_COUNTED)
    return Row(STAYS, stay.stay_id, sequence, {**counted, "district": stay.district})


def archive_row(archive: Archive, sequence: int) -> Row:
    """Make the row of an archive."""
    row_id = f"{archive.person_id}@{archive.district}"
    return Row(ARCHIVES, row_id, sequence, archive.model_dump(mode="json"))


def entry_row(entry: Entry, sequence: int) -> Row:
    """Make the row of an entry: that it was made, not what it says."""
    fields = entry.model_dump(mode="json", include={"person_id", "street", "measured_at"})
    return Row(ENTRIES, entry.entry_id, sequence, {**fields, "kind": entry.content.kind})


def activity_row(activity: Activity, sequence: int) -> Row:
    """Make the row of an activity."""
    return Row(ACTIVITIES, activity.activity_id, sequence, activity.model_dump(mode="json", exclude={"activity_id"}))


def link(archive: Archive, sequence: int) -> UpdateMany:
    """Copy onto the person's stays in the district that they have an archive there, unless a newer fact did."""
    stays = {
        "person_id": archive.person_id,
        "district": archive.district,
        "archive_sequence": {"$not": {"$gte": sequence}},
    }
    linked = {"archived": archive.state is ArchiveState.OPEN, "archive_sequence": sequence}
    return UpdateMany(stays, {"$set": linked})


async def link_archives(
    database: Database, opened: Sequence[tuple[Archive, int]], arrived: Iterable[tuple[str, str]]
) -> None:
    """Link archives that were just heard of to stays, and stays of (person, district) to archives that were there.

    Called after the rows of both sides are written, so whichever of the two comes last finds the other.
    """
    links = [link(archive, sequence) for archive, sequence in opened]
    names = [f"{person}@{district}" for person, district in arrived]
    if names:
        found = database[ARCHIVES].find({"_id": {"$in": names}})
        links += [link(Archive.model_validate(archive), archive["sequence"]) async for archive in found]
    if links:
        await database[STAYS].bulk_write(links, ordered=False)


async def count_days(database: Database, division: str, since: date, until: date) -> list[StreetDay]:
    """Count what moved in each street of a division on each day of a period, both days included."""
    moved: dict[tuple[str, str], list[int]] = {}
    for index, field in enumerate(("started_on", "ended_on")):
        stages: list[Document] = [
            {
                "$match": {
                    field: {"$gte": since.isoformat(), "$lte": until.isoformat()},
                    "street": _within(division),
                    "state": {"$ne": StayState.RETRACTED.value},
                }
            },
            {"$group": {"_id": {"street": "$street", "day": f"${field}"}, "count": {"$sum": 1}}},
        ]
        async for found in database[STAYS].aggregate(stages):
            key = (found["_id"]["street"], found["_id"]["day"])
            moved.setdefault(key, [0, 0])[index] = found["count"]
    return [
        StreetDay(street=street, day=date.fromisoformat(day), inflow=counts[0], outflow=counts[1])
        for (street, day), counts in sorted(moved.items())
    ]


async def count_residents(database: Database, division: str, on: date) -> dict[str, tuple[int, int]]:
    """Count for each street the residents at the end of a day, and those of them who have an archive now."""
    day = on.isoformat()
    stages: list[Document] = [
        {
            "$match": {
                "street": _within(division),
                "started_on": {"$lte": day},
                "$or": [
                    {"state": StayState.OPEN.value},
                    {"state": StayState.ENDED.value, "ended_on": {"$gt": day}},
                ],
            }
        },
        {
            "$group": {
                "_id": "$street",
                "residents": {"$sum": 1},
                "archived": {"$sum": {"$cond": ["$archived", 1, 0]}},
            }
        },
    ]
    found = database[STAYS].aggregate(stages)
    return {document["_id"]: (document["residents"], document["archived"]) async for document in found}


def _within(division: str) -> Document:
    return {"$gte": division, "$lt": division + ":"}
