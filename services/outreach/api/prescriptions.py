"""HTTP in: prescriptions of health education that people were given, and how much institutions use them."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from contracts.outreach.prescriptions import (
    Month,
    Prescription,
    PrescriptionSetting,
    PrescriptionUse,
    WithdrawalReason,
    prescription_id,
    use_id,
)
from services.outreach.api.dependencies import HexId, IdInPath, InstitutionId, Reader, Worker, street_of
from services.outreach.commands import prescriptions as commands
from services.outreach.commands.institutions import NoInstitutionHereError, must_be_in
from services.outreach.commands.prescriptions import UnknownPrescriptionError, find_prescription
from services.outreach.commands.residents import NotKnownHereError
from services.outreach.domain.prescriptions import (
    GivenInFutureError,
    MonthInFutureError,
    MoreGivenError,
    OtherPrescriptionError,
    WithdrawnOtherwiseError,
    rate_use,
)
from services.outreach.views.prescriptions import list_prescriptions, sum_use
from services.runtime.bodies import Body, Day
from services.runtime.parameters import Cause, Division, Limit, ServiceHere, Street
from services.runtime.problems import refuses

router = APIRouter(tags=["prescriptions"])

MonthInQuery = Annotated[str, Query(pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])$", description="a month, e.g. 2026-03")]


class PrescriptionRequest(Body):
    """A prescription of health education that a person was given."""

    street: Street
    person_id: HexId
    topic: str = Field(min_length=1, max_length=200, description="what it is about, without names of people")
    given_on: date
    setting: PrescriptionSetting
    institution_id: InstitutionId = None
    material_id: HexId | None = Field(default=None, description="the printed form that was used")


class WithdrawalRequest(Body):
    """Why a prescription is withdrawn."""

    reason: WithdrawalReason


class UseRequest(Body):
    """The patients of an institution's setting in a month, and how many of them got a prescription."""

    street: Street
    institution_id: HexId
    setting: PrescriptionSetting
    month: Month
    patients: int = Field(ge=0, le=10_000_000)
    given: int = Field(ge=0, le=10_000_000)


class SettingUse(BaseModel):
    """The use of prescriptions in an institution's setting; no rate of no patients, `target` as the plan wants it."""

    institution_id: str
    setting: PrescriptionSetting
    patients: int
    given: int
    rate: float | None
    target: float | None
    reached: bool | None


@router.post(
    "/prescriptions",
    status_code=201,
    summary="Record a prescription of health education 健康教育处方",
    responses=refuses(
        NotKnownHereError,
        NoInstitutionHereError,
        GivenInFutureError,
        OtherPrescriptionError,
        outside_your_division=403,
        unknown_street=422,
    ),
)
async def post_prescription(
    body: PrescriptionRequest, service: ServiceHere, caller: Worker, cause: Cause
) -> Prescription:
    """Record a prescription, once for a person, topic and day; it becomes an entry of the person's archive."""
    street = street_of(service, caller, body.street)
    await must_be_in(service, street, body.institution_id)
    known = prescription_id(body.institution_id or street, body.person_id, body.topic, body.given_on)
    told = {**body.model_dump(), "street": street, "given_by": caller.subject}
    return await commands.give(service, Prescription(prescription_id=known, **told), caller.division, cause)


@router.post(
    "/prescriptions/{prescription_id}/withdrawal",
    summary="Withdraw a prescription that was recorded by mistake",
    responses=refuses(UnknownPrescriptionError, WithdrawnOtherwiseError),
)
async def post_withdrawal(
    prescription_id: IdInPath, body: WithdrawalRequest, service: ServiceHere, caller: Worker, cause: Cause
) -> Prescription:
    """Withdraw it: the entry in the person's archive is voided. It may then be recorded as it really was."""
    found = await find_prescription(service, prescription_id)
    if found is None or not caller.covers(found.street):
        raise UnknownPrescriptionError
    return await commands.withdraw(service, prescription_id, body.reason, cause)


@router.get("/prescriptions", summary="Prescriptions of a period", responses=refuses(outside_your_division=403))
async def get_prescriptions(
    service: ServiceHere, caller: Reader, division: Division, since: Day, until: Day, limit: Limit = 100
) -> list[Prescription]:
    """List what was given in a division in a period (both days included), withdrawn ones marked."""
    caller.must_cover(division)
    return await list_prescriptions(service.database, service.areas(division), (since, until), limit)


@router.post(
    "/prescriptions/use",
    summary="Count the patients and prescriptions of a month",
    responses=refuses(
        NoInstitutionHereError, MonthInFutureError, MoreGivenError, outside_your_division=403, unknown_street=422
    ),
)
async def post_use(body: UseRequest, service: ServiceHere, caller: Worker, cause: Cause) -> PrescriptionUse:
    """Record what an institution counted, prescriptions for people who live elsewhere too; again: it is replaced."""
    street = street_of(service, caller, body.street)
    await must_be_in(service, street, body.institution_id)
    known = use_id(body.institution_id, body.setting, body.month)
    use = PrescriptionUse(use_id=known, **{**body.model_dump(), "street": street})
    return await commands.count_use(service, use, cause)


@router.get("/prescriptions/use", summary="Rates of use 处方使用率", responses=refuses(outside_your_division=403))
async def get_use(
    service: ServiceHere, caller: Reader, division: Division, from_month: MonthInQuery, to_month: MonthInQuery
) -> list[SettingUse]:
    """Add up the months of a period (both included) by institution and setting, with the target of the plan."""
    caller.must_cover(division)
    sums = await sum_use(service.database, service.areas(division), from_month, to_month)
    return [
        SettingUse(
            institution_id=one.institution_id,
            setting=one.setting,
            patients=one.patients,
            given=one.given,
            rate=one.rate,
            target=one.target,
            reached=one.reached,
        )
        for one in rate_use(sums)
    ]
