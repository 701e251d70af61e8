"""Each archive's summary: the open duties, the last dynamic record, who is in charge.

It is worked out anew whenever something is heard of the person, guarded by how much was known when it was worked out.
It stands inside the archive's row, so that lists per street are read by an index, however many archives there are.
"""

from collections.abc import Iterable, Mapping
from datetime import date

from pydantic import BaseModel
from pymongo import UpdateOne

from contracts.archives.archives import Archive
from contracts.archives.enrolments import Duty
from services.archives.domain.quality import Finding
from services.archives.views.rows import _CHARTED, ARCHIVES, WAITS, archive_key
from services.runtime.mongo import Database, bulk_write


async def find_charted(database: Database, person_ids: Iterable[str]) -> set[str]:
    """Find those of the people of whose archives one has a chart."""
    query = {"person_id": {"$in": list(person_ids)}, **_CHARTED}
    return {row["person_id"] async for row in database[ARCHIVES].find(query, {"person_id": 1}, hint="person")}


# --- charts


class Chart(BaseModel):
    """What follows for one archive: where its person lives now, what is due, when something was last done.

    `paper` says how paper and electronic archive differ; `recheck_on` is the day on which all this may change by
    itself, since a duty lapses.
    """

    street: str
    district: str
    held: bool
    duties: list[Duty] = []
    next_due_on: date | None = None
    catch_up_on: date | None = None
    recheck_on: date | None = None
    last_dynamic_on: date | None = None
    entries: int = 0
    paper: str | None = None
    findings: list[Finding] = []
    found: list[str] = []


async def write_charts(database: Database, charts: Mapping[str, tuple[int, Chart]]) -> None:
    """Write charts, by archive and with how much was known, over those for which less was."""
    await bulk_write(
        database[ARCHIVES],
        [
            UpdateOne(
                {"_id": key, "chart.sequence": {"$not": {"$gte": sequence}}},
                {"$set": {"chart": {**chart.model_dump(mode="json"), "sequence": sequence}}, "$unset": {WAITS: 1}},
            )
            for key, (sequence, chart) in charts.items()
        ],
    )


async def find_waiting_for_chart(database: Database, limit: int) -> list[Archive]:
    """Find new archives that wait for their first chart."""
    waiting = database[ARCHIVES].find({WAITS: True}, hint="waiting").limit(limit)
    return [Archive.model_validate(row) async for row in waiting]


async def find_to_recheck(database: Database, today: date, turning: tuple[date, date], limit: int) -> list[str]:
    """Find people whose duties change by the day: one lapsed, or a birthday in a range of days made them elderly."""
    lapsed = database[ARCHIVES].find(
        {"chart.recheck_on": {"$lte": today.isoformat()}}, {"person_id": 1}, hint="recheck"
    )
    people = [row["person_id"] async for row in lapsed.limit(limit)]
    born = {"$gte": turning[0].isoformat(), "$lte": turning[1].isoformat()}
    uncharted = {"birth": born, "state": "open", "chart.sequence": {"$exists": False}}
    elderly = database[ARCHIVES].find(uncharted, {"person_id": 1}).limit(limit)
    return [*people, *[row["person_id"] async for row in elderly]]


async def find_chart(database: Database, person_id: str, district: str) -> Chart | None:
    """Find the chart of an archive."""
    row = await database[ARCHIVES].find_one({"_id": archive_key(person_id, district)}, {"chart": 1})
    return Chart.model_validate(row["chart"]) if row and "chart" in row else None
