"""Find who may be one person under two documents: same name, birth, sex and hukou, compared by a keyed hash alone.

Each identity keeps the likeness (the hash) of everything ever reported of the person, so that candidates do not depend
on the order of reports. A pair is raised when the second of the two is reported, and stays until a clerk merges or
dismisses it.
"""

from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import combinations
from typing import Any

from pymongo import UpdateOne

from contracts.reference.divisions import Area
from contracts.reference.identity import Sex
from contracts.registration.stays import StayState
from services.registration.domain.arrivals import Arrival
from services.registration.domain.identities import Identity
from services.registration.vault import Vault
from services.registration.views.rows import STAYS
from services.registration.views.sealed import IDENTITIES
from services.runtime.mongo import Database, Document, bulk_write, in_areas, insert_new, make_index

DUPLICATES = "duplicates"
OPEN, DISMISSED = "open", "dismissed"
MOST_ALIKE = 20
"""A likeness that more people share means nothing: too little was known when they were reported."""
BATCH_SIZE = 200
"""Pairs that are read at once."""

Likenesses = Mapping[str, Mapping[str, tuple[str, ...]]]
"""By person id and likeness, the fields that agree with anybody who has the same likeness."""
FindSurvivors = Callable[[Collection[str]], Awaitable[Mapping[str, str]]]
"""Returns the survivor's id by the id of each merged person."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two people who may be one, the fields that agree, and the streets where each stays or stayed."""

    people: tuple[str, str]
    agrees: tuple[str, ...]
    streets: Mapping[str, Sequence[str]]

    @property
    def cursor(self) -> str:
        """Return the pair's id, after which the next page begins."""
        return _pair_id(self.people)


async def prepare(database: Database) -> None:
    """Create the indexes that the queries below need."""
    await make_index(database[IDENTITIES], "likenesses", name="likenesses")
    await make_index(database[DUPLICATES], "people", name="people")
    await make_index(database[DUPLICATES], "likeness", name="likeness")
    await make_index(database[DUPLICATES], [("state", 1), ("_id", 1)], name="state")


def likenesses_of(vault: Vault, people: Iterable[tuple[str, Arrival]]) -> Likenesses:
    """Return the likenesses of reported people."""
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    for person, arrival in people:
        likeness, agrees = likeness_of(vault, arrival.name, arrival.birth, arrival.sex, arrival.hukou_division)
        found.setdefault(person, {})[likeness] = agrees
    return found


def likeness_of(
    vault: Vault, name: str, birth: date, sex: Sex, hukou_division: str | None
) -> tuple[str, tuple[str, ...]]:
    """Return a likeness, and the fields that agree with anybody who has it."""
    known = (("sex", sex in (Sex.MALE, Sex.FEMALE)), ("hukou", hukou_division is not None))
    agrees = ("name", "birth", *(field for field, is_known in known if is_known))
    return vault.likeness(name, birth, sex, hukou_division), agrees


async def add_likenesses(database: Database, likenesses: Likenesses) -> None:
    """Add likenesses to known people; skip erased ones."""
    updates = [
        UpdateOne(
            {"_id": person, "sealed": {"$exists": True}}, {"$addToSet": {"likenesses": {"$each": sorted(reported)}}}
        )
        for person, reported in likenesses.items()
    ]
    await bulk_write(database[IDENTITIES], updates)


async def rename(database: Database, vault: Vault, person_id: str, identity: Identity, name: str) -> None:
    """Let a person be alike by a corrected name: drop the likenesses of the former one and the pairs they raised."""
    if identity.birth is None:
        return
    known, birth = {identity.sex, Sex.UNKNOWN}, identity.birth
    hukou = {identity.hukou_division, None}
    former = {likeness_of(vault, identity.name, birth, sex, division)[0] for sex in known for division in hukou}
    likeness, agrees = likeness_of(vault, name, birth, identity.sex, identity.hukou_division)
    gone = list(former - {likeness})
    await database[IDENTITIES].update_one({"_id": person_id}, {"$pullAll": {"likenesses": gone}})
    await database[DUPLICATES].delete_many({"people": person_id, "likeness": {"$in": gone}, "state": OPEN})
    await add_likenesses(database, {person_id: {likeness: agrees}})
    await raise_pairs(database, {person_id: {likeness: agrees}})


