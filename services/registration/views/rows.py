"""The rows of what registration hears, one per stream, and their indexes."""

from collections.abc import Mapping
from typing import Any

from contracts.registration.conflicts import Conflict
from contracts.registration.notices import Answer, Notice
from contracts.registration.people import Person
from contracts.registration.stays import Stay
from services.runtime.mongo import Database, Document, Row, make_index

STAYS = "stays"
NOTICES = "notices"
ANSWERS = "answers"
PEOPLE = "people"
CONFLICTS = "conflicts"
MOVERS = "movers"


async def prepare(database: Database) -> None:
    """Create the indexes that the queries of stays, people and transfers need."""
    await make_index(database[STAYS], "person_id", name="person")
    by_street = [("street", 1), ("_id", 1)]
    by_day = [("street", 1), ("started_on", 1), ("_id", 1)]
    filtered = [(name, 1) for name in ("state", "birth", "sex", "hazard", "community", "origin")]
    await make_index(database[STAYS], [*by_street, *filtered, ("started_on", 1)], name="street")
    await make_index(database[STAYS], [*by_day, *filtered], name="day")
    reported = {"categories": {"$gt": ""}}
    await make_index(
        database[STAYS], [("categories", 1), *by_street], name="reported", partialFilterExpression=reported
    )
    for link in ("household_id", "guardian_id"):
        await make_index(database[STAYS], link, name=link, partialFilterExpression={link: {"$gt": ""}})
    for collection in (NOTICES, ANSWERS, PEOPLE, CONFLICTS):
        await make_index(database[collection], "person_id", name="person")
    for moment in ("answered_at", "received_at"):
        await make_index(database[ANSWERS], [("answerer", 1), (moment, 1)], name=moment)
    await make_index(database[PEOPLE], "linked", name="linked")
    await make_index(
        database[CONFLICTS], [("streets", 1), ("conflict_id", 1)], name="open", partialFilterExpression={"open": True}
    )
    await make_index(database[MOVERS], "due_on", name="due", partialFilterExpression={"due_on": {"$type": "string"}})
    await make_index(database[MOVERS], [("tasks.division", 1), ("tasks.due", 1)], name="tasks")
    listed = [("listed.division", 1), ("listed.what", 1), ("listed.state", 1), ("_id", 1)]
    await make_index(database[MOVERS], listed, name="listed")


def stay_row(stay: Stay, sequence: int) -> Row:
    """Return the row of a stay."""
    return Row(STAYS, stay.stay_id, sequence, stay.model_dump(mode="json", exclude={"stay_id"}))


def notice_row(notice: Notice, sequence: int) -> Row:
    """Return the row of a notice."""
    return Row(NOTICES, notice.notice_id, sequence, notice.model_dump(mode="json", exclude={"notice_id"}))


def answer_row(answer: Answer, sequence: int) -> Row:
    """Return the row of an answer."""
    return Row(ANSWERS, answer.notice_id, sequence, answer.model_dump(mode="json", exclude={"notice_id"}))


def person_row(person: Person, sequence: int) -> Row:
    """Return the row of what a district knows of a person."""
    return Row(PEOPLE, f"{person.person_id}@{person.district}", sequence, person.model_dump(mode="json"))


def conflict_row(conflict: Conflict, sequence: int) -> Row:
    """Return the row of a conflict as a district keeps it."""
    return Row(CONFLICTS, f"{conflict.conflict_id}@{conflict.district}", sequence, conflict.model_dump(mode="json"))


def read_stay(document: Mapping[str, Any]) -> Stay:
    """Return the stay of a row."""
    return Stay.model_validate({**document, "stay_id": document["_id"]})


def read_answer(document: Document | None) -> tuple[Answer | None, int]:
    """Return the answer of a row and its version; None and 0 without a row."""
    if document is None:
        return None, 0
    return Answer.model_validate({**document, "notice_id": document["_id"]}), document["sequence"]
