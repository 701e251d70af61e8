"""What is kept of sheets that were handed in: the rows to come, and those that were refused."""

from collections.abc import Iterable, Sequence

from services.archives.intake.rounds import Refusal, Row
from services.archives.views.rows import ARCHIVES
from services.runtime.mongo import Database, Document

HELPINGS = "import_helpings"


async def keep(database: Database, import_id: str, helpings: Sequence[Sequence[Row]]) -> None:
    """Keep the rows to come, before anything is promised of them."""
    for number, rows in enumerate(helpings):
        waiting = [{"row": row.number, "typed": dict(row.typed)} for row in rows]
        await database[HELPINGS].insert_one({"_id": _key(import_id, number), "rows": waiting, "refused": []})


async def find_helping(database: Database, import_id: str, number: int) -> list[Row]:
    """Find the rows of one helping."""
    found = await database[HELPINGS].find_one({"_id": _key(import_id, number)})
    return [Row(row["row"], row["typed"]) for row in found["rows"]] if found else []


async def keep_refused(database: Database, import_id: str, number: int, refused: Sequence[tuple[Row, Refusal]]) -> None:
    """Keep of a helping what was refused, beside its rows until the progress is saved."""
    told = [
        {"row": row.number, "typed": dict(row.typed), "code": refusal.code, "field": refusal.field}
        for row, refusal in refused
    ]
    await database[HELPINGS].update_one({"_id": _key(import_id, number)}, {"$set": {"refused": told}})


async def let_go(database: Database, import_id: str) -> None:
    """Let go of the rows of an import that is done."""
    await database[HELPINGS].update_many(_of(import_id), {"$set": {"rows": []}})


async def find_refused(database: Database, import_id: str) -> list[tuple[Row, Refusal]]:
    """Find the refused rows of an import, in their order."""
    helpings = database[HELPINGS].find(_of(import_id)).sort("_id", 1)
    return [
        (Row(one["row"], one["typed"]), Refusal(one["code"], one["field"]))
        async for helping in helpings
        for one in helping["refused"]
    ]


async def find_people(database: Database, named: Iterable[str], district: str) -> dict[str, str]:
    """Find by id or archive code who has an archive in a district: the person's id by what was typed."""
    wanted = list(named)
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
