"""What archives reads: the archives and their entries."""

from collections.abc import Sequence

from contracts.archives import Archive
from contracts.divisions import Area
from contracts.entries import Entry
from services.runtime.mongo import Database, Row, in_areas, make_index

ARCHIVES = "archives"
ENTRIES = "entries"


async def prepare(database: Database) -> None:
    """Make the indexes that the queries below need."""
    await make_index(database[ARCHIVES], [("street", 1), ("_id", 1)], name="street")
    await make_index(database[ENTRIES], [("person_id", 1), ("measured_at", 1)], name="person")


def archive_key(person_id: str, district: str) -> str:
    """Name an archive's row."""
    return f"{person_id}@{district}"


def archive_row(archive: Archive, sequence: int) -> Row:
    """Make the row of an archive."""
    return Row(ARCHIVES, archive_key(archive.person_id, archive.district), sequence, archive.model_dump(mode="json"))


def entry_row(entry: Entry, sequence: int) -> Row:
    """Make the row of an entry."""
    return Row(ENTRIES, entry.entry_id, sequence, entry.model_dump(mode="json", exclude={"entry_id"}))


async def find_archives_of(database: Database, person_id: str) -> list[Archive]:
    """Find a person's archives, one for each district."""
    found = database[ARCHIVES].find({"_id": {"$gte": f"{person_id}@", "$lt": f"{person_id}A"}})
    return [Archive.model_validate(document) async for document in found]


async def find_entries_of(database: Database, person_id: str) -> list[Entry]:
    """Find the entries of a person's archive, oldest first."""
    found = database[ENTRIES].find({"person_id": person_id}).sort("measured_at", 1)
    return [Entry.model_validate({**document, "entry_id": document["_id"]}) async for document in found]


async def count_archives(database: Database, areas: Sequence[Area]) -> int:
    """Count the archives that were opened in a division."""
    return await database[ARCHIVES].count_documents({"street": in_areas(areas)}, hint="street")
