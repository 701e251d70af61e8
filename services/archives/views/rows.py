"""The rows that the projector writes: one per stream that was heard, and the indexes by which they are read."""

from collections.abc import Mapping
from typing import Any

from contracts.archives.archives import Archive
from contracts.archives.custody import Custody
from contracts.archives.enrolments import Enrolment
from contracts.archives.entries import Entry
from contracts.registration.people import Person
from contracts.registration.stays import Stay
from services.archives.domain.repetition import marks_of
from services.runtime.mongo import Database, Document, Row, make_index

ARCHIVES = "archives"
ENTRIES = "entries"
COPIES = "copies"
ENROLMENTS = "enrolments"
CUSTODIES = "custodies"
STAYS = "stays"
PEOPLE = "people"
SERIALS = "serials"

_STAY_FIELDS = {"stay_id", "person_id", "street", "started_on", "recorded_at", "state", "ended_on", "unverified"}
SUMMARY = "chart"  # as stored
WAITS = "waits_for_chart"  # as stored
_TEXT: Document = {"$type": "string"}


async def prepare(database: Database) -> None:
    """Make the indexes by which archives, and what belongs to them, are found."""
    archives = database[ARCHIVES]
    await make_index(archives, [("street", 1), ("_id", 1)], name="street")
    await make_index(archives, "person_id", name="person")
    await make_index(archives, WAITS, name="waiting", partialFilterExpression={WAITS: True})
    await make_index(archives, "code", name="code", partialFilterExpression={"code": _TEXT})
    await make_index(archives, "aliases.code", name="alias", sparse=True)
    await _index_summaries(database)
    await make_index(database[ENTRIES], [("person_id", 1), ("measured_at", 1)], name="person")
    await make_index(database[ENTRIES], "ever_alike", name="alike")
    await make_index(database[ENTRIES], [("street", 1), ("recorded_at", -1), ("_id", -1)], name="newest by street")
    await make_index(database[COPIES], "person_id", name="person")
    await make_index(database[ENROLMENTS], "person_id", name="person")
    await make_index(database[CUSTODIES], "person_id", name="person")
    await make_index(
        database[CUSTODIES], "offer.offered_at", name="waiting", partialFilterExpression={"offer.state": "open"}
    )
    await make_index(database[CUSTODIES], [("offer.to", 1), ("_id", 1)], name="offered to", sparse=True)
    answered = {"answered_at": _TEXT}
    keys = [("district", 1), ("answered_at", -1), ("_id", -1)]
    await make_index(database[CUSTODIES], keys, name="answered", partialFilterExpression=answered)
    await make_index(database[STAYS], [("person_id", 1), ("street", 1)], name="person")
    await make_index(database[PEOPLE], "ids", name="ids")


async def _index_summaries(database: Database) -> None:
    """Make the indexes of the lists that are read by archives' summaries."""
    archives = database[ARCHIVES]
    last, due = f"{SUMMARY}.last_dynamic_on", f"{SUMMARY}.next_due_on"
    for name, first, then in (("kept by last entry", last, due), ("kept by due day", due, last)):
        chosen_by = [("state", 1), (f"{SUMMARY}.conditions", 1), (then, 1)]
        keys = [(f"{SUMMARY}.street", 1), (f"{SUMMARY}.held", 1), (first, 1), ("_id", 1), *chosen_by]
        await make_index(archives, keys, name=name)
    for name, day in (("due", f"{SUMMARY}.next_due_on"), ("catch up", f"{SUMMARY}.catch_up_on")):
        for place in ("street", "district"):
            keys = [(f"{SUMMARY}.{place}", 1), (day, 1), ("_id", 1)]
            await make_index(archives, keys, name=f"{name} by {place}", partialFilterExpression={day: _TEXT})
    due_on = f"{SUMMARY}.duties.due_on"
    await make_index(archives, due_on, name="due days", sparse=True)
    recheck, paper = f"{SUMMARY}.recheck_on", f"{SUMMARY}.paper"
    await make_index(archives, recheck, name="recheck", partialFilterExpression={recheck: _TEXT})
    keys = [("street", 1), ("state", 1), (f"{SUMMARY}.last_dynamic_on", 1), ("opened_at", 1)]
    await make_index(archives, keys, name="dead")
    by_street = [(f"{SUMMARY}.street", 1), ("_id", 1)]
    await make_index(archives, by_street, name="paper", partialFilterExpression={paper: _TEXT})


def archive_key(person_id: str, district: str) -> str:
    """Return the id of an archive's row, which is also that of the district's custody row."""
    return f"{person_id}@{district}"


def archive_row(archive: Archive, sequence: int) -> Row:
    """Return the row of an archive."""
    return Row(ARCHIVES, archive_key(archive.person_id, archive.district), sequence, archive.model_dump(mode="json"))


def opened_row(archive: Archive, sequence: int, *, waits: bool) -> Row:
    """Return the row of an archive that was just opened: the street that opened it keeps it.

    With `waits` it is marked as waiting for its first summary; most newcomers need none.
    """
    row = archive_row(archive, sequence)
    kept = {"street": archive.street, "district": archive.district, "held": True}
    return row._replace(fields={**row.fields, SUMMARY: kept, **({WAITS: True} if waits else {})})


def entry_row(entry: Entry, sequence: int) -> Row:
    """Return the row of an entry, with the marks by which equal entries of many people are found."""
    marks = marks_of(entry)
    alike = {"alike": marks.now, "ever_alike": marks.ever}
    return Row(ENTRIES, entry.entry_id, sequence, {**entry.model_dump(mode="json", exclude={"entry_id"}), **alike})


def copy_row(entry: Entry, by: str, to: str, sequence: int) -> Row:
    """Return the row of an entry that one district forwarded to another."""
    fields = {"person_id": entry.person_id, "by": by, "to": to, "entry": entry.model_dump(mode="json")}
    return Row(COPIES, f"{entry.entry_id}@{by}>{to}", sequence, fields)


def enrolment_row(enrolment: Enrolment, sequence: int) -> Row:
    """Return the row of an enrolment."""
    row_id = f"{enrolment.person_id}:{enrolment.condition}@{enrolment.district}"
    return Row(ENROLMENTS, row_id, sequence, enrolment.model_dump(mode="json"))


def custody_row(custody: Custody, sequence: int) -> Row:
    """Return the row of a district's custody of an archive, with the moment of its newest receipt."""
    fields = custody.model_dump(mode="json")
    receipts = [*fields["receipts"], *([fields["filed"]] if fields["filed"] else [])]
    fields["answered_at"] = max((receipt["answered_at"] for receipt in receipts), default=None)
    return Row(CUSTODIES, archive_key(custody.person_id, custody.district), sequence, fields)


def stay_row(stay: Stay, sequence: int) -> Row:
    """Return the row of a stay: where and when somebody lives there, nothing else of it."""
    return Row(STAYS, stay.stay_id, sequence, stay.model_dump(mode="json", include=_STAY_FIELDS))


def person_row(person: Person, sequence: int) -> Row:
    """Return the row of what a district knows of a person, with all ids that this one was ever merged with."""
    ids = sorted({person.person_id, *person.linked})
    fields = {**person.model_dump(mode="json"), "ids": ids}
    return Row(PEOPLE, archive_key(person.person_id, person.district), sequence, fields)


def read_entry(row: Mapping[str, Any]) -> Entry:
    """Return the entry that a row holds."""
    return Entry.model_validate({**row, "entry_id": row["_id"]})
