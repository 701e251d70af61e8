"""HTTP in: printed materials, their stock, who got copies, and which households have none."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from contracts.outreach.materials import (
    Direction,
    Material,
    MaterialKind,
    Movement,
    copy_of,
    material_id,
    movement_id,
)
from services.outreach.api.dependencies import (
    ID,
    IdInPath,
    InstitutionId,
    Quantity,
    Reader,
    StreetCursor,
    Worker,
    activity_of,
    next_cursor,
    street_of,
)
from services.outreach.commands import materials as commands
from services.outreach.commands.activities import UnknownActivityError
from services.outreach.commands.institutions import NoInstitutionHereError, must_be_in
from services.outreach.commands.materials import UnknownMaterialError, find_material
from services.outreach.domain.materials import (
    ONE_PER_HOUSEHOLD,
    HouseholdHasOneError,
    MovedInFutureError,
    OnePerHouseholdError,
    OutOfStockError,
)
from services.outreach.views.materials import (
    find_households,
    find_supplied,
    is_household,
    list_materials,
    list_movements,
)
from services.runtime.access import Caller
from services.runtime.bodies import Body
from services.runtime.parameters import Cause, Division, Limit, ServiceHere, Street, StreetInQuery
from services.runtime.problems import Problem, refuses
from services.runtime.service import Service

router = APIRouter(tags=["materials"])

UNKNOWN_HOUSEHOLD = "该街道没有这一户。No such household lives in the street; check the number, or leave it out."


class MaterialRequest(Body):
    """A printed material of a street, or of one of its institutions."""

    street: Street
    kind: MaterialKind
    topic: str = Field(min_length=1, max_length=200)
    edition: str = Field(min_length=1, max_length=40)
    institution_id: InstitutionId = None


class ReceiptRequest(Body):
    """Copies that came into stock."""

    quantity: Quantity
    received_on: date


class HandoutRequest(Body):
    """Copies that were handed out: to one household, at an activity, or to anybody."""

    quantity: Quantity
    handed_out_on: date
    household_id: str | None = Field(default=None, pattern=ID, description="a household, as GET /households gives it")
    activity_id: str | None = Field(default=None, max_length=64)
    institution_id: InstitutionId = None


class MaterialShown(BaseModel):
    """A material and how many copies are in stock."""

    material: Material
    stock: int


class MaterialPage(BaseModel):
    """Materials of a division, and the cursor of the next page, if there is one."""

    materials: list[MaterialShown]
    cursor: str | None


class HouseholdPage(BaseModel):
    """Households without a copy, and the cursor to go on from; a page may have few of them, or none.

    Households are those that arrived in one report; whoever arrived alone counts as one. What is not heard of, such as
    households that are no newcomers or arrived one by one, is missing.
    """

    households: list[str]
    looked_at: int
    cursor: str | None


@router.post(
    "/materials",
    status_code=201,
    summary="List a printed material 宣传资料",
    responses=refuses(NoInstitutionHereError, outside_your_division=403, conflict=409, unknown_street=422),
)
async def post_material(body: MaterialRequest, service: ServiceHere, caller: Worker, cause: Cause) -> MaterialShown:
    """Make a leaflet, handbook, prescription form or poster known; known already, it is shown as it is."""
    street = street_of(service, caller, body.street)
    await must_be_in(service, street, body.institution_id)
    named = material_id(street, body.institution_id, body.kind, body.topic, body.edition)
    material = Material(material_id=named, **{**body.model_dump(), "street": street})
    return _show(await commands.list_material(service, material, cause))


@router.post(
    "/materials/{material_id}/receipts",
    status_code=201,
    summary="Record copies that came in 入库",
    responses=refuses(UnknownMaterialError, MovedInFutureError),
)
async def post_receipt(
    material_id: IdInPath, body: ReceiptRequest, service: ServiceHere, caller: Worker, cause: Cause
) -> MaterialShown:
    """Add copies to the stock of a material."""
    material = await _own_material(service, caller, material_id)
    movement = Movement(
        movement_id=movement_id(material_id, cause),
        material_id=material_id,
        street=material.street,
        institution_id=material.institution_id,
        kind=material.kind,
        direction=Direction.RECEIVED,
        quantity=body.quantity,
        moved_on=body.received_on,
    )
    return _show(await commands.move(service, movement, cause))


@router.post(
    "/materials/{material_id}/handouts",
    status_code=201,
    summary="Record copies that were handed out 发放",
    responses=refuses(
        UnknownMaterialError,
        MovedInFutureError,
        OutOfStockError,
        HouseholdHasOneError,
        OnePerHouseholdError,
        NoInstitutionHereError,
        UnknownActivityError,
        unknown_household=422,
    ),
)
async def post_handout(
    material_id: IdInPath, body: HandoutRequest, service: ServiceHere, caller: Worker, cause: Cause
) -> MaterialShown:
    """Hand copies out, never more than are in stock; a household gets one handbook."""
    material = await _own_material(service, caller, material_id)
    await must_be_in(service, material.street, body.institution_id)
    if body.activity_id is not None:
        await activity_of(service, caller, body.activity_id)
    household = body.household_id
    if household and not await is_household(service.database, material.street, household):
        raise Problem(422, "unknown_household", UNKNOWN_HOUSEHOLD, field="household_id")
    one_each = household is not None and material.kind in ONE_PER_HOUSEHOLD
    movement = Movement(
        movement_id=copy_of(material_id, household) if household and one_each else movement_id(material_id, cause),
        material_id=material_id,
        street=material.street,
        institution_id=body.institution_id or material.institution_id,
        kind=material.kind,
        direction=Direction.HANDED_OUT,
        quantity=body.quantity,
        moved_on=body.handed_out_on,
        household_id=household,
        activity_id=body.activity_id,
    )
    return _show(await commands.move(service, movement, cause))


@router.get("/materials", summary="Materials and their stock", responses=refuses(outside_your_division=403))
async def get_materials(
    service: ServiceHere, caller: Reader, division: Division, cursor: StreetCursor = "", limit: Limit = 100
) -> MaterialPage:
    """List the materials of a division by street, with what came in, went out and is left."""
    caller.must_cover(division)
    found = await list_materials(service.database, service.areas(division), cursor, limit)
    following = next_cursor(found, limit, "street", "material_id")
    return MaterialPage(materials=list(map(_show, found)), cursor=following)


@router.get(
    "/materials/{material_id}/movements",
    summary="What came in and went out",
    responses=refuses(UnknownMaterialError),
)
async def get_movements(
    material_id: IdInPath, service: ServiceHere, caller: Reader, limit: Limit = 100
) -> list[Movement]:
    """List the newest movements of a material."""
    await _own_material(service, caller, material_id)
    return await list_movements(service.database, material_id, limit)


@router.get(
    "/households/without-handbook",
    summary="Households that have no handbook 手册每户一册",
    responses=refuses(outside_your_division=403),
)
async def get_households(
    service: ServiceHere,
    caller: Reader,
    street: StreetInQuery,
    material: Annotated[str | None, Query(pattern=ID, description="this handbook; none: any handbook")] = None,
    cursor: Annotated[str, Query(pattern=r"^([0-9a-f]{32})?$")] = "",
    limit: Limit = 100,
) -> HouseholdPage:
    """List the households of a street that got no handbook, of the next `limit` residents after a cursor."""
    caller.must_cover(street)
    households, following = await find_households(service.database, street, cursor, limit)
    have = await find_supplied(service.database, households, MaterialKind.HANDBOOK, material)
    without = [household for household in households if household not in have]
    return HouseholdPage(households=without, looked_at=len(households), cursor=following or None)


def _show(material: Material) -> MaterialShown:
    return MaterialShown(material=material, stock=material.stock)


async def _own_material(service: Service, caller: Caller, material: str) -> Material:
    """Return a material of the caller's division; what is elsewhere is not found."""
    found = await find_material(service, material)
    if found is None or not caller.covers(found.street):
        raise UnknownMaterialError
    return found
