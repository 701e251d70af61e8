"""The page, as small as browsers take it, and what it looks up."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from contracts.reference.vocabulary import refusals, words
from deploy.local.stack import Stack
from services.console.page import Page
from tests.support.console import CLERK, Console, console_at_work
from tests.support.problems import assert_problem

SCRIPT = "console.log(1);" * 100


@pytest.fixture
async def console(stack: Stack, tmp_path: Path) -> AsyncIterator[Console]:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<!doctype html><title>候鸟</title>")
    (tmp_path / "assets/main-1a2b.js").write_text(SCRIPT)
    (tmp_path / "assets/main-1a2b.js.br").write_bytes(b"br")
    (tmp_path / "assets/main-1a2b.js.gz").write_bytes(b"gz")
    (tmp_path.parent / "secret").write_text("secret")
    async with console_at_work(stack, page=Page(tmp_path)) as running:
        yield running


@pytest.mark.parametrize(
    "path", ["/", "/people", "/people/0a1b/timeline?day=2026-11-27", "/signed-out?why=not_granted"]
)
async def test_every_address_of_the_page_is_the_page(console: Console, path: str) -> None:
    async with console.browser() as browser:
        shown = await browser.get(path)

    assert (shown.status_code, shown.headers["cache-control"]) == (200, "no-cache")
    assert "候鸟" in shown.text


async def test_the_page_runs_nothing_of_others_and_is_in_no_frame(console: Console) -> None:
    async with console.browser() as browser:
        headers = (await browser.get("/")).headers

    assert headers["content-security-policy"] == (
        "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'none'"
    )
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize(
    ("accepted", "sent"), [("gzip, deflate, br", "br"), ("gzip", "gzip"), ("br;q=0, gzip", "gzip"), ("identity", None)]
)
async def test_a_file_comes_as_small_as_the_browser_takes_it(console: Console, accepted: str, sent: str | None) -> None:
    async with (
        console.browser() as browser,
        browser.stream("GET", "/assets/main-1a2b.js", headers={"Accept-Encoding": accepted}) as shown,
    ):
        body = b"".join([part async for part in shown.aiter_raw()])

    assert shown.headers.get("content-encoding") == sent
    assert body == {"br": b"br", "gzip": b"gz", None: SCRIPT.encode()}[sent]
    assert shown.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert shown.headers["vary"] == "Accept-Encoding"


async def test_what_a_browser_has_is_not_sent_again(console: Console) -> None:
    async with console.browser() as browser:
        tag = (await browser.get("/")).headers["etag"]

        again = await browser.get("/", headers={"If-None-Match": tag})

    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    "path", ["/assets/gone.js", "/assets/../../secret", "/assets/%2e%2e/%2e%2e/secret", "/api/none"]
)
async def test_nothing_but_the_page_is_read_of_the_disk(console: Console, path: str) -> None:
    async with console.browser() as browser:
        shown = await browser.get(path)

    assert "secret" not in shown.text
    assert shown.status_code in {200, 404}


async def test_a_page_that_is_not_built_says_so(stack: Stack, tmp_path: Path) -> None:
    async with console_at_work(stack, page=Page(tmp_path / "none")) as console, console.browser() as browser:
        assert_problem(await browser.get("/"), 404, "page_not_built")


async def test_the_words_for_codes_are_there_before_anybody_signs_in(console: Console) -> None:
    async with console.browser() as browser:
        shown = await browser.get("/vocabulary")
        again = await browser.get("/vocabulary", headers={"If-None-Match": shown.headers["etag"]})

    told = json.loads(shown.content)
    assert told["refusals"]["no_session"] == refusals()["no_session"]._asdict()
    assert {kind: len(found) for kind, found in told["kinds"].items()} == {
        kind: len(found) for kind, found in words().items()
    }
    assert shown.headers["content-encoding"] == "gzip"
    assert again.status_code == 304


async def test_the_names_of_divisions_level_by_level(console: Console) -> None:
    async with console.browser(CLERK) as browser:
        provinces = (await browser.get("/divisions")).json()
        streets = (await browser.get("/divisions", params={"under": "320507"})).json()
        named = (await browser.get("/divisions", params={"codes": "3205,320507,320507001,999999999"})).json()

    assert len(provinces) == 31
    assert {each["level"] for each in streets} == {"street"}
    assert {"code": "320507001", "name": "元和街道", "level": "street"} in streets
    assert [(each["name"], each["level"]) for each in named] == [
        ("苏州市", "city"),
        ("相城区", "district"),
        ("元和街道", "street"),
    ]


async def test_divisions_are_for_who_is_signed_in_and_asks_in_order(console: Console) -> None:
    async with console.browser() as stranger, console.browser(CLERK) as browser:
        assert_problem(await stranger.get("/divisions"), 401, "no_session")
        for asked in ({"under": "3"}, {"under": "320507001"}, {"codes": "320507,"}, {"codes": "x"}):
            assert_problem(await browser.get("/divisions", params=asked), 422, "malformed")
