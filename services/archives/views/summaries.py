"""Each archive's summary as it is stored: the open duties, the last dynamic record, who keeps the archive.

It is worked out anew whenever something is heard of the person; one that knew less never replaces one that knew more.
It stands inside the archive's row, so that lists per street are read by an index, however many archives there are.
"""

from collections.abc import Mapping
from datetime import date

from pydantic import BaseModel
from pymongo import UpdateOne

from contracts.archives.archives import Archive
from contracts.archives.enrolments import Duty
from services.archives.domain.quality import QualityFinding
from services.archives.views.rows import ARCHIVES, SUMMARY, WAITS, archive_key
from services.runtime.mongo import Database, bulk_write


class Summary(BaseModel):
    """What follows for one archive: where its person lives now, what is due, when something was last done.

    `conditions` are those for which the person is managed, in one text: an index with a list in it merges no orders.
    `paper` is how paper and electronic archive differ; `recheck_on` is the day on which a duty lapses, so that the
    summary changes without news. `found` are the marks by which `findings` are listed.
    """

    street: str
    district: str
    held: bool
    duties: list[Duty] = []
    next_due_on: date | None = None
    catch_up_on: date | None = None
    recheck_on: date | None = None
    last_dynamic_on: date | None = None
    conditions: str = ""
    entries: int = 0
    paper: str | None = None
    findings: list[QualityFinding] = []
    found: list[str] = []


async def write_summaries(database: Database, summaries: Mapping[str, tuple[int, Summary]]) -> None:
    """Write summaries by archive key, each with its sequence; those of a lower sequence are replaced, others stay."""
    await bulk_write(
        database[ARCHIVES],
        [
            UpdateOne(
                {"_id": key, f"{SUMMARY}.sequence": {"$not": {"$gte": sequence}}},
                {"$set": {SUMMARY: {**summary.model_dump(mode="json"), "sequence": sequence}}, "$unset": {WAITS: 1}},
            )
            for key, (sequence, summary) in summaries.items()
        ],
    )


async def find_waiting_for_summary(database: Database, limit: int) -> list[Archive]:
    """Return at most `limit` new archives that wait for their first summary."""
    waiting = database[ARCHIVES].find({WAITS: True}, hint="waiting").limit(limit)
    return [Archive.model_validate(row) async for row in waiting]


async def find_to_recheck(database: Database, today: date, turning: tuple[date, date], limit: int) -> list[str]:
    """Return people whose duties change with the day: one lapsed, or, born in a range of days, they turned elderly.

    At most `limit` of each kind; the second kind are those who have no summary yet.
    """
    due = {f"{SUMMARY}.recheck_on": {"$lte": today.isoformat(), "$type": "string"}}
    lapsed = database[ARCHIVES].find(due, {"person_id": 1}, hint="recheck")
    people = [row["person_id"] async for row in lapsed.limit(limit)]
    born = {"$gte": turning[0].isoformat(), "$lte": turning[1].isoformat()}
    without_summary = {"birth": born, "state": "open", f"{SUMMARY}.sequence": {"$exists": False}}
    elderly = database[ARCHIVES].find(without_summary, {"person_id": 1}).limit(limit)
    return [*people, *[row["person_id"] async for row in elderly]]


async def find_summary(database: Database, person_id: str, district: str) -> Summary | None:
    """Return the summary of a district's archive of a person; None if there is none yet."""
    row = await database[ARCHIVES].find_one({"_id": archive_key(person_id, district)}, {SUMMARY: 1})
    return Summary.model_validate(row[SUMMARY]) if row and SUMMARY in row else None
