"""Queries on archives: lists of a street, offers, codes, counts; and the serials of new codes."""

from collections.abc import Sequence
from datetime import date, datetime

from pydantic import BaseModel
from pymongo import ReturnDocument

from contracts.archives.archives import Archive
from contracts.archives.custody import Custody
from contracts.reference.divisions import Area
from services.archives.views.people import rows_of
from services.archives.views.rows import ARCHIVES, CUSTODIES, SERIALS, SUMMARY
from services.runtime.mongo import Database, Document, in_areas


async def find_late_offers(database: Database, before: datetime, limit: int) -> list[str]:
    """Return the ids of at most `limit` people whose archive was offered before a moment and not answered since."""
    query = {"offer.state": "open", "offer.offered_at": {"$lt": before.isoformat()}}
    late = database[CUSTODIES].find(query, {"person_id": 1}, hint="waiting").limit(limit)
    return [row["person_id"] async for row in late]


class ListedArchive(BaseModel):
    """An archive as lists show it."""

    person_id: str
    street: str
    opened_at: datetime
    code: str | None = None
    last_dynamic_on: date | None = None
    paper: str | None = None
    paper_reference: str | None = None
    entries: int = 0


class ArchivePage(BaseModel):
    """A page of archives, and the cursor of the next."""

    archives: list[ListedArchive]
    cursor: str | None = None


async def list_dead(database: Database, areas: Sequence[Area], since: date, cursor: str, limit: int) -> ArchivePage:
    """Return a page of a street's dead archives 死档: opened before a day, open, no dynamic record from that day on."""
    last_dynamic_on = f"{SUMMARY}.last_dynamic_on"
    query: Document = {
        "street": in_areas(areas),
        "state": "open",
        f"{SUMMARY}.held": {"$ne": False},
        "opened_at": {"$lt": since.isoformat()},
        "$or": [{last_dynamic_on: None}, {last_dynamic_on: {"$lt": since.isoformat()}}],
    }
    return await _page(database, query, cursor, limit)


async def list_paper_differences(database: Database, areas: Sequence[Area], cursor: str, limit: int) -> ArchivePage:
    """Return a page of a street's archives whose paper and electronic side do not match."""
    query: Document = {f"{SUMMARY}.street": in_areas(areas), f"{SUMMARY}.paper": {"$type": "string"}}
    return await _page(database, query, cursor, limit)


async def _page(database: Database, query: Document, cursor: str, limit: int) -> ArchivePage:
    if cursor:
        query = {**query, "_id": {"$gt": cursor}}
    rows = await database[ARCHIVES].find(query).sort("_id", 1).limit(limit + 1).to_list(limit + 1)
    following = rows[limit - 1]["_id"] if len(rows) > limit else None
    return ArchivePage(archives=[_listed(row) for row in rows[:limit]], cursor=following)


def _listed(row: Document) -> ListedArchive:
    summary = row.get(SUMMARY) or {}
    paper = row.get("paper") or {}
    shown = {name: summary.get(name) for name in ("last_dynamic_on", "paper")}
    return ListedArchive.model_validate(
        {**row, **shown, "entries": summary.get("entries", 0), "paper_reference": paper.get("reference")}
    )


async def list_offers(database: Database, district: str) -> list[Custody]:
    """Return the custody of the districts that offer an archive to a district and await its answer, at most 1,000."""
    found = database[CUSTODIES].find({"offer.to": district, "offer.state": {"$ne": "handed_over"}}, hint="offered to")
    return [Custody.model_validate(row) for row in await found.limit(1000).to_list(1000)]


async def find_archives_of(database: Database, person_id: str) -> list[Archive]:
    """Return a person's archives, one for each district."""
    return [Archive.model_validate(row) async for row in rows_of(database, ARCHIVES, [person_id])]


async def find_by_code(database: Database, code: str) -> list[Archive]:
    """Return the archives that have a 17-digit code, as their own or as an alias, at most 20."""
    query = {"$or": [{"code": code}, {"aliases.code": code}]}
    return [Archive.model_validate(row) async for row in database[ARCHIVES].find(query).limit(20)]


async def count_archives(database: Database, areas: Sequence[Area]) -> int:
    """Return how many archives were opened in a division."""
    return await database[ARCHIVES].count_documents({"street": in_areas(areas)}, hint="street")


async def take_serial(database: Database, prefix: str) -> int:
    """Return the next serial number of a committee and count it as used, so that a failure later on leaves a gap."""
    row = await database[SERIALS].find_one_and_update(
        {"_id": prefix}, {"$inc": {"last": 1}}, upsert=True, return_document=ReturnDocument.AFTER
    )
    return int(row["last"])
