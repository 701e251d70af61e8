"""Counters stay right however several that count collide, and wherever in their writes they are killed."""

import asyncio
from collections.abc import AsyncIterator
from random import Random
from uuid import uuid4

import pytest
from fastapi import FastAPI

from deploy.local.stack import Stack
from services.reporting import projector
from tests.support.counting import counters, recount
from tests.support.instance import Instance, forget_instance
from tests.support.kills import KilledError, history, kill_here_and_there, let_some_dawdle

WORKERS = 3


@pytest.fixture
async def reporting(stack: Stack) -> AsyncIterator[FastAPI]:
    instance = Instance(stack, f"kills-{uuid4().hex[:8]}")
    app = instance.apps["reporting"] = instance.build("reporting")
    for step in app.state.service._prepare:
        await step(app.state.service.database)
    yield app
    app.state.service.client.close()
    await forget_instance(stack, instance.name)


@pytest.mark.parametrize("seed", range(6))
async def test_counters_are_those_of_the_rows_after_collisions_and_kills(
    reporting: FastAPI, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    chance = Random(seed)
    state = reporting.state
    messages = history(chance)
    with monkeypatch.context() as patch:
        kills = kill_here_and_there(chance, patch)
        let_some_dawdle(chance, patch)

        async def work() -> None:
            while messages:
                await projector.hear(state.service, state.counting, messages.pop())
                try:
                    await state.counting.count_waiting()
                except KilledError:
                    continue

        await asyncio.gather(*(work() for _ in range(WORKERS)))
    await asyncio.gather(*(state.counting.count_all_waiting() for _ in range(WORKERS)))

    assert await counters(state.service.database) == await recount(state.service.database)
    assert {"before the commit", "after the commit"} <= {*kills}


@pytest.mark.parametrize("seed", range(6))
async def test_who_counted_from_fewer_facts_never_has_the_last_word(
    reporting: FastAPI, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    chance = Random(seed)
    state = reporting.state
    with monkeypatch.context() as patch:
        let_some_dawdle(chance, patch)
        for message in history(chance, at_a_time=2):
            people = {event.personid for event in message if event.personid}
            await projector.hear(state.service, state.counting, message)
            asyncio.get_running_loop().create_task(state.counting.count_waiting(), name=f"count {sorted(people)}")
        others = [task for task in asyncio.all_tasks() if task.get_name().startswith("count ")]
        await asyncio.gather(*others)
    await state.counting.count_all_waiting()

    assert await counters(state.service.database) == await recount(state.service.database)
