"""Rows of what is alike, in the order in which MongoDB sorts them: kind, data and how many events; two lists as one."""

from collections.abc import AsyncIterator
from typing import Any, NamedTuple


class Row(NamedTuple):
    """A kind and data, and how many events are just like that."""

    kind: str
    data: dict[str, Any]
    events: int


async def add_up(one: AsyncIterator[Row], other: AsyncIterator[Row]) -> AsyncIterator[Row]:
    """Yield the rows of two lists in order, what is alike as one; each list is in order and read row by row."""
    first, second = await anext(one, None), await anext(other, None)
    while first and second:
        before, after = order_of(first), order_of(second)
        if before == after:
            yield first._replace(events=first.events + second.events)
        else:
            yield first if before < after else second
        first = await anext(one, None) if before <= after else first
        second = await anext(other, None) if after <= before else second
    for left, others in ((first, one), (second, other)):
        if left:
            yield left
            async for row in others:
                yield row


def order_of(row: Row) -> tuple[Any, ...]:
    """Return what MongoDB sorts a row by: its kind, then its data."""
    return row.kind, _order(row.data)


def _order(value: Any) -> tuple[Any, ...]:
    """Return what MongoDB sorts a value by: its type, then itself; of a document field by field, type before name."""
    match value:
        case None:
            return (0,)
        case bool():
            return 5, value
        case int() | float():
            return 1, value
        case str():
            return 2, value
        case dict():
            return 3, tuple(_field(name, *_order(of)) for name, of in value.items())
        case _:
            return 4, tuple(map(_order, value))


def _field(name: str, kind: int, *of: Any) -> tuple[Any, ...]:
    return kind, name, *of
