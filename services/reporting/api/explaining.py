"""HTTP in: who counts in a number, who does not and why, and who came or left between two days."""

from dataclasses import replace
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, BaseModel

from services.reporting.api.dependencies import (
    NOT_THEN,
    CountingThen,
    Reader,
    RecountingHere,
    Viewer,
    ViewerHere,
    must_be_period,
)
from services.reporting.commands.counting import Counting
from services.reporting.commands.explaining import (
    Asked,
    Explained,
    explain_change,
    explain_correction,
    explain_counted,
    explain_uncounted,
)
from services.reporting.commands.moments import KnownBy, find_counting_of
from services.reporting.domain.days import OPEN, day_from
from services.reporting.domain.explaining import Missing, is_about_health
from services.reporting.domain.measures import MEASURES, is_about_people, is_measure
from services.reporting.views.contributions import find_numbers, find_places
from services.runtime.access import Caller, Role
from services.runtime.bodies import Day
from services.runtime.parameters import Division, Paged, ServiceHere
from services.runtime.problems import Problem, refuses
from services.runtime.service import Service

router = APIRouter(tags=["reporting"])

Measure = Annotated[str, Query(pattern=r"^[a-z][A-Za-z0-9_.~%\-]{1,920}$", description="e.g. resident.archived")]
On = Annotated[Day, Query(description="the day at whose end is counted")]
_REFUSALS = refuses(
    *NOT_THEN, outside_your_division=403, counts_only=403, unknown_measure=422, not_about_people=422, bad_period=422
)


class DecidingFact(BaseModel):
    """A fact that decides whether somebody counts: its stream, its sequence there, and when it was said."""

    stream: str
    sequence: int
    said_at: str


class PersonExplained(BaseModel):
    """Somebody who counts in a street from a day to another (None: to now), the second excluded.

    `missing` says what keeps somebody from counting who counts in the number below; `came` of a change, whether the
    person began to count or ceased. `slice` is household registration (r here, f elsewhere, u unknown) and sex (m, w
    or u).
    """

    person_id: str
    division: str
    slice: str
    since: date
    until: date | None
    missing: Missing | None
    came: bool | None
    facts: list[DecidingFact]


class Explanation(BaseModel):
    """A page of the people behind a number, and the cursor of the next page if there is one."""

    measure: str
    division: str
    on: date
    number: int
    people: list[PersonExplained]
    next: str | None


class Correction(BaseModel):
    """A page of the people who count otherwise as known at two moments: `before` and `after` are the numbers.

    `came` is None of somebody who counts at both, in another street or as something else. The facts are those by which
    that became known.
    """

    measure: str
    division: str
    on: date
    before: int
    after: int
    people: list[PersonExplained]
    next: str | None


class MeasureList(BaseModel):
    """What is counted, by name."""

    measures: list[str]


@router.get("/measures", summary="What is counted")
async def get_measures(_: Reader) -> MeasureList:
    """List the measures; `flow.in.<purpose>`, `origin.<code>` and `destination.<code>` are counted besides."""
    return MeasureList(measures=list(MEASURES))


@router.get("/numbers/counted", summary="Who counts in a number, with the facts", responses=_REFUSALS)
async def get_counted(
    service: ServiceHere,
    counting: CountingThen,
    viewer: ViewerHere,
    division: Division,
    measure: Measure,
    on: On,
    page: Paged,
) -> Explanation:
    """List who counts in a measure of a division at the end of a day."""
    asked = await _ask(service, counting, viewer, division, Asked(measure, frozenset(), on, page.cursor, page.limit))
    return await _answer(service, counting, division, asked, await explain_counted(service, counting, asked))


@router.get("/numbers/uncounted", summary="Who does not count in a number, and why", responses=_REFUSALS)
async def get_uncounted(
    service: ServiceHere,
    counting: CountingThen,
    viewer: ViewerHere,
    division: Division,
    measure: Measure,
    among: Measure,
    on: On,
    page: Paged,
) -> Explanation:
    """List who counts in the measure below a rate, `among`, and not in `measure`, the one above it, and why."""
    _must_be_visible(viewer.caller, among)
    asked = await _ask(service, counting, viewer, division, Asked(measure, frozenset(), on, page.cursor, page.limit))
    return await _answer(service, counting, division, asked, await explain_uncounted(service, counting, asked, among))


