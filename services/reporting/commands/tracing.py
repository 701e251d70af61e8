"""Tracing: where a person went is worked out anew when something is heard."""

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
    """All rows about some people."""

    people: list[Document]
    stays: list[Document]
    notices: list[Document]
    answers: list[Document]
    archives: list[Document]

    @property
    def version(self) -> int:
        """Number this knowledge: whoever knows more of the same people has a higher one."""
        rows = chain(self.people, self.stays, self.notices, self.answers, self.archives)
        return sum(row["sequence"] for row in rows)


async def trace_people(database: Database, told: Collection[str], kept: Collection[str]) -> None:
    """Trace anew the people of whom something was told, and those whose archives were, where there is more than a stay.

    Called after the rows are written, so whoever comes last reads all of them. Whoever reads less has a lower version
    and is written over, or does not write: the ids that were ever linked are read together, so versions only grow.
    """
    people, moving = await asyncio.gather(find_people(database, {*told, *kept}), find_moving(database, told))
    linked = ever_linked(map(Person.model_validate, people))
    groups = {linked.get(one, frozenset({one})) for one in {*moving, *linked}}
    if not groups:
        return
    found = [(known(rows), rows.version) for rows in await _read(database, groups, people)]
    await write_traces(database, [(trace(each), version) for each, version in found])


def known(rows: Rows) -> Known:
    """Read rows as what is known."""
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
    return [Rows(*([row for one in group for row in each.get(one, ())] for each in found)) for group in groups]


def _by_person(rows: Iterable[Document]) -> Mapping[str, list[Document]]:
    found: dict[str, list[Document]] = defaultdict(list)
    for row in rows:
        found[row["person_id"]].append(row)
    return found
