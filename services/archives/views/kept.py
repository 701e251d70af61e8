"""The archives that streets keep, as pages show them: whoever had no entry for longest, or whoever is due first.

Each page reads one stretch of an index for each street; what is asked for besides is decided in the index.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from pydantic import BaseModel

from contracts.archives.archives import ArchiveState
from contracts.archives.enrolments import Condition
from contracts.reference.divisions import Area
from services.archives.views.rows import ARCHIVES, SUMMARY
from services.runtime.mongo import Database, Document, in_areas

LAST, DUE = f"{SUMMARY}.last_dynamic_on", f"{SUMMARY}.next_due_on"
_ANY_DAY: Document = {"$gte": ""}
"""Is read off the index, unlike a condition on the type."""


class KeptBy(StrEnum):
    """In which order archives are listed: whoever had no entry for longest, or whoever is due first."""

    LAST_ENTRY = "last_entry"
    DUE_DAY = "due_day"


class KeptArchive(BaseModel):
    """An archive as lists show it: whose it is, who keeps it, for what the person is managed, and what was and is due.

    `last_entry_on` is the day of the newest entry, None if there is none.
    """

    person_id: str
    street: str
    state: ArchiveState
    opened_at: datetime
    code: str | None = None
    entries: int = 0
    last_entry_on: date | None = None
    next_due_on: date | None = None
    conditions: list[Condition] = []


class KeptPage(BaseModel):
    """A page of archives, the cursor of the next, and on the first page how many there are in all."""

    archives: list[KeptArchive]
    cursor: str | None = None
    total: int | None = None


@dataclass(frozen=True, slots=True)
class KeptQuery:
    """Which archives are listed: where, and, as far as it is asked for, in which state, managed for what.

    `quiet_since` leaves out who has an entry of that day or later, `overdue_on` who is owed nothing before that day.
    """

    areas: Sequence[Area]
    by: KeptBy = KeptBy.LAST_ENTRY
    state: ArchiveState | None = None
    condition: Condition | None = None
    quiet_since: date | None = None
    overdue_on: date | None = None
    cursor: str = ""
    limit: int = 100

    @property
    def field(self) -> str:
        """Return the field by which the list is ordered."""
        return LAST if self.by is KeptBy.LAST_ENTRY else DUE

    @property
    def index(self) -> str:
        """Return the name of the index by which the list is read."""
        return "kept by last entry" if self.by is KeptBy.LAST_ENTRY else "kept by due day"


async def list_kept(database: Database, query: KeptQuery) -> KeptPage:
    """Return a page of the archives that streets keep and are in charge of."""
    streets = await database[ARCHIVES].distinct(f"{SUMMARY}.street", {f"{SUMMARY}.street": in_areas(query.areas)})
    wanted = {f"{SUMMARY}.street": {"$in": streets}, f"{SUMMARY}.held": True, **_chosen(query)}
    rows: list[Document] = []
    for part, order in _parts(query):
        missing = query.limit + 1 - len(rows)
        if missing:
            found = database[ARCHIVES].find({"$and": [wanted, part]}, _SHOWN, hint=query.index)
            rows += await found.sort(order).limit(missing).to_list(missing)
    last = rows[query.limit - 1] if len(rows) > query.limit else None
    total = None if query.cursor else await database[ARCHIVES].count_documents(wanted, hint=query.index)
    return KeptPage(archives=[_kept(row) for row in rows[: query.limit]], cursor=_cursor(last, query), total=total)


_SHOWN = {"person_id": 1, "state": 1, "opened_at": 1, "code": 1, SUMMARY: 1}


def _chosen(query: KeptQuery) -> Document:
    """Return the condition for what is asked for besides the place, all of it on fields of the index."""
    days: dict[str, Document] = {LAST: {}, DUE: {}}
    if query.by is KeptBy.DUE_DAY:
        days[DUE] |= _ANY_DAY
    if query.quiet_since:
        days[LAST] |= {"$not": {"$gte": query.quiet_since.isoformat()}}
    if query.overdue_on:
        days[DUE] |= {"$lt": query.overdue_on.isoformat()}
    managed = query.condition and {"$regex": query.condition.value}
    chosen = {"state": query.state, f"{SUMMARY}.conditions": managed}
    return {name: value for name, value in {**chosen, **days}.items() if value}


def _parts(query: KeptQuery) -> list[tuple[Document, list[tuple[str, int]]]]:
    """Return the conditions of a page, each with its order: the rest of the last page's day, then the days after it."""
    order = [(query.field, 1), ("_id", 1)]
    if not query.cursor:
        return [({}, order)]
    day, _, key = query.cursor.partition("|")
    after = {"_id": {"$gt": key}}
    rest = ({query.field: day, **after}, [("_id", 1)]) if day else ({query.field: {"$not": _ANY_DAY}, **after}, order)
    return [rest, ({query.field: {"$gt": day}}, order)]


def _cursor(last: Document | None, query: KeptQuery) -> str | None:
    """Return the cursor of the page after a row; the day is empty for who has none."""
    if last is None:
        return None
    return f"{last[SUMMARY].get(query.field.rpartition('.')[2]) or ''}|{last['_id']}"


def _kept(row: Document) -> KeptArchive:
    summary = row[SUMMARY]
    told = {"last_entry_on": summary.get("last_dynamic_on"), "conditions": summary.get("conditions", "").split()}
    shown = {name: row.get(name) for name in _SHOWN if name != SUMMARY}
    return KeptArchive.model_validate({**summary, **shown, **told})
