"""Compatibility of schemas: a version of a fact never requires more, or promises less, than its committed schema."""

from collections.abc import Iterator, Mapping
from typing import Any

Schema = Mapping[str, Any]

_ANNOTATIONS = frozenset({"$defs", "$id", "$schema", "default", "deprecated", "description", "examples", "title"})
_ALTERNATIVES = ("anyOf", "oneOf")
_SMALLEST = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
_LARGEST = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
_SHAPES = ("pattern", "format", "multipleOf", "uniqueItems")
_JUDGED = {*_ANNOTATIONS, *_ALTERNATIVES, *_SMALLEST, *_LARGEST, *_SHAPES} | {
    "$ref", "additionalProperties", "const", "enum", "items", "properties", "required", "type",
}  # fmt: skip


def find_narrowings(committed: Schema, proposed: Schema) -> list[str]:
    """Return where a proposed schema refuses what the committed one allows, or no longer promises what it promised.

    A version may gain optional properties and further values; a reader parks what it does not know yet and replays it
    once it does. Any other change needs the next version of the fact. An empty list means that they are compatible.
    """
    return list(_narrowings(_Place(committed, committed), _Place(proposed, proposed), "$"))


class _Place:
    """A schema and the document against which its references are resolved."""

    def __init__(self, document: Schema, schema: Schema) -> None:
        self.document = document
        while "$ref" in schema:
            found: Any = document
            for step in schema["$ref"].removeprefix("#/").split("/"):
                found = found[step]
            schema = found
        self.schema = schema

    def part(self, schema: Any) -> "_Place":
        """Return a part of the schema, resolved against the same document."""
        return _Place(self.document, schema if isinstance(schema, Mapping) else {})

    def alternatives(self) -> list["_Place"]:
        """Return the alternatives of the schema; itself alone if it has none."""
        offered = [self.part(one) for word in _ALTERNATIVES for one in self.schema.get(word, ())]
        return [deeper for one in offered for deeper in one.alternatives()] or [self]


def _narrowings(old: _Place, new: _Place, where: str) -> Iterator[str]:
    choices = new.alternatives()
    for one in old.alternatives():
        found = [list(_narrowings_of(one, choice, where)) for choice in choices]
        yield from min(found, key=len)  # the alternative that it fits best


def _narrowings_of(old: _Place, new: _Place, where: str) -> Iterator[str]:
    was, now = old.schema, new.schema
    for word in sorted((was.keys() | now.keys()) - _JUDGED):
        if was.get(word) != now.get(word):
            yield f"{where}: {word!r} changed, which can't be judged"
    if not _takes_type(now.get("type"), was.get("type")):
        yield f"{where}: was {was.get('type', 'anything')}, is {now['type']}"
        return
    for word in _SHAPES:
        if word in now and now[word] != was.get(word):
            yield f"{where}: {word} was {was.get(word, 'none')}, is {now[word]}"
    yield from _lost_values(was, now, where)
    yield from _tighter_bounds(was, now, where)
    yield from _lost_properties(old, new, where)
    if "items" in was or "items" in now:
        yield from _narrowings(old.part(was.get("items")), new.part(now.get("items")), f"{where}[]")


def _takes_type(now: Any, was: Any) -> bool:
    return now in (None, was) or (was, now) == ("integer", "number")


def _lost_values(was: Schema, now: Schema, where: str) -> Iterator[str]:
    allowed, before = _values(now), _values(was)
    if allowed is None:
        return
    if before is None:
        yield f"{where}: was any value, is one of {allowed}"
        return
    for value in before:
        if value not in allowed:
            yield f"{where}: {value!r} is no longer allowed"


def _values(schema: Schema) -> list[Any] | None:
    return [schema["const"]] if "const" in schema else schema.get("enum")


def _tighter_bounds(was: Schema, now: Schema, where: str) -> Iterator[str]:
    for words, sign in ((_SMALLEST, 1), (_LARGEST, -1)):
        for word in words:
            if word in now and (word not in was or sign * now[word] > sign * was[word]):
                yield f"{where}: {word} was {was.get(word, 'none')}, is {now[word]}"


def _lost_properties(old: _Place, new: _Place, where: str) -> Iterator[str]:
    was, now = old.schema.get("properties", {}), new.schema.get("properties", {})
    promised, asked = set(old.schema.get("required", ())), set(new.schema.get("required", ()))
    for name in sorted(was.keys() - now.keys()):
        yield f"{where}.{name}: the property is gone"
    for name in sorted(asked - promised):
        yield f"{where}.{name}: is required now"
    for name in sorted((promised - asked) & now.keys()):
        yield f"{where}.{name}: is no longer promised"
    if new.schema.get("additionalProperties", True) not in (True, old.schema.get("additionalProperties", True)):
        yield f"{where}: properties that are not known are refused now"
    for name in sorted(was.keys() & now.keys()):
        yield from _narrowings(old.part(was[name]), new.part(now[name]), f"{where}.{name}")
