"""HTTP in: supplies that were issued, and their totals."""

from datetime import date

from fastapi import APIRouter
from pydantic import BaseModel, Field

from contracts.outreach.supplies import Supply
from services.outreach.api.dependencies import InstitutionId, Quantity, Reader, Worker, street_of
from services.outreach.commands.institutions import NoInstitutionHereError, must_be_in
from services.outreach.commands.supplies import issue_supply
from services.outreach.domain.ids import id_from
from services.outreach.domain.supplies import IssuedInFutureError
from services.outreach.views.supplies import total_supplies
from services.runtime.bodies import Body, Day
from services.runtime.parameters import Cause, Division, ServiceHere, Street
from services.runtime.problems import refuses

router = APIRouter(tags=["supplies"])


class SupplyRequest(Body):
    """Supplies that were issued."""

    street: Street
    kind: str = Field(min_length=1, max_length=40, description="what it is, such as 药具")
    unit: str = Field(min_length=1, max_length=10, description="what is counted, such as 盒")
    quantity: Quantity
    issued_on: date
    institution_id: InstitutionId = None
    activity_id: str | None = Field(default=None, max_length=64)


class Total(BaseModel):
    """How much of a kind was issued."""

    kind: str
    unit: str
    quantity: int


@router.post(
    "/supplies",
    status_code=201,
    summary="Record supplies that were issued 发放物资",
    responses=refuses(IssuedInFutureError, NoInstitutionHereError, outside_your_division=403, unknown_street=422),
)
async def post_supply(body: SupplyRequest, service: ServiceHere, caller: Worker, cause: Cause) -> Supply:
    """Count supplies as issued; to whom they went is not recorded."""
    street = street_of(service, caller, body.street)
    await must_be_in(service, street, body.institution_id)
    supply = Supply(supply_id=id_from("supply", cause), **{**body.model_dump(), "street": street})
    return await issue_supply(service, supply, cause)


@router.get("/supplies", summary="Supplies issued in a period", responses=refuses(outside_your_division=403))
async def get_supplies(service: ServiceHere, caller: Reader, division: Division, since: Day, until: Day) -> list[Total]:
    """Total the supplies of a division by kind and unit in a period (both days included)."""
    caller.must_cover(division)
    totals = await total_supplies(service.database, service.areas(division), since, until)
    return [Total(kind=kind, unit=unit, quantity=quantity) for kind, unit, quantity in totals]
