"""Two lists of what is alike add up to one in the same order, whatever is in them."""

from collections.abc import AsyncIterator, Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.feeds.domain.alike import Row, add_up, order_of

KINDS = ("feeds.a.v1", "feeds.b.v1")
DATA: tuple[dict[str, Any], ...] = (
    {},
    {"sex": None},
    {"sex": "female"},
    {"sex": "female", "born": None},
    {"born": "1949"},
    {"held": 3},
    {"held": 12},
    {"open": False},
    {"open": True, "street": "𠮷"},
)
rows = st.lists(st.tuples(st.integers(0, 1), st.integers(0, len(DATA) - 1), st.integers(1, 9)), max_size=20)
Drawn = list[tuple[int, int, int]]


def listed(drawn: Drawn) -> list[Row]:
    """Return rows as a list has them: in order, each kind and data once."""
    found = (Row(KINDS[kind], DATA[data], events) for kind, data, events in drawn)
    return sorted({order_of(row): row for row in found}.values(), key=order_of)


async def each(found: Iterable[Row]) -> AsyncIterator[Row]:
    for row in found:
        yield row


async def added(one: list[Row], other: list[Row]) -> list[Row]:
    return [row async for row in add_up(each(one), each(other))]


@given(rows, rows)
async def test_what_is_alike_is_added_up_and_the_rest_stands_in_order(one: Drawn, other: Drawn) -> None:
    first, second = listed(one), listed(other)

    both = await added(first, second)

    assert [order_of(row) for row in both] == sorted({order_of(row) for row in (*first, *second)})
    for row in both:
        assert row.events == sum(each.events for each in (*first, *second) if order_of(each) == order_of(row))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({}, {"sex": None}),
        ({"sex": None}, {"sex": 3}),
        ({"sex": 12}, {"sex": "female"}),
        ({"sex": "female"}, {"sex": False}),
        ({"sex": False}, {"sex": True}),
        ({"sex": "male"}, {"sex": "male", "born": None}),
        ({"street": None}, {"born": "1949"}),
        ({"born": "1949"}, {"street": "1"}),
        ({"sex": "女"}, {"sex": "𠮷"}),
    ],
)
def test_rows_are_in_the_order_of_mongodb(before: dict[str, Any], after: dict[str, Any]) -> None:
    assert order_of(Row("feeds.a.v1", before, 1)) < order_of(Row("feeds.a.v1", after, 1))
