"""Queries on archives: lists of a street, offers, codes, counts; and the serials of new codes."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime

from pydantic import BaseModel
from pymongo import ReturnDocument

from contracts.archives.archives import Archive
from contracts.archives.custody import Custody, Receipt
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


class HandOver(BaseModel):
    """A receipt 交接回执: one district's answer to the archive of a person that another one offered.

    `count` and `sha256` are of the entries, equal on both sides if it was accepted. `answered_by` refused it by hand.
    """

    person_id: str
    origin: str
    receiver: str
    accepted: bool
    count: int
    sha256: str
    answered_at: datetime
    answered_by: str | None = None
    reason: str | None = None


class HandOverPage(BaseModel):
    """A page of receipts by person, who was answered about last first, and the cursor of the next."""

    receipts: list[HandOver]
    cursor: str | None = None


async def list_receipts(database: Database, district: str, cursor: str, limit: int) -> HandOverPage:
    """Return the receipts that a district gave and got, of at most `limit` people."""
    order = [("answered_at", -1), ("_id", -1)]
    moment, _, key = cursor.partition("|")
    parts: list[tuple[Document, list[tuple[str, int]]]] = [({"answered_at": {"$type": "string"}}, order)]
    if cursor:
        rest = {"answered_at": {"$eq": moment, "$type": "string"}, "_id": {"$lt": key}}
        parts = [(rest, [("_id", -1)]), ({"answered_at": {"$lt": moment, "$type": "string"}}, order)]
    rows: list[Document] = []
    for part, by in parts:
        missing = limit + 1 - len(rows)
        if missing:
            found = database[CUSTODIES].find({"district": district, **part}, hint="answered")
            rows += await found.sort(by).limit(missing).to_list(missing)
    receipts = [receipt for row in rows[:limit] for receipt in _hand_overs(row)]
    last = rows[limit - 1] if len(rows) > limit else None
    return HandOverPage(receipts=receipts, cursor=f"{last['answered_at']}|{last['_id']}" if last else None)


def _hand_overs(row: Document) -> Iterator[HandOver]:
    """Yield the receipts in a district's row: those that it gave, and the one that it got, newest first."""
    custody = Custody.model_validate(row)
    known = [(receipt, custody.district) for receipt in custody.receipts]
    if custody.filed and custody.released_to:
        known.append((custody.filed, custody.released_to))
    for receipt, receiver in sorted(known, key=lambda pair: pair[0].answered_at, reverse=True):
        yield _hand_over(custody, receipt, receiver)


def find_received(custody: Custody | None) -> HandOver | None:
    """Return the receipt for the archive that a district took in last; None if it opened the archive itself."""
    if custody is None or not custody.gained:
        return None
    (receipt,) = (each for each in custody.receipts if each.accepted and each.turn == custody.gained)
    return _hand_over(custody, receipt, custody.district)


def _hand_over(custody: Custody, receipt: Receipt, receiver: str) -> HandOver:
    return HandOver(person_id=custody.person_id, receiver=receiver, **receipt.model_dump(include=_RECEIPT))


_RECEIPT = {"origin", "accepted", "count", "sha256", "answered_at", "answered_by", "reason"}


async def find_archives_of(database: Database, person_id: str) -> list[Archive]:
    """Return a person's archives, one for each district."""
    return [Archive.model_validate(row) async for row in rows_of(database, ARCHIVES, [person_id])]


async def find_by_code(database: Database, code: str) -> list[Archive]:
    """Return the archives that have a 17-digit code, as their own or as an alias, at most 20."""
    query = {"$or": [{"code": {"$eq": code, "$type": "string"}}, {"aliases.code": code}]}  # by its type, in the index
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
