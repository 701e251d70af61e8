"""The entries of a day that streets recorded, newest first: what was done, for whom and by whom, not what it says."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from pydantic import BaseModel

from contracts.archives.entries import EntryState
from contracts.reference.calendar import start_of
from contracts.reference.divisions import Area
from services.archives.views.rows import ENTRIES
from services.runtime.mongo import Database, Document, in_areas

_SHOWN = dict.fromkeys(("person_id", "street", "content.kind", "measured_at", "recorded_at", "recorded_by", "state"), 1)


class ListedEntry(BaseModel):
    """An entry as lists show it: of which kind it is, not what it says."""

    entry_id: str
    person_id: str
    street: str
    kind: str
    measured_at: datetime
    recorded_at: datetime
    recorded_by: str
    state: EntryState


class EntryPage(BaseModel):
    """A page of entries, newest first, the cursor of the next, and on the first page how many there are in all."""

    entries: list[ListedEntry]
    cursor: str | None = None
    total: int | None = None


async def list_entries(database: Database, areas: Sequence[Area], on: date, cursor: str, limit: int) -> EntryPage:
    """Return a page of the entries that streets recorded on a statutory day."""
    streets = await database[ENTRIES].distinct("street", {"street": in_areas(areas)})
    since, until = (_beginning(day) for day in (on, on + timedelta(days=1)))
    wanted: Document = {"street": {"$in": streets}, "recorded_at": {"$gte": since, "$lt": until}}
    rows: list[Document] = []
    for part, order in _parts(cursor):
        missing = limit + 1 - len(rows)
        if missing:
            found = database[ENTRIES].find({"$and": [wanted, part]}, _SHOWN, hint="newest by street")
            rows += await found.sort(order).limit(missing).to_list(missing)
    last = rows[limit - 1] if len(rows) > limit else None
    total = None if cursor else await database[ENTRIES].count_documents(wanted, hint="newest by street")
    following = f"{last['recorded_at']}|{last['_id']}" if last else None
    return EntryPage(entries=[_listed(row) for row in rows[:limit]], cursor=following, total=total)


def _beginning(day: date) -> str:
    """Return the moment at which a statutory day begins, as rows have moments: in UTC, and sorted as text."""
    return start_of(day).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _parts(cursor: str) -> list[tuple[Document, list[tuple[str, int]]]]:
    """Return the conditions of a page with their orders: the rest of the last page's moment, then what was before."""
    newest = [("recorded_at", -1), ("_id", -1)]
    if not cursor:
        return [({}, newest)]
    moment, _, entry_id = cursor.partition("|")
    rest = {"recorded_at": moment, "_id": {"$lt": entry_id}}
    return [(rest, [("_id", -1)]), ({"recorded_at": {"$lt": moment}}, newest)]


def _listed(row: Document) -> ListedEntry:
    return ListedEntry.model_validate({**row, "entry_id": row["_id"], "kind": row["content"]["kind"]})
