"""Models with any values that their fields allow, made from the contracts: a field added there is tested too."""

from datetime import UTC, date, datetime
from functools import cache
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import annotated_types
from hypothesis import strategies as st
from pydantic import BaseModel, StringConstraints

MOMENTS = st.datetimes(timezones=st.just(UTC))
DAYS = st.dates(date(1900, 1, 1), date(2100, 1, 1))
LETTERS = st.characters(min_codepoint=32, max_codepoint=0x9FFF, exclude_categories=["N", "C"])
WORDS = st.text(LETTERS, max_size=12).map(str.strip)


def any_of(kind: type[BaseModel], **fixed: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Return a strategy for models of a kind with any values that its fields allow, or with those fixed here."""
    fields = {
        name: fixed.get(name, _values(info.annotation, info.metadata)) for name, info in kind.model_fields.items()
    }
    return st.builds(kind, **fields)


@cache
def _any(kind: type[BaseModel]) -> st.SearchStrategy[Any]:
    return any_of(kind)


def _values(annotation: Any, metadata: Any = ()) -> st.SearchStrategy[Any]:
    parts = get_args(annotation)
    match get_origin(annotation):
        case origin if origin is Annotated:
            made = _values(parts[0], [*parts[1:], *metadata])
        case origin if origin in (Union, UnionType):
            made = st.one_of([_values(part, metadata) for part in parts])
        case origin if origin is tuple:
            made = st.lists(_values(parts[0]), max_size=2).map(tuple)
        case origin if origin is Literal:
            made = st.sampled_from(parts)
        case _ if annotation is type(None):
            made = st.none()
        case _ if issubclass(annotation, BaseModel):
            made = _any(annotation)
        case _:
            made = _scalars(annotation, list(_constraints(metadata)))
    return made


def _constraints(metadata: Any) -> Any:
    for one in metadata:
        yield from _constraints(getattr(one, "metadata", ())) if hasattr(one, "metadata") else (one,)


def _scalars(kind: Any, constraints: list[Any]) -> st.SearchStrategy[Any]:
    pattern = next((one.pattern for one in constraints if isinstance(one, StringConstraints) and one.pattern), None)
    if kind is str:
        return (
            st.from_regex(str(pattern).replace("$", r"\Z"), alphabet=st.characters(max_codepoint=127))
            if pattern
            else WORDS
        )
    least: Any = next((one.ge for one in constraints if isinstance(one, annotated_types.Ge)), 0)
    most: Any = next((one.le for one in constraints if isinstance(one, annotated_types.Le)), 10_000)
    numbers: dict[Any, st.SearchStrategy[Any]] = {
        bool: st.booleans(),
        int: st.integers(int(least), int(most)),
        float: st.floats(least, most, allow_nan=False).map(lambda number: max(least, min(most, round(number, 2)))),
        date: DAYS,
        datetime: MOMENTS,
    }
    return numbers[kind] if kind in numbers else st.from_type(kind)
