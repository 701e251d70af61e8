"""What OpenAPI documents speak of: the codes of every enumeration, and what request bodies ask for."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from services.runtime.problems import PROBLEM_JSON

Json = dict[str, Any]
Codes = Mapping[str, set[str]]


def codes_in(described: Json) -> Codes:
    """Return the codes of every kind that a document has, as `contracts.reference.vocabulary` names kinds."""
    found: dict[str, set[str]] = defaultdict(set)
    for kind, codes in _enumerations(described):
        found[kind] |= codes
    return found


def asked_in(described: Json) -> set[tuple[str, str]]:
    """Return the properties that request bodies ask for, each with its model, however deep within."""
    schemas = described["components"]["schemas"]
    todo = [operation.get("requestBody", {}) for _, operation in _operations(described)]
    asked, seen = set[tuple[str, str]](), set[str]()
    while todo:
        names = {reference.rpartition("/")[2] for reference in _references(todo.pop())} - seen
        seen |= names
        asked |= {(_name(name), each) for name in names for each in schemas[name].get("properties", ())}
        todo += [schemas[name] for name in names]
    return asked


def _enumerations(described: Json) -> Iterator[tuple[str, set[str]]]:
    for name, schema in described["components"]["schemas"].items():
        yield from _codes_of(_name(name), _name(name), schema)
    for path, operation in _operations(described):
        collection = path.split("/")[1]
        for parameter in operation.get("parameters", ()):
            yield from _codes_of(f"{collection}.{parameter['name']}", collection, parameter["schema"])
        yield from _codes_of(collection, collection, operation.get("requestBody", {}))
        for answer in operation["responses"].values():
            if PROBLEM_JSON not in answer.get("content", ()):
                yield from _codes_of(collection, collection, answer)


def _codes_of(kind: str, model: str, schema: Any) -> Iterator[tuple[str, set[str]]]:
    """Yield the codes in a schema: its own ones under its kind, those of properties under model and property.

    A constant tells alternatives apart; all of them are of the kind that is named as their property alone.
    """
    if isinstance(schema, list):
        for each in schema:
            yield from _codes_of(kind, model, each)
    if not isinstance(schema, dict):
        return
    if isinstance(schema.get("const"), str):
        yield kind.rpartition(".")[2], {schema["const"]}
    if codes := {code for code in schema.get("enum", ()) if isinstance(code, str)}:
        yield kind, codes
    for name, each in schema.get("properties", {}).items():
        yield from _codes_of(f"{model}.{name}", model, each)
    for word, each in schema.items():
        if word not in {"properties", "enum", "const", "default", "example", "examples"}:
            yield from _codes_of(kind, model, each)


def _operations(described: Json) -> Iterator[tuple[str, Json]]:
    for path, methods in described["paths"].items():
        for operation in methods.values():
            yield path, operation


def _references(schema: Any) -> Iterator[str]:
    """Yield the references in a schema."""
    if isinstance(schema, dict):
        if isinstance(schema.get("$ref"), str):
            yield schema["$ref"]
        for each in schema.values():
            yield from _references(each)
    elif isinstance(schema, list):
        for each in schema:
            yield from _references(each)


def _name(name: str) -> str:
    """Return the name of a model as it is written, without the module that keeps it from another of that name."""
    return name.rpartition("__")[2]
