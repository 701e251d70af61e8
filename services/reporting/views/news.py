"""What was heard, or became overdue, since a moment: the people and things concerned, and their rows."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date

from contracts.reference.divisions import Area
from services.reporting.domain.things import THINGS
from services.reporting.views.rows import (
    ABOUT_PEOPLE,
    ANSWERS,
    NOTICES,
    PEOPLE,
)
from services.runtime.mongo import Database, Document, in_areas


async def find_people_heard_of(database: Database, since: str, areas: Sequence[Area]) -> set[str]:
    """Return the people of whom something was heard after a moment, and of whom anything lies in some areas."""
    found: set[str] = set()
    for name in (*ABOUT_PEOPLE, PEOPLE):
        async for row in database[name].find(_heard_after(since), {"person_id": 1}):
            found.add(row["person_id"])
    return await _among(database, found, areas)


def _heard_after(since: str) -> Document:
    """Return the condition of rows of which a version was heard after a moment, be it older than the newest."""
    earlier = {"$map": {"input": _EARLIER, "in": {"$gt": ["$$this.v.heard_at", since]}}}
    late = {"earlier": {"$exists": True}, "$expr": {"$anyElementTrue": earlier}}
    return {"$or": [{"heard_at": {"$gt": since}}, late]}


_EARLIER = {"$objectToArray": {"$ifNull": ["$earlier", {}]}}


async def _among(database: Database, people: Collection[str], areas: Sequence[Area]) -> set[str]:
    here: set[str] = set()
    for batch in _batches(sorted(people)):
        for name in ABOUT_PEOPLE:
            if name == ANSWERS:
                continue  # a notice says where it lies
            place = {"$or": [{side: in_areas(areas)} for side in _sides(name)]}
            query = {"person_id": {"$in": batch}, **place}
            here |= {row["person_id"] async for row in database[name].find(query, {"person_id": 1}, hint="person")}
    return here


def _sides(name: str) -> tuple[str, ...]:
    return ("sender", "addressee") if name == NOTICES else ("street",)


def _batches(people: Sequence[str]) -> Iterable[Sequence[str]]:
    return (people[start : start + 1000] for start in range(0, len(people), 1000))


async def find_people_with_deadlines(database: Database, since: date, until: date, areas: Sequence[Area]) -> set[str]:
    """Return the people about whom a notice from or to some areas had a deadline on or after a day, before another."""
    passed = {"$gte": since.isoformat(), "$lt": until.isoformat()}
    query = {
        "$and": [
            {"$or": [{name: passed} for name in ("receipt_due", "answer_due", "completes_on")]},
            {"$or": [{side: in_areas(areas)} for side in _sides(NOTICES)]},
        ]
    }
    return {row["person_id"] async for row in database[NOTICES].find(query, {"person_id": 1})}


async def find_things_heard_of(database: Database, since: str, areas: Sequence[Area]) -> dict[str, list[Document]]:
    """Return the rows that are about nobody of which a version was heard after a moment, by collection."""
    query = {**_heard_after(since), "street": in_areas(areas)}
    return {name: await database[name].find(query).to_list(None) for name in THINGS}
