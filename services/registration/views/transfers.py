"""Query transfers, notices, answers, conflicts and tasks."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date
from operator import itemgetter

from contracts.reference.calendar import start_of
from contracts.reference.divisions import Area
from contracts.registration.conflicts import Conflict
from contracts.registration.notices import Answer, Notice
from services.registration.domain.listings import LISTED_DIGITS, ListedKind
from services.registration.domain.tasks import A_DAY, DoneTask, Task, done_on
from services.registration.domain.transfers import Transfer
from services.registration.views.name_differences import tasks_about_names
from services.registration.views.rows import ANSWERS, CONFLICTS, MOVERS, NOTICES, read_answer
from services.registration.views.sealed import NAME_DIFFERENCES
from services.runtime.mongo import Database, Document, in_areas, union_with


@dataclass(frozen=True)
class Wanted:
    """What a list contains: the areas, the kinds and states listed there, and the day by which they must be overdue."""

    areas: Sequence[Area]
    kinds: Sequence[ListedKind]
    states: Sequence[str]
    overdue_by: date | None = None

    def query(self) -> Document:
        """Return the query of people who have something of the list."""
        kinds, states = [kind.value for kind in self.kinds], list(self.states)
        here = {"division": _listed(self.areas), "what": _any(kinds), "state": _any(states)}
        return {"listed": {"$elemMatch": here}}

    def fits(self, state: str, due: str | None, *places: tuple[ListedKind, str | None]) -> bool:
        """Return whether one thing of a person belongs to the list, by its state, due day and sides."""
        late = self.overdue_by is None or (due is not None and due < self.overdue_by.isoformat())
        here = any(
            kind in self.kinds and place is not None and any(place in area for area in self.areas)
            for kind, place in places
        )
        return late and here and state in self.states


async def list_notices(
    database: Database, wanted: Wanted, cursor: str, limit: int
) -> tuple[list[tuple[Notice, Answer | None, int]], str | None]:
    """Return a page of notices with answers and versions, and the cursor of the next page, None after the last."""

    def fits(item: Document) -> bool:
        sides = (ListedKind.NOTICE_SENT, item["sender"]), (ListedKind.NOTICE_RECEIVED, item["addressee"])
        return wanted.fits(item["state"], item["due"], *sides)

    listed = _look_through_movers(database, wanted.query(), "notices", "notice_id", fits, cursor)
    found, following = await _take_page(listed, limit)
    ids = {"_id": {"$in": [one["notice_id"] for one in found]}}
    notices = {row["_id"]: row async for row in database[NOTICES].find(ids)}
    answers = {row["_id"]: row async for row in database[ANSWERS].find(ids)}
    named = [{**notices[one["notice_id"]], "notice_id": one["notice_id"]} for one in found]
    return [(Notice.model_validate(row), *read_answer(answers.get(row["notice_id"]))) for row in named], following


async def list_transfers(
    database: Database, wanted: Wanted, person_id: str | None, cursor: str, limit: int
) -> tuple[list[Transfer], str | None]:
    """Return a page of transfers, of one person if asked, and the cursor of the next page, None after the last."""

    def fits(item: Document) -> bool:
        sides = (ListedKind.LEAVING, item["left_street"]), (ListedKind.REACHING, item["reached_street"])
        return wanted.fits(item["state"], item["due"], *sides)

    query = wanted.query()
    if person_id is not None:
        row = await database[MOVERS].find_one({"_id": person_id}, {"goes_on_as": 1})
        query["_id"] = row["goes_on_as"] if row else person_id
    listed = _look_through_movers(database, query, "transfers", "transfer_id", fits, cursor)
    found, following = await _take_page(listed, limit)
    return [Transfer.model_validate(one) for one in found], following


async def _look_through_movers(
    database: Database, query: Document, field: str, key: str, fits: Callable[[Document], bool], cursor: str
) -> AsyncIterator[tuple[str, Document]]:
    """Yield what fits of people's rows after a cursor, with its place: ordered by person and its own id."""
    about_one = "_id" in query
    after: Document = {"_id": {"$gte": cursor.partition("|")[0]}} if not about_one else {}
    rows = database[MOVERS].find({**query, **after}, {field: 1}, hint="_id_" if about_one else "listed")
    async for row in rows.sort("_id", 1):
        for place, one in sorted(((f"{row['_id']}|{one[key]}", one) for one in row[field]), key=itemgetter(0)):
            if place > cursor and fits(one):
                yield place, one


async def _take_page(found: AsyncIterator[tuple[str, Document]], limit: int) -> tuple[list[Document], str | None]:
    """Return a page of what is found, and the cursor of the next page, None after the last."""
    page: list[tuple[str, Document]] = []
    async for place, one in found:
        if len(page) == limit:
            return [one for _, one in page], page[-1][0]
        page.append((place, one))
    return [one for _, one in page], None


async def list_conflicts(
    database: Database, areas: Sequence[Area], cursor: str, limit: int
) -> tuple[list[Conflict], str | None]:
    """Return a page of the open conflicts with a stay in a division, and the cursor of the next page."""
    query: Document = {"streets": {"$elemMatch": in_areas(areas)}, "open": True, "conflict_id": {"$gt": cursor}}
    found: dict[str, Conflict] = {}
    async for row in database[CONFLICTS].find(query, hint="open").sort("conflict_id", 1):
        if row["conflict_id"] not in found and len(found) == limit:
            return list(found.values()), max(found)
        found[row["conflict_id"]] = Conflict.model_validate(row)
    return list(found.values()), None


