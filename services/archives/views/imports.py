"""What is kept of sheets that were handed in: batches of rows to work through, and the refused ones."""

from collections.abc import Iterable, Sequence

from services.archives.intake.readings import Refusal
from services.archives.intake.rounds import Row
from services.archives.views.rows import ARCHIVES
from services.runtime.mongo import Database, Document

BATCHES = "import_helpings"  # as stored


async def keep(database: Database, import_id: str, batches: Sequence[Sequence[Row]]) -> None:
    """Keep the batches of an import, before it is promised to work through them."""
    for number, rows in enumerate(batches):
        waiting = [{"row": row.place, "typed": dict(row.typed)} for row in rows]
        await database[BATCHES].insert_one({"_id": _key(import_id, number), "rows": waiting, "refused": []})


async def find_batch(database: Database, import_id: str, number: int) -> list[Row]:
    """Return the rows of a batch; empty if they were deleted because the import is done."""
    found = await database[BATCHES].find_one({"_id": _key(import_id, number)})
    return [Row(row["row"], row["typed"]) for row in found["rows"]] if found else []


async def keep_refused(database: Database, import_id: str, number: int, refused: Sequence[tuple[Row, Refusal]]) -> None:
    """Keep the refused rows of a batch with their reasons, before the progress is saved."""
    documents = [
        {"row": row.place, "typed": dict(row.typed), "code": refusal.code, "field": refusal.field}
        for row, refusal in refused
    ]
    await database[BATCHES].update_one({"_id": _key(import_id, number)}, {"$set": {"refused": documents}})


async def delete_rows(database: Database, import_id: str) -> None:
    """Delete the rows of an import that is done; the refused ones stay."""
    await database[BATCHES].update_many(_of(import_id), {"$set": {"rows": []}})


async def find_refused(database: Database, import_id: str) -> list[tuple[Row, Refusal]]:
    """Return the refused rows of an import with their reasons, in the order of the sheet."""
    batches = database[BATCHES].find(_of(import_id)).sort("_id", 1)
    return [
        (Row(refused["row"], refused["typed"]), Refusal(refused["code"], refused["field"]))
        async for batch in batches
        for refused in batch["refused"]
    ]


async def find_people(database: Database, typed: Iterable[str], district: str) -> dict[str, str]:
    """Return the ids of people with an archive in a district by what was typed of them: their id or archive code."""
    wanted = list(typed)
    codes = {"$in": [name for name in wanted if len(name) == 17], "$type": "string"}
    keys = [f"{name}@{district}" for name in wanted if len(name) == 32]
    people: dict[str, str] = {}
    for query in ({"_id": {"$in": keys}}, {"code": codes}, {"aliases.code": codes}):
        rows = database[ARCHIVES].find({**query, "district": district}, {"person_id": 1, "code": 1, "aliases.code": 1})
        async for row in rows:
            names = [row["person_id"], row.get("code"), *(alias["code"] for alias in row.get("aliases", ()))]
            people |= {name: row["person_id"] for name in names if name in wanted and name not in people}
    return people


def _of(import_id: str) -> Document:
    return {"_id": {"$gte": f"{import_id}/", "$lt": f"{import_id}0"}}


def _key(import_id: str, number: int) -> str:
    return f"{import_id}/{number:06d}"
