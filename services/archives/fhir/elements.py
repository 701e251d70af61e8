"""The elements that resources are made of: fields at their places, and extensions for those that have none."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from enum import StrEnum
from itertools import pairwise
from typing import Any, get_args, get_origin
from uuid import UUID, uuid5

from pydantic import BaseModel

from contracts.envelope import render_time

BASE = "urn:houniao:fhir"
"""The base address of our own extensions, code systems and identifiers."""

Resource = dict[str, Any]
Place = tuple[str | int, ...]
"""Where a field stands in a resource, as the names and indexes that lead there."""
Places = Mapping[str, Place]

_NAMES = UUID("6f9d1c52-0f0e-5b7e-9f0a-5d1f8c1f6a01")
_EMPTY = f"{BASE}/empty"


def system(name: str) -> str:
    """Return the address of one of our own code systems, identifier systems or extensions."""
    return f"{BASE}/{name}"


def make_id(resource_type: str, *parts: object) -> str:
    """Return a resource's id, a UUID made of its type and what it is about, the same each time."""
    return str(uuid5(_NAMES, "|".join([resource_type, *map(str, parts)])))


def link(resource: Mapping[str, Any]) -> dict[str, str]:
    """Return a reference to a resource of the same bundle."""
    return {"reference": address(resource)}


def address(resource: Mapping[str, Any]) -> str:
    """Return the address under which a resource stands in its bundle."""
    return f"urn:uuid:{resource['id']}"


def coded(name: str, code: str, *others: Mapping[str, str]) -> dict[str, Any]:
    """Return a concept of one of our own code systems, with its codings in other systems."""
    return {"coding": [{"system": system(name), "code": code}, *others]}


def write_fields(resource: Resource, model: BaseModel, places: Places, without: Iterable[str] = ()) -> None:
    """Write a model's fields to their places in a resource, and into its extensions where they have none."""
    for name in type(model).model_fields:
        value = getattr(model, name)
        if name in without or value is None:
            continue
        if name in places and value != "":
            _write(resource, name, places[name], _plain(value))
        elif extensions := list(_extensions(name, value)):
            resource.setdefault("extension", []).extend(extensions)


def read_fields(
    resource: Mapping[str, Any], kind: type[BaseModel], places: Places, without: Iterable[str] = ()
) -> dict[str, Any]:
    """Return a model's fields as they stand in a resource: at their places, or in its extensions."""
    extensions = list(resource.get("extension", ()))
    found: dict[str, Any] = {}
    for name, info in kind.model_fields.items():
        if name in without:
            continue
        values = [_value(one, model_in(info.annotation)) for one in extensions if one.get("url") == system(name)]
        if values:
            found[name] = values if is_many(info.annotation) else values[0]
        elif name in places and (value := get(resource, places[name])) is not None:
            found[name] = value
    return found


def get(resource: Any, place: Place) -> Any:
    """Return what stands at a place; None if nothing does."""
    for step in place:
        if isinstance(step, int):
            resource = resource[step] if isinstance(resource, list) and len(resource) > step else None
        else:
            resource = resource.get(step) if isinstance(resource, dict) else None
    return resource


_TYPES: tuple[tuple[type, str], ...] = (
    (bool, "Boolean"),
    (int, "Integer"),
    (float, "Decimal"),
    (datetime, "DateTime"),
    (date, "Date"),
    (StrEnum, "Code"),
    (str, "String"),
)


def typed(value: Any) -> tuple[str, Any]:
    """Return FHIR's name for a value's type, and the value as JSON has it."""
    kind = next(name for known, name in _TYPES if isinstance(value, known))
    match value:
        case datetime():
            return kind, render_time(value)
        case date():
            return kind, value.isoformat()
        case StrEnum():
            return kind, value.value
    return kind, value


def is_many(annotation: Any) -> bool:
    """Return whether a field with this annotation holds several values."""
    return get_origin(annotation) is tuple


def model_in(annotation: Any) -> type[BaseModel] | None:
    """Return the model that a field holds one or several of; None if it holds none."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := model_in(part))), None)


def _write(resource: Resource, name: str, place: Place, value: Any) -> None:
    """Write a value to its place; beside a code, write the code system of the field too."""
    here: Any = resource
    for step, following in pairwise(place):
        if isinstance(here, list):
            if len(here) == step:
                here.append([] if isinstance(following, int) else {})
            here = here[int(step)]
        else:
            here = here.setdefault(step, [] if isinstance(following, int) else {})
    if isinstance(here, list):
        here.append(value)
        return
    if place[-1] == "code":
        here["system"] = system(name)
    here[place[-1]] = value


def _plain(value: Any) -> Any:
    return typed(value)[1]


def _extensions(name: str, value: Any) -> Iterator[dict[str, Any]]:
    """Return a value as extensions: one for each of several values, with parts for a model."""
    if isinstance(value, tuple):
        for item in value:
            yield from _extensions(name, item)
    elif isinstance(value, BaseModel):
        parts = [part for field in type(value).model_fields for part in _of_field(value, field)]
        yield {"url": system(name), "extension": parts}
    elif value == "":
        yield {"url": system(name), "extension": [{"url": _EMPTY, "valueBoolean": True}]}
    else:
        kind, plain = typed(value)
        yield {"url": system(name), f"value{kind}": plain}


def _of_field(model: BaseModel, field: str) -> Iterator[dict[str, Any]]:
    value = getattr(model, field)
    if value is not None:
        yield from _extensions(field, value)


def _value(extension: Mapping[str, Any], model: type[BaseModel] | None) -> Any:
    parts = extension.get("extension", ())
    if any(part.get("url") == _EMPTY for part in parts):
        return ""
    if model:
        return read_fields(extension, model, {})
    return next((value for name, value in extension.items() if name.startswith("value")), None)