async def list_tasks(
    database: Database, areas: Sequence[Area], level: int | None, until: date | None, cursor: str, limit: int
) -> tuple[list[Task], str | None]:
    """Return a page of a division's tasks due by a day, those due first ahead, and the cursor of the next page.

    `level` restricts it to tasks of divisions with so many digits: 6 for districts, 9 for streets. Names that differ
    have no day, and are left out where one is asked for.
    """
    due = {"tasks.due": {"$lte": until.isoformat()}} if until is not None else {}
    of_level: Document = {"$expr": {"$eq": [{"$strLenCP": "$tasks.division"}, level]}} if level is not None else {}
    about = {"$ifNull": ["$tasks.notice_id", "$tasks.conflict_id", "$tasks.stay_id", ""]}
    order = [{"$ifNull": ["$tasks.due", "9999-12-31"]}, "$_id", "$tasks.kind", "$tasks.division", about]
    stages: list[Document] = [
        *_tasks_of(areas, due),
        *([union_with(NAME_DIFFERENCES, *tasks_about_names(areas))] if until is None else []),
        {"$match": of_level},
        {"$set": {"place": {"$concat": [part for field in order for part in (field, "|")][:-1]}}},
        *([{"$match": {"place": {"$gt": cursor}}}] if cursor else []),
        {"$sort": {"place": 1}},
        {"$limit": limit + 1},
        {"$project": {"tasks": 1, "place": 1}},
    ]
    documents = [document async for document in database[MOVERS].aggregate(stages, hint="tasks")]
    following = documents[limit - 1]["place"] if len(documents) > limit else None
    return [Task.model_validate(document["tasks"]) for document in documents[:limit]], following


async def list_done(
    database: Database, areas: Sequence[Area], day: date, cursor: str, limit: int
) -> tuple[list[DoneTask], str | None]:
    """Return a page of what the offices of a division did about notices on a day, by notice, and the next cursor."""
    begins, ends = (start_of(each).astimezone(UTC).isoformat()[:19] for each in (day, day + A_DAY))
    of_day = [{moment: {"$gte": begins, "$lt": ends}} for moment in ("answered_at", "received_at")]
    offices = {"answerer": in_areas(areas)}
    query: Document = {"$or": [{**offices, **each} for each in of_day], "_id": {"$gt": cursor}}
    rows = await database[ANSWERS].find(query).sort("_id", 1).limit(limit + 1).to_list(limit + 1)
    answers = [Answer.model_validate({**row, "notice_id": row["_id"]}) for row in rows[:limit]]
    done = [task for answer in answers if (task := done_on(answer, day)) is not None]
    return done, answers[-1].notice_id if len(rows) > limit else None


async def count_tasks(database: Database, areas: Sequence[Area], today: date) -> list[Document]:
    """Return the number of tasks by office and kind in a division: all, overdue, urgent and escalated."""
    sums: Document = {
        "tasks": {"$sum": 1},
        "overdue": {"$sum": {"$cond": [{"$lt": [{"$ifNull": ["$tasks.due", "9999"]}, today.isoformat()]}, 1, 0]}},
        "urgent": {"$sum": {"$cond": ["$tasks.urgent", 1, 0]}},
        "escalated": {"$sum": {"$cond": ["$tasks.escalated", 1, 0]}},
    }
    stages: list[Document] = [
        *_tasks_of(areas, {}),
        union_with(NAME_DIFFERENCES, *tasks_about_names(areas)),
        {"$group": {"_id": {"division": "$tasks.division", "kind": "$tasks.kind"}, **sums}},
        {"$sort": {"_id": 1}},
    ]
    rows = [row async for row in database[MOVERS].aggregate(stages, hint="tasks")]
    return [{**row.pop("_id"), **row} for row in rows]


def _tasks_of(areas: Sequence[Area], more: Document) -> list[Document]:
    """Return the stages that unwind the tasks of a division's offices from the people they are about."""
    mine: Document = {"tasks.division": in_areas(areas), **more}
    return [
        {"$match": {"tasks": {"$elemMatch": {key.removeprefix("tasks."): value for key, value in mine.items()}}}},
        {"$unwind": "$tasks"},
        {"$match": mine},
    ]


def _listed(areas: Sequence[Area]) -> Document | str:
    """Return the one code under which the areas are listed, or a query of all their codes, which may match too many."""
    whole = len(areas) == 1 and not areas[0].without and len(areas[0].prefix) in LISTED_DIGITS
    return areas[0].prefix if whole else in_areas(areas)


def _any(values: Sequence[str]) -> Document | str:
    return values[0] if len(values) == 1 else {"$in": list(values)}


async def find_notice(database: Database, notice_id: str) -> Notice | None:
    """Return a notice; None if it is unknown."""
    document = await database[NOTICES].find_one({"_id": notice_id})
    return Notice.model_validate({**document, "notice_id": document["_id"]}) if document else None


async def find_answer(database: Database, notice_id: str) -> tuple[Answer | None, int]:
    """Return the answer to a notice and its version; None and 0 if there is none."""
    return read_answer(await database[ANSWERS].find_one({"_id": notice_id}))


async def find_conflict(database: Database, conflict_id: str) -> list[Conflict]:
    """Return a conflict as each of its districts keeps it; empty if it is unknown."""
    rows = database[CONFLICTS].find({"_id": {"$gte": f"{conflict_id}@", "$lt": f"{conflict_id}A"}}).sort("_id", 1)
    return [Conflict.model_validate(row) async for row in rows]
