"""Everybody and everything that is counted, in an order that stays: a position in it can be gone on from."""

import asyncio

from services.reporting.domain.things import THINGS, thing_id
from services.reporting.views.rows import ABOUT_PEOPLE, PEOPLE
from services.runtime.mongo import Database

_PERSON, _THING = "people/", "things/"
"""What positions begin with; people come before things, as do their positions."""


async def find_next(database: Database, after: str, most: int) -> tuple[set[str], str]:
    """Return the next people or things after a position, about so many, and the position of the last; "" at the end."""
    if not after.startswith(_THING):
        people, last = await _find_people(database, after.removeprefix(_PERSON), most)
        if people:
            return people, _PERSON + last
    return await _find_things(database, after.removeprefix(_THING) if after.startswith(_THING) else "", most)


async def _find_people(database: Database, after: str, most: int) -> tuple[set[str], str]:
    """Return people up to the one whom every collection was read up to."""
    found = await asyncio.gather(*(_ids_after(database, name, after, most) for name in (*ABOUT_PEOPLE, PEOPLE)))
    cut = [ids[-1] for ids in found if len(ids) == most]
    last = min(cut, default=max((ids[-1] for ids in found if ids), default=""))
    return {one for ids in found for one in ids if one <= last}, last


async def _ids_after(database: Database, name: str, after: str, most: int) -> list[str]:
    query = database[name].find({"person_id": {"$gt": after}}, {"_id": 0, "person_id": 1}).hint("person")
    return [row["person_id"] async for row in query.sort("person_id", 1).limit(most)]


async def _find_things(database: Database, after: str, most: int) -> tuple[set[str], str]:
    known, _, last = after.partition("/")
    for name in (each for each in sorted(THINGS) if each >= known):
        query = {"_id": {"$gt": last if name == known else ""}}
        ids = [row["_id"] async for row in database[name].find(query, {"_id": 1}).sort("_id", 1).limit(most)]
        if ids:
            return {thing_id(name, one) for one in ids}, _THING + thing_id(name, ids[-1])
    return set(), ""


async def is_anything_known(database: Database, until: str, moment: str) -> bool:
    """Return whether a version of any row was said, or heard, by a moment."""
    earlier = {"$map": {"input": {"$objectToArray": "$earlier"}, "in": {"$lte": [f"$$this.v.{moment}", until]}}}
    older = {"earlier": {"$type": "object"}, "$expr": {"$anyElementTrue": earlier}}
    query = {"said_at": {"$exists": True}, "$or": [{moment: {"$lte": until}}, older]}
    for name in (*ABOUT_PEOPLE, PEOPLE, *THINGS):
        if await database[name].find_one(query, {"_id": 1}):
            return True
    return False
