"""Tracing: where a person went is derived again when a fact about the person arrives."""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import chain

from contracts.archives.archives import ArchiveState
from contracts.registration.notices import AnswerState, NoticeKind, NoticeState
from contracts.registration.people import Person, ever_linked
from contracts.registration.stays import StayState
from services.reporting.domain.traces import Claim, Known, trace
from services.reporting.views.traces import (
    find_answers,
    find_archives_of,
    find_moving,
    find_notices_of,
    find_people,
    find_stays_of,
    write_traces,
)
from services.runtime.mongo import Database, Document


@dataclass(frozen=True, slots=True)
class Rows:
    """All rows about a group of ids that may be one person."""

    people: list[Document]
    stays: list[Document]
    notices: list[Document]
    answers: list[Document]
    archives: list[Document]

    @property
    def version(self) -> int:
        """Return a number that grows with every fact about these people."""
        rows = chain(self.people, self.stays, self.notices, self.answers, self.archives)
        return sum(row["sequence"] for row in rows)


async def trace_people(database: Database, moved: Collection[str], archived: Collection[str]) -> None:
    """Derive and write the traces of people with new facts, unless all that is known of them is one stay.

    `moved` are the people whose stays, notices, answers or records changed, `archived` those whose archives did.

    Call it after the rows are written: then the process that comes last reads all of them. One that read less has a
    lower version and is overwritten, or does not write. Ids that were ever linked are read together, so that versions
    only grow.
    """
    people, moving = await asyncio.gather(find_people(database, {*moved, *archived}), find_moving(database, moved))
    linked = ever_linked(map(Person.model_validate, people))
    groups = {linked.get(person_id, frozenset({person_id})) for person_id in {*moving, *linked}}
    if not groups:
        return
    found = await _read(database, groups, people)
    await write_traces(database, [(trace(as_known(rows)), rows.version) for rows in found])


def as_known(rows: Rows) -> Known:
    """Return rows as the knowledge that traces are derived from."""
    confirmed = {row["_id"]: row for row in rows.answers if row["state"] == AnswerState.CONFIRMED}
    standing = [row for row in rows.notices if row["state"] == NoticeState.SENT and row["stay_id"]]
    return Known(
        stays=[_claim(row, row["_id"], row["district"], row.get("recorded_at", "")) for row in rows.stays],
        people=[Person.model_validate(row) for row in rows.people],
        elsewhere=[
            _claim(row, row["stay_id"], row["sender"][:6], row["sent_at"])
            for row in standing
            if row["kind"] == NoticeKind.ARRIVAL and row["started_on"]
        ],
        arrived={
            row["stay_id"]: date.fromisoformat(confirmed[row["_id"]]["answered_on"])
            for row in standing
            if row["kind"] == NoticeKind.DEPARTURE and row["_id"] in confirmed
        },
        archives={(row["person_id"], row["district"]) for row in rows.archives if row["state"] == ArchiveState.OPEN},
    )


def _claim(row: Document, stay_id: str, district: str, recorded_at: str) -> Claim:
    return Claim(
        stay_id=stay_id,
        person_id=row["person_id"],
        district=district,
        started_on=date.fromisoformat(row["started_on"]),
        recorded_at=recorded_at,
        stands=row["state"] != StayState.RETRACTED,
    )


async def _read(database: Database, groups: Collection[frozenset[str]], people: Iterable[Document]) -> list[Rows]:
    everyone = list(chain.from_iterable(groups))
    linked = list(chain.from_iterable(group for group in groups if len(group) > 1))
    stays, notices, archives = await asyncio.gather(
        find_stays_of(database, everyone),
        find_notices_of(database, everyone),
        find_archives_of(database, linked),
    )
    answers = await find_answers(database, [row["_id"] for row in notices])
    found = [_by_person(rows) for rows in (people, stays, notices, answers, archives)]
    return [
        Rows(*([row for person_id in group for row in each.get(person_id, ())] for each in found)) for group in groups
    ]


def _by_person(rows: Iterable[Document]) -> Mapping[str, list[Document]]:
    found: dict[str, list[Document]] = defaultdict(list)
    for row in rows:
        found[row["person_id"]].append(row)
    return found
