"""HTTP in: cases of care with visits, help and pairing, where each stands, and to whom nobody came for too long."""

from collections.abc import Sequence
from datetime import date

from fastapi import APIRouter
from pydantic import BaseModel, Field

from contracts.envelope import PersonId
from contracts.outreach.care import CareCase, CareNeed, CloseReason, Help, Pairing, Visit, case_id
from services.outreach.api.dependencies import (
    HexId,
    IdInPath,
    Quantity,
    Reader,
    Staff,
    StreetCursor,
    Worker,
    activity_of,
    next_cursor,
    street_of,
)
from services.outreach.commands import care as commands
from services.outreach.commands.activities import UnknownActivityError
from services.outreach.commands.care import UnknownCaseError, find_case
from services.outreach.commands.institutions import NoInstitutionHereError, must_be_in
from services.outreach.commands.residents import NotRegisteredHereError
from services.outreach.domain.care import (
    BeforeCaseError,
    CareInFutureError,
    CaseClosedError,
    CaseKnownError,
    CaseStanding,
    StaffOrInstitutionError,
    TooManyVisitsError,
    UnknownHelpError,
    UnknownVisitError,
    is_late,
)
from services.outreach.domain.ids import id_from
from services.outreach.views.care import (
    find_standings,
    list_cases,
    list_unvisited,
)
from services.runtime.access import Caller
from services.runtime.bodies import Body
from services.runtime.parameters import Cause, Division, Limit, ServiceHere, Street
from services.runtime.problems import refuses
from services.runtime.service import Service

router = APIRouter(tags=["care"])

ANYBODY = (CaseClosedError, CareInFutureError, BeforeCaseError)


class CaseRequest(Body):
    """Somebody whom the street begins to care for, and who else lives in the household."""

    street: Street
    person_id: PersonId
    household: tuple[PersonId, ...] = Field(default=(), max_length=30)
    need: CareNeed
    opened_on: date


class HelpRequest(Body):
    """Help that was given, by the kinds of `GET /care/needs`."""

    kind: str = Field(pattern=r"^[a-z_]{1,40}$")
    quantity: Quantity


class VisitRequest(Body):
    """A visit: the day, the staff number of who came, and what help was given."""

    visited_on: date
    visited_by: Staff
    help: tuple[HelpRequest, ...] = Field(default=(), max_length=20)
    activity_id: str | None = Field(default=None, max_length=64)


class PairingRequest(Body):
    """Who stands by the person from a day on: a staff number, or an institution."""

    paired_on: date
    staff: Staff | None = None
    institution_id: HexId | None = None


class CloseRequest(Body):
    """When and why a case was closed."""

    closed_on: date
    close_reason: CloseReason


class CaseShown(BaseModel):
    """A case, where it stands by what is heard of the person, and whether nobody came for too long."""

    case: CareCase
    standing: CaseStanding
    last_seen_on: date
    late: bool


class CasePage(BaseModel):
    """Cases of a division, and the cursor of the next page, if there is one."""

    cases: list[CaseShown]
    cursor: str | None


@router.post(
    "/care-cases",
    status_code=201,
    summary="Begin to care for somebody 帮扶立案",
    responses=refuses(
        NotRegisteredHereError,
        CareInFutureError,
        CaseKnownError,
        BeforeCaseError,
        outside_your_division=403,
        conflict=409,
        unknown_street=422,
    ),
)
async def post_case(body: CaseRequest, service: ServiceHere, caller: Worker, cause: Cause) -> CaseShown:
    """Open a case for somebody who lives in the street; one that was closed is opened again with its visits."""
    street = street_of(service, caller, body.street)
    case = CareCase(
        case_id=case_id(street, body.person_id, body.need),
        street=street,
        person_id=body.person_id,
        household=tuple(sorted({*body.household} - {body.person_id})),
        need=body.need,
        opened_on=body.opened_on,
    )
    return await _show_one(service, await commands.open_case(service, case, cause))


@router.post(
    "/care-cases/{case_id}/visits",
    status_code=201,
    summary="Record a visit and the help given 走访慰问",
    responses=refuses(UnknownCaseError, *ANYBODY, TooManyVisitsError, UnknownHelpError, UnknownActivityError),
)
async def post_visit(
    case_id: IdInPath, body: VisitRequest, service: ServiceHere, caller: Worker, cause: Cause
) -> CaseShown:
    """Record who came on which day, with kinds and quantities of help."""
    await _own_case(service, caller, case_id)
    if body.activity_id is not None:
        await activity_of(service, caller, body.activity_id)
    made = Visit(
        visit_id=id_from("visit", cause),
        visited_on=body.visited_on,
        visited_by=body.visited_by,
        help=tuple(Help(kind=one.kind, quantity=one.quantity) for one in body.help),
        activity_id=body.activity_id,
    )
    return await _show_one(service, await commands.visit(service, case_id, made, cause))


