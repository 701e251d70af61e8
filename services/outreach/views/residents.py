"""The rows of residents, and the sizes of audiences and segments."""

from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import date

from contracts.outreach.activities import Audience
from contracts.outreach.segments import Segment
from contracts.reference.calendar import add_months
from contracts.reference.divisions import Area
from contracts.reference.identity import Sex
from contracts.registration.categories import CATEGORIES, NOT_EXPOSED, PersonCategory, born_between
from contracts.registration.stays import Category, Stay, StayState
from services.outreach.domain.segments import AUDIENCES, any_of, of_any_age
from services.outreach.domain.surveys import Registered
from services.runtime.mongo import Database, Document, Row, in_areas, make_index

RESIDENTS = "residents"

_ADDRESSED = {
    "person_id", "street", "state", "birth", "sex", "hazard", "categories", "origin", "community", "dwelling",
    "started_on", "ending",
}  # fmt: skip
_LOOKED_AT = ("street", "state", "birth", "sex", "hazard", "categories", "origin", "community", "dwelling")
"""The fields of the index, so that residents of one state are counted in it without reading a row."""
IS_REPORTED: Document = {"categories.0": {"$exists": True}}
"""Residents of whom a category was reported; they are few, and the others are not in the index."""

IS_EXPOSED: Document = {"exposed": True, "state": StayState.OPEN.value}
"""Residents with a hazard at work; the others are not in the index."""


async def prepare(database: Database) -> None:
    """Make the indexes of residents: to count segments, by person, household, arrival, category, hazard."""
    await make_index(database[RESIDENTS], [(name, 1) for name in _LOOKED_AT], name="street")
    await make_index(database[RESIDENTS], "person_id", name="person")
    await make_index(database[RESIDENTS], [("street", 1), ("household", 1)], name="household")
    await make_index(database[RESIDENTS], [("street", 1), ("started_on", 1)], name="arrival")
    reported = [("categories", 1), ("street", 1), ("person_id", 1)]
    await make_index(database[RESIDENTS], reported, name="reported", partialFilterExpression=IS_REPORTED)
    exposed = [("street", 1), ("started_on", 1), ("_id", 1)]
    await make_index(database[RESIDENTS], exposed, name="exposed", partialFilterExpression=IS_EXPOSED)


async def find_arrivals(database: Database, query: Document, hint: str, after: str, limit: int) -> list[Document]:
    """Return residents that meet a query, by street, day of arrival and id: those after a cursor of these three."""
    if after:
        street, day, stay = after.split("|")
        later = [
            {"street": {"$gt": street}},
            {"street": street, "started_on": {"$gt": day}},
            {"street": street, "started_on": day, "_id": {"$gt": stay}},
        ]
        query = {**query, "$or": later}
    order = [("street", 1), ("started_on", 1), ("_id", 1)]
    shown = {"street": 1, "person_id": 1, "started_on": 1, "hazard": 1}
    found = database[RESIDENTS].find(query, shown, hint=hint).sort(order).limit(limit)
    return [row async for row in found]


async def is_known(database: Database, person_id: str, areas: Sequence[Area]) -> bool:
    """Return whether somebody was ever registered in some areas."""
    known = {"person_id": person_id, "street": in_areas(areas)}
    return await database[RESIDENTS].find_one(known, {"_id": 1}, hint="person") is not None


async def find_registered(database: Database, person_id: str) -> Registered | None:
    """Return what was last registered of somebody here, wherever the person lives now; None of nobody."""
    query = {"person_id": person_id, "state": {"$ne": StayState.RETRACTED.value}}
    found = database[RESIDENTS].find(query, hint="person").sort([("started_on", -1), ("_id", 1)])
    async for row in found.limit(1):
        birth, sex, categories = row.get("birth"), Sex(row["sex"]), map(Category, row["categories"])
        born = date.fromisoformat(birth) if birth else None
        return Registered(born, sex, row.get("hazard"), tuple(categories), row.get("origin"))
    return None


