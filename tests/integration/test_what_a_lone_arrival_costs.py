"""One arrival over HTTP until every view shows it: how many commands it costs each service, by MongoDB's own profiler.

A bound is what it takes today. Whoever looks something up once more raises it here, and in docs/measured.md.
"""

from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from itertools import groupby

import pytest

from deploy.local.stack import Stack
from services.runtime.changes import CHANGES
from services.runtime.journal import JOURNAL
from services.runtime.mongo import Database, Document, connect, database_of
from services.runtime.service import Service
from tests.support.instance import Instance, eventually, running_instance
from tests.support.ledger import find_losses
from tests.support.offices import make_arrival

STREET, ELSEWHERE = "320507001", "320812001"
WATCHING = "test"
"""By which name this test itself asks MongoDB, so that its own commands are told apart."""
QUIET = 1.5
"""Seconds without a command after which nothing follows: what was noted is told within one."""
PROFILE = "system.profile"
BY_SERVICES = {"appName": "houniao"}
NAMES = ("李小满", "王秋分", "张立春", "赵白露")
"""Of nobody who resembles another."""
KINDS = {"query": "find", "insert": "insert", "update": "update", "remove": "delete"}

NEWCOMER = {"registration": 7, "archives": 6, "outreach": 1, "reporting": 11, "feeds": 2}
MOVER = {"registration": 30, "archives": 97, "outreach": 4, "reporting": 37, "feeds": 15}
"""A fifth more than it takes: how many of the facts that a move leads to are heard together varies."""

Cost = Mapping[str, Counter[str]]
"""How many commands of each kind each service sent."""


@pytest.fixture
async def houniao(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Instance]:
    """Run all services without what they look for now and then: whatever is profiled is of an arrival."""
    monkeypatch.setattr(Service, "work_on", lambda *_: None)
    monkeypatch.setattr("services.reporting.commands.counting.LOOK_AT_DAY_AFTER", 3600.0)
    async with running_instance(stack) as instance:
        for app in instance.apps.values():
            app.state.service.relay.looks = False
        yield instance


@pytest.fixture
async def watched(houniao: Instance) -> AsyncIterator[Mapping[str, Database]]:
    """Yield the databases of the services, by a connection of the test's own."""
    client = connect(houniao.stack.mongodb_url(), WATCHING)
    yield {service: database_of(client, database.name) for service, database in houniao.databases.items()}
    client.close()


async def test_what_a_newcomer_and_a_mover_cost(houniao: Instance, watched: Mapping[str, Database]) -> None:
    await measure(houniao, watched, 1, STREET, "2026-03-01")
    await measure(houniao, watched, 2, ELSEWHERE, "2026-04-01")

    newcomer = await measure(houniao, watched, 3, STREET, "2026-03-02")
    mover = await measure(houniao, watched, 3, ELSEWHERE, "2026-04-02")

    assert within(newcomer, NEWCOMER), render(newcomer)
    assert within(mover, MOVER), render(mover)
    assert not await find_losses([watched])


async def measure(
    houniao: Instance, watched: Mapping[str, Database], number: int, street: str, arrived_on: str
) -> Cost:
    """Register somebody, wait until every view and number shows it, and return what that cost."""
    for database in watched.values():
        await database.drop_collection(PROFILE)
        await database.command({"profile": 2})
    async with houniao.client("registration", "clerk", street) as office:
        answer = await office.post(
            "/arrivals", json={**make_arrival(number, arrived_on, name=NAMES[number]), "street": street}
        )
    assert answer.status_code == 201, answer.text
    await wait_until_quiet(watched)
    await houniao.apps["reporting"].state.counting.count_waiting()
    await wait_until_quiet(watched)
    for database in watched.values():
        await database.command({"profile": 0})
    return {
        service: count(await database[PROFILE].find(BY_SERVICES).to_list(None)) for service, database in watched.items()
    }


async def wait_until_quiet(watched: Mapping[str, Database]) -> None:
    """Wait until the services have nothing to do, and told what they did."""
    seen: list[list[int]] = []

    async def quiet() -> bool:
        seen.append([await database[PROFILE].count_documents(BY_SERVICES) for database in watched.values()])
        unsent = [await database[JOURNAL].count_documents({"sent_at": None}) for database in watched.values()]
        return not any(unsent) and len(seen) > 1 and seen[-2] == seen[-1]

    await eventually(quiet, every=QUIET)


def count(profile: Sequence[Document]) -> Counter[str]:
    """Return how many commands of each kind were sent; of one with several updates, the profile tells each."""
    sent = sorted((one for one in profile if not one["ns"].endswith(f".{CHANGES}")), key=lambda one: one["ts"])
    kinds = [(one["op"], one["ns"], kind_of(one)) for one in sent]
    updates = sum(1 for (op, *_), _ in groupby(kinds) if op == "update")
    return Counter([kind for op, _, kind in kinds if op != "update"] + ["update"] * updates)


def kind_of(one: Document) -> str:
    return KINDS.get(one["op"]) or next(iter(one["command"]))


def within(cost: Cost, bounds: Mapping[str, int]) -> bool:
    return all(cost[service].total() <= bound for service, bound in bounds.items())


def render(cost: Cost) -> str:
    kinds = sorted({kind for counted in cost.values() for kind in counted})
    lines = [
        f"| {service} | {counted.total()} | {' | '.join(str(counted[kind]) for kind in kinds)} |"
        for service, counted in cost.items()
    ]
    return "\n".join([f"| | commands | {' | '.join(kinds)} |", *lines])