@router.get("/numbers/changes", summary="Who came and who left between two days", responses=_REFUSALS)
async def get_changes(
    service: ServiceHere,
    counting: CountingThen,
    viewer: ViewerHere,
    division: Division,
    measure: Measure,
    since: Annotated[Day, Query(alias="from", description="the day at whose end is compared")],
    on: Annotated[Day, Query(alias="to", description="the later day")],
    page: Paged,
) -> Explanation:
    """List who counts in a measure of a division at the end of one of two days and not of the other."""
    if on < since:
        raise Problem(422, "bad_period", "'to' must not lie before 'from'.")
    asked = await _ask(service, counting, viewer, division, Asked(measure, frozenset(), on, page.cursor, page.limit))
    return await _answer(service, counting, division, asked, await explain_change(service, counting, asked, since))


@router.get("/numbers/corrections", summary="Who counts otherwise as known at two moments", responses=_REFUSALS)
async def get_corrections(
    service: ServiceHere,
    recounting: RecountingHere,
    viewer: ViewerHere,
    division: Division,
    measure: Measure,
    on: On,
    page: Paged,
    as_of: Annotated[AwareDatetime, Query(description="the earlier moment")],
    until: Annotated[AwareDatetime | None, Query(description="the later moment; none: now")] = None,
    known: Annotated[
        KnownBy, Query(description="what had been recorded by then, or heard here by then")
    ] = KnownBy.HEARD,
) -> Correction:
    """List who counts at the end of a day as known at one of two moments, and not, or elsewhere, at the other."""
    if until is not None and until < as_of:
        raise Problem(422, "bad_period", "'until' must not lie before 'as_of'.")
    given = Asked(measure, frozenset(), on, page.cursor, page.limit)
    viewer.caller.must_cover(division)
    before = await find_counting_of(service, recounting, as_of, known)
    after = await find_counting_of(service, recounting, until, known) if until else await recounting.now()
    of = [await _ask(service, each, viewer, division, given) for each in (before, after)]
    asked = replace(given, places=of[0].places | of[1].places)
    people, following = await explain_correction(service, before, after, asked)
    then, now = [await _number(service, each, division, asked) for each in (before, after)]
    return Correction(
        measure=measure,
        division=division,
        on=on,
        before=then,
        after=now,
        people=[_shape(each) for each in people],
        next=following or None,
    )


async def _ask(service: Service, counting: Counting, viewer: Viewer, division: str, asked: Asked) -> Asked:
    """Return what is asked for with the divisions it is about, and log it; raise Problem if nobody may see it."""
    viewer.caller.must_cover(division)
    must_be_period(asked.on, asked.on)
    _must_be_visible(viewer.caller, asked.measure)
    await viewer.note("number_explained", f"{asked.measure} {division} {asked.on}")
    places = await find_places(service.database, counting.build, service.areas(division))
    return Asked(asked.measure, frozenset(places), asked.on, asked.after, asked.limit)


def _must_be_visible(caller: Caller, measure: str) -> None:
    """Raise Problem if a measure is not known (422), is about nobody (422), or tells of health to a clerk (403)."""
    if not is_measure(measure):
        raise Problem(422, "unknown_measure", "No number has this name; GET /measures lists them.", field="measure")
    if not is_about_people(measure):
        raise Problem(422, "not_about_people", "This number counts things, there is nobody behind it.", field="measure")
    if caller.role is Role.CLERK and is_about_health(measure):
        raise Problem(403, "counts_only", "Who counts here tells of their health; read the number itself.")


async def _answer(
    service: Service, counting: Counting, division: str, asked: Asked, found: tuple[list[Explained], str]
) -> Explanation:
    people, following = found
    return Explanation(
        measure=asked.measure,
        division=division,
        on=asked.on,
        number=await _number(service, counting, division, asked),
        people=[_shape(each) for each in people],
        next=following or None,
    )


async def _number(service: Service, counting: Counting, division: str, asked: Asked) -> int:
    """Return the number that is explained."""
    places = await find_places(service.database, counting.build, service.areas(division))
    numbers = await find_numbers(service.database, counting.build, places, [asked.measure], [asked.on])
    return numbers.at(asked.measure, asked.on, places)


def _shape(explained: Explained) -> PersonExplained:
    counted = explained.contribution
    return PersonExplained(
        person_id=explained.person_id,
        division=counted.division,
        slice=counted.slice,
        since=day_from(counted.since),
        until=None if counted.until == OPEN else day_from(counted.until),
        missing=explained.missing,
        came=explained.came,
        facts=[
            DecidingFact(stream=stream, sequence=sequence, said_at=said_at)
            for stream, sequence, said_at in explained.facts
        ],
    )
