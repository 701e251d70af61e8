"""The contracts as documents: `python -m contracts.schemas` writes a JSON Schema of every fact, AsyncAPI, refusals.

With `--check` it writes nothing, lists the differences from the committed documents and exits with 1 if there are any.
"""

import json
import re
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from contracts.compatibility import find_narrowings
from contracts.envelope import BATCH_CONTENT_TYPE, Event, Fact
from contracts.facts import ALL_FACTS, HEARD_BY
from contracts.feeds.asyncapi import asyncapi as asyncapi_of_feeds
from contracts.feeds.told import told_schemas
from contracts.json_schema import DIALECT, IN_ITSELF, Json, describe

FOLDER = Path(__file__).parent / "schemas"
SAMPLES = Path(__file__).parent / "samples"
ROOT = Path(__file__).parents[1]
ASYNCAPI, ASYNCAPI_OF_FEEDS, REFUSALS = "asyncapi.json", "asyncapi.feeds.json", "refusals.json"
PAGES = {"zh": "docs/refusals.zh-CN.md", "en": "docs/refusals.md"}
"""The pages that say what to do about a refusal, by language."""

_BETWEEN = {"zh": "；", "en": "; "}
_REFUSED = re.compile(r"^\| (`[^|]+) \| [^|]+ \| ([^|]+) \|$", re.MULTILINE)
_CODE = re.compile(r"`([a-z_0-9]+)`")
_MARKS = re.compile(r"`|\[([^\]]*)\]\([^)]*\)")


def schema_of(fact: type[Fact]) -> Json:
    """Return the JSON Schema (2020-12) of a fact in its envelope, as it is on the wire."""
    return {
        "$schema": DIALECT,
        "$id": f"/schemas/{fact.TYPE}.json",
        **_event_schema(fact, IN_ITSELF),
    }


def asyncapi() -> Json:
    """Return the AsyncAPI 3.0 document: a channel and a message for every fact, its sender and its receivers."""
    schemas: Json = {}
    for fact in ALL_FACTS:
        event = _event_schema(fact, "#/components/schemas/{model}")
        schemas |= event.pop("$defs", {}) | {fact.TYPE: event}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Houniao 候鸟: what the services tell one another",
            "version": "1.0.0",
            "description": "Facts on the topic exchange `events`. One AMQP message is a batch: a JSON array of "
            "CloudEvents 1.0 events of one fact and one district. Street offices report on the exchange `offices`; "
            "registration documents that side at its own `/docs`.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": BATCH_CONTENT_TYPE,
        "channels": {fact.TYPE: _channel(fact) for fact in ALL_FACTS},
        "operations": _operations(),
        "components": {
            "messages": {fact.TYPE: _message(fact) for fact in ALL_FACTS},
            "schemas": dict(sorted(schemas.items())),
        },
    }


@cache  # nothing changes a model while a process runs
def event_schemas() -> Mapping[str, Json]:
    """Return the JSON Schema of every event by its type: of facts, and of what feeds tell of them."""
    return {fact.TYPE: schema_of(fact) for fact in ALL_FACTS} | told_schemas()


def refusals() -> Json:
    """Return what to do about each refusal by its code, in each language, as the pages of documents say it."""
    said = {language: _advice_in(ROOT / page, language) for language, page in PAGES.items()}
    codes = sorted({code for advice in said.values() for code in advice})
    return {code: {language: advice[code] for language, advice in said.items()} for code in codes}


@cache
def documents() -> Mapping[str, str]:
    """Return the text of every document by file name."""
    made = {f"{name}.json": schema for name, schema in event_schemas().items()}
    made |= {ASYNCAPI: asyncapi(), ASYNCAPI_OF_FEEDS: asyncapi_of_feeds(), REFUSALS: refusals()}
    return {name: json.dumps(document, ensure_ascii=False, indent=2) + "\n" for name, document in made.items()}


def find_differences(folder: Path = FOLDER) -> list[str]:
    """Return which committed documents are missing, stale or left over, and which facts have no sample."""
    made = documents()
    committed = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.json")}
    unsampled = [fact.TYPE for fact in ALL_FACTS if not (SAMPLES / f"{fact.TYPE}.json").exists()]
    return [
        *(f"{name}: missing" for name in sorted(made.keys() - committed.keys())),
        *(f"{name}: stale" for name in sorted(made.keys() & committed.keys()) if made[name] != committed[name]),
        *(f"{name}: no such fact" for name in sorted(committed.keys() - made.keys())),
        *(f"samples/{name}.json: missing" for name in unsampled),
    ]


