"""Query stays: one, those of people, pages of a division, counts."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from contracts.reference.divisions import Area
from contracts.reference.identity import Sex
from contracts.registration.categories import CATEGORIES, NOT_EXPOSED, PersonCategory, born_between
from contracts.registration.stays import Stay, StayState
from services.registration.views.rows import STAYS, read_stay
from services.runtime.mongo import Database, Document, in_areas


async def find_stay(database: Database, stay_id: str) -> Stay | None:
    """Return a stay of any district; None if it is unknown."""
    document = await database[STAYS].find_one({"_id": stay_id})
    return read_stay(document) if document else None


async def find_stays_of(database: Database, person_ids: Iterable[str]) -> dict[str, list[Stay]]:
    """Return all stays of people, by person."""
    found: dict[str, list[Stay]] = {}
    async for document in database[STAYS].find({"person_id": {"$in": list(person_ids)}}):
        found.setdefault(document["person_id"], []).append(read_stay(document))
    return found


async def find_household(database: Database, household_id: str) -> list[Stay]:
    """Return the stays of a household, the present ones and those of before, in the order of their days."""
    found = [read_stay(row) async for row in database[STAYS].find({"household_id": household_id})]
    return sorted(found, key=lambda stay: (stay.started_on, stay.stay_id))


async def find_dependants(database: Database, stay: Stay, areas: Sequence[Area]) -> list[Stay]:
    """Return the stays in some areas of the household of a stay, and of children whose guardian belongs to it."""
    here = {"street": in_areas(areas)}
    home = {"household_id": stay.household_id, **here}
    members = [read_stay(row) async for row in database[STAYS].find(home)] if stay.household_id else []
    guardians = sorted({stay.person_id, *(member.person_id for member in members)})
    children = database[STAYS].find({"guardian_id": {"$in": guardians}, **here})
    found = {child.stay_id: child for child in [read_stay(row) async for row in children]}
    return list(({member.stay_id: member for member in members} | found).values())


def category_query(category: PersonCategory, today: date) -> Document:
    """Return the query of stays of people who belong to a category on a day."""
    wanted = CATEGORIES[category]
    query: Document = {}
    if not wanted.of_any_age:
        after, until = born_between(wanted, today)
        query["birth"] = {"$gt": after.isoformat(), "$lte": until.isoformat()}
    if wanted.women_only:
        query["sex"] = Sex.FEMALE.value
    if wanted.hazard_only:
        query["hazard"] = {"$nin": list(NOT_EXPOSED)}
    if wanted.reported is not None:
        query["categories"] = wanted.reported.value
    return query


Order = Literal["street", "newest", "oldest"]
"""The orders of lists: by street and id, or by the first day."""


@dataclass(frozen=True)
class Wanted:
    """Which stays are wanted, of all in some areas.

    `category` is a query (see `category_query`), `since` and `until` are days between which they began, `origin` is the
    beginning of a code.
    """

    areas: Sequence[Area]
    state: StayState | None = None
    category: Document | None = None
    since: date | None = None
    until: date | None = None
    community: str | None = None
    origin: str | None = None
    household_id: str | None = None

    def query(self) -> Document:
        """Return the query of the wanted stays."""
        query: Document = {"street": in_areas(self.areas), **(self.category or {})}
        begun = {"$gte": self.since, "$lte": self.until}
        if days := {bound: day.isoformat() for bound, day in begun.items() if day is not None}:
            query["started_on"] = days
        if self.origin is not None:
            query["origin"] = {"$gte": self.origin, "$lt": self.origin + ":"}
        exact = {"state": self.state, "community": self.community, "household_id": self.household_id}
        return query | {name: str(value) for name, value in exact.items() if value is not None}

    def index(self, order: Order) -> str:
        """Return the name of the index by which they are found, which fetches none of the others."""
        if self.household_id is not None:
            return "household_id"
        if "categories" in (self.category or {}):
            return "reported"
        return "street" if order == "street" else "day"


async def list_stays(
    database: Database, wanted: Wanted, cursor: str, limit: int, order: Order = "street"
) -> tuple[list[Stay], str | None]:
    """Return a page of the wanted stays, and the cursor of the next page, None after the last."""
    first, direction = ("street" if order == "street" else "started_on"), (-1 if order == "newest" else 1)
    query = wanted.query()
    if order != "street":
        query["street"] = {"$in": await database[STAYS].distinct("street", {"street": query["street"]})}
    rows: list[Document] = []
    for part in _parts_after(cursor, first, direction):
        if len(rows) <= limit:
            found = database[STAYS].find({"$and": [query, part]}, hint=wanted.index(order))
            left = limit + 1 - len(rows)
            rows += await found.sort([(first, direction), ("_id", direction)]).limit(left).to_list(left)
    last = rows[limit - 1] if len(rows) > limit else None
    return [read_stay(row) for row in rows[:limit]], f"{last[first]}|{last['_id']}" if last else None


def _parts_after(cursor: str, first: str, direction: int) -> list[Document]:
    """Return the conditions of a page: the rest of the street or day at which the last one ended, then what follows.

    Both at once (by `$or`) would read a list anew for each page.
    """
    if not cursor:
        return [{}]
    value, _, stay_id = cursor.partition("|")
    beyond = "$gt" if direction > 0 else "$lt"
    return [{first: value, "_id": {beyond: stay_id}}, {first: {beyond: value}}]


async def count_stays(database: Database, wanted: Wanted) -> int:
    """Return how many stays are wanted, counted in an index."""
    return await database[STAYS].count_documents(wanted.query(), hint=wanted.index("street"))


async def count_residents(database: Database, areas: Sequence[Area]) -> dict[str, int]:
    """Return the number of open stays by street of a division."""
    stages: list[Document] = [
        {"$match": {"street": in_areas(areas), "state": StayState.OPEN.value}},
        {"$group": {"_id": "$street", "residents": {"$sum": 1}}},
    ]
    found = database[STAYS].aggregate(stages, hint="street")
    return {document["_id"]: document["residents"] async for document in found}


async def count_communities(database: Database, areas: Sequence[Area]) -> dict[str | None, int]:
    """Return the number of open stays by community of a street; None is for those without a community."""
    stages: list[Document] = [
        {"$match": {"street": in_areas(areas), "state": StayState.OPEN.value}},
        {"$group": {"_id": "$community", "residents": {"$sum": 1}}},
        {"$sort": {"_id": 1}},
    ]
    found = database[STAYS].aggregate(stages, hint="street")
    return {document["_id"]: document["residents"] async for document in found}