def resident_row(stay: Stay, sequence: int) -> Row:
    """Return the row of a stay: the household, and the fields that decide whether the person belongs to an audience.

    Whoever arrived alone is a household of one, known by the id of the person.
    """
    household = stay.household_id or stay.person_id
    fields = {
        **stay.model_dump(mode="json", include=_ADDRESSED),
        "household": household,
        "at_home": _is_at_home(stay),
        "exposed": stay.hazard not in NOT_EXPOSED,
    }
    return Row(RESIDENTS, stay.stay_id, sequence, fields)


def _is_at_home(stay: Stay) -> bool:
    """Return whether the household of a person is registered in the district where the person lives: a returnee."""
    home = stay.hukou_division or ""
    return len(home) >= len(stay.district) and home.startswith(stay.district)


async def count_audiences(database: Database, areas: Sequence[Area], today: date) -> dict[Audience, int]:
    """Return how many residents of areas belong to each audience on a day."""
    return {audience: await count_segment(database, areas, segment, today) for audience, segment in AUDIENCES.items()}


async def count_segment(database: Database, areas: Sequence[Area], segment: Segment, today: date) -> int:
    """Return how many residents of areas a segment means on a day."""
    return await database[RESIDENTS].count_documents(segment_query(segment, areas, today), hint="street")


async def find_segment(
    database: Database, areas: Sequence[Area], segment: Segment, today: date
) -> AsyncIterator[tuple[str, str]]:
    """Yield person and street of the residents of areas whom a segment means on a day, in order of their ids."""
    query = segment_query(segment, areas, today)
    found = database[RESIDENTS].find(query, {"person_id": 1, "street": 1}, hint="street").sort("person_id", 1)
    async for row in found:
        yield row["person_id"], row["street"]


def segment_query(segment: Segment, areas: Sequence[Area], today: date) -> Document:
    """Return the query for residents of areas whom a segment means on a day."""
    return {"street": in_areas(areas), "state": StayState.OPEN.value, **_narrower(segment, today)}


def _narrower(segment: Segment, today: date) -> Document:
    also: list[Document] = [{"$or": [_in_category(one, today) for one in wanted]} for wanted in any_of(segment)]
    if not of_any_age(segment):
        youngest, oldest = add_months(today, -12 * segment.youngest), add_months(today, -12 * (segment.oldest + 1))
        also.append({"birth": {"$gt": oldest.isoformat(), "$lte": youngest.isoformat()}})
    if segment.sex is not None:
        also.append({"sex": segment.sex.value})
    if segment.origins:
        also.append({"$or": [{"origin": {"$gte": code, "$lt": code + ":"}} for code in segment.origins]})
    if segment.exposed:
        also.append({"hazard": {"$nin": list(NOT_EXPOSED)}})
    named = {"community": segment.communities, "dwelling": segment.dwellings, "hazard": segment.hazards}
    also += [{field: {"$in": list(values)}} for field, values in named.items() if values]
    return {"$and": also} if also else {}


def _in_category(category: PersonCategory, today: date) -> Document:
    wanted = CATEGORIES[category]
    query: Document = {}
    if not wanted.of_any_age:
        after, until = born_between(wanted, today)
        query["birth"] = {"$gt": after.isoformat(), "$lte": until.isoformat()}
    if wanted.women_only:
        query["sex"] = "female"
    if wanted.hazard_only:
        query["hazard"] = {"$nin": list(NOT_EXPOSED)}
    if wanted.reported is not None:
        query["categories"] = wanted.reported.value
    return query


async def find_streets_of(database: Database, person_ids: Iterable[str], areas: Sequence[Area]) -> dict[str, str]:
    """Return the streets in some areas where people live now, by person; whoever lives elsewhere is missing."""
    query = {"person_id": {"$in": list(person_ids)}, "street": in_areas(areas), "state": StayState.OPEN.value}
    found = database[RESIDENTS].find(query, {"person_id": 1, "street": 1}, hint="person")
    return {document["person_id"]: document["street"] async for document in found}
