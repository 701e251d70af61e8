"""HTTP in: register arrivals and departures."""

from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel

from contracts.registration.stays import Stay
from services.registration.api.dependencies import Clerk, RegistrationHere, approver_of, must_be_street
from services.registration.commands.arrivals import Arrivals, Outcome, OutcomeKind
from services.registration.commands.checks import Foreseen, check_arrivals
from services.registration.commands.departures import record_departure
from services.registration.domain.errors import LeftBeforeArrivingError, NotRegisteredError
from services.registration.intake.checks import check_departure, check_household
from services.registration.intake.refusals import Refusal, RefusalCode, advise
from services.registration.intake.reports import DepartureReport, HouseholdReport
from services.registration.service import Registration
from services.runtime.attempts import must_be_within
from services.runtime.parameters import Cause, Street
from services.runtime.problems import Problem, refuses

router = APIRouter(tags=["registration"])

CheckedT = TypeVar("CheckedT")

_OF_DEPARTURES_ALONE = {RefusalCode.RETURNS_BEFORE_LEAVING}
_OF_REGISTERS_ALONE = {RefusalCode.LEFT_BEFORE_ARRIVING, RefusalCode.NOT_REGISTERED_HERE}
_OF_ARRIVALS_ALONE = {
    RefusalCode.OVERRIDE_NOT_ALLOWED,
    RefusalCode.SEX_MISMATCH,
    RefusalCode.NAMED_TWICE,
    RefusalCode.NAMES_PERSON,
}
_BY_ARRIVALS = {code.value: 422 for code in RefusalCode if code not in _OF_DEPARTURES_ALONE | _OF_REGISTERS_ALONE}
_BY_DEPARTURES = {code.value: 422 for code in RefusalCode if code not in _OF_ARRIVALS_ALONE | _OF_REGISTERS_ALONE}


async def _arrivals(request: Request) -> Arrivals:
    arrivals: Arrivals = request.app.state.arrivals
    return arrivals


class ArrivalRequest(HouseholdReport):
    """An arrival that an office reports: the street, the person as typed, and the members of the household."""

    street: Street


class DepartureRequest(DepartureReport):
    """A departure that an office reports: the street, and the departure as typed."""

    street: Street


class ArrivalAnswer(BaseModel):
    """The outcome of an arrival: `accepted`, or for a stay that is registered already `duplicate` or `updated`.

    `updated` lists the recorded fields that the report changed; a `duplicate` changed nothing. `differs` lists the
    fields in which the report differs from what is recorded and stays so. `members` has the same for each member.
    """

    outcome: OutcomeKind
    stay_id: str
    person_id: str
    warnings: tuple[str, ...]
    updated: tuple[str, ...] = ()
    differs: tuple[str, ...] = ()
    members: tuple["ArrivalAnswer", ...] = ()


class ForeseenArrival(BaseModel):
    """What would come of an arrival if it were registered now.

    `contests` are the divisions of stays elsewhere that it would contest, or that would contest it; `household` is who
    lives in the same household here; `resembles` who of the caller's division may be the same person.
    """

    outcome: OutcomeKind
    person_id: str
    warnings: tuple[str, ...]
    updated: tuple[str, ...] = ()
    differs: tuple[str, ...] = ()
    contests: tuple[str, ...] = ()
    household_id: str | None = None
    household: tuple[str, ...] = ()
    resembles: tuple[str, ...] = ()
    members: tuple["ForeseenArrival", ...] = ()


class DepartureAnswer(Stay):
    """The stay that ended, the stays of members who left too, and warnings about the report."""

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
    registration: RegistrationHere,
    registering: Annotated[Arrivals, Depends(_arrivals)],
    caller: Clerk,
    cause: Cause,
    response: Response,
) -> ArrivalAnswer:
    """Register that a person, or a whole household, came to live in a street; a repeated report starts no second stay.

    A supervisor may approve a number that fails its check: then the person is unverified, and never matched
    automatically. The answer lists the fields in which a repeated report differs from what is recorded.
    """
    caller.must_cover(body.street)
    context = _context(registration, body.street)
    arrivals = _accept(check_household(body, **context, approver=approver_of(caller)))
    outcomes = _accept(await registering.register(arrivals, cause))
    response.status_code = 201 if any(outcome.accepted for outcome in outcomes) else 200
    head, *members = map(_answer, outcomes)
    return head.model_copy(update={"members": tuple(members)})


@router.post(
    "/arrivals/check",
    responses=refuses(outside_your_division=403, other_district=422, too_many_requests=429, **_BY_ARRIVALS),
    summary="What would come of an arrival",
)
async def post_arrival_check(body: ArrivalRequest, registration: RegistrationHere, caller: Clerk) -> ForeseenArrival:
    """Check an arrival as if it were registered, and record nothing of it but who asked, in the access log.

    What would be refused is refused in the same way.
    """
    caller.must_cover(body.street)
    arrivals = _accept(check_household(body, **_context(registration, body.street), approver=approver_of(caller)))
    await must_be_within(registration.service.attempts, registration.access_log, "check", caller)
    head, *members = map(_foreseen, _accept(await check_arrivals(registration, caller, arrivals)))
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
async def post_departure(
    body: DepartureRequest, registration: RegistrationHere, caller: Clerk, cause: Cause
) -> DepartureAnswer:
    """Register that a person, or the whole household, left a street; the stays end on that day."""
    caller.must_cover(body.street)
    departure = _accept(check_departure(body, **_context(registration, body.street)))
    stay, *members = await record_departure(registration, departure, cause)
    return DepartureAnswer(**stay.model_dump(), members=tuple(members), warnings=departure.warnings)


def _context(registration: Registration, street: str) -> dict[str, Any]:
    """Return what a report is checked against; raise Problem (422) if the street is none that is served."""
    service = registration.service
    must_be_street(registration, street)
    return {"street": street, "today": service.today, "divisions": service.divisions}


def _accept(checked: CheckedT | Refusal) -> CheckedT:
    """Return a checked report; raise Problem (422) if it was refused."""
    if isinstance(checked, Refusal):
        raise Problem(422, checked.code, advise(checked), field=checked.field)
    return checked


def _foreseen(one: Foreseen) -> ForeseenArrival:
    outcome = one.outcome
    return ForeseenArrival(
        outcome=outcome.kind,
        person_id=outcome.person_id,
        warnings=outcome.warnings,
        updated=outcome.updated,
        differs=outcome.differs,
        contests=one.contests,
        household_id=one.household_id,
        household=one.household,
        resembles=one.resembles,
    )


def _answer(outcome: Outcome) -> ArrivalAnswer:
    return ArrivalAnswer(
        outcome=outcome.kind,
        stay_id=outcome.stay_id,
        person_id=outcome.person_id,
        warnings=outcome.warnings,
        updated=outcome.updated,
        differs=outcome.differs,
    )
