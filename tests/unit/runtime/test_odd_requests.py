"""Requests on a real socket of which it is in doubt where they end, or that ask for what costs: one answer, or none."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from services.runtime.connections import LONGEST_HEAD
from services.runtime.logs import REPEATING
from tests.support.attacks import answer_to, served
from tests.unit.runtime.test_web import make, token

SMUGGLED = b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"
CHUNKED = b"%x\r\n%b\r\n0\r\n\r\n" % (len(SMUGGLED), SMUGGLED)


@pytest_asyncio.fixture
async def port() -> AsyncIterator[int]:
    """Serve an application that needs no other server."""
    async with served(make()) as at:
        yield at
    REPEATING.begin_anew()


def head(*lines: bytes, first: bytes = b"POST /health/live HTTP/1.1") -> bytes:
    return b"\r\n".join([first, b"Host: x", *lines, b"", b""])


def answers(came: bytes) -> int:
    return came.count(b"HTTP/1.1 ")


AMBIGUOUS = {
    "length and chunks": head(b"Content-Length: 6", b"Transfer-Encoding: chunked") + b"0\r\n\r\nG" + SMUGGLED,
    "chunks and length": head(b"Transfer-Encoding: chunked", b"Content-Length: 4") + CHUNKED,
    "two lengths": head(b"Content-Length: 0", b"Content-Length: 35") + SMUGGLED,
    "two lengths in one": head(b"Content-Length: 0, 35") + SMUGGLED,
    "length with a sign": head(b"Content-Length: +0") + SMUGGLED,
    "length in hexadecimal": head(b"Content-Length: 0x0") + SMUGGLED,
    "length with a space": head(b"Content-Length : 0") + SMUGGLED,
    "length of too many digits": head(b"Content-Length: 18446744073709551616") + SMUGGLED,
    "chunks not last": head(b"Transfer-Encoding: chunked, identity") + CHUNKED,
    "chunks twice": head(b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked") + CHUNKED,
    "chunks misspelt": head(b"Transfer-Encoding: xchunked") + CHUNKED,
    "chunks after a tab": head(b"Transfer-Encoding:\x0bchunked") + CHUNKED,
    "chunk of no size": head(b"Transfer-Encoding: chunked") + b"zz\r\n" + SMUGGLED,
    "chunk of too many digits": head(b"Transfer-Encoding: chunked") + b"f" * 20 + b"\r\n" + SMUGGLED,
    "chunk that is longer than it says": head(b"Transfer-Encoding: chunked") + b"1\r\nab\r\n0\r\n\r\n" + SMUGGLED,
    "folded header": head(b"Content-Length: 0", b" 35") + SMUGGLED,
    "header without a name": head(b": 35") + SMUGGLED,
    "nothing but line feeds": b"GET /health/live HTTP/1.1\nHost: x\nContent-Length: 0\n\r" + SMUGGLED,
    "a zero byte in a header": head(b"X-A: a\x00b") + SMUGGLED,
    "a carriage return in a header": head(b"X-A: a\rContent-Length: 35") + SMUGGLED,
    "another protocol": head(first=b"GET /health/live HTTP/3.1") + SMUGGLED,
}


@pytest.mark.parametrize("sent", AMBIGUOUS)
async def test_a_request_of_which_the_end_is_in_doubt_is_refused_and_nothing_after_it_answered(
    port: int, sent: str
) -> None:
    came = await answer_to(port, AMBIGUOUS[sent])

    assert answers(came) == 1, "and the connection is closed"
    assert came.startswith(b"HTTP/1.1 400 ")
    assert b"houniao_" not in came


async def test_two_requests_that_are_not_in_doubt_are_answered_each(port: int) -> None:
    last = head(b"Connection: close", first=b"GET /health/live HTTP/1.1")

    assert answers(await answer_to(port, SMUGGLED + last)) == 2


async def test_what_follows_a_chunked_body_is_another_request_and_the_body_none(port: int) -> None:
    closing = head(b"Connection: close", first=b"GET /health/live HTTP/1.1")

    came = await answer_to(port, head(b"Transfer-Encoding: chunked") + CHUNKED + closing)

    assert answers(came) == 2
    assert b"houniao_" not in came


@pytest.mark.parametrize(
    "lines",
    [
        (b"X-Long: " + b"a" * LONGEST_HEAD,),
        (b"X-" + b"a" * LONGEST_HEAD + b": 1",),
        tuple(b"X-%d: %s" % (number, b"a" * 60) for number in range(1_000)),
        (b"Cookie: " + b"a=b; " * 20_000,),
        (b"Authorization: Bearer " + b"a" * LONGEST_HEAD,),
    ],
    ids=["a value", "a name", "many", "cookies", "a token"],
)
async def test_a_head_that_is_too_long_is_refused(port: int, lines: tuple[bytes, ...]) -> None:
    came = await answer_to(port, head(*lines, b"Connection: close", first=b"GET /health/live HTTP/1.1"))

    assert answers(came) == 1
    assert came.startswith(b"HTTP/1.1 431 ")


async def test_an_address_that_is_too_long_is_refused(port: int) -> None:
    came = await answer_to(
        port, b"GET /health/live?" + b"a" * LONGEST_HEAD + b" HTTP/1.1\r\nConnection: close\r\nHost: x\r\n\r\n"
    )

    assert came.startswith((b"HTTP/1.1 431 ", b"HTTP/1.1 400 "))


@pytest.mark.parametrize("bearer", [b"", b"Authorization: Bearer " + token(role="clerk").encode()])
async def test_who_may_not_send_a_body_is_not_told_to_go_on(port: int, bearer: bytes) -> None:
    lines = (bearer or b"X-A: b", b"Content-Length: 900000", b"Content-Type: application/json", b"Expect: 100-continue")

    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(head(*lines, first=b"POST /people/1 HTTP/1.1"))
    came = await asyncio.wait_for(reader.readuntil(b"}"), 5)
    writer.close()

    assert came.startswith(b"HTTP/1.1 403 " if bearer else b"HTTP/1.1 401 ")
    assert b"100 Continue" not in came


@pytest.mark.parametrize(
    "asked", [b"0-0," * 12_000 + b"0-0", b"0-," * 15_000 + b"0-", b"-" * 60_000, b"0-99999999999999999999", b"5-1"]
)
@pytest.mark.parametrize("path", [b"/static-offline-docs/swagger-ui-bundle.js", b"/openapi.json", b"/health/live"])
async def test_asking_for_ranges_costs_no_more_than_asking_for_all(port: int, path: bytes, asked: bytes) -> None:
    began = time.process_time()

    came = await answer_to(
        port, head(b"Range: bytes=" + asked, b"Connection: close", first=b"GET " + path + b" HTTP/1.1")
    )

    assert time.process_time() - began < 1.0
    assert len(came) < 3_000_000, "the script has 1.4 million bytes"
    assert came.split(b" ", 2)[1] in {b"200", b"206", b"400", b"416"}
