"""HTTP in: list the stays of a division, also as a workbook, and the stays of a household."""

import asyncio
from dataclasses import dataclass
from typing import Annotated
from unicodedata import normalize

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel

from contracts.registration.categories import PersonCategory
from contracts.registration.stays import Stay, StayState
from services.registration.api.dependencies import Clerk, HexId, RegistrationHere
from services.registration.domain.errors import TooManyStaysError
from services.registration.intake.stay_sheets import write_stays
from services.registration.service import Registration
from services.registration.views.stays import (
    Order,
    Wanted,
    category_query,
    count_stays,
    find_household,
    list_stays,
)
from services.runtime.bodies import Day
from services.runtime.parameters import Division, Limit
from services.runtime.problems import Problem, refuses
from services.runtime.web import A_WORKBOOK, workbook_response

router = APIRouter(tags=["transfers"])

MOST_IN_A_WORKBOOK = 10_000
"""Stays that one workbook holds; they are in memory while it is written."""


@dataclass(frozen=True)
class StayFilter:
    """A filter for stays: state, category today, the first day, community, origin (2, 4 or 6 digits), household."""

    state: StayState | None = None
    category: PersonCategory | None = None
    since: Annotated[Day | None, Query(description="begun on this day or later")] = None
    until: Annotated[Day | None, Query(description="begun on this day or earlier")] = None
    community: Annotated[str | None, Query(max_length=100)] = None
    origin: Annotated[str | None, Query(pattern=r"^[0-9]{2}(?:[0-9]{2}){0,2}$")] = None
    household: Annotated[str | None, Query(pattern=r"^[0-9a-f]{32}$")] = None

    def of(self, registration: Registration, division: str) -> Wanted:
        """Return which stays of a division are wanted, those under its former codes included."""
        service = registration.service
        return Wanted(
            service.areas(division),
            self.state,
            category_query(self.category, service.today) if self.category else None,
            self.since,
            self.until,
            normalize("NFKC", self.community).strip() if self.community else None,
            service.divisions.unpadded(self.origin) if self.origin else None,
            self.household,
        )


Filter = Annotated[StayFilter, Depends()]


class StayPage(BaseModel):
    """A page of stays and the cursor of the next one, if there is one; `total` is how many there are, if asked."""

    stays: list[Stay]
    cursor: str | None
    total: int | None = None


class Household(BaseModel):
    """The stays of a household 户, present and past ones, in the order of their first days."""

    household_id: str
    stays: list[Stay]


@router.get("/stays", summary="List stays", responses=refuses(outside_your_division=403))
async def get_stays(  # each is a parameter
    registration: RegistrationHere,
    caller: Clerk,
    division: Division,
    wanted: Filter,
    order: Annotated[Order, Query(alias="sort")] = "street",
    cursor: Annotated[str, Query(pattern=r"^(?:(?:[0-9]{9}|[0-9]{4}-[0-9]{2}-[0-9]{2})\|[0-9a-f]{32})?$")] = "",
    limit: Limit = 100,
    total: bool = False,
) -> StayPage:
    """List the stays of a division, with those under former codes of it: by street and id, or by their first day.

    A category lists the stays of people who belong to it today.
    """
    caller.must_cover(division)
    database, asked = registration.service.database, wanted.of(registration, division)
    stays, following = await list_stays(database, asked, cursor, limit, order)
    count = await count_stays(database, asked) if total else None
    return StayPage(stays=stays, cursor=following, total=count)


@router.get(
    "/stays/workbook",
    summary="Stays as a workbook",
    response_class=Response,
    responses={**A_WORKBOOK, **refuses(TooManyStaysError, outside_your_division=403)},
)
async def get_stays_as_workbook(
    registration: RegistrationHere,
    caller: Clerk,
    division: Division,
    wanted: Filter,
    order: Annotated[Order, Query(alias="sort")] = "street",
) -> Response:
    """Return the stays of a division as a workbook (.xlsx); people stand in it by their ids, as in the list."""
    caller.must_cover(division)
    service, asked = registration.service, wanted.of(registration, division)
    if await count_stays(service.database, asked) > MOST_IN_A_WORKBOOK:
        raise TooManyStaysError
    stays, _ = await list_stays(service.database, asked, "", MOST_IN_A_WORKBOOK, order)
    content = await asyncio.to_thread(write_stays, stays, service.divisions)
    return workbook_response(content, f"stays-{division}.xlsx")


@router.get("/households/{household_id}", summary="Who lives or lived together", responses=refuses(not_found=404))
async def get_household(household_id: HexId, registration: RegistrationHere, caller: Clerk) -> Household:
    """Return the stays of a household of the caller's division."""
    found = await find_household(registration.service.database, household_id)
    here = [stay for stay in found if caller.covers(stay.street)]
    if not here:
        raise Problem(404, "not_found", "辖区内没有该户。No such household in your division.")
    return Household(household_id=household_id, stays=here)