def find_refusals(folder: Path = FOLDER) -> list[str]:
    """Return how the models narrow committed facts; such a change needs a new version of the fact instead."""
    found = []
    for name, schema in event_schemas().items():
        path = folder / f"{name}.json"
        if path.exists():
            committed = json.loads(path.read_text(encoding="utf-8"))
            found += [f"{name}: {narrowing}" for narrowing in find_narrowings(committed, schema)]
    return found


def write(folder: Path = FOLDER) -> None:
    """Write every document and remove those of facts that no longer exist."""
    folder.mkdir(exist_ok=True)
    made = documents()
    for name, text in made.items():
        (folder / name).write_text(text, encoding="utf-8")
    for path in folder.glob("*.json"):
        if path.name not in made:
            path.unlink()


def main(arguments: Sequence[str]) -> int:
    """Write or check the documents and return the exit code."""
    if unknown := set(arguments) - {"--check"}:
        sys.stderr.write(f"python -m contracts.schemas [--check], not {' '.join(sorted(unknown))}\n")
        return 2
    if refusals := find_refusals():
        sys.stderr.writelines(f"{refusal}\n" for refusal in refusals)
        sys.stderr.write("A committed version is never narrowed: say the fact as its next version beside it.\n")
        return 1
    if "--check" not in arguments:
        write()
    differences = find_differences()
    sys.stderr.writelines(f"{difference}\n" for difference in differences)
    if differences and "--check" in arguments:
        sys.stderr.write("Run `make schemas` and commit what it writes.\n")
    return 1 if differences else 0


def _advice_in(page: Path, language: str) -> dict[str, str]:
    """Return what a page says of each code, in one text if several of its tables do; without marks of Markdown."""
    found: dict[str, list[str]] = {}
    for codes, advice in _REFUSED.findall(page.read_text(encoding="utf-8")):
        for code in _CODE.findall(codes):
            found.setdefault(code, []).append(_MARKS.sub(r"\1", advice).strip())
    return {code: _BETWEEN[language].join(said) for code, said in found.items()}


def _event_schema(fact: type[Fact], references: str) -> Json:
    schema = describe(Event[fact], references)  # type: ignore[valid-type]  # a type made while running
    schema["title"] = fact.__name__
    schema["description"] = fact.__doc__
    schema["properties"]["type"] = {"const": fact.TYPE}
    schema["properties"]["dataschema"] = {"const": f"/schemas/{fact.TYPE}.json"}
    schema["required"] = ["specversion", *schema["required"]]
    return schema


def _channel(fact: type[Fact]) -> Json:
    return {
        "address": f"{fact.TYPE}.{{district}}",
        "title": fact.__name__,
        "description": fact.__doc__,
        "messages": {"batch": {"$ref": f"#/components/messages/{fact.TYPE}"}},
        "parameters": {"district": {"description": "The 6-digit code (GB/T 2260) of the district that must hear it."}},
        "bindings": {
            "amqp": {
                "is": "routingKey",
                "exchange": {
                    "name": "events",
                    "type": "topic",
                    "durable": True,
                    "autoDelete": False,
                    "vhost": "houniao",
                },
                "bindingVersion": "0.3.0",
            }
        },
    }


def _message(fact: type[Fact]) -> Json:
    return {
        "name": fact.TYPE,
        "title": fact.__name__,
        "contentType": BATCH_CONTENT_TYPE,
        "payload": {"type": "array", "minItems": 1, "items": {"$ref": f"#/components/schemas/{fact.TYPE}"}},
    }


def _operations() -> Json:
    sends = {
        _operation_name(_publisher(fact), "says", fact): _operation_of("send", fact, _publisher(fact))
        for fact in ALL_FACTS
    }
    receives = {
        _operation_name(service, "hears", fact): _operation_of("receive", fact, service)
        for service, facts in HEARD_BY.items()
        for fact in facts
    }
    return sends | receives


def _operation_name(service: str, does: str, fact: type[Fact]) -> str:
    return f"{service}_{does}_{fact.TYPE.replace('.', '_')}"


def _operation_of(action: str, fact: type[Fact], service: str) -> Json:
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{fact.TYPE}"},
        "messages": [{"$ref": f"#/channels/{fact.TYPE}/messages/batch"}],
        "tags": [{"name": service}],
    }


def _publisher(fact: type[Fact]) -> str:
    return fact.TYPE.partition(".")[0]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
