"""The rows of reporting, one per stream, and their indexes."""

from contracts.archives.archives import Archive
from contracts.archives.entries import Entry
from contracts.outreach.activities import Activity
from contracts.reference.calendar import day_of
from contracts.registration.conflicts import Conflict
from contracts.registration.notices import Answer, Notice
from contracts.registration.people import Person
from contracts.registration.stays import Stay, StayState
from services.runtime.mongo import Database, Row, make_index

STAYS = "stays"
ARCHIVES = "archives"
ENTRIES = "entries"
ACTIVITIES = "activities"
NOTICES = "notices"
ANSWERS = "answers"
PEOPLE = "people"
CONFLICTS = "conflicts"

_COUNTED = {
    "person_id", "street", "started_on", "ended_on", "state", "birth", "sex", "hukou_division", "origin",
    "destination", "purpose", "hazard", "recorded_at", "ending", "destination_kind", "trace_lost_on",
    "registration_due",
}  # fmt: skip
_SCORED = {
    "kind", "person_id", "sender", "addressee", "stay_id", "started_on", "sent_at", "receipt_due", "answer_due",
    "completes_on", "state", "about",
}  # fmt: skip


async def prepare(database: Database) -> None:
    """Make the indexes that the queries of reporting need."""
    stays = database[STAYS]
    await make_index(stays, [("person_id", 1), ("district", 1)], name="person")
    await make_index(stays, [("street", 1), ("state", 1), ("archived", 1)], name="residents")
    await make_index(stays, [("started_on", 1), ("street", 1), ("state", 1)], name="inflow")
    await make_index(
        stays,
        [("ended_on", 1), ("street", 1)],
        name="outflow",
        partialFilterExpression={"ended_on": {"$type": "string"}},
    )
    await make_index(
        stays,
        [("found_on", 1), ("street", 1), ("ended_on", 1)],
        name="unplaced",
        partialFilterExpression={"state": StayState.ENDED.value},
    )
    for side in ("sender", "addressee"):
        await make_index(database[NOTICES], [(side, 1), ("sent_on", 1)], name=side)
    await make_index(database[NOTICES], "person_id", name="person")
    await make_index(database[PEOPLE], "ids", name="ids")


def stay_row(stay: Stay, sequence: int) -> Row:
    """Return the row of a stay."""
    counted = stay.model_dump(mode="json", include=_COUNTED)
    return Row(STAYS, stay.stay_id, sequence, {**counted, "district": stay.district})


def archive_row(archive: Archive, sequence: int) -> Row:
    """Return the row of an archive: that it exists, not what it contains."""
    fields = {"person_id": archive.person_id, "district": archive.district, "street": archive.street}
    row_id = f"{archive.person_id}@{archive.district}"
    return Row(ARCHIVES, row_id, sequence, {**fields, "state": archive.state.value})


def entry_row(entry: Entry, sequence: int) -> Row:
    """Return the row of an entry: that it exists, not what it contains."""
    fields = entry.model_dump(mode="json", include={"person_id", "street", "measured_at", "state"})
    return Row(ENTRIES, entry.entry_id, sequence, {**fields, "kind": entry.content.kind})


def activity_row(activity: Activity, sequence: int) -> Row:
    """Return the row of an activity."""
    return Row(ACTIVITIES, activity.activity_id, sequence, activity.model_dump(mode="json", exclude={"activity_id"}))


def notice_row(notice: Notice, sequence: int) -> Row:
    """Return the row of a notice, with the statutory day on which it was sent."""
    fields = notice.model_dump(mode="json", include=_SCORED)
    return Row(NOTICES, notice.notice_id, sequence, {**fields, "sent_on": day_of(notice.sent_at).isoformat()})


def answer_row(answer: Answer, sequence: int) -> Row:
    """Return the row of an answer, with the statutory days of receipt and feedback."""
    fields = answer.model_dump(mode="json", include={"person_id", "answerer", "state", "reason"})
    days = {
        "received_on": day_of(answer.received_at).isoformat(),
        "answered_on": day_of(answer.answered_at).isoformat() if answer.answered_at else None,
    }
    return Row(ANSWERS, answer.notice_id, sequence, {**fields, **days})


def person_row(person: Person, sequence: int) -> Row:
    """Return the row of a district's record of a person, with all ids that ever were linked to it."""
    fields = person.model_dump(mode="json")
    ids = sorted({person.person_id, *person.linked, *([person.merged_into] if person.merged_into else [])})
    return Row(PEOPLE, f"{person.person_id}@{person.district}", sequence, {**fields, "ids": ids})


def conflict_row(conflict: Conflict, sequence: int) -> Row:
    """Return the row of a conflict in a district."""
    fields = conflict.model_dump(mode="json")
    return Row(CONFLICTS, f"{conflict.conflict_id}@{conflict.district}", sequence, fields)
