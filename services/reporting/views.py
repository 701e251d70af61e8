"""What reporting reads: one row per stay, notice, answer, person, archive and so on, and what is counted of them."""

from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from pydantic import BaseModel
from pymongo import UpdateMany, UpdateOne

from contracts.archives import Archive, ArchiveState
from contracts.divisions import Area
from contracts.entries import Entry
from contracts.outreach import Activity
from contracts.registration import DestinationKind, Ending, Stay, StayState
from contracts.transfers import (
    Answer,
    AnswerState,
    Conflict,
    Notice,
    NoticeKind,
    NoticeState,
    Person,
    RejectionReason,
)
from services.reporting.domain.scores import Exchange
from services.reporting.domain.traces import Trace
from services.runtime.clock import day_of
from services.runtime.mongo import Database, Document, Row, and_in, bulk_write, find_connected, in_areas, make_index

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


class StreetDay(BaseModel):
    """What moved in one street on one day: arrivals that stand, departures (some of them by default), deaths."""

    street: str
    day: date
    inflow: int = 0
    outflow: int = 0
    by_default: int = 0
    deaths: int = 0


class StreetTotals(BaseModel):
    """A street at the end of the period: who lives there, who left it and is not found, and what moved in the period.

    `archive_rate` 建档率 is residents with an archive over residents, from 0 to 1; None where nobody lives.
    """

    street: str
    name: str | None
    residents: int = 0
    archived: int = 0
    contested: int = 0
    in_transit: int = 0
    lost: int = 0
    inflow: int = 0
    outflow: int = 0
    by_default: int = 0
    deaths: int = 0
    archive_rate: float | None


async def prepare(database: Database) -> None:
    """Make the indexes that the counts below need."""
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
    """Make the row of a stay."""
    counted = stay.model_dump(mode="json", include=_COUNTED)
    return Row(STAYS, stay.stay_id, sequence, {**counted, "district": stay.district})


def archive_row(archive: Archive, sequence: int) -> Row:
    """Make the row of an archive: that there is one, not what it says."""
    fields = {"person_id": archive.person_id, "district": archive.district, "street": archive.street}
    row_id = f"{archive.person_id}@{archive.district}"
    return Row(ARCHIVES, row_id, sequence, {**fields, "state": archive.state.value})


def entry_row(entry: Entry, sequence: int) -> Row:
    """Make the row of an entry: that it was made, not what it says."""
    fields = entry.model_dump(mode="json", include={"person_id", "street", "measured_at", "state"})
    return Row(ENTRIES, entry.entry_id, sequence, {**fields, "kind": entry.content.kind})


def activity_row(activity: Activity, sequence: int) -> Row:
    """Make the row of an activity."""
    return Row(ACTIVITIES, activity.activity_id, sequence, activity.model_dump(mode="json", exclude={"activity_id"}))


def notice_row(notice: Notice, sequence: int) -> Row:
    """Make the row of a notice, with the statutory day it was sent on."""
    fields = notice.model_dump(mode="json", include=_SCORED)
    return Row(NOTICES, notice.notice_id, sequence, {**fields, "sent_on": day_of(notice.sent_at).isoformat()})


def answer_row(answer: Answer, sequence: int) -> Row:
    """Make the row of an answer, with the statutory days of receipt and feedback."""
    fields = answer.model_dump(mode="json", include={"person_id", "answerer", "state", "reason"})
    days = {
        "received_on": day_of(answer.received_at).isoformat(),
        "answered_on": day_of(answer.answered_at).isoformat() if answer.answered_at else None,
    }
    return Row(ANSWERS, answer.notice_id, sequence, {**fields, **days})


def person_row(person: Person, sequence: int) -> Row:
    """Make the row of what a district knows of a person, with all ids that ever were the same person's."""
    fields = person.model_dump(mode="json")
    ids = sorted({person.person_id, *person.linked, *([person.merged_into] if person.merged_into else [])})
    return Row(PEOPLE, f"{person.person_id}@{person.district}", sequence, {**fields, "ids": ids})


def conflict_row(conflict: Conflict, sequence: int) -> Row:
    """Make the row of a conflict as a district keeps it."""
    fields = conflict.model_dump(mode="json")
    return Row(CONFLICTS, f"{conflict.conflict_id}@{conflict.district}", sequence, fields)