async def raise_pairs(database: Database, likenesses: Likenesses) -> None:
    """Raise pairs of these people and of everybody alike; a pair raised before stays as it is.

    Call it after their identities are kept, so that of two concurrent reports the later sees both. If too many people
    are alike, delete their pairs, except those that a clerk dismissed.
    """
    if not likenesses:
        return
    agrees = {likeness: fields for reported in likenesses.values() for likeness, fields in reported.items()}
    wanted = {"$match": {"likenesses": {"$in": list(agrees)}}}
    stages: list[Document] = [
        wanted,
        {"$project": {"likenesses": 1}},
        {"$unwind": "$likenesses"},
        wanted,
        {"$group": {"_id": "$likenesses", "people": {"$push": "$_id"}}},
        {"$match": {"people.1": {"$exists": True}}},
    ]
    rows: dict[str, Document] = {}
    async for alike in database[IDENTITIES].aggregate(stages):
        likeness, people = alike["_id"], sorted(alike["people"])
        if len(people) > MOST_ALIKE:
            await database[DUPLICATES].delete_many({"likeness": likeness, "state": OPEN})
            continue
        for pair in combinations(people, 2):
            rows[_pair_id(pair)] = {"people": pair, "likeness": likeness, "agrees": agrees[likeness], "state": OPEN}
    await insert_new(database[DUPLICATES], [{"_id": pair_id, **row} for pair_id, row in rows.items()])


async def find_candidates(database: Database, person_ids: Collection[str]) -> dict[str, list[str]]:
    """Return by person the sorted ids that may be the same person, without dismissed pairs."""
    found: dict[str, list[str]] = {}
    async for pair in database[DUPLICATES].find({"people": {"$in": list(person_ids)}, "state": OPEN}):
        one, other = pair["people"]
        for person, candidate in ((one, other), (other, one)):
            if person in person_ids:
                found.setdefault(person, []).append(candidate)
    return {person: sorted(candidates) for person, candidates in found.items()}


async def find_alike(database: Database, person_id: str, likeness: str) -> list[str]:
    """Return the sorted ids of people with the same likeness, without dismissed ones; none if they are too many."""
    query: Document = {"likenesses": likeness, "_id": {"$ne": person_id}}
    alike = [row["_id"] async for row in database[IDENTITIES].find(query, {"_id": 1}).limit(MOST_ALIKE)]
    if len(alike) == MOST_ALIKE:
        return []
    pairs = {_pair_id((person_id, other)): other for other in alike}
    dismissed = database[DUPLICATES].find({"_id": {"$in": list(pairs)}, "state": DISMISSED}, {"_id": 1})
    return sorted(set(alike) - {pairs[row["_id"]] async for row in dismissed})


async def list_pairs(
    database: Database, areas: Sequence[Area], cursor: str, limit: int, find_survivors: FindSurvivors
) -> tuple[list[Pair], str | None]:
    """Return a page of the open pairs with a stay in a division, and the cursor of the next page, None after the last.

    Pairs that were merged meanwhile are left out.
    """
    pairs: list[Pair] = []
    while len(pairs) <= limit:
        batch = [_pair(row) async for row in database[DUPLICATES].aggregate(_listing(areas, cursor))]
        merged = await find_survivors({person for pair in batch for person in pair.people})
        pairs += [pair for pair in batch if len({merged.get(person, person) for person in pair.people}) > 1]
        if len(batch) < BATCH_SIZE:
            break
        cursor = batch[-1].cursor
    return pairs[:limit], pairs[limit - 1].cursor if len(pairs) > limit else None


async def find_pair(database: Database, one: str, other: str) -> Pair | None:
    """Return the pair of two people, open or dismissed; None if it was never raised."""
    stages = [{"$match": {"_id": _pair_id((one, other))}}, _STAYS_OF_BOTH]
    return next(iter([_pair(row) async for row in database[DUPLICATES].aggregate(stages)]), None)


async def dismiss(database: Database, pair: Pair, by: str, reason: str, moment: datetime) -> None:
    """Record that a clerk found the two to be two people; the first dismissal stays."""
    dismissed = {"state": DISMISSED, "by": by, "reason": reason, "at": moment}
    await database[DUPLICATES].update_one({"_id": pair.cursor, "state": OPEN}, {"$set": dismissed})


async def forget(database: Database, person_id: str) -> None:
    """Delete the pairs of a person whose identity is erased."""
    await database[DUPLICATES].delete_many({"people": person_id})


_STAYS_OF_BOTH: Document = {
    "$lookup": {"from": STAYS, "localField": "people", "foreignField": "person_id", "as": "stays"}
}


def _listing(areas: Sequence[Area], cursor: str) -> list[Document]:
    lives = {"$elemMatch": {"street": in_areas(areas), "state": {"$ne": StayState.RETRACTED.value}}}
    return [
        {"$match": {"state": OPEN, "_id": {"$gt": cursor}}},
        {"$sort": {"_id": 1}},
        _STAYS_OF_BOTH,
        {"$match": {"stays": lives}},
        {"$limit": BATCH_SIZE},
    ]


def _pair(row: Mapping[str, Any]) -> Pair:
    one, other = row["people"]
    streets = {person: sorted(set(_streets_of(person, row["stays"]))) for person in (one, other)}
    return Pair((one, other), tuple(row["agrees"]), streets)


def _streets_of(person: str, stays: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    for stay in stays:
        if stay["person_id"] == person and stay["state"] != StayState.RETRACTED:
            yield stay["street"]


def _pair_id(people: Iterable[str]) -> str:
    return "|".join(sorted(people))
