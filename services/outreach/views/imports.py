"""What is kept of registers that were handed in: batches of rows to work through, and the refused ones."""

from collections.abc import Sequence

from services.outreach.intake.registers import Refusal, Row
from services.runtime.mongo import Database, Document

BATCHES = "import_batches"


async def keep(database: Database, import_id: str, batches: Sequence[Sequence[Row]]) -> None:
    """Keep the batches of an import, before it is promised to work through them; again is no harm."""
    for number, rows in enumerate(batches):
        waiting = {"rows": [_document(row) for row in rows], "refused": []}
        await database[BATCHES].replace_one({"_id": _key(import_id, number)}, waiting, upsert=True)


async def find_batch(database: Database, import_id: str, number: int) -> list[Row]:
    """Return the rows of a batch; empty if they were deleted because the import is done."""
    found = await database[BATCHES].find_one({"_id": _key(import_id, number)})
    return [_row(document) for document in found["rows"]] if found else []


async def keep_refused(database: Database, import_id: str, number: int, refused: Sequence[tuple[Row, Refusal]]) -> None:
    """Keep the refused rows of a batch with their reasons, before the progress is saved."""
    documents = [{**_document(row), "code": refusal.code, "field": refusal.field} for row, refusal in refused]
    await database[BATCHES].update_one({"_id": _key(import_id, number)}, {"$set": {"refused": documents}})


async def delete_rows(database: Database, import_id: str) -> None:
    """Delete the rows of an import that is done; the refused ones stay."""
    await database[BATCHES].update_many(_of(import_id), {"$set": {"rows": []}})


async def find_refused(database: Database, import_id: str) -> list[tuple[Row, Refusal]]:
    """Return the refused rows of an import with their reasons, in the order of the sheet."""
    batches = database[BATCHES].find(_of(import_id)).sort("_id", 1)
    return [
        (_row(refused), Refusal(refused["code"], refused["field"]))
        async for batch in batches
        for refused in batch["refused"]
    ]


def _document(row: Row) -> Document:
    return {"row": row.place, "repetition": row.repetition, "typed": dict(row.typed)}


def _row(document: Document) -> Row:
    return Row(document["row"], document["repetition"], document["typed"])


def _of(import_id: str) -> Document:
    return {"_id": {"$gte": f"{import_id}/", "$lt": f"{import_id}0"}}


def _key(import_id: str, number: int) -> str:
    return f"{import_id}/{number:06d}"
