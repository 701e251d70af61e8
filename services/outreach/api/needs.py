"""HTTP in: whom a street may care for and who they are by what is registered, and how far a campaign of care is."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel

from contracts.outreach.care import CareNeed
from services.outreach.api.dependencies import Reader, StreetCursor, next_cursor
from services.outreach.domain.calendar import FIRST_YEAR, LAST_YEAR
from services.outreach.domain.care import progress_of, total_help
from services.outreach.domain.needs import HELP, NEEDS, UnknownOccasionError, last_occasion, occasion_of
from services.outreach.views.care import find_cases_between, find_in_need
from services.runtime.parameters import Division, Limit, ServiceHere
from services.runtime.problems import refuses

router = APIRouter(tags=["care"])

Occasion = Annotated[str, Query(pattern=r"^[a-z_]{1,40}$", description="a campaign of GET /calendar")]
Year = Annotated[int, Query(ge=FIRST_YEAR, le=LAST_YEAR)]


class PersonInNeed(BaseModel):
    """Somebody in need by what is registered; `household` is shared by those who arrived together."""

    street: str
    person_id: str
    household: str
    case_id: str | None


class NeedPage(BaseModel):
    """People in need, and the cursor of the next page, if there is one."""

    people: list[PersonInNeed]
    cursor: str | None


class NeedShown(BaseModel):
    """A need, how often those in it are to be visited, and where that is said."""

    need: CareNeed
    title: str
    visit_within_days: int
    source: str


class HelpShown(BaseModel):
    """A kind of help and its unit; `quantity` is how much of it was given, where that is asked for."""

    kind: str
    title: str
    unit: str
    quantity: int | None = None


class CareTable(BaseModel):
    """Whom a street may care for, and which kinds of help are counted."""

    needs: list[NeedShown]
    help: list[HelpShown]


class NeedProgress(BaseModel):
    """How many cases of a need were open in the window and visited in it; `left` left unvisited and do not count."""

    need: CareNeed
    cases: int
    visited: int
    rate: float | None
    left: int


class CareProgress(BaseModel):
    """How far the care of a division is in the window of a campaign, and what help was given in it."""

    occasion: str
    starts_on: date
    ends_on: date
    needs: list[NeedProgress]
    help: list[HelpShown]


@router.get("/care/needs", summary="Needs and kinds of help 帮扶对象与方式")
async def get_needs(_: Reader) -> CareTable:
    """List whom a street may care for and the kinds of help, as the table of the edition has them."""
    needs = [
        NeedShown(need=one.need, title=one.title, visit_within_days=one.visit_within_days, source=one.source)
        for one in NEEDS.values()
    ]
    return CareTable(needs=needs, help=[_show_help(code) for code in HELP])


@router.get("/care/people", summary="Who is in need 帮扶对象名单", responses=refuses(outside_your_division=403))
async def get_people(
    service: ServiceHere,
    caller: Reader,
    division: Division,
    need: CareNeed,
    cursor: StreetCursor = "",
    limit: Limit = 100,
) -> NeedPage:
    """List who lives in a division and is in a need by what registration reported, with the open case if there is one.

    Returnees are those whose household is registered in the district and who came in the last window of the campaign.
    """
    caller.must_cover(division)
    told = NEEDS[need]
    window = last_occasion(told.returned_in, service.today) if told.returned_in else None
    period = (window.starts_on, window.ends_on) if window else None
    asked = (told, period, service.today)
    found = await find_in_need(service.database, service.areas(division), asked, cursor, limit)
    people = [PersonInNeed(**one._asdict()) for one in found]
    return NeedPage(people=people, cursor=next_cursor(found, limit, "street", "person_id"))


@router.get(
    "/care/progress",
    summary="How far a campaign of care is 专项行动进展",
    responses=refuses(UnknownOccasionError, outside_your_division=403),
)
async def get_progress(
    service: ServiceHere, caller: Reader, division: Division, occasion: Occasion, year: Year
) -> CareProgress:
    """Compare the cases that were visited in the window of a campaign with those that were open in it."""
    caller.must_cover(division)
    window = occasion_of(occasion, year)
    first, last = window.starts_on, window.ends_on
    found = await find_cases_between(service.database, service.areas(division), first, last)
    needs = [
        NeedProgress(need=one.need, cases=one.cases, visited=one.visited, rate=one.rate, left=one.left)
        for one in progress_of(found, first, last)
    ]
    totals = total_help((case for case, _ in found), first, last)
    given = [_show_help(kind, quantity) for kind, quantity in totals.items()]
    return CareProgress(occasion=occasion, starts_on=first, ends_on=last, needs=needs, help=given)


def _show_help(code: str, quantity: int | None = None) -> HelpShown:
    return HelpShown(kind=code, title=HELP[code].title, unit=HELP[code].unit, quantity=quantity)
