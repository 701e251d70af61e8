"""What people send as JSON is read whole and as it is written: keys, nulls, days, moments and numbers."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from importlib import import_module
from typing import Annotated, Any

import pytest
from pydantic import AwareDatetime, BaseModel, Field, TypeAdapter, ValidationError

from contracts.archives.archives import BasicInformation
from contracts.archives.contents import AnyContent
from contracts.archives.follow_ups import BloodPressure
from deploy.local.stack import Stack
from services.registration.api.conflicts import ResolutionRequest
from services.registration.api.stays import Correction
from services.registration.intake.reports import HouseholdReport
from services.runtime.bodies import AsSent, Body, Day
from tests.support.instance import SERVICES, Instance


class Part(Body):
    said_on: date | None = None
    words: str = ""


class Sheet(Body):
    part: Part | None = None
    parts: tuple[Part, ...] = ()
    at: AwareDatetime | None = None
    count: Annotated[int, Field(ge=0)] = 7
    content: Annotated[AnyContent | None, AsSent(AnyContent)] = None
    basic: Annotated[BasicInformation | None, AsSent(BasicInformation)] = None


class Clearing(Body):
    null_clears = True

    words: str | None = "as before"
    part: Part | None = None


READING = {"systolic": 120, "diastolic": 80}


def wrong(model: Any, sent: Any) -> list[tuple[str, tuple[Any, ...]]]:
    with pytest.raises(ValidationError) as refused:
        TypeAdapter(model).validate_python(sent, from_attributes=True)
    return [(found["type"], found["loc"]) for found in refused.value.errors()]


def test_null_is_as_if_absent_at_every_level() -> None:
    sent = {
        "part": {"words": None},
        "parts": [{"said_on": None}],
        "count": None,
        "content": {"kind": None, "mode": None, **READING},
        "basic": {"payments": None, "past_diseases": [{"disease": "stroke", "since": None}]},
        "never_heard_of": None,
    }

    read = Sheet.model_validate(sent)

    assert (read.part, read.parts, read.count) == (Part(), (Part(),), 7)
    assert read.part is not None
    assert read.part.model_fields_set == set()
    assert read.content == BloodPressure(**READING)
    assert read.basic == BasicInformation.model_validate({"past_diseases": [{"disease": "stroke"}]})


def test_where_null_clears_it_stays_null() -> None:
    read = Clearing.model_validate({"words": None})

    assert (read.words, read.model_fields_set) == (None, {"words"})
    assert wrong(Clearing, {"wrods": None}) == [("extra_forbidden", ("wrods",))]


def test_a_correction_keeps_its_nulls_alone_and_in_a_resolution() -> None:
    nulls = {"origin": None, "purpose": None}
    resolution: Any = TypeAdapter(ResolutionRequest).validate_python(
        {"action": "correct", "stay_id": "0" * 32, "correction": nulls}
    )

    assert Correction.model_validate(nulls).changes == nulls
    assert resolution.correction.changes == nulls


@pytest.mark.parametrize(
    ("sent", "where"),
    [
        ({"wrods": 1}, ("wrods",)),
        ({"part": {"wrods": 1}}, ("part", "wrods")),
        ({"parts": [{}, {"wrods": 1}]}, ("parts", 1, "wrods")),
        ({"content": {**READING, "pulse": 70}}, ("content", "blood_pressure", "pulse")),
        ({"basic": {"past_diseases": [{"disease": "stroke", "sice": 1}]}}, ("basic", "past_diseases", 0, "sice")),
    ],
)
def test_a_key_that_is_not_known_is_refused_at_every_level(sent: Any, where: tuple[Any, ...]) -> None:
    assert wrong(Sheet, sent) == [("extra_forbidden", where)]


def test_a_typo_is_named_beside_what_is_missing_for_it() -> None:
    sent = {"content": {"systollic": 120, "diastolic": 80}}

    assert wrong(Sheet, sent) == [
        ("missing", ("content", "blood_pressure", "systolic")),
        ("extra_forbidden", ("content", "blood_pressure", "systollic")),
    ]


def test_a_message_still_ignores_what_it_does_not_know() -> None:
    assert BasicInformation.model_validate({"newer": 1}) == BasicInformation()


NO_DAYS = [20260601, 1717200000, 1717200000.0, "1717200000", "20260601", "2026-06-01T00:00:00", True, " 2026-06-01", ""]
NO_MOMENTS = [1717200000, 1717200000.5, "1717200000", "2026-06-01", "2026-06-01T00:00:00", "2026-06-01 00:00:00Z", True]


@pytest.mark.parametrize("typed", NO_DAYS, ids=repr)
def test_a_day_is_four_two_and_two_digits_as_text_and_nothing_else(typed: Any) -> None:
    visit = {"kind": "maternal_visit", "stage": "early", "last_period_on": typed}

    assert [where for _, where in wrong(Sheet, {"part": {"said_on": typed}})] == [("part", "said_on")]
    assert [where[-1] for _, where in wrong(Sheet, {"content": visit})] == ["last_period_on"]
    assert len(wrong(Day, typed)) == 1


@pytest.mark.parametrize("typed", NO_MOMENTS, ids=repr)
def test_a_moment_is_iso_8601_with_its_time_zone_and_nothing_else(typed: Any) -> None:
    assert [where for _, where in wrong(Sheet, {"at": typed})] == [("at",)]


def test_days_and_moments_that_are_written_out_are_read() -> None:
    read = Sheet.model_validate({"at": "2026-06-01T08:00:00.5+08:00", "part": {"said_on": "2026-06-01"}})
    short = Sheet.model_validate({"at": "2026-06-01T00:00Z"})

    assert read.at == datetime(2026, 6, 1, 0, 0, 0, 500_000, tzinfo=UTC)
    assert read.part == Part(said_on=date(2026, 6, 1))
    assert short.at == datetime(2026, 6, 1, tzinfo=UTC)
    assert TypeAdapter(Day).validate_python("2026-06-01") == date(2026, 6, 1)


def test_true_is_no_number() -> None:
    follow_up = {"kind": "tuberculosis_follow_up", "mode": "phone", "doses_taken": True}

    assert wrong(Sheet, {"count": True}) == [("int_type", ("count",))]
    assert wrong(Sheet, {"content": follow_up}) == [("int_type", ("content", "doses_taken"))]


def test_what_is_nested_without_end_is_refused_and_breaks_nothing() -> None:
    deep: Any = {}
    for _ in range(5000):
        deep = {"content": deep, "members": [None]}

    assert wrong(Sheet, deep)
    assert wrong(HouseholdReport, deep)


@pytest.mark.parametrize("service", SERVICES)
def test_every_body_of_every_route_is_one(stack: Stack, service: str) -> None:
    described = Instance(stack, "described").build(service).openapi()

    open_ended = {
        name
        for path in described["paths"].values()
        for route in path.values()
        for name in _models(route.get("requestBody", {}).get("content", {}).get("application/json", {}))
        if described["components"]["schemas"][name].get("additionalProperties") is not False
    }

    assert open_ended == set()


def _models(schema: Any) -> Iterator[str]:
    """Yield the models that a schema refers to."""
    if isinstance(schema, dict):
        if "$ref" in schema:
            yield schema["$ref"].rpartition("/")[2]
        schema = list(schema.values())
    for part in schema if isinstance(schema, list) else ():
        yield from _models(part)


def _parts(annotation: Any) -> Iterator[Any]:
    yield annotation
    for part in getattr(annotation, "__args__", ()):
        yield from _parts(part)


def test_a_part_of_a_body_is_a_body_or_read_as_one() -> None:
    for service in SERVICES:
        import_module(f"services.{service}.api")
    loose = {
        (body.__qualname__, name)
        for body in _kinds(Body)
        for name, field in body.model_fields.items()
        for part in _parts(field.annotation)
        if isinstance(part, type) and issubclass(part, BaseModel) and not issubclass(part, Body)
        if not any(isinstance(told, AsSent) for told in field.metadata)
    }

    assert loose == set()


def _kinds(body: type[Body]) -> Iterator[type[Body]]:
    for kind in body.__subclasses__():
        yield kind
        yield from _kinds(kind)
