"""The rows that traces are derived from, and the traces, which are written onto stays."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from pymongo import UpdateMany, UpdateOne

from contracts.archives.archives import ArchiveState
from services.reporting.domain.traces import Trace
from services.reporting.views.rows import ANSWERS, ARCHIVES, NOTICES, PEOPLE, STAYS
from services.runtime.mongo import Database, Document, Row, bulk_write, find_connected, union_with


def link_archive(archive: Mapping[str, Any], sequence: int) -> UpdateMany:
    """Return the update that marks a person's stays in a district as archived or not, unless a newer fact did."""
    stays = {
        "person_id": archive["person_id"],
        "district": archive["district"],
        "archive_sequence": {"$not": {"$gte": sequence}},
    }
    linked = {"archived": archive["state"] == ArchiveState.OPEN, "archive_sequence": sequence}
    return UpdateMany(stays, {"$set": linked})


async def link_archives(database: Database, opened: Iterable[Row], arrived: Iterable[tuple[str, str]]) -> None:
    """Link new archives to existing stays, and new stays of (person, district) to existing archives.

    Call it after the rows of both are written: then the one that comes last finds the other.
    """
    links = [link_archive(row.fields, row.sequence) for row in opened]
    names = [f"{person}@{district}" for person, district in arrived]
    if names:
        found = database[ARCHIVES].find({"_id": {"$in": names}})
        links += [link_archive(archive, archive["sequence"]) async for archive in found]
    if links:
        await database[STAYS].bulk_write(links, ordered=False)


async def find_people(database: Database, ids: Collection[str]) -> list[Document]:
    """Return the records of people and of all ids ever linked to them, directly or over further ids."""
    return await find_connected(database[PEOPLE], ids)


async def find_moving(database: Database, ids: Collection[str]) -> set[str]:
    """Return which of the people have more than one stay, or a notice."""
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
    """Return the stays of people."""
    return await database[STAYS].find({"person_id": {"$in": ids}}, hint="person").to_list(None)


async def find_notices_of(database: Database, ids: Sequence[str]) -> list[Document]:
    """Return the notices about people."""
    return await database[NOTICES].find({"person_id": {"$in": ids}}, hint="person").to_list(None)


async def find_archives_of(database: Database, ids: Sequence[str]) -> list[Document]:
    """Return the archives of people, one for each district."""
    within = [{"_id": {"$gte": f"{person_id}@", "$lt": f"{person_id}A"}} for person_id in ids]
    return await database[ARCHIVES].find({"$or": within}).to_list(None) if within else []


async def find_answers(database: Database, notice_ids: Sequence[str]) -> list[Document]:
    """Return the answers to notices."""
    return await database[ANSWERS].find({"_id": {"$in": notice_ids}}).to_list(None) if notice_ids else []


async def write_traces(database: Database, traced: Iterable[tuple[Mapping[str, Trace], int]]) -> None:
    """Write traces onto their stays, unless a higher version was written already."""
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
