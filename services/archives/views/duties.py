"""Duty lists of a street or district, overdue first, read by an index."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from pydantic import BaseModel

from contracts.archives.enrolments import Duty
from contracts.reference.divisions import Area
from services.archives.views.rows import ARCHIVES
from services.archives.views.summaries import Chart
from services.runtime.mongo import Database, Document, in_areas

# --- what is asked for


class DueArchive(BaseModel):
    """One person of a duty list: what is due up to the day asked for, soonest first."""

    person_id: str
    street: str
    next_due_on: date
    duties: list[Duty]


class DutyPage(BaseModel):
    """A page of a duty list, overdue first, and the cursor of the next."""

    people: list[DueArchive]
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class DutyQuery:
    """Which duties are asked for: where, until which day, from where on; with `catch_up` only vaccinations missed."""

    areas: Sequence[Area]
    until: date
    cursor: str = ""
    limit: int = 100
    catch_up: bool = False

    @property
    def by(self) -> str:
        """Name the day that the list goes by."""
        return "catch_up_on" if self.catch_up else "next_due_on"

    @property
    def index(self) -> str:
        """Name the index that the list goes by."""
        return f"{'catch up' if self.catch_up else 'due'} by {self.place}"

    @property
    def place(self) -> str:
        """Name what the list is of: a district, or streets."""
        return place_of(self.areas)


def place_of(areas: Sequence[Area]) -> str:
    """Name what some areas are: districts, or streets."""
    return "district" if _are_of_length(areas, 6) else "street"


def in_places(areas: Sequence[Area]) -> Document:
    """Ask for places by their codes, of which an index gives each in order; else by their beginnings."""
    if _are_of_length(areas, 6) or _are_of_length(areas, 9):
        return {"$in": [area.prefix for area in areas]}
    return in_areas(areas)


def _are_of_length(areas: Sequence[Area], digits: int) -> bool:
    return all(len(area.prefix) == digits and not area.without for area in areas)


async def list_duties(database: Database, asked: DutyQuery) -> DutyPage:
    """List who is owed something in a street or district, overdue first."""
    rows: list[Document] = []
    for part, order in _parts(asked):
        wanted = asked.limit + 1 - len(rows)
        if wanted:
            query = {f"chart.{asked.place}": in_places(asked.areas), **part}
            found = database[ARCHIVES].find(query, {"person_id": 1, "chart": 1}, hint=asked.index)
            rows += await found.sort(order).limit(wanted).to_list(wanted)
    last = rows[asked.limit - 1] if len(rows) > asked.limit else None
    people = [_due(row, asked) for row in rows[: asked.limit]]
    return DutyPage(people=people, cursor=f"{last['chart'][asked.by]}|{last['_id']}" if last else None)


def _parts(asked: DutyQuery) -> list[tuple[Document, list[tuple[str, int]]]]:
    """Ask for the rest of the day at which the last page ended, then for the days after it: a stretch of index each.

    Both at once (by `$or`) would read the whole day anew for each page. Gives each query with its order.
    """
    day, _, key = asked.cursor.partition("|")
    by_day = [(f"chart.{asked.by}", 1), ("_id", 1)]
    until: Document = {"$lte": asked.until.isoformat(), "$type": "string"}
    if not asked.cursor:
        return [({f"chart.{asked.by}": until}, by_day)]
    rest_of_day = {f"chart.{asked.by}": {**until, "$eq": day}, "_id": {"$gt": key}}
    return [(rest_of_day, [("_id", 1)]), ({f"chart.{asked.by}": {**until, "$gt": day}}, by_day)]


def _due(row: Document, asked: DutyQuery) -> DueArchive:
    chart = Chart.model_validate(row["chart"])
    days = ((duty.catch_up_on if asked.catch_up else duty.due_on, duty) for duty in chart.duties)
    due = [duty for day, duty in days if day and day <= asked.until]
    return DueArchive(
        person_id=row["person_id"], street=chart.street, next_due_on=min(duty.due_on for duty in due), duties=due
    )
