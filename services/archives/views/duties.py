"""Duty lists of a street or district, overdue first, read by an index."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from pydantic import BaseModel

from contracts.archives.enrolments import Duty, DutyKind
from contracts.reference.divisions import Area
from services.archives.views.rows import ARCHIVES, SUMMARY
from services.archives.views.summaries import Summary
from services.runtime.mongo import Database, Document, in_areas


class DueArchive(BaseModel):
    """One person of a duty list: what is due up to the day asked for, soonest first."""

    person_id: str
    street: str
    next_due_on: date
    duties: list[Duty]


class DutyPage(BaseModel):
    """A page of a duty list, overdue first, and the cursor of the next."""

    people: list[DueArchive]
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class DutyQuery:
    """The duties that a list shows: where, until which day, from which cursor; with `catch_up` missed doses only."""

    areas: Sequence[Area]
    until: date
    cursor: str = ""
    limit: int = 100
    catch_up: bool = False

    @property
    def by(self) -> str:
        """Return the field of the summary that holds the day by which the list is ordered."""
        return "catch_up_on" if self.catch_up else "next_due_on"

    @property
    def index(self) -> str:
        """Return the name of the index by which the list is read."""
        return f"{'catch up' if self.catch_up else 'due'} by {self.place}"

    @property
    def place(self) -> str:
        """Return `district` if the list is of whole districts, else `street`."""
        return place_of(self.areas)


def place_of(areas: Sequence[Area]) -> str:
    """Return `district` if all areas are whole districts, else `street`."""
    return "district" if _are_of_length(areas, 6) else "street"


def in_places(areas: Sequence[Area]) -> Document:
    """Return the condition for places: by equal code, so that an index gives each in order, else by prefix."""
    if _are_of_length(areas, 6) or _are_of_length(areas, 9):
        return {"$in": [area.prefix for area in areas]}
    return in_areas(areas)


def _are_of_length(areas: Sequence[Area], digits: int) -> bool:
    return all(len(area.prefix) == digits and not area.without for area in areas)


async def list_duties(database: Database, query: DutyQuery) -> DutyPage:
    """Return a page of the people who are owed something in a street or district, overdue first."""
    rows: list[Document] = []
    for part, order in _parts(query):
        wanted = query.limit + 1 - len(rows)
        if wanted:
            condition = {f"{SUMMARY}.{query.place}": in_places(query.areas), **part}
            found = database[ARCHIVES].find(condition, {"person_id": 1, SUMMARY: 1}, hint=query.index)
            rows += await found.sort(order).limit(wanted).to_list(wanted)
    last = rows[query.limit - 1] if len(rows) > query.limit else None
    people = [_due(row, query) for row in rows[: query.limit]]
    return DutyPage(people=people, cursor=f"{last[SUMMARY][query.by]}|{last['_id']}" if last else None)


async def find_due_soon(database: Database, since: date, until: date) -> AsyncIterator[DueArchive]:
    """Yield the people to whom something is due in a period, with all their duties, of archives that are held."""
    within = {"$elemMatch": {"due_on": {"$gte": since.isoformat(), "$lte": until.isoformat()}}}
    query: Document = {f"{SUMMARY}.duties": within, f"{SUMMARY}.held": True}
    async for row in database[ARCHIVES].find(query, {"person_id": 1, SUMMARY: 1}, hint="due days"):
        summary = Summary.model_validate(row[SUMMARY])
        due_on = min(duty.due_on for duty in summary.duties)
        yield DueArchive(person_id=row["person_id"], street=summary.street, next_due_on=due_on, duties=summary.duties)


class DutyCount(BaseModel):
    """How many duties of a kind are overdue, and how many fall on a day from today until the end of the week."""

    kind: DutyKind
    overdue: int
    this_week: int


class DutySummary(BaseModel):
    """What is overdue in a division and what is due this week, until Sunday, by kind; kinds without any are left out.

    `people` are those to whom any of it is owed.
    """

    division: str
    week_ends_on: date
    overdue: int
    this_week: int
    people: int
    by_kind: list[DutyCount]


async def count_duties(database: Database, division: str, areas: Sequence[Area], today: date) -> DutySummary:
    """Return how much is overdue in a division, and due until the end of the week, by kind."""
    week_ends_on = today + timedelta(days=6 - today.weekday())
    query = DutyQuery(areas, week_ends_on)
    due: Document = {"$lte": week_ends_on.isoformat(), "$type": "string"}
    is_late = {"$lt": ["$duty.due_on", today.isoformat()]}
    stages: list[Document] = [
        {"$match": {f"{SUMMARY}.{query.place}": in_places(areas), f"{SUMMARY}.{query.by}": due}},
        {"$project": {"duty": f"${SUMMARY}.duties"}},
        {"$unwind": "$duty"},
        {"$match": {"duty.due_on": {"$lte": week_ends_on.isoformat()}}},
        {"$group": {"_id": ["$duty.kind", is_late], "count": {"$sum": 1}, "people": {"$addToSet": "$_id"}}},
    ]
    counts: dict[tuple[str, bool], int] = {}
    people: set[str] = set()
    async for row in database[ARCHIVES].aggregate(stages, hint=query.index):
        counts[tuple(row["_id"])] = row["count"]
        people |= set(row["people"])
    by_kind = [
        DutyCount(kind=kind, overdue=counts.get((kind, True), 0), this_week=counts.get((kind, False), 0))
        for kind in DutyKind
    ]
    return DutySummary(
        division=division,
        week_ends_on=week_ends_on,
        overdue=sum(each.overdue for each in by_kind),
        this_week=sum(each.this_week for each in by_kind),
        people=len(people),
        by_kind=[each for each in by_kind if each.overdue or each.this_week],
    )


def _parts(query: DutyQuery) -> list[tuple[Document, list[tuple[str, int]]]]:
    """Return the conditions of a page, each with its order: the rest of the last page's day, then the days after it.

    Each reads one stretch of the index. Both at once (by `$or`) would read the whole day anew for each page.
    """
    day, _, key = query.cursor.partition("|")
    field = f"{SUMMARY}.{query.by}"
    by_day = [(field, 1), ("_id", 1)]
    until: Document = {"$lte": query.until.isoformat(), "$type": "string"}
    if not query.cursor:
        return [({field: until}, by_day)]
    rest_of_day = {field: {**until, "$eq": day}, "_id": {"$gt": key}}
    return [(rest_of_day, [("_id", 1)]), ({field: {**until, "$gt": day}}, by_day)]


def _due(row: Document, query: DutyQuery) -> DueArchive:
    summary = Summary.model_validate(row[SUMMARY])
    days = ((duty.catch_up_on if query.catch_up else duty.due_on, duty) for duty in summary.duties)
    due = [duty for day, duty in days if day and day <= query.until]
    return DueArchive(
        person_id=row["person_id"], street=summary.street, next_due_on=min(duty.due_on for duty in due), duties=due
    )
