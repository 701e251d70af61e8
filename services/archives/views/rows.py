"""The rows that archives keeps of what it hears, one per stream, and their indexes."""

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

_LIVED = {"stay_id", "person_id", "street", "started_on", "recorded_at", "state", "ended_on", "unverified"}
WAITS = "waits_for_chart"
_CHARTED: Document = {"chart.sequence": {"$exists": True}}


async def prepare(database: Database) -> None:
    """Make the indexes that the queries below need."""
    archives = database[ARCHIVES]
    await make_index(archives, [("street", 1), ("_id", 1)], name="street")
    await make_index(archives, "person_id", name="person")
    await make_index(archives, WAITS, name="waiting", partialFilterExpression={WAITS: True})
    await make_index(archives, "code", name="code", partialFilterExpression={"code": {"$type": "string"}})
    await make_index(archives, "aliases.code", name="alias", sparse=True)
    for place in ("street", "district"):
        await make_index(
            archives,
            [(f"chart.{place}", 1), ("chart.next_due_on", 1), ("_id", 1)],
            name=f"due by {place}",
            partialFilterExpression={"chart.next_due_on": {"$type": "string"}},
        )
        await make_index(
            archives,
            [(f"chart.{place}", 1), ("chart.catch_up_on", 1), ("_id", 1)],
            name=f"catch up by {place}",
            partialFilterExpression={"chart.catch_up_on": {"$type": "string"}},
        )
    await make_index(
        archives, "chart.recheck_on", name="recheck", partialFilterExpression={"chart.recheck_on": {"$type": "string"}}
    )
    await make_index(
        archives, [("street", 1), ("state", 1), ("chart.last_dynamic_on", 1), ("opened_at", 1)], name="dead"
    )
    await make_index(
        archives,
        [("street", 1), ("_id", 1)],
        name="paper",
        partialFilterExpression={"chart.paper": {"$type": "string"}},
    )
    await make_index(database[ENTRIES], [("person_id", 1), ("measured_at", 1)], name="person")
    await make_index(database[ENTRIES], "ever_alike", name="alike")
    await make_index(database[COPIES], "person_id", name="person")
    await make_index(database[ENROLMENTS], "person_id", name="person")
    await make_index(database[CUSTODIES], "person_id", name="person")
    await make_index(
        database[CUSTODIES], "offer.offered_at", name="waiting", partialFilterExpression={"offer.state": "open"}
    )
    await make_index(database[CUSTODIES], [("offer.to", 1), ("_id", 1)], name="offered to", sparse=True)
    await make_index(database[STAYS], [("person_id", 1), ("street", 1)], name="person")
    await make_index(database[PEOPLE], "ids", name="ids")


# --- rows


def archive_key(person_id: str, district: str) -> str:
    """Name an archive's row, and that of a district's custody."""
    return f"{person_id}@{district}"


def archive_row(archive: Archive, sequence: int, *, waits: bool = False) -> Row:
    """Make the row of an archive; `waits` for a chart if it is new and something is due by age."""
    fields = archive.model_dump(mode="json")
    if waits:
        fields[WAITS] = True
    return Row(ARCHIVES, archive_key(archive.person_id, archive.district), sequence, fields)


def entry_row(entry: Entry, sequence: int) -> Row:
    """Make the row of an entry, with what makes it alike to others."""
    marks = marks_of(entry)
    alike = {"alike": marks.now, "ever_alike": marks.ever}
    return Row(ENTRIES, entry.entry_id, sequence, {**entry.model_dump(mode="json", exclude={"entry_id"}), **alike})


def copy_row(entry: Entry, by: str, to: str, sequence: int) -> Row:
    """Make the row of an entry that one district sent on to another."""
    fields = {"person_id": entry.person_id, "by": by, "to": to, "entry": entry.model_dump(mode="json")}
    return Row(COPIES, f"{entry.entry_id}@{by}>{to}", sequence, fields)


def enrolment_row(enrolment: Enrolment, sequence: int) -> Row:
    """Make the row of an enrolment."""
    row_id = f"{enrolment.person_id}:{enrolment.condition}@{enrolment.district}"
    return Row(ENROLMENTS, row_id, sequence, enrolment.model_dump(mode="json"))


def custody_row(custody: Custody, sequence: int) -> Row:
    """Make the row of what a district says about custody."""
    return Row(CUSTODIES, archive_key(custody.person_id, custody.district), sequence, custody.model_dump(mode="json"))


def stay_row(stay: Stay, sequence: int) -> Row:
    """Make the row of a stay: where somebody lives, and no more of it."""
    return Row(STAYS, stay.stay_id, sequence, stay.model_dump(mode="json", include=_LIVED))


def person_row(person: Person, sequence: int) -> Row:
    """Make the row of what a district knows of a person, with all ids that ever were the same person's."""
    ids = sorted({person.person_id, *person.linked})
    fields = {**person.model_dump(mode="json"), "ids": ids}
    return Row(PEOPLE, archive_key(person.person_id, person.district), sequence, fields)


def read_entry(row: Mapping[str, Any]) -> Entry:
    """Read an entry's row."""
    return Entry.model_validate({**row, "entry_id": row["_id"]})
