"""What everybody contributes, the counters that it sums up to, and who waits to be counted."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple

from pymongo import ReplaceOne, UpdateOne

from contracts.reference.divisions import Area
from services.reporting.domain.contributions import Counted
from services.reporting.domain.counting import Numbers, difference, documents_for, increments, stored_name
from services.reporting.domain.person import Contribution
from services.runtime.mongo import Database, Document, Session, find_at_one_moment, in_areas, make_index, transact

UNCOUNTED = "uncounted"
UNCOUNTABLE = "uncountable"
"""Who could not be counted, with the reason: numbers lack what they would contribute."""


class Build(NamedTuple):
    """The collections of one counting: another edition of the rules is counted beside the one that answers.

    With `until`, rows are counted as they were known at that moment (RFC 3339), by when they were said or heard.
    """

    name: str
    until: str = ""
    moment: str = "heard_at"

    @property
    def contributions(self) -> str:
        """Return the collection of what each person contributes."""
        return f"contributions_{self.name}"

    @property
    def counters(self) -> str:
        """Return the collection of counters."""
        return f"counters_{self.name}"

    @property
    def places(self) -> str:
        """Return the collection of divisions that have counters, with the first year of each."""
        return f"places_{self.name}"


class GroupCount(NamedTuple):
    """What a group of ids contributes, from all rows with a version, on a day."""

    version: int
    on: int
    people: Mapping[str, Counted]


async def prepare(database: Database, build: Build) -> None:
    """Make the indexes by which it is found who counts in a number, and who is to be counted again on a day."""
    people = database[build.contributions]
    await make_index(people, [("c.k", 1), ("_id", 1)], name="counts")
    await make_index(people, "again_on", name="again", partialFilterExpression={"again_on": {"$type": "number"}})


async def mark_uncounted(database: Database, people: Collection[str], heard_at: datetime) -> None:
    """Note that people are to be counted; call it after their rows were written and before that is acknowledged."""
    if people:
        await database[UNCOUNTED].insert_one({"people": sorted(people), "heard_at": heard_at})


async def find_uncounted(database: Database, most: int) -> tuple[list[Document], set[str]]:
    """Return the oldest notes of who is to be counted, and those people, about so many at most."""
    notes: list[Document] = []
    people: set[str] = set()
    async for note in database[UNCOUNTED].find().sort("_id", 1).batch_size(100):
        notes.append(note)
        people.update(note["people"])
        if len(people) >= most:
            break
    return notes, people


async def forget_notes(database: Database, notes: Iterable[Document]) -> None:
    """Drop notes of people who have been counted."""
    await database[UNCOUNTED].delete_many({"_id": {"$in": [note["_id"] for note in notes]}})


async def keep_uncountable(database: Database, one: str, reason: str, moment: datetime) -> None:
    """Keep who, or what, could not be counted, with the reason."""
    kept = {"$set": {"reason": reason, "last_tried_at": moment}}
    await database[UNCOUNTABLE].update_one({"_id": one}, kept, upsert=True)


async def uncounted_since(database: Database) -> datetime | None:
    """Return since when somebody waits to be counted; None if nobody does."""
    oldest = await database[UNCOUNTED].find_one({}, {"heard_at": 1}, sort=[("_id", 1)])
    return oldest["heard_at"] if oldest else None


async def estimate_counted(database: Database, build: Build) -> int:
    """Return about how many people and things are counted."""
    return await database[build.contributions].estimated_document_count()


async def find_to_count_again(database: Database, build: Build, on: int, most: int) -> list[str]:
    """Return people whose count changes by itself on a day or before it."""
    due = {"again_on": {"$lte": on, "$type": "number"}}  # by its type it is found in the index
    found = database[build.contributions].find(due, {"_id": 1}).limit(most)
    return [row["_id"] async for row in found]


async def replace_contributions(database: Database, build: Build, groups: Sequence[GroupCount]) -> set[str]:
    """Replace what groups of ids contribute and add the difference to the counters, in one transaction.

    Return the divisions whose numbers changed.

    A group is left out if one of its ids was counted from as many rows, or more, on the same day or later. The ids that
    contribute nothing are written as well: a count that knows less of who belongs together finds their version.
    """
    if not groups:
        return set()
    return await transact(database, lambda session: _replace(database, build, groups, session))


async def _replace(database: Database, build: Build, groups: Sequence[GroupCount], session: Session) -> set[str]:
    names = [person_id for group in groups for person_id in group.people]
    query = database[build.contributions].find({"_id": {"$in": names}}, session=session)
    known = {row["_id"]: row async for row in query}
    writes: list[ReplaceOne[Document]] = []
    old: list[Contribution] = []
    new: list[Contribution] = []
    for group in groups:
        counted = [known[person_id] for person_id in group.people if person_id in known]
        if any((row["version"], row["on"]) >= (group.version, group.on) for row in counted):
            continue
        old += [each for row in counted for each in read_contributions(row)]
        new += [each for found in group.people.values() for each in found.contributions]
        writes += [ReplaceOne({"_id": each["_id"]}, each, upsert=True) for each in make_documents(group)]
    if not writes:
        return set()
    await database[build.contributions].bulk_write(writes, ordered=False, session=session)
    adding = increments(difference(old, new))
    if adding:
        counters = [UpdateOne({"_id": name}, {"$inc": adding[name]}, upsert=True) for name in sorted(adding)]
        written = await database[build.counters].bulk_write(counters, ordered=False, session=session)
        if written.upserted_count:  # whoever wrote the first counter of a division's year wrote its place then
            await database[build.places].bulk_write(_places(adding), ordered=False, session=session)
    return {name.partition(":")[0] for name in adding}


def make_documents(group: GroupCount) -> Iterator[Document]:
    """Yield the documents that keep what each id of a group contributes."""
    for name, found in group.people.items():
        again = {} if found.again_on is None else {"again_on": found.again_on}
        contributions = [_stored(each) for each in found.contributions]
        yield {"_id": name, "version": group.version, "on": group.on, "c": contributions, **again}


def _stored(each: Contribution) -> Document:
    count = {} if each.weight == 1 else {"n": each.weight}
    return {"k": each.key, "s": each.slice, "f": each.since, "t": each.until, **count}


def read_contributions(row: Document) -> list[Contribution]:
    """Return what somebody contributes, from the document that keeps it."""
    return [_contribution(each) for each in row["c"]]


def _contribution(stored: Document) -> Contribution:
    measure, _, division = stored["k"].partition("@")
    return Contribution(measure, division, stored["s"], stored["f"], stored["t"], stored.get("n", 1))


def _places(adding: Iterable[str]) -> list[UpdateOne]:
    first: dict[str, int] = {}
    for name in adding:
        division, _, period = name.split(":")
        first[division] = min(int(period[:4]), first.get(division, 9999))
    return [
        UpdateOne({"_id": division}, {"$min": {"since": year}}, upsert=True) for division, year in sorted(first.items())
    ]


async def find_places(database: Database, build: Build, areas: Sequence[Area]) -> dict[str, int]:
    """Return the divisions within areas that have counters, with the first year of each."""
    return {row["_id"]: row["since"] async for row in database[build.places].find({"_id": in_areas(areas)})}


async def find_numbers(
    database: Database,
    build: Build,
    places: Mapping[str, int],
    measures: Collection[str],
    days: Collection[date],
    *,
    by_day: Collection[str] = (),
) -> Numbers:
    """Return numbers to be read at the ends of days, all of one moment; those `by_day` at the days in between too."""
    names = documents_for(places, measures, days, by_day)
    fields = {f"d.{stored_name(measure)}": 1 for measure in measures}
    return Numbers(await find_at_one_moment(database, build.counters, {"_id": {"$in": names}}, fields), min(days))


async def find_families(
    database: Database, build: Build, places: Mapping[str, int], families: Collection[str], days: Collection[date]
) -> Numbers:
    """Return all numbers of families of measures, to be read at the ends of days, all of one moment."""
    query = {"_id": {"$in": documents_for(places, families, days)}}
    return Numbers(await find_at_one_moment(database, build.counters, query), min(days))


async def find_counting(
    database: Database, build: Build, keys: Sequence[str], on: int, after: str, most: int
) -> list[tuple[str, list[Contribution]]]:
    """Return a page of who counts on a day under one of some keys, by id, each with all that they contribute."""
    counting = {"k": {"$in": list(keys)}, "f": {"$lte": on}, "t": {"$gt": on}}
    query = {"_id": {"$gt": after}, "c": {"$elemMatch": counting}}
    return await _read_page(database, build, query, most)


async def find_changing(
    database: Database, build: Build, keys: Sequence[str], days: tuple[int, int], after: str, most: int
) -> list[tuple[str, list[Contribution]]]:
    """Return a page of who begins or ceases to count under one of some keys after a day, up to another."""
    within = {"$gt": days[0], "$lte": days[1]}
    changing = {"k": {"$in": list(keys)}, "$or": [{"f": within}, {"t": within}]}
    query = {"_id": {"$gt": after}, "c": {"$elemMatch": changing}}
    return await _read_page(database, build, query, most)


async def _read_page(
    database: Database, build: Build, query: Document, most: int
) -> list[tuple[str, list[Contribution]]]:
    found = database[build.contributions].find(query, hint="counts").sort("_id", 1).limit(most)
    return [(row["_id"], read_contributions(row)) async for row in found]
