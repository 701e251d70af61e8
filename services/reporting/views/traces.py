"""What one person's transfers are traced from, and the traces."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from pymongo import UpdateMany, UpdateOne

from contracts.archives.archives import ArchiveState
from services.reporting.domain.traces import Trace
from services.reporting.views.rows import ANSWERS, ARCHIVES, NOTICES, PEOPLE, STAYS
from services.runtime.mongo import Database, Document, Row, bulk_write, find_connected, union_with


def link(archive: Mapping[str, Any], sequence: int) -> UpdateMany:
    """Copy onto the person's stays in the district that they have an archive there, unless a newer fact did."""
    stays = {
        "person_id": archive["person_id"],
        "district": archive["district"],
        "archive_sequence": {"$not": {"$gte": sequence}},
    }
    linked = {"archived": archive["state"] == ArchiveState.OPEN, "archive_sequence": sequence}
    return UpdateMany(stays, {"$set": linked})


async def link_archives(database: Database, opened: Iterable[Row], arrived: Iterable[tuple[str, str]]) -> None:
    """Link archives that were just heard of to stays, and stays of (person, district) to archives that were there.

    Called after the rows of both sides are written, so whichever of the two comes last finds the other.
    """
    links = [link(row.fields, row.sequence) for row in opened]
    names = [f"{person}@{district}" for person, district in arrived]
    if names:
        found = database[ARCHIVES].find({"_id": {"$in": names}})
        links += [link(archive, archive["sequence"]) async for archive in found]
    if links:
        await database[STAYS].bulk_write(links, ordered=False)


async def find_people(database: Database, ids: Collection[str]) -> list[Document]:
    """Find what is known of people and of all who were ever linked to them, at any remove."""
    return await find_connected(database[PEOPLE], ids)


async def find_moving(database: Database, ids: Collection[str]) -> set[str]:
    """Find those of the people of whom more than one stay is known, or a notice."""
    if not ids:
        return set()
    among = {"$match": {"person_id": {"$in": list(ids)}}}
    stages: list[Document] = [
        among,
        {"$group": {"_id": "$person_id", "stays": {"$sum": 1}}},
        {"$match": {"stays": {"$gt": 1}}},
        union_with(NOTICES, among, {"$project": {"_id": "$person_id"}}),
    ]
    return {row["_id"] async for row in database[STAYS].aggregate(stages, hint="person")}


async def find_stays_of(database: Database, ids: Sequence[str]) -> list[Document]:
    """Find the stays of people."""
    return await database[STAYS].find({"person_id": {"$in": ids}}, hint="person").to_list(None)


async def find_notices_of(database: Database, ids: Sequence[str]) -> list[Document]:
    """Find the notices about people."""
    return await database[NOTICES].find({"person_id": {"$in": ids}}, hint="person").to_list(None)


async def find_archives_of(database: Database, ids: Sequence[str]) -> list[Document]:
    """Find the archives of people, one for each district."""
    within = [{"_id": {"$gte": f"{one}@", "$lt": f"{one}A"}} for one in ids]
    return await database[ARCHIVES].find({"$or": within}).to_list(None) if within else []


async def find_answers(database: Database, notice_ids: Sequence[str]) -> list[Document]:
    """Find the answers to notices."""
    return await database[ANSWERS].find({"_id": {"$in": notice_ids}}).to_list(None) if notice_ids else []


async def write_traces(database: Database, traced: Iterable[tuple[Mapping[str, Trace], int]]) -> None:
    """Write onto stays where their trace goes, unless somebody who knew more did already."""
    await bulk_write(
        database[STAYS],
        [
            UpdateOne(
                {"_id": stay_id, "traced": {"$not": {"$gte": version}}},
                {
                    "$set": {
                        "traced": version,
                        "found_on": found.found_on.isoformat() if found.found_on else None,
                        "archived_otherwise": found.archived_otherwise,
                    }
                },
            )
            for traces, version in traced
            for stay_id, found in traces.items()
        ],
    )
