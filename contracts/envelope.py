"""The format of every message: a CloudEvents 1.0 envelope around one fact, and a batch of them in one AMQP message.

Wire format: CloudEvents 1.0 JSON (https://github.com/cloudevents/spec). Between services a message is a JSON array of
events with content type `application/cloudevents-batch+json`.
"""

import re
import secrets
import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import cache, lru_cache
from typing import Annotated, Any, ClassVar, Generic, Literal, TypeVar, cast

from pydantic import BaseModel, ConfigDict, PlainSerializer, StringConstraints, TypeAdapter, ValidationError
from pydantic_core import from_json

_FACT_TYPE = re.compile(r"[a-z_]{1,40}\.[a-z_]{1,60}\.v[0-9]{1,3}")
BATCH_CONTENT_TYPE = "application/cloudevents-batch+json"
EVENT_CONTENT_TYPE = "application/cloudevents+json"


@lru_cache(maxsize=64)  # a batch is recorded at one moment
def render_time(moment: datetime) -> str:
    """Return a moment as RFC 3339 in UTC with microseconds, so that text order is time order."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


Moment = Annotated[datetime, PlainSerializer(render_time, when_used="json")]
"""An instant; on the wire RFC 3339 in UTC with microseconds."""

PersonId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
"""A pseudonym of a person: the keyed hash of document type and number (`contracts.reference.identity.person_id`)."""


class Fact(BaseModel):
    """Something that happened to one stream, with the full state of its subject afterwards.

    Readers ignore fields they do not know; a version only ever gains optional fields.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    TYPE: ClassVar[str]
    """`<service>.<fact>.v<N>`, e.g. `registration.stay_started.v1`."""

    @property
    def stream(self) -> str:
        """Return the stream that this fact continues, e.g. `stay/<stay_id>`."""
        raise NotImplementedError

    @property
    def division(self) -> str:
        """Return the street (9 digits) or district (6 digits) where it happened."""
        raise NotImplementedError

    @property
    def places(self) -> tuple[str, ...]:
        """Return every street or district in whose lists it shows: most facts show where they happened."""
        return (self.division,)

    @property
    def person_id(self) -> str | None:
        """Return the id of the person concerned; None if no one is."""
        return None

    @property
    def addressee(self) -> str:
        """Return the district (6 digits) that must hear it: the writer's own unless a fact overrides this."""
        return self.division[:6]

    @property
    def addressees(self) -> tuple[str, ...]:
        """Return every district that must hear it, the addressee first; most facts have one."""
        return (self.addressee,)


FactT = TypeVar("FactT", bound=Fact)
FactT_co = TypeVar("FactT_co", bound=Fact, covariant=True)


