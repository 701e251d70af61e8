"""Query stays: one, those of people, pages of a division, counts."""

from collections.abc import Iterable, Sequence
from datetime import date

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


async def list_stays(
    database: Database,
    areas: Sequence[Area],
    state: StayState | None,
    cursor: str,
    limit: int,
    category: Document | None = None,
) -> tuple[list[Stay], str | None]:
    """Return a page of the stays of a division, and the cursor of the next page, None after the last.

    `state` and `category` (see `category_query`) restrict it.
    """
    query: Document = {"street": in_areas(areas), **(category or {})}
    if state is not None:
        query["state"] = state.value
    if cursor:
        street, _, stay_id = cursor.partition("|")
        query["$or"] = [{"street": {"$gt": street}}, {"street": street, "_id": {"$gt": stay_id}}]
    index = "reported" if "categories" in query else "street"
    found = database[STAYS].find(query, hint=index).sort([("street", 1), ("_id", 1)]).limit(limit + 1)
    documents = await found.to_list(limit + 1)
    last = documents[limit - 1] if len(documents) > limit else None
    following = f"{last['street']}|{last['_id']}" if last else None
    return [read_stay(document) for document in documents[:limit]], following


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
