"""Find the sealed text of single refused rows, and move a corrected row from the refused ones to those taken in."""

from collections.abc import Iterable
from typing import NamedTuple

from services.registration.vault import Sealed
from services.registration.views.sealed import REFUSED_ROWS, sealed_fields
from services.runtime.imports import IMPORTS
from services.runtime.mongo import Database, Document


class Claim(NamedTuple):
    """The one request that may take a refused row in, and the supervisor who approves a number in it."""

    cause: str
    approver: str | None


class RefusedText(NamedTuple):
    """The sealed text of a refused row: as it was typed, or, once it is claimed, as the claim corrects it."""

    sealed: bytes
    claim: Claim | None


async def find_refused_rows(database: Database, import_id: str, numbers: Iterable[int]) -> dict[int, bytes]:
    """Return sealed refused rows of an import by their number; those erased or dismissed are missing."""
    ids = [_id(import_id, number) for number in numbers]
    found = database[REFUSED_ROWS].find({"_id": {"$in": ids}})
    return {document["row"]: bytes(document["sealed"]) async for document in found}


async def find_refused_row(database: Database, import_id: str, number: int) -> RefusedText | None:
    """Return the text of a refused row; None if it was corrected, erased or dismissed."""
    found = await database[REFUSED_ROWS].find_one({"_id": _id(import_id, number)})
    if found is None:
        return None
    return RefusedText(bytes(found["sealed"]), Claim(**found["claim"]) if "claim" in found else None)


async def claim_refused_row(database: Database, import_id: str, number: int, text: Sealed, claim: Claim) -> None:
    """Keep a refused row as a claim corrects it, unless another claim has it."""
    unclaimed = {"_id": _id(import_id, number), "claim": {"$exists": False}}
    await database[REFUSED_ROWS].update_one(unclaimed, {"$set": {**sealed_fields(text), "claim": claim._asdict()}})


async def give_back_refused_row(database: Database, import_id: str, number: int, text: Sealed, claim: Claim) -> None:
    """Keep a refused row as it was before a claim that came to nothing."""
    claimed = {"_id": _id(import_id, number), "claim": claim._asdict()}
    await database[REFUSED_ROWS].update_one(claimed, {"$set": sealed_fields(text), "$unset": {"claim": 1}})


async def delete_refused_row(database: Database, import_id: str, number: int) -> None:
    """Delete the text of a refused row that was corrected."""
    await database[REFUSED_ROWS].delete_one({"_id": _id(import_id, number)})


async def count_corrected(database: Database, import_id: str, code: str, corrected: Document, note: Document) -> None:
    """Count a row that was refused with a code as what came of its correction, once; keep a note if it has any."""
    outcome, reason = corrected["outcome"], f"refused_by_reason.{code}"
    counts = {"refused": -1, reason: -1, "corrected": 1, "accepted" if outcome == "accepted" else "duplicate": 1}
    counts |= {"updated": int(outcome == "updated"), **{f"warnings.{warning}": 1 for warning in note["warnings"]}}
    noted = {"notes": note} if note["warnings"] or note["updated"] or note["differs"] else {}
    await database[IMPORTS].update_one(
        {"_id": import_id, "refused_rows.row": corrected["row"]},
        {
            "$inc": counts,
            "$pull": {"refused_rows": {"row": corrected["row"]}},
            "$push": {"corrected_rows": corrected, **noted},
        },
    )
    await database[IMPORTS].update_one({"_id": import_id, reason: {"$lte": 0}}, {"$unset": {reason: 1}})


def _id(import_id: str, number: int) -> str:
    return f"{import_id}/{number}"
