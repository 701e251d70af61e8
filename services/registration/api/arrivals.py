"""HTTP in: an arrival or a departure is parsed, checked and recorded."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel

from contracts.registration.stays import Stay
from services.registration.api.dependencies import Clerk, Here, approver_of, must_be_street
from services.registration.commands.arrivals import Arrivals, Outcome, Told
from services.registration.commands.departures import record_departure
from services.registration.domain.errors import LeftBeforeArrivingError, NotRegisteredError
from services.registration.intake.checks import check_departure, check_household
from services.registration.intake.refusals import Refusal, RefusalCode, advise
from services.registration.intake.reports import DepartureReport, HouseholdReport
from services.registration.service import Registration
from services.runtime.parameters import Cause, Street
from services.runtime.problems import Problem, refuses

router = APIRouter(tags=["registration"])

_OF_DEPARTURES_ALONE = {RefusalCode.RETURNS_BEFORE_LEAVING}
_OF_REGISTERS_ALONE = {RefusalCode.LEFT_BEFORE_ARRIVING, RefusalCode.NOT_REGISTERED_HERE}
_OF_ARRIVALS_ALONE = {RefusalCode.OVERRIDE_NOT_ALLOWED, RefusalCode.SEX_MISMATCH, RefusalCode.NAMED_TWICE}
_BY_ARRIVALS = {code.value: 422 for code in RefusalCode if code not in _OF_DEPARTURES_ALONE | _OF_REGISTERS_ALONE}
_BY_DEPARTURES = {code.value: 422 for code in RefusalCode if code not in _OF_ARRIVALS_ALONE | _OF_REGISTERS_ALONE}


async def _arrivals(request: Request) -> Arrivals:
    arrivals: Arrivals = request.app.state.arrivals
    return arrivals


class ArrivalRequest(HouseholdReport):
    """An arrival as an office reports it over HTTP: the street, what was typed, and who arrived along."""

    street: Street


class DepartureRequest(DepartureReport):
    """A departure as an office reports it over HTTP."""

    street: Street


class ArrivalAnswer(BaseModel):
    """What became of an arrival: `accepted`, or of a stay that is registered already `duplicate` or `updated`.

    `updated` are the fields that were taken into what is recorded of the person; a `duplicate` changed nothing.
    `differs` are those that the report says differently from what is recorded and stays recorded. So of each member.
    """

    outcome: Told
    stay_id: str
    person_id: str
    warnings: tuple[str, ...]
    updated: tuple[str, ...] = ()
    differs: tuple[str, ...] = ()
    members: tuple["ArrivalAnswer", ...] = ()


class DepartureAnswer(Stay):
    """The stay that ended, those of who left along, and what was not understood of the report."""

    members: tuple[Stay, ...] = ()
    warnings: tuple[str, ...] = ()


@router.post(
    "/arrivals",
    status_code=201,
    responses={
        200: {"model": ArrivalAnswer},
        **refuses(outside_your_division=403, other_district=422, **_BY_ARRIVALS),
    },
    summary="Register an arrival",
)
async def post_arrival(
    body: ArrivalRequest,
    registration: Here,
    registering: Annotated[Arrivals, Depends(_arrivals)],
    caller: Clerk,
    cause: Cause,
    response: Response,
) -> ArrivalAnswer:
    """Register that a person, or a whole household, came to live in a street; the same again is one stay each.

    A supervisor may approve a number that fails its check: the person is unverified, and never matched by itself. What
    a repeated report says differently is named in the answer.
    """
    caller.must_cover(body.street)
    around = _context(registration, body.street)
    arrivals = _accept(check_household(body, **around, approver=approver_of(caller)))
    outcomes = _accept(await registering.register(arrivals, cause))
    response.status_code = 201 if any(outcome.accepted for outcome in outcomes) else 200
    head, *members = map(_answer, outcomes)
    return head.model_copy(update={"members": tuple(members)})


@router.post(
    "/departures",
    summary="Register a departure",
    responses=refuses(
        NotRegisteredError,
        LeftBeforeArrivingError,
        outside_your_division=403,
        conflict=409,
        other_district=422,
        **_BY_DEPARTURES,
    ),
)
async def post_departure(body: DepartureRequest, registration: Here, caller: Clerk, cause: Cause) -> DepartureAnswer:
    """Register that a person left a street, alone or with the household; the stays end on that day."""
    caller.must_cover(body.street)
    departure = _accept(check_departure(body, **_context(registration, body.street)))
    stay, *members = await record_departure(registration, departure, cause)
    return DepartureAnswer(**stay.model_dump(), members=tuple(members), warnings=departure.warnings)


def _context(registration: Registration, street: str) -> dict[str, Any]:
    service = registration.service
    must_be_street(registration, street)
    return {"street": street, "today": service.today, "divisions": service.divisions}


def _accept(checked: Any) -> Any:
    if isinstance(checked, Refusal):
        raise Problem(422, checked.code, advise(checked), field=checked.field)
    return checked


def _answer(outcome: Outcome) -> ArrivalAnswer:
    return ArrivalAnswer(
        outcome=outcome.told,
        stay_id=outcome.stay_id,
        person_id=outcome.person_id,
        warnings=outcome.warnings,
        updated=outcome.updated,
        differs=outcome.differs,
    )
