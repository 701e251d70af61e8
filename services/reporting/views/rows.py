"""The rows of reporting, one per stream, each with its earlier versions, and the reading of those about people."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from pymongo import InsertOne, UpdateOne

from contracts.archives.archives import Archive
from contracts.archives.contents import PhysicalExam
from contracts.archives.enrolments import Enrolment
from contracts.archives.entries import Entry
from contracts.envelope import render_time
from contracts.outreach.activities import Activity
from contracts.reference.calendar import day_of
from contracts.registration.conflicts import Conflict
from contracts.registration.notices import Answer, Notice
from contracts.registration.people import Person
from contracts.registration.stays import Stay
from services.reporting.domain.person import Rows
from services.runtime.mongo import Database, Document, Row, bulk_write, find_together, make_index

STAYS = "stays"
ARCHIVES = "archives"
ENTRIES = "entries"
ENROLMENTS = "enrolments"
ACTIVITIES = "activities"
NOTICES = "notices"
ANSWERS = "answers"
PEOPLE = "people"
CONFLICTS = "conflicts"

ABOUT_PEOPLE = (STAYS, NOTICES, ANSWERS, ARCHIVES, ENTRIES, ENROLMENTS)
"""Where the rows about a person lie under `person_id`."""

_COUNTED = {
    "person_id", "street", "started_on", "ended_on", "state", "birth", "sex", "hukou_division", "origin",
    "destination", "purpose", "recorded_at", "ending", "destination_kind", "trace_lost_on", "categories",
    "registration_due", "community",
}  # fmt: skip
_SCORED = {
    "kind", "person_id", "sender", "addressee", "stay_id", "started_on", "sent_at", "receipt_due", "answer_due",
    "completes_on", "state", "about",
}  # fmt: skip
_MANAGED = {
    "person_id", "condition", "district", "street", "enrolled_on", "ended_on", "ending", "taken_over_from",
}  # fmt: skip
_READ = {
    "mode", "systolic", "diastolic", "fasting_glucose", "first_home_visit", "vaccine", "dose", "stage", "weeks",
    "last_period_on", "delivered_on", "form",
}  # fmt: skip
"""What indicators need of what entries contain."""


async def prepare(database: Database) -> None:
    """Make the indexes that the queries of reporting need."""
    for name in (*ABOUT_PEOPLE, PEOPLE):
        await make_index(database[name], "person_id", name="person")
    await make_index(database[PEOPLE], "ids", name="ids")


def stay_row(stay: Stay, sequence: int) -> Row:
    """Return the row of a stay."""
    return Row(STAYS, stay.stay_id, sequence, stay.model_dump(mode="json", include=_COUNTED))


def archive_row(archive: Archive, sequence: int) -> Row:
    """Return the row of an archive: since when and until when there is one, not what it contains."""
    include = {"person_id", "district", "street", "state", "opened_at", "completed_at", "birth", "sex"}
    closed = archive.closing.closed_on.isoformat() if archive.closing else None
    fields = {**archive.model_dump(mode="json", include=include), "closed_on": closed}
    return Row(ARCHIVES, f"{archive.person_id}@{archive.district}", sequence, fields)


def entry_row(entry: Entry, sequence: int) -> Row:
    """Return the row of an entry: its kind, and of what it contains only what indicators need."""
    fields = entry.model_dump(mode="json", include={"person_id", "street", "measured_at", "state"})
    content = entry.content
    readings = content.model_dump(mode="json", include=_READ, exclude_none=True)
    if isinstance(content, PhysicalExam):
        readings["complete"] = content.guidance_given and not content.missing_tests()
    said = {"said_at": render_time(entry.recorded_at or entry.measured_at)}  # the same wherever it was sent on
    return Row(ENTRIES, entry.entry_id, sequence, {**fields, **said, "kind": content.kind, "readings": readings})


def enrolment_row(enrolment: Enrolment, sequence: int) -> Row:
    """Return the row of an enrolment."""
    row_id = f"{enrolment.person_id}:{enrolment.condition}@{enrolment.district}"
    return Row(ENROLMENTS, row_id, sequence, enrolment.model_dump(mode="json", include=_MANAGED))


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


async def write_versions(database: Database, rows: Iterable[Row], heard_at: datetime) -> None:
    """Write rows so that any order and any repetition results in the newest version, with all others in `earlier`.

    A version heard again keeps the moment at which it was first heard. New rows are inserted, which is the fast path.
    """
    heard = render_time(heard_at)
    found: dict[str, dict[str, dict[int, Document]]] = defaultdict(lambda: defaultdict(dict))
    for row in rows:
        found[row.collection][row.id][row.sequence] = {"sequence": row.sequence, **row.fields, "heard_at": heard}
    for collection, by_id in found.items():
        names = list(by_id)
        known = await bulk_write(database[collection], [InsertOne(_as_row(name, by_id[name])) for name in names])
        await bulk_write(
            database[collection],
            [each for index in known for each in _merge_versions(names[index], by_id[names[index]])],
        )


def _as_row(name: str, versions: Mapping[int, Document]) -> Document:
    newest = max(versions)
    earlier = {str(sequence): version for sequence, version in versions.items() if sequence != newest}
    return {"_id": name, **versions[newest], **({"earlier": earlier} if earlier else {})}


def _merge_versions(name: str, versions: Mapping[int, Document]) -> Iterable[UpdateOne]:
    """Yield the updates of a row that is known: what is newer, what is as new but was kept without `said_at`, the rest.

    Rows without it were written before there were versions, and lack what is counted; facts sent again replace them.
    """
    for sequence, version in sorted(versions.items()):
        now = {"$arrayToObject": [[{"k": {"$toString": "$sequence"}, "v": _WITHOUT_EARLIER}]]}
        yield _replace({"_id": name, "sequence": {"$lt": sequence}}, version, {"$mergeObjects": ["$earlier", now]})
        as_new = {"_id": name, "sequence": sequence, "said_at": {"$exists": False}}
        yield _replace(as_new, version, {"$ifNull": ["$earlier", {}]})
        place = f"earlier.{sequence}"
        missing = {"_id": name, "sequence": {"$gt": sequence}, f"{place}.said_at": {"$exists": False}}
        yield UpdateOne(missing, {"$set": {place: version}})


def _replace(query: Document, version: Document, earlier: Document) -> UpdateOne:
    kept = {"_id": "$_id", "earlier": earlier}
    return UpdateOne(query, [{"$replaceWith": {"$mergeObjects": [{"$literal": version}, kept]}}])


_WITHOUT_EARLIER = {
    "$unsetField": {"field": "_id", "input": {"$unsetField": {"field": "earlier", "input": "$$ROOT"}}},
}


async def find_rows(database: Database, ids: Collection[str]) -> dict[str, list[Document]]:
    """Return, by collection, the rows about people and about all ids ever linked to them that have what is counted.

    Records of people come with them; whoever was never merged is found at the first look.
    """
    people = set(ids)
    while True:
        found = await _read(database, list(people))
        linked = {one for row in found[PEOPLE] for one in row["ids"]}
        if linked <= people:
            return found
        people |= linked


async def _read(database: Database, ids: Sequence[str]) -> dict[str, list[Document]]:
    counted = {"person_id": {"$in": ids}, "said_at": {"$exists": True}}
    return await find_together(database, {PEOPLE: {"ids": {"$in": ids}}, **dict.fromkeys(ABOUT_PEOPLE, counted)})


async def find_by_id(database: Database, collection: str, ids: Sequence[str]) -> list[Document]:
    """Return some rows of a collection."""
    return await database[collection].find({"_id": {"$in": list(ids)}}).to_list(None)


def group_rows(groups: Collection[frozenset[str]], found: Mapping[str, Iterable[Document]]) -> list[Rows]:
    """Return the rows of each group of ids."""
    by_person = [_by_person(found[name]) for name in (PEOPLE, *ABOUT_PEOPLE)]
    return [
        Rows(*([row for person_id in group for row in each.get(person_id, ())] for each in by_person))
        for group in groups
    ]


def _by_person(rows: Iterable[Document]) -> Mapping[str, list[Document]]:
    found: dict[str, list[Document]] = defaultdict(list)
    for row in rows:
        found[row["person_id"]].append(row)
    return found
