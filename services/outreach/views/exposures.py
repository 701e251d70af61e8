"""The rows of exposures to hazards at work, what is due, and of whom registration alone tells."""

from collections.abc import AsyncIterator, Sequence
from datetime import date
from typing import NamedTuple

from contracts.outreach.exposures import HazardExposure, exposure_id
from contracts.reference.divisions import Area
from services.outreach.domain.exposures import Begun, prepared
from services.outreach.views.pages import find_by_id, find_page, in_period
from services.outreach.views.residents import IS_EXPOSED, RESIDENTS, find_arrivals, find_streets_of
from services.runtime.mongo import Database, Document, Row, in_areas, make_index

EXPOSURES = "exposures"
BATCH = 1_000
"""People of whom registration alone tells, looked up at once."""


class Registered(NamedTuple):
    """Somebody of whom registration tells that there is a hazard at work, since the day of arrival."""

    street: str
    person_id: str
    hazard: str
    arrived_on: date
    stay_id: str

    @property
    def exposure_id(self) -> str:
        """Return the id that the exposure has or would have."""
        return exposure_id(self.street, self.person_id, self.hazard)


async def prepare(database: Database) -> None:
    """Make the indexes of exposures by street, and by the day on which they began."""
    await make_index(database[EXPOSURES], [("street", 1), ("_id", 1)], name="street")
    await make_index(database[EXPOSURES], [("street", 1), ("since", 1)], name="since")


def exposure_row(exposure: HazardExposure, sequence: int) -> Row:
    """Return the row of an exposure, with whether the first training for it came in time."""
    fields = exposure.model_dump(mode="json", exclude={"exposure_id"})
    return Row(EXPOSURES, exposure.exposure_id, sequence, {**fields, "prepared": prepared(exposure)})


async def list_exposures(
    database: Database, areas: Sequence[Area], institution_id: str | None, after: str, limit: int
) -> list[HazardExposure]:
    """Return the exposures of areas by street and id, those after a cursor: at one institution, or all."""
    also: Document = {"institution_id": institution_id} if institution_id else {}
    return list(map(_read, await find_page(database, EXPOSURES, areas, after, limit, **also)))


async def list_due(
    database: Database, areas: Sequence[Area], wanted: tuple[str | None, date], after: str, limit: int
) -> list[HazardExposure]:
    """Return the exposures of areas for which training is due by a day: at one institution, or all."""
    institution_id, by = wanted
    also: Document = {"due.due_on": {"$lte": by.isoformat()}}
    if institution_id:
        also["institution_id"] = institution_id
    return list(map(_read, await find_page(database, EXPOSURES, areas, after, limit, **also)))


async def find_living(
    database: Database, areas: Sequence[Area], found: Sequence[HazardExposure]
) -> list[HazardExposure]:
    """Return those of some exposures whose people live in the street."""
    streets = await find_streets_of(database, {one.person_id for one in found}, areas)
    return [one for one in found if streets.get(one.person_id) == one.street]


async def find_begun(database: Database, areas: Sequence[Area], period: tuple[date, date]) -> list[Begun]:
    """Return the exposures of areas that began in a period (both days included)."""
    query = in_period(areas, "since", period)
    shown = {"hazard": 1, "since": 1, "until": 1, "prepared": 1}
    return [
        Begun(row["hazard"], date.fromisoformat(row["since"]), _day(row["until"]), row["prepared"])
        async for row in database[EXPOSURES].find(query, shown, hint="since")
    ]


async def list_registered(database: Database, areas: Sequence[Area], after: str, limit: int) -> list[Registered]:
    """Return who lives in areas with a hazard by what is registered, by street and arrival, those after a cursor."""
    query = {"street": in_areas(areas), **IS_EXPOSED}
    return list(map(_registered, await find_arrivals(database, query, "exposed", after, limit)))


async def leave_out_recorded(database: Database, registered: Sequence[Registered]) -> list[Registered]:
    """Return those of some people of whose exposure nothing is recorded."""
    known = await find_by_id(database, EXPOSURES, [one.exposure_id for one in registered])
    return [one for one in registered if one.exposure_id not in known]


async def find_unrecorded(
    database: Database, areas: Sequence[Area], period: tuple[date, date]
) -> AsyncIterator[Registered]:
    """Yield who came to live in areas in a period, with a hazard of which nothing is recorded beside the arrival."""
    query = {**in_period(areas, "started_on", period), **IS_EXPOSED}
    batch: list[Registered] = []
    async for row in database[RESIDENTS].find(query, _REGISTERED, hint="exposed"):
        batch.append(_registered(row))
        if len(batch) == BATCH:
            for one in await leave_out_recorded(database, batch):
                yield one
            batch = []
    for one in await leave_out_recorded(database, batch):
        yield one


_REGISTERED = {"street": 1, "person_id": 1, "hazard": 1, "started_on": 1}


def _registered(row: Document) -> Registered:
    return Registered(row["street"], row["person_id"], row["hazard"], date.fromisoformat(row["started_on"]), row["_id"])


def _read(row: Document) -> HazardExposure:
    return HazardExposure.model_validate({**row, "exposure_id": row["_id"]})


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
