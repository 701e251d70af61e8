"""What is given twice is refused: who reads it before us may take the one that we would not."""

import gzip
from collections.abc import Iterator
from typing import Annotated, Any

import httpx
import pytest
from fastapi import APIRouter, FastAPI, Form
from pydantic import Field

from services.runtime.bodies import Body, find_repeated_key
from services.runtime.logs import REPEATING
from tests.unit.runtime.test_web import make

ROUTES = APIRouter()


class Part(Body):
    """A part of what is posted here."""

    name: Annotated[str, Field(max_length=20)] = ""


class Report(Body):
    """What is posted here."""

    name: Annotated[str, Field(max_length=20)] = ""
    parts: tuple[Part, ...] = ()


@ROUTES.post("/reports")
async def post(body: Report, division: str = "", state: str = "") -> dict[str, Any]:
    return {"division": division, **body.model_dump()}


@ROUTES.post("/forms")
async def fill(street: Annotated[str, Form()], note: Annotated[str, Form()] = "") -> dict[str, str]:
    return {"street": street, "note": note}


@pytest.fixture
def app() -> Iterator[FastAPI]:
    made = make()
    made.include_router(ROUTES)
    yield made
    REPEATING.begin_anew()


async def ask(app: FastAPI, path: str, content: bytes, headers: list[tuple[str, str]]) -> httpx.Response:
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as asking:
        return await asking.post(path, content=content, headers=headers)


JSON, FORM = ("Content-Type", "application/json"), ("Content-Type", "application/x-www-form-urlencoded")
PARTS = ("Content-Type", "multipart/form-data; boundary=x")
TWO_FIELDS = b"".join(
    b'--x\r\nContent-Disposition: form-data; name="street"\r\n\r\n%b\r\n' % street for street in (b"1", b"2")
)


@pytest.mark.parametrize(
    ("path", "content", "headers", "field"),
    [
        ("/reports?division=1&division=2", b"{}", [JSON], "division"),
        ("/reports?division=1&state=a&division=1", b"{}", [JSON], "division"),
        ("/reports?division=1&divisio%6E=2", b"{}", [JSON], "division"),
        ("/reports", b'{"name":"a","name":"b"}', [JSON], "name"),
        ("/reports", b'{"name":"a","n\\u0061me":"a"}', [JSON], "name"),
        ("/reports", b'{"name":"a","parts":[{"name":"a"},{"name":"a","name":"b"}]}', [JSON], "name"),
        ("/reports", b'{"parts":[],"name":null,"name":"a"}', [JSON], "name"),
        ("/reports", b'{"name":"a","name":"b"}', [("Content-Type", "application/merge-patch+json")], "name"),
        ("/reports", '{"name":"a","name":"b"}'.encode("utf-16"), [JSON], "name"),
        ("/reports", b"{}", [JSON, JSON], "content-type"),
        ("/reports", b"{}", [JSON, ("Authorization", "Bearer a"), ("Authorization", "Bearer b")], "authorization"),
        ("/reports", b"{}", [JSON, ("Idempotency-Key", "a"), ("Idempotency-Key", "b")], "idempotency-key"),
        ("/forms", b"street=1&street=2", [FORM], "street"),
        ("/forms", TWO_FIELDS + b"--x--\r\n", [PARTS], "street"),
    ],
)
async def test_what_is_given_twice_is_refused_and_named(
    app: FastAPI, path: str, content: bytes, headers: list[tuple[str, str]], field: str
) -> None:
    answer = await ask(app, path, content, headers)

    assert (answer.status_code, answer.json()["code"]) == (422, "malformed")
    assert [(error["field"], error["code"]) for error in answer.json()["errors"]] == [(field, "given_twice")]


@pytest.mark.parametrize(
    ("path", "content", "headers"),
    [
        ("/reports?division=1&state=1", b'{"name":"a","parts":[{"name":"a"},{"name":"a"}]}', [JSON]),
        ("/reports?division=1&nothing=1&nothing=2", b"{}", [JSON]),
        ("/forms", b"street=1&note=1&other=1&other=2", [FORM]),
    ],
)
async def test_what_is_given_once_or_is_not_read_is_taken(
    app: FastAPI, path: str, content: bytes, headers: list[tuple[str, str]]
) -> None:
    assert (await ask(app, path, content, headers)).status_code == 200


async def test_a_key_that_is_given_twice_and_not_known_is_not_repeated(app: FastAPI) -> None:
    answer = await ask(app, "/reports", b'{"360981198001017777":1,"360981198001017777":2}', [JSON])

    assert [error["field"] for error in answer.json()["errors"]] == ["body"]
    assert "360981198001017777" not in answer.text


@pytest.mark.parametrize("key", ["ｎame", "name\u200b", "nаme", "NAME", " name", "name\\u0000"])
async def test_a_key_that_only_looks_like_a_known_one_is_another(app: FastAPI, key: str) -> None:
    answer = await ask(app, "/reports", f'{{"name":"a","{key}":"b"}}'.encode(), [JSON])

    assert (answer.status_code, [error["code"] for error in answer.json()["errors"]]) == (422, ["unknown_field"])


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd", "gzip, gzip"])
async def test_nothing_is_unpacked_that_comes_packed(app: FastAPI, coding: str) -> None:
    packed = gzip.compress(b'{"name":"a"}')

    answer = await ask(app, "/reports", packed, [JSON, ("Content-Encoding", coding)])

    assert answer.status_code in {400, 422}
    assert answer.json()["code"] == "malformed"


@pytest.mark.parametrize(
    "text", [b"", b"{", b"[" * 100_000, b"\xff", b'{"a":1}', b'[{"a":1},{"a":2}]', b"1", b'{"a":{"a":1}}']
)
def test_where_nothing_is_said_twice_no_key_is_found(text: bytes) -> None:
    assert find_repeated_key(text) is None
