"""Printed materials: stock is never negative, and a household gets one handbook."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.outreach.materials import Direction, Material, MaterialKind, Movement
from contracts.refusals import RefusedError
from services.outreach.domain import materials
from services.outreach.domain.materials import OutOfStockError

TODAY = date(2026, 11, 20)
HANDBOOK = Material(
    material_id="a" * 32, street="320507001", kind=MaterialKind.HANDBOOK, topic="核心信息", edition="2026", received=5
)


def make_movement(direction: Direction = Direction.HANDED_OUT, quantity: int = 1, **more: object) -> Movement:
    return Movement(
        movement_id="c" * 32,
        material_id=HANDBOOK.material_id,
        street=HANDBOOK.street,
        kind=HANDBOOK.kind,
        direction=direction,
        quantity=quantity,
        **{"moved_on": TODAY, **more},
    )


def test_a_material_is_listed_once() -> None:
    assert materials.list_material(None, HANDBOOK) is not None
    assert materials.list_material(HANDBOOK, HANDBOOK) is None


def test_a_copy_for_a_household_is_counted_as_such() -> None:
    movement = make_movement(household_id="7" * 32)

    material = materials.hand_out(HANDBOOK, movement, TODAY).material

    assert (material.stock, material.handed_out, material.households, material.last) == (4, 1, 1, movement)


@pytest.mark.parametrize(
    ("movement", "code"),
    [
        (make_movement(quantity=6), "out_of_stock"),
        (make_movement(moved_on=date(2026, 11, 21)), "future_date"),
        (make_movement(quantity=2, household_id="7" * 32), "one_per_household"),
    ],
)
def test_what_can_not_be_handed_out_is_refused(movement: Movement, code: str) -> None:
    with pytest.raises(RefusedError) as refused:
        materials.hand_out(HANDBOOK, movement, TODAY)

    assert refused.value.code == code


def test_copies_do_not_come_in_tomorrow() -> None:
    with pytest.raises(RefusedError) as refused:
        materials.receive(HANDBOOK, make_movement(Direction.RECEIVED, moved_on=date(2026, 11, 21)), TODAY)

    assert refused.value.code == "future_date"


def test_a_household_may_have_several_leaflets() -> None:
    leaflet = HANDBOOK.model_copy(update={"kind": MaterialKind.LEAFLET})

    material = materials.hand_out(leaflet, make_movement(quantity=3, household_id="7" * 32), TODAY).material

    assert (material.stock, material.households) == (2, 0)


@given(st.lists(st.tuples(st.sampled_from(Direction), st.integers(1, 50))))
def test_stock_is_what_came_in_less_what_went_out_and_never_negative(moves: list[tuple[Direction, int]]) -> None:
    material, expected = HANDBOOK, HANDBOOK.received
    for direction, quantity in moves:
        movement = make_movement(direction, quantity)
        if direction is Direction.RECEIVED:
            material, expected = materials.receive(material, movement, TODAY).material, expected + quantity
        elif quantity <= expected:
            material, expected = materials.hand_out(material, movement, TODAY).material, expected - quantity
        else:
            with pytest.raises(OutOfStockError):
                materials.hand_out(material, movement, TODAY)

        assert material.stock == expected >= 0
