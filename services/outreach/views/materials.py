"""The rows of printed materials and their movements, and queries for them; which households have no copy."""

from collections.abc import Sequence

from contracts.outreach.materials import Material, Movement
from contracts.reference.divisions import Area
from contracts.registration.stays import StayState
from services.outreach.views.pages import find_page
from services.outreach.views.residents import RESIDENTS
from services.runtime.mongo import Database, Document, Row, make_index

MATERIALS = "materials"
MOVEMENTS = "movements"


async def prepare(database: Database) -> None:
    """Make the indexes of materials and of movements."""
    await make_index(database[MATERIALS], [("street", 1), ("_id", 1)], name="street")
    await make_index(database[MOVEMENTS], [("material_id", 1), ("moved_on", -1)], name="material")
    await make_index(database[MOVEMENTS], [("street", 1), ("moved_on", 1)], name="street")
    await make_index(database[MOVEMENTS], [("institution_id", 1), ("moved_on", 1)], name="institution")
    copies: Document = {"household_id": {"$type": "string"}}
    keys = [("household_id", 1), ("kind", 1)]
    await make_index(database[MOVEMENTS], keys, name="household", partialFilterExpression=copies)


def material_row(material: Material, sequence: int) -> Row:
    """Return the row of a material."""
    return Row(MATERIALS, material.material_id, sequence, material.model_dump(mode="json", exclude={"material_id"}))


def movement_row(movement: Movement, sequence: int) -> Row:
    """Return the row of a movement."""
    return Row(MOVEMENTS, movement.movement_id, sequence, movement.model_dump(mode="json", exclude={"movement_id"}))


async def list_materials(database: Database, areas: Sequence[Area], after: str, limit: int) -> list[Material]:
    """Return the materials of areas by street and id, those after a cursor."""
    found = await find_page(database, MATERIALS, areas, after, limit)
    return [Material.model_validate({**row, "material_id": row["_id"]}) for row in found]


async def list_movements(database: Database, material: str, limit: int) -> list[Movement]:
    """Return the newest movements of a material."""
    found = database[MOVEMENTS].find({"material_id": material}, hint="material").sort("moved_on", -1).limit(limit)
    return [Movement.model_validate({**row, "movement_id": row["_id"]}) async for row in found]


async def is_household(database: Database, street: str, household: str) -> bool:
    """Return whether somebody who lives in a street belongs to a household."""
    query = {"street": street, "household": household, "state": StayState.OPEN.value}
    return await database[RESIDENTS].find_one(query, {"_id": 1}, hint="household") is not None


async def find_households(database: Database, street: str, after: str, limit: int) -> tuple[list[str], str]:
    """Return households of a street by id, those of the next residents after a cursor; and where the next ones begin.

    The cursor is empty after the last one.
    """
    living: Document = {"street": street, "household": {"$gt": after}, "state": StayState.OPEN.value}
    found = database[RESIDENTS].find(living, {"household": 1}, hint="household").sort("household", 1).limit(limit)
    residents = [row["household"] async for row in found]
    return list(dict.fromkeys(residents)), residents[-1] if len(residents) == limit else ""


async def find_supplied(database: Database, households: Sequence[str], kind: str, material: str | None) -> set[str]:
    """Return those of some households that got a copy of a kind, or of one material."""
    query: Document = {"household_id": {"$in": list(households), "$type": "string"}, "kind": kind}
    if material:
        query["material_id"] = material
    return {row["household_id"] async for row in database[MOVEMENTS].find(query, {"household_id": 1}, hint="household")}
