"""HTTP in: the archives that streets keep, what was entered on a day, and what was measured of a person over time."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from contracts.archives.archives import ArchiveState
from contracts.archives.enrolments import Condition
from services.archives.api.dependencies import Log, Worker
from services.archives.api.reading import Read, find_known_of, grant, note_read
from services.archives.domain.access import ReadAs
from services.archives.domain.readings import Reading, UnknownMeasureError, meaning_of, readings_of
from services.archives.views.entries import EntryPage, list_entries
from services.archives.views.kept import KeptBy, KeptPage, KeptQuery, list_kept
from services.runtime.bodies import Day
from services.runtime.parameters import DistrictOrStreet, Paged, PersonId, ServiceHere
from services.runtime.problems import refuses

router = APIRouter(tags=["archives"])

RecordedOn = Annotated[Day, Field(ge=date(2000, 1, 1), le=date(2099, 12, 31))]
"""A day on which something may have been recorded."""


class Series(BaseModel):
    """What was measured by one measure, oldest first; the unit is one of UCUM, the code one of LOINC."""

    measure: str
    unit: str
    loinc: str | None
    readings: Sequence[Reading]


class MeasuredSeries(BaseModel):
    """The series of a person that were asked for, and as what they are shown."""

    person_id: str
    access: ReadAs
    series: Sequence[Series]


@router.get(
    "/archives/kept", summary="Archives that a street keeps 档案列表", responses=refuses(outside_your_division=403)
)
async def get_kept(
    service: ServiceHere,
    caller: Worker,
    division: DistrictOrStreet,
    page: Paged,
    by: Annotated[KeptBy, Query(description="who had no entry for longest first, or who is due first")] = (
        KeptBy.LAST_ENTRY
    ),
    state: ArchiveState | None = None,
    condition: Annotated[Condition | None, Query(description="for what the person is managed")] = None,
    quiet_since: Annotated[Day | None, Query(description="only who has no entry of that day or later")] = None,
    overdue: Annotated[bool, Query(description="only who is owed something that is overdue")] = False,
) -> KeptPage:
    """List the archives that the streets of a division keep and are in charge of, by ids, with what was and is due.

    By due day those alone are listed to whom something is owed. The first page has how many there are in all.
    """
    caller.must_cover(division)
    overdue_on = service.today if overdue else None
    asked = KeptQuery(service.areas(division), by, state, condition, quiet_since, overdue_on, page.cursor, page.limit)
    return await list_kept(service.database, asked)


@router.get("/entries", summary="What was entered on a day 当日录入", responses=refuses(outside_your_division=403))
async def get_entries(
    service: ServiceHere, caller: Worker, division: DistrictOrStreet, page: Paged, on: RecordedOn | None = None
) -> EntryPage:
    """List the entries that the streets of a division recorded on a day, today if none is named, the newest first.

    They are listed by kind and person, without what they say. The first page has how many there are in all.
    """
    caller.must_cover(division)
    return await list_entries(service.database, service.areas(division), on or service.today, page.cursor, page.limit)


@router.get(
    "/archives/{person_id}/series",
    summary="What was measured over time 历次测量值",
    responses=refuses(UnknownMeasureError, not_found=404),
)
async def get_series(
    person_id: PersonId,
    service: ServiceHere,
    caller: Worker,
    log: Log,
    measure: Annotated[
        str,
        Query(
            pattern=r"^[a-z0-9_]{1,40}(?:,[a-z0-9_]{1,40}){0,9}$",
            description="fields of entries that have a unit, such as systolic,diastolic",
        ),
    ],
) -> MeasuredSeries:
    """Return what was measured of a person, as the district of the keeping street knows it; entries that stand."""
    meanings = {name: meaning_of(name) for name in measure.split(",")}
    heard = await find_known_of(service, person_id)
    granted = grant(caller, heard, None)
    await note_read(log, caller, Read(f"archive_read_as_{granted.read_as}", person_id, "care", granted.street))
    entries = heard.entries_known_to(granted.district).values()
    series = [
        Series(measure=name, unit=meaning.unit, loinc=meaning.loinc, readings=readings_of(entries, name))
        for name, meaning in meanings.items()
    ]
    return MeasuredSeries(person_id=person_id, access=granted.read_as, series=series)