def link(archive: Mapping[str, Any], sequence: int) -> UpdateMany:
    """Copy onto the person's stays in the district that they have an archive there, unless a newer fact did."""
    stays = {
        "person_id": archive["person_id"],
        "district": archive["district"],
        "archive_sequence": {"$not": {"$gte": sequence}},
    }
    linked = {"archived": archive["state"] == ArchiveState.OPEN, "archive_sequence": sequence}
    return UpdateMany(stays, {"$set": linked})


async def link_archives(database: Database, opened: Iterable[Row], arrived: Iterable[tuple[str, str]]) -> None:
    """Link archives that were just heard of to stays, and stays of (person, district) to archives that were there.

    Called after the rows of both sides are written, so whichever of the two comes last finds the other.
    """
    links = [link(row.fields, row.sequence) for row in opened]
    names = [f"{person}@{district}" for person, district in arrived]
    if names:
        found = database[ARCHIVES].find({"_id": {"$in": names}})
        links += [link(archive, archive["sequence"]) async for archive in found]
    if links:
        await database[STAYS].bulk_write(links, ordered=False)


async def find_people(database: Database, ids: Collection[str]) -> list[Document]:
    """Find what is known of people and of all who were ever linked to them, at any remove."""
    return await find_connected(database[PEOPLE], ids)


async def find_moving(database: Database, ids: Collection[str]) -> set[str]:
    """Find those of the people of whom more than one stay is known, or a notice."""
    if not ids:
        return set()
    among = {"$match": {"person_id": {"$in": list(ids)}}}
    stages: list[Document] = [
        among,
        {"$group": {"_id": "$person_id", "stays": {"$sum": 1}}},
        {"$match": {"stays": {"$gt": 1}}},
        and_in(NOTICES, among, {"$project": {"_id": "$person_id"}}),
    ]
    return {row["_id"] async for row in database[STAYS].aggregate(stages, hint="person")}


async def find_stays_of(database: Database, ids: Sequence[str]) -> list[Document]:
    """Find the stays of people."""
    return await database[STAYS].find({"person_id": {"$in": ids}}, hint="person").to_list(None)


async def find_notices_of(database: Database, ids: Sequence[str]) -> list[Document]:
    """Find the notices about people."""
    return await database[NOTICES].find({"person_id": {"$in": ids}}, hint="person").to_list(None)


async def find_archives_of(database: Database, ids: Sequence[str]) -> list[Document]:
    """Find the archives of people, one for each district."""
    within = [{"_id": {"$gte": f"{one}@", "$lt": f"{one}A"}} for one in ids]
    return await database[ARCHIVES].find({"$or": within}).to_list(None) if within else []


async def find_answers(database: Database, notice_ids: Sequence[str]) -> list[Document]:
    """Find the answers to notices."""
    return await database[ANSWERS].find({"_id": {"$in": notice_ids}}).to_list(None) if notice_ids else []


async def write_traces(database: Database, traced: Iterable[tuple[Mapping[str, Trace], int]]) -> None:
    """Write onto stays where their trace goes, unless somebody who knew more did already."""
    await bulk_write(
        database[STAYS],
        [
            UpdateOne(
                {"_id": stay_id, "traced": {"$not": {"$gte": version}}},
                {
                    "$set": {
                        "traced": version,
                        "found_on": found.found_on.isoformat() if found.found_on else None,
                        "archived_otherwise": found.archived_otherwise,
                    }
                },
            )
            for traces, version in traced
            for stay_id, found in traces.items()
        ],
    )


async def count_days(database: Database, areas: Sequence[Area], since: date, until: date) -> list[StreetDay]:
    """Count what moved in each street of a division on each day of a period, both days included."""
    begun: Document = {"inflow": {"$sum": 1}}
    over: Document = {
        "outflow": {"$sum": {"$cond": [{"$eq": ["$ending", Ending.DIED]}, 0, 1]}},
        "deaths": {"$sum": {"$cond": [{"$eq": ["$ending", Ending.DIED]}, 1, 0]}},
        "by_default": {"$sum": {"$cond": [{"$eq": ["$ending", Ending.BY_DEFAULT]}, 1, 0]}},
    }
    moved: dict[tuple[str, str], Document] = {}
    for field, counts in (("started_on", begun), ("ended_on", over)):
        stages: list[Document] = [
            {
                "$match": {
                    field: {"$gte": since.isoformat(), "$lte": until.isoformat()},
                    "street": in_areas(areas),
                    "state": {"$ne": StayState.RETRACTED.value},
                }
            },
            {"$group": {"_id": {"street": "$street", "day": f"${field}"}, **counts}},
        ]
        async for found in database[STAYS].aggregate(stages):
            key = found.pop("_id")
            moved.setdefault((key["street"], key["day"]), {}).update(found)
    return [
        StreetDay.model_validate({"street": street, "day": day, **counts})
        for (street, day), counts in sorted(moved.items())
    ]


