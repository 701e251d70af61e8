"""A crowd of others: whatever is kept is kept many times more, elsewhere, and MongoDB tells who reads it as well."""

import re
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

from bson import ObjectId

from services.runtime.mongo import Database, Document, insert_new

CROWD = 400
"""Documents that are added to each collection."""
MODELS = 40
"""Documents of a collection that are copied."""
ALLOWED, TIMES = 100, 4
"""Documents and keys that a query may examine in any case, and for each document that it returns."""
LEFT_OUT = frozenset(
    {"access_log", "builds", "changes", "limits", "parked", "requests", "subscriptions", "uncounted", "webhooks"}
)
"""What is chained, or counted, or worked through by itself."""
_ID = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_PLACE = re.compile(r"\b(320507|320812)")


async def crowd(database: Database) -> None:
    """Copy what each collection has until it is a crowd: of others, in a district where nobody asks."""
    for name in await database.list_collection_names():
        if name.startswith("system.") or "." in name or name in LEFT_OUT:
            continue
        models = await database[name].find().limit(MODELS).to_list(None)
        copies = [_copy(models[number % len(models)], number) for number in range(CROWD if models else 0)]
        await insert_new(database[name], copies)


def _copy(model: Document, number: int) -> Document:
    copy = _elsewhere(model, number)
    if isinstance(copy["_id"], ObjectId):
        copy["_id"] = ObjectId()
    elif copy["_id"] == model["_id"]:
        copy["_id"] = f"{model['_id']}~{number}"
    return {**copy}


def _elsewhere(value: Any, number: int) -> Any:
    match value:
        case str():
            other = _ID.sub(lambda found: sha256(f"{found[0]}{number}".encode()).hexdigest()[:32], value)
            return _PLACE.sub("430102", other)
        case Mapping():
            return {name: _elsewhere(one, number) for name, one in value.items()}
        case list():
            return [_elsewhere(one, number) for one in value]
    return value


async def begin_to_watch(database: Database) -> None:
    """Let MongoDB write down what is asked of a database from now on."""
    await database.command({"profile": 0})
    await database.drop_collection("system.profile")
    await database.command({"profile": 2})


async def find_greedy(database: Database) -> Sequence[str]:
    """Return the queries since then that examined many more documents, or keys of an index, than they returned."""
    await database.command({"profile": 0})
    asked = database["system.profile"].find({"op": {"$in": ["query", "command", "getmore"]}})
    return [_tell(one) async for one in asked if _is_greedy(one)]


def _is_greedy(one: Document) -> bool:
    most = ALLOWED + TIMES * one.get("nreturned", 0)
    return bool(max(one.get("docsExamined", 0), one.get("keysExamined", 0)) > most)


def _tell(one: Document) -> str:
    read = {name: one.get(name) for name in ("docsExamined", "keysExamined", "nreturned", "planSummary")}
    asked = {
        name: one["command"].get(name) for name in ("filter", "pipeline", "query", "hint") if name in one["command"]
    }
    return f"{one['ns']}: {read} for {asked}"[:900]
