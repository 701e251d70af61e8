"""What the page looks up of codes: their words in Chinese and in English, the names of divisions."""

import gzip
import json
from functools import cache
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel

from contracts.reference import vocabulary
from contracts.reference.divisions import Divisions
from services.console.page import File
from services.console.session import SignedInHere
from services.console.sign_in import NEEDS_SESSION, DivisionsHere

LEVELS: dict[int, Literal["province", "city", "district", "street"]] = {
    2: "province",
    4: "city",
    6: "district",
    9: "street",
}
MOST = 200
KEPT_FOR = "private, max-age=3600"

router = APIRouter(tags=["reference"])


class Said(BaseModel):
    """What is said in Chinese and in English."""

    zh: str
    en: str


class CodeSaid(Said):
    """A code, and what is said for it."""

    code: str


class Vocabulary(BaseModel):
    """The words for every code by its kind, and what to do about every refusal."""

    kinds: dict[str, list[CodeSaid]]
    refusals: dict[str, Said]


class DivisionName(BaseModel):
    """A division: its code, its own name and its level."""

    code: str
    name: str
    level: Literal["province", "city", "district", "street"]


@cache
def _words() -> File:
    kinds = {kind: [word._asdict() for word in found] for kind, found in vocabulary.words().items()}
    told = {"kinds": kinds, "refusals": {code: said._asdict() for code, said in vocabulary.refusals().items()}}
    text = json.dumps(told, ensure_ascii=False).encode()
    return File("application/json", {"": text, "gzip": gzip.compress(text, mtime=0)})


@router.get(
    "/vocabulary",
    summary="The words for codes",
    responses={200: {"model": Vocabulary}, 304: {"description": "They are as they were"}},
)
async def get_vocabulary(request: Request) -> Response:
    """Return the words for every code and refusal, to whoever asks: who is not signed in is refused in words too."""
    return _words().answer(request, {"Cache-Control": "no-cache"})


@router.get("/divisions", summary="The names of divisions", responses=NEEDS_SESSION)
async def list_divisions(
    response: Response,
    divisions: DivisionsHere,
    _: SignedInHere,
    under: Annotated[str, Query(pattern=r"^([0-9]{2}|[0-9]{4}|[0-9]{6})?$")] = "",
    codes: Annotated[str, Query(pattern=r"^([0-9]{2,9}(,[0-9]{2,9}){0,199})?$")] = "",
) -> list[DivisionName]:
    """Return the divisions right below one, the provinces by default; with `codes`, those instead that are known."""
    response.headers["Cache-Control"] = KEPT_FOR
    asked = codes.split(",") if codes else divisions.below(under)
    return [_named(divisions, code) for code in asked if divisions.has(code) or code in divisions.former]


def _named(divisions: Divisions, code: str) -> DivisionName:
    return DivisionName(code=code, name=divisions.name(code), level=LEVELS[len(divisions.unpadded(code))])