async def count_standing(database: Database, areas: Sequence[Area], on: date) -> dict[str, Document]:
    """Count for each street at the end of a day who lives there, who of them has an archive now, who is contested.

    A stay that is contested now counts as no resident at any day: whether it is over, and since when, is not settled.
    """
    day = on.isoformat()
    lives = {"$ne": ["$state", StayState.CONTESTED.value]}
    archived = {"$or": [{"$eq": ["$archived", True]}, {"$eq": ["$archived_otherwise", True]}]}
    stages: list[Document] = [
        {
            "$match": {
                "street": in_areas(areas),
                "started_on": {"$lte": day},
                "$or": [
                    {"state": {"$in": [StayState.OPEN.value, StayState.CONTESTED.value]}},
                    {"state": StayState.ENDED.value, "ended_on": {"$gt": day}},
                ],
            }
        },
        {
            "$group": {
                "_id": "$street",
                "residents": {"$sum": {"$cond": [lives, 1, 0]}},
                "archived": {"$sum": {"$cond": [{"$and": [lives, archived]}, 1, 0]}},
                "contested": {"$sum": {"$cond": [lives, 0, 1]}},
            }
        },
    ]
    return await _by_street(database, stages)


async def count_unplaced(database: Database, areas: Sequence[Area], on: date) -> dict[str, Document]:
    """Count for each street who left it and is nowhere known to be at the end of a day: in transit, or lost.

    Whoever went abroad is not looked for.
    """
    day = on.isoformat()
    lost = {"$and": [{"$ne": [{"$ifNull": ["$trace_lost_on", None]}, None]}, {"$lte": ["$trace_lost_on", day]}]}
    left: Document = {
        "state": StayState.ENDED.value,
        "street": in_areas(areas),
        "ended_on": {"$lte": day},
        "ending": {"$in": [None, Ending.DEPARTED.value]},
        "destination_kind": {"$ne": DestinationKind.EXTERNAL.value},
    }
    stages: list[Document] = [
        {"$match": {"$or": [{**left, "found_on": None}, {**left, "found_on": {"$gt": day}}]}},
        {
            "$group": {
                "_id": "$street",
                "in_transit": {"$sum": {"$cond": [lost, 0, 1]}},
                "lost": {"$sum": {"$cond": [lost, 1, 0]}},
            }
        },
    ]
    return await _by_street(database, stages, hint="unplaced")


async def find_exchanges(
    database: Database, areas: Sequence[Area], since: date, until: date
) -> AsyncIterator[Exchange]:
    """Find the notices that a division sent or was sent in a period, each with its answer and the sender's stay."""
    sent = {"$gte": since.isoformat(), "$lte": until.isoformat()}
    stages: list[Document] = [
        {"$match": {"$or": [{side: in_areas(areas), "sent_on": sent} for side in ("sender", "addressee")]}},
        {"$lookup": {"from": ANSWERS, "localField": "_id", "foreignField": "_id", "as": "answer"}},
        {"$lookup": {"from": STAYS, "localField": "stay_id", "foreignField": "_id", "as": "stay"}},
    ]
    async for row in database[NOTICES].aggregate(stages):
        yield _exchange(row)


def _exchange(row: Document) -> Exchange:
    answer = row["answer"][0] if row["answer"] else {}
    stay = row["stay"][0] if row["stay"] else {}
    return Exchange(
        sender=row["sender"],
        addressee=row["addressee"],
        kind=NoticeKind(row["kind"]),
        receipt_due=date.fromisoformat(row["receipt_due"]),
        answer_due=date.fromisoformat(row["answer_due"]),
        completes_on=_day(row["completes_on"]),
        withdrawn=row["state"] == NoticeState.WITHDRAWN,
        received_on=_day(answer.get("received_on")),
        answered_on=_day(answer.get("answered_on")),
        state=AnswerState(answer["state"]) if answer else None,
        reason=RejectionReason(answer["reason"]) if answer.get("reason") else None,
        registration_due=_day(stay.get("registration_due")),
        registered_on=day_of(datetime.fromisoformat(stay["recorded_at"])) if stay.get("recorded_at") else None,
    )


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


async def _by_street(database: Database, stages: Sequence[Document], **options: str) -> dict[str, Document]:
    found = database[STAYS].aggregate(list(stages), **options)
    return {row.pop("_id"): row async for row in found}
