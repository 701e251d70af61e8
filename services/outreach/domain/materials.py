"""Pure decisions on printed materials: stock is never negative, and a household gets one handbook."""

from datetime import date

from contracts.outreach.materials import (
    Material,
    MaterialDistributed,
    MaterialKind,
    MaterialListed,
    MaterialReceived,
    Movement,
)
from contracts.refusals import RefusedError


class OutOfStockError(RefusedError):
    """More was to be handed out than is in stock."""

    code = "out_of_stock"
    advice = (
        "库存不足，请核对数量或先登记入库。Not so many are in stock; check the quantity, or record what came in first."
    )
    field = "quantity"


class HouseholdHasOneError(RefusedError):
    """The household has its copy already."""

    code = "household_has_one"
    advice = "该户已领取，每户一册。The household has its copy already; one per household."
    field = "household_id"


class OnePerHouseholdError(RefusedError):
    """A household was to get more than one copy."""

    code = "one_per_household"
    advice = "每户一册，数量应为1。A household gets one copy; the quantity must be 1."
    field = "quantity"
    status = 422


class MovedInFutureError(RefusedError):
    """The day on which copies came in or went out lies in the future."""

    code = "future_date"
    advice = "日期不能晚于今天。The day must not lie in the future; correct it."
    field = "moved_on"


ONE_PER_HOUSEHOLD = frozenset({MaterialKind.HANDBOOK})
"""The kinds of which a household gets one copy 手册每户一册."""


def list_material(known: Material | None, material: Material) -> MaterialListed | None:
    """Return the fact that a material became known; None if it is known already."""
    return MaterialListed(material=material) if known is None else None


def receive(material: Material, movement: Movement, today: date) -> MaterialReceived:
    """Return the fact that copies came into stock; raise MovedInFutureError if the day lies in the future."""
    if movement.moved_on > today:
        raise MovedInFutureError
    changed = {"received": material.received + movement.quantity, "last": movement}
    return MaterialReceived(material=material.model_copy(update=changed))


def hand_out(material: Material, movement: Movement, today: date) -> MaterialDistributed:
    """Return the fact that copies were handed out.

    Raise MovedInFutureError, OnePerHouseholdError or OutOfStockError if that can't be so.
    """
    if movement.moved_on > today:
        raise MovedInFutureError
    if movement.household_id and material.kind in ONE_PER_HOUSEHOLD and movement.quantity != 1:
        raise OnePerHouseholdError
    if movement.quantity > material.stock:
        raise OutOfStockError
    has_own_copy = movement.household_id is not None and material.kind in ONE_PER_HOUSEHOLD
    changed = {
        "handed_out": material.handed_out + movement.quantity,
        "households": material.households + has_own_copy,
        "last": movement,
    }
    return MaterialDistributed(material=material.model_copy(update=changed))