class Event(BaseModel, Generic[FactT_co]):
    """One fact in its CloudEvents envelope.

    `source` is `/districts/<6 digits>/<service>`, `subject` the stream, `time` when it was recorded, `sequence` its
    place in the stream counted from 1. `causationid` names the request or event that led to it, `correlationid` the
    first cause of the whole chain.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    specversion: Literal["1.0"] = "1.0"
    id: str
    source: str
    type: str
    subject: str
    time: Moment
    datacontenttype: Literal["application/json"] = "application/json"
    dataschema: str
    sequence: int
    division: str
    personid: str | None = None
    correlationid: str
    causationid: str
    data: FactT_co

    @property
    def routing_key(self) -> str:
        """Return the routing key of the first addressee on `events`: `<service>.<fact>.v<N>.<district>`."""
        return self.routing_keys[0]

    @property
    def routing_keys(self) -> tuple[str, ...]:
        """Return a routing key for each district that must hear the event."""
        return tuple(f"{self.type}.{district}" for district in self.data.addressees)


def wrap(
    fact: Fact, *, sequence: int, service: str, recorded_at: datetime, causation: str, correlation: str
) -> Event[Fact]:
    """Return a fact in its envelope, with a new event id."""
    return event_type(type(fact))(
        id=uuid7(),
        source=f"/districts/{fact.division[:6]}/{service}",
        type=fact.TYPE,
        subject=fact.stream,
        time=recorded_at,
        dataschema=f"/schemas/{fact.TYPE}.json",
        sequence=sequence,
        division=fact.division,
        personid=fact.person_id,
        correlationid=correlation,
        causationid=causation,
        data=fact,
    )


@cache
def event_type(kind: type[Fact]) -> type[Event[Fact]]:
    """Return the model of events that carry one kind of fact."""
    return Event[kind]  # type: ignore[valid-type]  # a type made while running


def narrow(event: Event[Fact], kind: type[FactT]) -> Event[FactT]:
    """Return an event typed as one of a narrower kind of fact; raise TypeError if it carries another."""
    if not isinstance(event.data, kind):
        raise TypeError(f"{event.type} is no {kind.__name__}")
    return cast(Event[FactT], event)


class NotAnEventError(ValueError):
    """A message is not an event, or not one that this reader knows; the text says why."""


def unwrap(raw: Any, known: Mapping[str, type[Fact]]) -> Event[Fact]:
    """Return one decoded event as its model; raise NotAnEventError if it is invalid or its type is not known."""
    if not isinstance(raw, dict):
        raise NotAnEventError("an event must be a JSON object")
    kind = known.get(str(raw.get("type")))
    if kind is None:
        raise NotAnEventError(_unknown(str(raw.get("type"))))
    try:
        event = event_type(kind).model_validate(raw)
    except ValidationError as error:
        raise NotAnEventError(_without_values(error)) from error
    if event.subject != event.data.stream:
        raise NotAnEventError("the subject is not the stream of its data")
    return event


def unwrap_batch(body: bytes, kind: type[Fact]) -> list[Event[Fact]] | None:
    """Return the events of a message of one kind of fact, parsed straight from its bytes; None if one is invalid."""
    try:
        events = _batch_of(kind).validate_json(body)
    except ValidationError:
        return None
    whole = all(event.type == kind.TYPE and event.subject == event.data.stream for event in events)
    return events if whole else None


@cache
def _batch_of(kind: type[Fact]) -> TypeAdapter[list[Event[Fact]]]:
    return TypeAdapter(list[event_type(kind)])  # type: ignore[misc, arg-type]  # a type made while running


def _unknown(kind: str) -> str:
    """Return a reason that quotes an unknown type only if it looks like one; anything else may hold personal data."""
    return f"unknown fact {kind}" if _FACT_TYPE.fullmatch(kind) else "unknown fact"


def _without_values(error: ValidationError) -> str:
    """Return where and why a model refused, without the values."""
    found = error.errors(include_input=False, include_url=False, include_context=False)
    return "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['type']}" for item in found)


def render(event: Event[Fact]) -> str:
    """Return an event as JSON text, as the journal keeps it and the wire carries it."""
    return event.model_dump_json(exclude_none=True)


def render_batch(events: Iterable[str]) -> bytes:
    """Return the body of one message with the given rendered events."""
    return ("[" + ",".join(events) + "]").encode()


def split_batch(body: bytes) -> list[Any]:
    """Return the decoded events in the body of a message; raise NotAnEventError if it is not JSON."""
    try:
        decoded = from_json(body)
    except ValueError as error:
        raise NotAnEventError("the body is not JSON") from error
    return decoded if isinstance(decoded, list) else [decoded]


def uuid7() -> str:
    """Return a new UUID version 7 (RFC 9562): 48 bits of milliseconds, then random bits."""
    moment, chance = time.time_ns() // 1_000_000, secrets.randbits(74)
    version, variant = 0x7000 | chance >> 62, 0x8000 | (chance >> 48) & 0x3FFF
    return f"{moment >> 16:08x}-{moment & 0xFFFF:04x}-{version:04x}-{variant:04x}-{chance & 0xFFFFFFFFFFFF:012x}"
