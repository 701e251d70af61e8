"""What is kept of each export: a manifest, by which a recipient of the file can check that it is whole."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Literal

from pydantic import BaseModel

from contracts.archives.enrolments import Duty
from contracts.reference.divisions import Area
from services.archives.views.rows import ARCHIVES, SERIALS, SUMMARY
from services.runtime.mongo import Database, Document, in_areas

EXPORTS = "exports"


class Manifest(BaseModel):
    """What an export comprises: so many archives, as of when, and the SHA-256 of the whole file.

    Each archive is as it was when its line was written, at `as_of` or later, and not after `finished_at`.
    """

    export_id: str
    division: str
    by: str
    as_of: datetime
    state: Literal["running", "complete"] = "running"
    count: int | None = None
    sha256: str | None = None
    finished_at: datetime | None = None


async def begin(database: Database, manifest: Manifest) -> None:
    """Keep the manifest of an export that begins."""
    await database[EXPORTS].insert_one({"_id": manifest.export_id, **manifest.model_dump(exclude={"export_id"})})


async def complete(database: Database, export_id: str, count: int, digest: str, now: datetime) -> None:
    """Keep the count and the SHA-256 of an export that was sent to its end."""
    totals = {"state": "complete", "count": count, "sha256": digest, "finished_at": now}
    await database[EXPORTS].update_one({"_id": export_id}, {"$set": totals})


async def find(database: Database, export_id: str) -> Manifest | None:
    """Return the manifest of an export; None if there is none."""
    found = await database[EXPORTS].find_one({"_id": export_id})
    return Manifest.model_validate({**found, "export_id": found["_id"]}) if found else None


async def pages(
    database: Database, areas: Sequence[Area], around: Sequence[Area], size: int
) -> AsyncIterator[Mapping[tuple[str, str], Sequence[Duty]]]:
    """Return the archives that a division may keep in pages of `size`: the open duties by (person, district).

    They are looked for in all of its district, `around`: the street that keeps an archive is not always the one where
    it was opened. Without a summary only the person's stays tell which it is.
    """
    kept = [{f"{SUMMARY}.street": in_areas(areas)}, {f"{SUMMARY}.street": None}]
    query: Document = {"street": in_areas(around), f"{SUMMARY}.held": {"$ne": False}, "$and": [{"$or": kept}]}
    while True:
        found = database[ARCHIVES].find(query, {"person_id": 1, "district": 1, "street": 1, f"{SUMMARY}.duties": 1})
        rows = await found.hint("street").sort([("street", 1), ("_id", 1)]).limit(size).to_list(size)
        if rows:
            yield {(row["person_id"], row["district"]): _duties(row) for row in rows}
        if len(rows) < size:
            return
        street, last = rows[-1]["street"], rows[-1]["_id"]
        query["$or"] = [{"street": {"$gt": street}}, {"street": street, "_id": {"$gt": last}}]


def _duties(row: Document) -> list[Duty]:
    return [Duty.model_validate(duty) for duty in row.get(SUMMARY, {}).get("duties", ())]


async def keep_serial(database: Database, code: str) -> None:
    """Count the serial number in an archive's code as used, so that its committee never assigns it again."""
    await database[SERIALS].update_one({"_id": code[:12]}, {"$max": {"last": int(code[12:])}}, upsert=True)
