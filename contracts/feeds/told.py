"""What is told, as JSON Schemas: the event of each fact of a feed, as it is read, taken from a queue or delivered."""

from collections.abc import Iterator
from functools import cache
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, create_model

from contracts.envelope import Fact, Moment
from contracts.feeds.feeds import FEEDS, FeedKind, FeedName, name_told, told_type
from contracts.feeds.words import BORN, HAPPENED, IS
from contracts.json_schema import DIALECT, IN_ITSELF, Json, describe

BirthYears = Annotated[str, Field(pattern=r"^[0-9]{4}(?:-[0-9]{4})?$")]


class ToldEvent(BaseModel):
    """A CloudEvent as an audience gets it; `position` is its place in the audience's feed, counted from 1."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    specversion: Literal["1.0"]
    id: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
    source: Annotated[str, Field(pattern=r"^/districts/[0-9]{6}/feeds$")]
    type: str
    time: Moment
    datacontenttype: Literal["application/json"]
    position: Annotated[int, Field(ge=1)]


def told_facts() -> Iterator[tuple[FeedName, type[Fact]]]:
    """Yield every fact that is told of, with its feed."""
    return ((name, fact) for name, kind in FEEDS.items() for fact in kind.facts)


def told_schemas() -> dict[str, Json]:
    """Return the JSON Schema (2020-12) of each told event by its type."""
    return {
        told_type(fact.TYPE): {
            "$schema": DIALECT,
            "$id": f"/schemas/{told_type(fact.TYPE)}.json",
            **describe_told(name, fact, IN_ITSELF),
        }
        for name, fact in told_facts()
    }


def describe_told(name: FeedName, fact: type[Fact], references: str) -> Json:
    """Return the schema of what is told of a fact, with references to the schemas within as `references` says."""
    schema = describe(_event_of(name), references)
    schema["title"] = fact.__name__
    schema["description"] = HAPPENED[name_told(fact)]
    schema["properties"]["type"] = {"const": told_type(fact.TYPE)}
    return schema


@cache
def _event_of(name: FeedName) -> type[BaseModel]:
    return create_model("Told", __base__=ToldEvent, data=(_data_of(name, FEEDS[name]), ...))


def _data_of(name: FeedName, kind: FeedKind) -> type[BaseModel]:
    """Return the model of what is told besides: whatever is missing was given up or is not in the terms."""
    known: dict[str, Any] = {str(attribute): (value, IS[attribute]) for attribute, value in kind.attributes.items()}
    if kind.tells_ages:
        known["born"] = (BirthYears, BORN)
    # A factory, lest the schema say that whatever is missing is null.
    fields: dict[str, Any] = {
        name: (value | None, Field(default_factory=type(None), description=words))
        for name, (value, words) in known.items()
    }
    about = "What is missing was given up or is not in the terms; what is null is not known."
    return create_model(f"Told{name.value.title()}", __doc__=about, **fields)
