"""What audiences are told, judged by the committed schemas: each event is as they say, and has nothing besides."""

import json
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # ships no types

from contracts import schemas
from contracts.feeds.feeds import told_type
from contracts.feeds.told import told_facts

TOLD_TYPES = tuple(told_type(fact.TYPE) for _, fact in told_facts())


def must_be_as_described(events: Iterable[Mapping[str, Any]]) -> None:
    """Raise ValidationError for the first event that is not as its committed schema says, to the last field."""
    for event in events:
        _judge_of(event["type"]).validate(event)


@cache
def closed_schema(kind: str) -> dict[str, Any]:
    """Return the committed schema of a told event, which allows nothing that it does not name."""
    schema: dict[str, Any] = json.loads((schemas.FOLDER / f"{kind}.json").read_text(encoding="utf-8"))
    for place in (schema, *schema["$defs"].values()):
        if "properties" in place:
            place["additionalProperties"] = False
    return schema


@cache
def _judge_of(kind: str) -> Draft202012Validator:
    return Draft202012Validator(closed_schema(kind), format_checker=Draft202012Validator.FORMAT_CHECKER)