@router.post(
    "/care-cases/{case_id}/visits/{visit_id}/withdrawal",
    summary="Withdraw a visit that was recorded by mistake",
    responses=refuses(UnknownCaseError, UnknownVisitError),
)
async def post_visit_withdrawal(
    case_id: IdInPath, visit_id: IdInPath, service: ServiceHere, caller: Worker, cause: Cause
) -> CaseShown:
    """Let a visit and its help count nowhere; it stays on record as withdrawn."""
    await _own_case(service, caller, case_id)
    return await _show_one(service, await commands.withdraw(service, case_id, visit_id, cause))


@router.post(
    "/care-cases/{case_id}/pairing",
    summary="Record who stands by a person 结对",
    responses=refuses(UnknownCaseError, *ANYBODY, StaffOrInstitutionError, NoInstitutionHereError),
)
async def post_pairing(
    case_id: IdInPath, body: PairingRequest, service: ServiceHere, caller: Worker, cause: Cause
) -> CaseShown:
    """Pair an educator, volunteer or colleague by staff number, or an institution, in place of who did before."""
    known = await _own_case(service, caller, case_id)
    await must_be_in(service, known.street, body.institution_id)
    return await _show_one(service, await commands.pair(service, case_id, Pairing(**body.model_dump()), cause))


@router.post(
    "/care-cases/{case_id}/closing",
    summary="Close a case 结案",
    responses=refuses(UnknownCaseError, *ANYBODY),
)
async def post_closing(
    case_id: IdInPath, body: CloseRequest, service: ServiceHere, caller: Worker, cause: Cause
) -> CaseShown:
    """Close a case with a reason; it stays on record and may be opened again."""
    await _own_case(service, caller, case_id)
    closed = (body.closed_on, body.close_reason)
    return await _show_one(service, await commands.close(service, case_id, closed, cause))


@router.get("/care-cases", summary="Cases of care", responses=refuses(outside_your_division=403))
async def get_cases(
    service: ServiceHere,
    caller: Reader,
    division: Division,
    need: CareNeed | None = None,
    only_open: bool = False,
    cursor: StreetCursor = "",
    limit: Limit = 100,
) -> CasePage:
    """List the cases of a division by street, closed ones and those of people who left included.

    With `only_open` what the street closed is left out; of what is left, `standing` tells who left or died.
    """
    caller.must_cover(division)
    wanted = (need, only_open)
    found = await list_cases(service.database, service.areas(division), wanted, cursor, limit)
    return _page(found, service.today, limit, found)


@router.get(
    "/care-cases/unvisited", summary="Who was not visited for too long", responses=refuses(outside_your_division=403)
)
async def get_unvisited(
    service: ServiceHere, caller: Reader, division: Division, cursor: StreetCursor = "", limit: Limit = 100
) -> CasePage:
    """List the open cases to which nobody came for more days than the need allows; a page may have few or none.

    Those who moved away or died are left out.
    """
    caller.must_cover(division)
    found = await list_unvisited(service.database, service.areas(division), service.today, cursor, limit)
    still_there = [(case, standing) for case, standing in found if standing is CaseStanding.OPEN]
    return _page(found, service.today, limit, still_there)


@router.get("/care-cases/{case_id}", summary="A case of care", responses=refuses(UnknownCaseError))
async def get_case(case_id: IdInPath, service: ServiceHere, caller: Reader) -> CaseShown:
    """Show a case with all its visits, and where it stands."""
    return await _show_one(service, await _own_case(service, caller, case_id))


def _page(
    found: Sequence[tuple[CareCase, CaseStanding]],
    today: date,
    limit: int,
    shown: Sequence[tuple[CareCase, CaseStanding]],
) -> CasePage:
    """Return a page of what is shown of what was found."""
    cases = [_show(case, standing, today) for case, standing in shown]
    return CasePage(cases=cases, cursor=next_cursor([case for case, *_ in found], limit, "street", "case_id"))


async def _show_one(service: Service, case: CareCase) -> CaseShown:
    (standing,) = await find_standings(service.database, [case])
    return _show(case, standing, service.today)


def _show(case: CareCase, standing: CaseStanding, today: date) -> CaseShown:
    late = standing is CaseStanding.OPEN and is_late(case, today)
    return CaseShown(case=case, standing=standing, last_seen_on=case.last_seen_on, late=late)


async def _own_case(service: Service, caller: Caller, known: str) -> CareCase:
    """Return a case of the caller's division; what is elsewhere is not found."""
    found = await find_case(service, known)
    if found is None or not caller.covers(found.street):
        raise UnknownCaseError
    return found
