"""The committed schemas, samples and AsyncAPI document say what the models say, and a version is never narrowed."""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # ships no types

from contracts import schemas
from contracts.compatibility import find_narrowings
from contracts.envelope import render, render_batch, split_batch, unwrap
from contracts.facts import ALL_FACTS, HEARD_BY, by_type
from tests.support.node import judge, parse_asyncapi

SAMPLES = sorted(schemas.SAMPLES.glob("*.json"))
KNOWN = by_type(ALL_FACTS)

Schema = dict[str, Any]


def read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def committed(name: str) -> Schema:
    schema: Schema = read(schemas.FOLDER / f"{name}.json")
    return schema


def test_what_is_committed_is_what_the_models_say() -> None:
    assert schemas.find_differences() == []


def test_no_committed_fact_is_narrowed_by_the_models() -> None:
    assert schemas.find_refusals() == []


@pytest.mark.parametrize("fact", KNOWN)
def test_a_committed_schema_is_a_json_schema(fact: str) -> None:
    Draft202012Validator.check_schema(committed(fact))


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_every_committed_sample_still_parses_and_fits_its_schema(path: Path) -> None:
    sample = read(path)

    event = unwrap(sample, KNOWN)

    assert path.name.startswith(event.type)
    validate(committed(event.type), sample)


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_what_is_rendered_again_fits_the_schema_too(path: Path) -> None:
    event = unwrap(read(path), KNOWN)

    (again,) = split_batch(render_batch([render(event)]))

    validate(committed(event.type), again)
    assert again["time"] == read(path)["time"]


def test_a_sample_with_a_field_that_nobody_knows_yet_still_parses() -> None:
    sample = read(SAMPLES[0])

    sample["tomorrow"] = sample["data"]["tomorrow"] = "new"

    assert unwrap(sample, KNOWN).type == sample["type"]
    validate(committed(sample["type"]), sample)


def test_the_check_names_what_differs(tmp_path: Path) -> None:
    schemas.write(tmp_path)
    stale, gone = tmp_path / "asyncapi.json", tmp_path / "registration.stay_ended.v1.json"
    stale.write_text("{}")
    gone.unlink()
    (tmp_path / "registration.stay_lost.v1.json").write_text("{}")

    found = schemas.find_differences(tmp_path)

    assert found == [
        "registration.stay_ended.v1.json: missing",
        "asyncapi.json: stale",
        "registration.stay_lost.v1.json: no such fact",
    ]


def test_writing_mends_every_difference(tmp_path: Path) -> None:
    (tmp_path / "registration.stay_lost.v1.json").write_text("{}")

    schemas.write(tmp_path)

    assert schemas.find_differences(tmp_path) == []


def test_a_model_that_narrows_a_committed_fact_is_refused(tmp_path: Path) -> None:
    schemas.write(tmp_path)
    path = tmp_path / "archives.entry_recorded.v1.json"
    wider = read(path)
    wider["$defs"]["BloodPressure"]["properties"]["systolic"]["maximum"] = 400
    path.write_text(json.dumps(wider))

    found = schemas.find_refusals(tmp_path)

    assert found == [
        "archives.entry_recorded.v1: $.data.entry.content.systolic: maximum was 400, is 300",
        "archives.entry_recorded.v1: $.data.entry.earlier[].content.systolic: maximum was 400, is 300",
    ]


def test_what_is_told_of_a_fact_is_not_narrowed_either(tmp_path: Path) -> None:
    schemas.write(tmp_path)
    path = tmp_path / "feeds.stay_started.v2.json"
    wider = read(path)
    wider["$defs"]["ToldStays"]["properties"]["place"] = {"type": "string"}
    path.write_text(json.dumps(wider))

    assert schemas.find_refusals(tmp_path) == ["feeds.stay_started.v2: $.data.place: the property is gone"]


# --- what counts as narrowing

PERSON: Schema = {
    "type": "object",
    "properties": {
        "code": {"type": "string", "pattern": "^[0-9]{9}$"},
        "state": {"$ref": "#/$defs/State"},
        "ended_on": {"anyOf": [{"type": "string", "format": "date"}, {"type": "null"}]},
        "age": {"type": "integer", "minimum": 0, "maximum": 150},
        "tags": {"type": "array", "items": {"type": "string"}},
        "note": {"type": "string"},
    },
    "required": ["code"],
    "$defs": {"State": {"type": "string", "enum": ["open", "ended"]}},
}


def _set(*path: str, to: Any) -> Callable[[Schema], None]:
    def change(schema: Schema) -> None:
        *way, last = path
        for step in way:
            schema = schema[step]
        schema[last] = to

    return change


def _drop(*path: str) -> Callable[[Schema], None]:
    def change(schema: Schema) -> None:
        *way, last = path
        for step in way:
            schema = schema[step]
        del schema[last]

    return change


