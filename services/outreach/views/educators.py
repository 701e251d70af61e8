"""The rows of educators and of their training, and queries for them."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import NamedTuple

from contracts.outreach.educators import Educator, EducatorKind, Training, TrainingKind
from contracts.reference.divisions import Area
from services.outreach.views.pages import find_in_period, find_page, in_period
from services.runtime.mongo import Database, Document, Row, in_areas, make_index

EDUCATORS = "educators"
TRAININGS = "trainings"


class Hours(NamedTuple):
    """How often and for how many hours somebody was trained."""

    street: str
    staff: str
    trainings: int
    hours: float


async def prepare(database: Database) -> None:
    """Make the indexes of educators and of trainings."""
    await make_index(database[EDUCATORS], [("street", 1), ("_id", 1)], name="street")
    await make_index(database[EDUCATORS], [("street", 1), ("staff", 1)], name="staff")
    await make_index(database[TRAININGS], [("street", 1), ("held_on", 1)], name="street")
    await make_index(database[TRAININGS], [("participants", 1), ("kind", 1)], name="participant")


def educator_row(educator: Educator, sequence: int) -> Row:
    """Return the row of an educator."""
    return Row(EDUCATORS, educator.educator_id, sequence, educator.model_dump(mode="json", exclude={"educator_id"}))


def training_row(training: Training, sequence: int) -> Row:
    """Return the row of a training."""
    return Row(TRAININGS, training.training_id, sequence, training.model_dump(mode="json", exclude={"training_id"}))


async def list_educators(
    database: Database, areas: Sequence[Area], wanted: tuple[EducatorKind | None, date | None], after: str, limit: int
) -> list[Educator]:
    """Return educators of areas by street and id, those after a cursor: of one kind, or active on one day, or all."""
    kind, day = wanted
    also: Document = {"kind": kind.value} if kind else {}
    if day is not None:
        also["terms"] = _active_on(day)
    found = await find_page(database, EDUCATORS, areas, after, limit, **also)
    return list(map(_read_educator, found))


async def find_active(database: Database, street: str, staff: Collection[str], day: date) -> set[str]:
    """Return which of some staff numbers were educators of a street on a day."""
    query = {"street": street, "staff": {"$in": list(staff)}, "terms": _active_on(day)}
    return {row["staff"] async for row in database[EDUCATORS].find(query, {"staff": 1}, hint="staff")}


async def find_educators(database: Database, areas: Sequence[Area]) -> list[Educator]:
    """Return every educator of areas that there is or was."""
    return [_read_educator(row) async for row in database[EDUCATORS].find({"street": in_areas(areas)}, hint="street")]


async def list_trainings(
    database: Database, areas: Sequence[Area], period: tuple[date, date], limit: int
) -> list[Training]:
    """Return the trainings of areas in a period (both days included) by street and day."""
    return list(map(_read_training, await find_in_period(database, TRAININGS, areas, "held_on", period, limit)))


async def find_pre_job(database: Database, areas: Sequence[Area], staff: Collection[str]) -> list[Training]:
    """Return the trainings of areas before the job in which one of some numbers took part."""
    query = {"participants": {"$in": list(staff)}, "kind": TrainingKind.PRE_JOB.value, "street": in_areas(areas)}
    return [_read_training(row) async for row in database[TRAININGS].find(query, hint="participant")]


async def sum_hours(
    database: Database, areas: Sequence[Area], period: tuple[date, date], after: tuple[str, str], limit: int
) -> list[Hours]:
    """Return how long each person was trained in a period, by street and number, those after a street and number."""
    person = {"street": "$street", "staff": "$participants"}
    stages: list[Document] = [
        {"$match": {**in_period(areas, "held_on", period), "withdrawn": {"$ne": True}}},
        {"$unwind": "$participants"},
        {"$group": {"_id": person, "trainings": {"$sum": 1}, "hours": {"$sum": "$hours"}}},
        {"$match": {"$expr": {"$gt": [["$_id.street", "$_id.staff"], list(after)]}}},
        {"$sort": {"_id.street": 1, "_id.staff": 1}},
        {"$limit": limit},
    ]
    found = database[TRAININGS].aggregate(stages, hint="street")
    return [Hours(row["_id"]["street"], row["_id"]["staff"], row["trainings"], row["hours"]) async for row in found]


def _active_on(day: date) -> Document:
    """Return a condition for terms of which one holds on a day."""
    going_on: Document = {"$or": [{"left_on": None}, {"left_on": {"$gt": day.isoformat()}}]}
    return {"$elemMatch": {"joined_on": {"$lte": day.isoformat()}, **going_on}}


def _read_educator(row: Document) -> Educator:
    return Educator.model_validate({**row, "educator_id": row["_id"]})


def _read_training(row: Document) -> Training:
    return Training.model_validate({**row, "training_id": row["_id"]})
