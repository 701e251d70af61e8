"""Named requests on a real MongoDB: a key is for one request, whoever sends it how often at the same moment."""

import asyncio
from collections.abc import Awaitable
from datetime import UTC, datetime

import pytest

from services.runtime.mongo import Database
from services.runtime.requests import IdempotencyMismatchError, NamedRequest, Requests

NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)


def requests_of(database: Database) -> Requests:
    return Requests(database, lambda: NOW)


async def outcome_of(begun: Awaitable[NamedRequest]) -> str:
    try:
        return (await begun).cause
    except IdempotencyMismatchError:
        return "mismatch"


async def test_the_same_request_has_the_same_cause_whether_it_was_answered_or_not(database: Database) -> None:
    requests = requests_of(database)

    first = await requests.begin("http/clerk", "key", b"body")
    before = await requests.begin("http/clerk", "key", b"body")
    await requests.answer(first)
    after = await requests_of(database).begin("http/clerk", "key", b"body")

    assert first == before == after


async def test_another_request_under_the_key_is_refused_while_the_first_is_under_way_and_afterwards(
    database: Database,
) -> None:
    requests = requests_of(database)
    first = await requests.begin("http/clerk", "key", b"body")

    with pytest.raises(IdempotencyMismatchError):
        await requests.begin("http/clerk", "key", b"other")
    await requests.answer(first)
    with pytest.raises(IdempotencyMismatchError):
        await requests.begin("http/clerk", "key", b"other")


async def test_a_refused_request_may_be_corrected_under_its_key(database: Database) -> None:
    requests = requests_of(database)
    wrong = await requests.begin("http/clerk", "key", b"wrong")
    await requests.refuse(wrong)

    corrected = await requests.begin("http/clerk", "key", b"right")
    await requests.answer(corrected)

    assert corrected.cause != wrong.cause
    with pytest.raises(IdempotencyMismatchError):
        await requests.begin("http/clerk", "key", b"wrong")


async def test_what_was_answered_once_is_not_open_again_because_a_repetition_was_refused(database: Database) -> None:
    requests = requests_of(database)
    first, again = [await requests.begin("http/clerk", "key", b"body") for _ in range(2)]

    await requests.answer(first)
    await requests.refuse(again)

    with pytest.raises(IdempotencyMismatchError):
        await requests.begin("http/clerk", "key", b"other")


async def test_a_key_is_its_senders_own(database: Database) -> None:
    requests = requests_of(database)

    causes = {(await requests.begin(sender, "key", b"body")).cause for sender in ("http/a", "http/b", "amqp/a")}

    assert len(causes) == 3


async def test_fifty_at_once_get_one_cause_and_of_fifty_different_ones_one_goes_through(database: Database) -> None:
    replicas = [requests_of(database) for _ in range(5)]

    alike = await asyncio.gather(*(outcome_of(replicas[n % 5].begin("http/a", "alike", b"body")) for n in range(50)))
    unlike = await asyncio.gather(
        *(outcome_of(replicas[n % 5].begin("http/a", "unlike", b"%d" % n)) for n in range(50))
    )

    assert len(set(alike)) == 1
    assert sorted(outcome == "mismatch" for outcome in unlike) == [False] + [True] * 49


async def test_neither_key_nor_request_is_kept_as_it_was_sent(database: Database) -> None:
    requests = requests_of(database)

    await requests.begin("http/clerk", "李小满 320507199001010011", "李小满".encode())

    kept = str(await database["requests"].find().to_list(None))
    assert "李小满" not in kept
    assert "320507199001010011" not in kept