NARROWED: Mapping[str, tuple[Callable[[Schema], None], str]] = {
    "a property is removed": (_drop("properties", "note"), "$.note: the property is gone"),
    "a property becomes required": (_set("required", to=["code", "note"]), "$.note: is required now"),
    "a required property becomes optional": (_set("required", to=[]), "$.code: is no longer promised"),
    "a type changes": (_set("properties", "note", to={"type": "integer"}), "$.note: was string, is integer"),
    "any value becomes a type": (_set("properties", "tags", "items", "type", to="number"), "$.tags[]: was string"),
    "null is no longer allowed": (
        _set("properties", "ended_on", to={"type": "string", "format": "date"}),
        "$.ended_on: was null, is string",
    ),
    "a value is taken from an enum": (_set("$defs", "State", "enum", to=["open"]), "$.state: 'ended'"),
    "a free text becomes an enum": (_set("properties", "note", "enum", to=["a"]), "$.note: was any value"),
    "a pattern changes": (_set("properties", "code", "pattern", to="^3[0-9]{8}$"), "$.code: pattern was"),
    "a pattern appears": (_set("properties", "note", "pattern", to="^.$"), "$.note: pattern was none"),
    "a format appears": (_set("properties", "note", "format", to="date"), "$.note: format was none"),
    "a lower bound rises": (_set("properties", "age", "minimum", to=1), "$.age: minimum was 0, is 1"),
    "an upper bound falls": (_set("properties", "age", "maximum", to=99), "$.age: maximum was 150, is 99"),
    "a bound appears": (_set("properties", "note", "maxLength", to=10), "$.note: maxLength was none, is 10"),
    "unknown properties are refused": (_set("additionalProperties", to=False), "$: properties that are not known"),
    "a keyword comes that nobody judges": (_set("properties", "note", "not", to={}), "$.note: 'not' changed"),
}

WIDENED: Mapping[str, Callable[[Schema], None]] = {
    "nothing changes": lambda _: None,
    "an optional property comes": _set("properties", "grid", to={"type": "string"}),
    "an enum gains a value": _set("$defs", "State", "enum", to=["open", "ended", "lost"]),
    "null is allowed too": _set("properties", "note", to={"anyOf": [{"type": "string"}, {"type": "null"}]}),
    "whole numbers become numbers": _set("properties", "age", "type", to="number"),
    "a pattern goes": _drop("properties", "code", "pattern"),
    "a bound is loosened": _set("properties", "age", "maximum", to=200),
    "a description changes": _set("properties", "note", "description", to="new words"),
    "a reference is written out": _set("properties", "state", to={"type": "string", "enum": ["open", "ended"]}),
}


@pytest.mark.parametrize("what", NARROWED)
def test_narrowing_is_found_where(what: str) -> None:
    change, expected = NARROWED[what]
    proposed = json.loads(json.dumps(PERSON))
    change(proposed)

    found = find_narrowings(PERSON, proposed)

    assert len(found) == 1, found
    assert found[0].startswith(expected)


@pytest.mark.parametrize("what", WIDENED)
def test_it_is_no_narrowing_when(what: str) -> None:
    proposed = json.loads(json.dumps(PERSON))
    WIDENED[what](proposed)

    assert find_narrowings(PERSON, proposed) == []


# --- the AsyncAPI document


def test_every_reference_of_the_asyncapi_document_leads_somewhere() -> None:
    document = read(schemas.FOLDER / schemas.ASYNCAPI)

    for reference in references(document):
        assert resolve(document, reference), reference


def test_every_channel_is_a_routing_key_with_its_district() -> None:
    document = read(schemas.FOLDER / schemas.ASYNCAPI)

    for name, channel in document["channels"].items():
        assert channel["address"] == f"{name}.{{district}}"
        assert list(channel["parameters"]) == ["district"]
        assert channel["bindings"]["amqp"]["exchange"]["name"] == "events"


def test_every_fact_is_sent_once_and_received_by_all_who_hear_it() -> None:
    document = read(schemas.FOLDER / schemas.ASYNCAPI)

    told: dict[tuple[str, str], set[str]] = {}
    for operation in document["operations"].values():
        name = operation["channel"]["$ref"].rpartition("/")[2]
        told.setdefault((operation["action"], name), set()).update(tag["name"] for tag in operation["tags"])

    for fact in ALL_FACTS:
        assert told["send", fact.TYPE] == {fact.TYPE.split(".")[0]}
        assert told["receive", fact.TYPE] == {service for service, facts in HEARD_BY.items() if fact in facts}


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_a_batch_of_samples_is_the_payload_of_its_message(path: Path) -> None:
    document = read(schemas.FOLDER / schemas.ASYNCAPI)
    sample = read(path)
    payload = document["components"]["messages"][sample["type"]]["payload"]

    validate({**payload, "components": document["components"]}, [sample, sample])


def test_the_official_parser_finds_nothing_wrong_with_the_asyncapi_document() -> None:
    assert parse_asyncapi((schemas.FOLDER / schemas.ASYNCAPI).read_text(encoding="utf-8")) == []


def test_the_official_parser_finds_a_channel_of_a_message_that_is_not_there() -> None:
    document = schemas.asyncapi()
    name = ALL_FACTS[0].TYPE
    broken = {**document, "channels": {name: document["channels"][name]}, "operations": {}, "components": {}}

    found = parse_asyncapi(json.dumps(broken))

    assert found
    assert all(name in one for one in found), found


# --- Ajv, with which readers in JavaScript judge what they get


def test_ajv_accepts_every_committed_schema_and_every_sample() -> None:
    samples = [read(path) for path in SAMPLES]

    found = judge({name: committed(name) for name in KNOWN}, [(sample["type"], sample) for sample in samples])

    assert found == []


def test_ajv_refuses_a_schema_and_a_sample_that_are_broken() -> None:
    sample, schema = read(SAMPLES[0]), committed(read(SAMPLES[0])["type"])
    misspelt = {**schema, "$id": "/schemas/misspelt.json", "requires": schema["required"]}

    found = judge({"whole": schema, "misspelt": misspelt}, [("whole", sample), ("whole", {**sample, "time": "noon"})])

    assert found == [
        'misspelt: strict mode: unknown keyword: "requires"',
        'whole: data/time must match format "date-time"',
    ]


def validate(schema: Schema, value: Any) -> None:
    Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(value)


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def resolve(document: Any, reference: str) -> Any:
    for step in reference.removeprefix("#/").split("/"):
        document = document[step]
    return document
