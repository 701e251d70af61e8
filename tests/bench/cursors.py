"""Whom 10,000 cursors and three bad receivers hold up: how long until a webhook has what its audience is told.

One process of feeds hears, tells and delivers, another one, which only reads, answers the cursors, at a lower priority.
Receivers of webhooks stand on loopback; of the bad ones one refuses connections, one answers at the limit of ten
seconds, one sends away to another on loopback. A cursor is a position that some system keeps: each asks over HTTP in
its turn and waits a while. Telling goes on while bad receivers and cursors come and go, several times in turns: all is
compared within one run. The callers of the cursors stand for other machines, and have the CPU that nobody else wants.
"""

import asyncio
import os
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from statistics import quantiles
from typing import Any
from uuid import uuid4

import httpx
from pymongo import MongoClient

from contracts.feeds.feeds import FeedName
from deploy.local.ports import free_port
from deploy.local.services import HttpProcess, ServiceProcess
from deploy.local.stack import Stack
from services.feeds.views import pages
from services.runtime.access import issue
from services.runtime.clock import system_clock
from services.runtime.mongo import connect, database_of
from tests.bench.children import Child, children
from tests.bench.cpu import cpu_seconds, spent
from tests.bench.followers import Asking, Followed, follow, moment_of
from tests.support.instance import eventually
from tests.support.joining import make_crowd
from tests.support.receivers import Receiver, receiving
from tests.support.subscriptions import ASKED

DISTRICT = "320507"
DATABASE = "houniao_feeds"
ALIKE = 20
"""Arrivals that are heard of at once and look alike, so that each audience is told of all of them."""
DELIVERED_WITHIN = 120.0
BAD = 3
SET_BACK = 10
"""The niceness of the process that only reads."""
Costs = dict[str, float]


@dataclass(frozen=True)
class Followers:
    """How many webhooks and cursors there are, how the cursors ask, and how often something is told.

    The accounts share the cursors; each cursor asks every so many seconds and waits so long. Something is told so many
    times beside each in a turn, at least so many seconds apart. In all turns together each cursor asks about once.
    """

    webhooks: int = 50
    cursors: int = 10_000
    accounts: int = 100
    every: float = 130.0
    wait: float = 8.0
    tellings: int = 5
    apart: float = 2.5
    turns: int = 4
    slow: float = 9.9
    """Seconds after which the slow receiver answers; it has ten."""


FOLLOWERS = Followers()


@dataclass
class Delays:
    """Seconds until webhooks had something: from when it was heard, and from when their audience was told."""

    heard: list[float] = field(default_factory=list)
    told: list[float] = field(default_factory=list)


@dataclass
class Spent:
    """Seconds, and the CPU seconds of each process in them."""

    seconds: float = 0.0
    cpu: Counter[str] = field(default_factory=Counter)


def measure_cursors(stack: Stack, client: MongoClient[dict[str, Any]], followers: Followers) -> Costs:
    """Return milliseconds until a webhook has something, alone, and how many times as long it takes beside whom."""
    client.drop_database(DATABASE)
    with (
        running_feeds(stack, HOUNIAO_WEBHOOK_NETWORKS="127.0.0.0/8") as process,
        _running_readers(stack) as readers,
    ):
        return asyncio.run(_Telling(stack, process, readers, followers).measure())


@contextmanager
def running_feeds(stack: Stack, **told: str) -> Iterator[ServiceProcess]:
    """Run feeds with further settings until the block ends."""
    os.environ |= told
    process = ServiceProcess(stack, "feeds")
    try:
        process.start()
        process.wait_ready()
        yield process
    finally:
        process.stop()
        for name in told:
            del os.environ[name]


@contextmanager
def _running_readers(stack: Stack) -> Iterator[HttpProcess]:
    """Run a process of feeds that only reads, at a lower priority, until the block ends."""
    told = {"HOUNIAO_READS_ONLY": "true", "HOUNIAO_PORT": str(free_port())}
    process = HttpProcess(stack, "feeds-readers", "services.feeds", {**stack.service_environment("feeds"), **told})
    try:
        process.start()
        os.setpriority(os.PRIO_PROCESS, process.pid or 0, SET_BACK)
        process.wait_ready()
        yield process
    finally:
        process.stop()


async def subscribe(stack: Stack, process: ServiceProcess, account: str) -> str:
    """Have a district give its feed to an account; return the subscription's id."""
    until = system_clock().date() + timedelta(days=30)
    terms = {"facts": ["stay_started"], "attributes": ["street"], "time": "moment", "expires_on": until.isoformat()}
    async with client_of(stack, process, "integrator", account) as client:
        asked = await client.post("/subscriptions", json={**ASKED, **terms, "district": DISTRICT})
        named = str(asked.raise_for_status().json()["subscription_id"])
    async with client_of(stack, process, "district", "district") as client:
        (await client.post(f"/subscriptions/{named}/approval", json=terms)).raise_for_status()
    return named


def token_of(stack: Stack, role: str, account: str) -> str:
    """Return a token of an account for feeds."""
    return issue(stack.issuer_jwk(), services=["feeds"], subject=account, role=role, division=DISTRICT)


def client_of(stack: Stack, process: ServiceProcess, role: str, account: str) -> httpx.AsyncClient:
    """Return an account's way in to feeds."""
    headers = {"Authorization": f"Bearer {token_of(stack, role, account)}"}
    return httpx.AsyncClient(base_url=process.url, headers=headers, timeout=60)


class _Telling:
    """One run: receivers here, cursors in a process of their own."""

    def __init__(self, stack: Stack, process: ServiceProcess, readers: HttpProcess, followers: Followers) -> None:
        self._stack, self._process, self._readers, self._followers = stack, process, readers, followers
        self._pids = {"MongoDB": stack.mongodb.pid, "RabbitMQ": stack.rabbitmq.pid, "receivers": os.getpid()}
        self._pids |= {"telling and delivering": process.pid, "reading": readers.pid}
        self._spent: dict[str, Spent] = defaultdict(Spent)
        self._database = database_of(connect(stack.mongodb_url()), DATABASE)
        self._delays: dict[str, Delays] = defaultdict(Delays)
        self._good = [Receiver() for _ in range(followers.webhooks - BAD)]
        self._bad: list[tuple[str, str]] = []
        self._told = 0

    async def measure(self) -> Costs:
        """Set up webhooks and accounts, tell in turns, and return what came of it."""
        elsewhere, slow = Receiver(), Receiver(delay=self._followers.slow)
        async with AsyncExitStack() as running:
            for receiver in (*self._good, elsewhere, slow):
                await running.enter_async_context(receiving(receiver))
            away = Receiver(status=307, headers={"Location": elsewhere.url})
            await running.enter_async_context(receiving(away))
            await self._set_up([f"http://127.0.0.1:{free_port()}/hook", slow.url, away.url])
            followed = await self._tell_in_turns()
            await eventually(partial(_is_free, slow))
        if elsewhere.got or not (slow.got and away.got):
            raise ValueError("A bad receiver was not asked, or led to another.")
        return self._sum_up(followed)

    async def _set_up(self, bad: Sequence[str]) -> None:
        for number, receiver in enumerate(self._good):
            await self._deliver_to(f"receiver-{number}", receiver.url)
        self._bad = [(f"bad-{number}", await self._deliver_to(f"bad-{number}", url)) for number, url in enumerate(bad)]
        for account in self._accounts:
            await subscribe(self._stack, self._process, account)

    async def _deliver_to(self, account: str, url: str) -> str:
        named = await subscribe(self._stack, self._process, account)
        async with client_of(self._stack, self._process, "integrator", account) as client:
            (await client.post(f"/subscriptions/{named}/webhook", json={"url": url})).raise_for_status()
        return named

    @property
    def _accounts(self) -> list[str]:
        return [f"reader-{number}" for number in range(self._followers.accounts)]

    async def _tell_in_turns(self) -> Followed:
        tokens = [token_of(self._stack, "integrator", account) for account in self._accounts]
        many = self._followers
        asking = Asking(many.cursors, many.every, many.wait, many.turns)
        port = int(self._readers.url.rpartition(":")[2])
        with children({"followers": (follow, (port, tokens, asking))}) as running:
            callers, followed = running["followers"], Followed()
            self._pids["callers"] = callers.pid
            await self._tell("warming up", beside_bad=False)
            for _ in range(many.turns):
                await self._tell("alone", beside_bad=False)
                await self._tell("bad", beside_bad=True)
                await asyncio.to_thread(_go_on, callers)
                await asyncio.sleep(many.wait)  # until as many wait as will
                await self._tell("cursors and bad", beside_bad=True)
                await self._tell("cursors", beside_bad=False)
                followed = await asyncio.to_thread(_go_on, callers)
        return followed

    async def _tell(self, beside: str, *, beside_bad: bool) -> None:
        """Tell something a few times, while it is delivered to the bad receivers too or not."""
        await self._let_be(beside_bad=beside_bad)
        before, began = cpu_seconds(self._pids), time.monotonic()
        for _ in range(self._followers.tellings):
            due = time.monotonic() + self._followers.apart
            await self._tell_once(self._delays[beside])
            await asyncio.sleep(max(0.0, due - time.monotonic()))
        self._spent[beside].seconds += time.monotonic() - began
        self._spent[beside].cpu.update(spent(before, cpu_seconds(self._pids)))

    async def _let_be(self, *, beside_bad: bool) -> None:
        """Have the bad receivers delivered to from now on, or not."""
        step, why = ("resumption", None) if beside_bad else ("pause", {"reason": "not its turn"})
        for account, named in self._bad:
            async with client_of(self._stack, self._process, "integrator", account) as client:
                (await client.post(f"/subscriptions/{named}/webhook/{step}", json=why)).raise_for_status()

    async def _tell_once(self, delays: Delays) -> None:
        """Let feeds hear of some arrivals, and note when the good receivers have them."""
        alike = make_crowd(ALIKE)[0]
        entries = [{**alike, "id": uuid4().hex, "person_id": f"person-{number}"} for number in range(ALIKE)]
        await pages.append(self._database, FeedName.STAYS, DISTRICT, entries)
        heard, self._told = time.time(), self._told + 1
        await eventually(self._is_delivered, DELIVERED_WITHIN)
        since_1970 = time.time() - time.monotonic()
        for delivery in (receiver.got[self._told - 1] for receiver in self._good):
            if delivery.positions[-1] != self._told * ALIKE:
                raise ValueError(f"Delivered up to {delivery.positions[-1]}, told up to {self._told * ALIKE}.")
            delays.heard.append(delivery.at + since_1970 - heard)
            delays.told.append(delivery.at + since_1970 - moment_of(delivery.events[0]))

    async def _is_delivered(self) -> bool:
        return all(len(receiver.got) >= self._told for receiver in self._good)

    def _sum_up(self, followed: Followed) -> Costs:
        alone = self._delays["alone"]
        found = {"told, p50 ms": 1000 * _median(alone.told), "heard, p50 ms": 1000 * _median(alone.heard)}
        for beside in ("bad", "cursors", "cursors and bad"):
            delays = self._delays[beside]
            for since, taken, before in (("told", delays.told, alone.told), ("heard", delays.heard, alone.heard)):
                found[f"{since}, beside {beside}, times, p50"] = _median(taken) / _median(before)
                found[f"{since}, beside {beside}, times, p99"] = _hundredth(taken) / _hundredth(before)
        for beside in ("alone", "bad", "cursors", "cursors and bad"):
            told = self._spent[beside]
            found |= {f"CPU of {name}, {beside}, %": 100 * taken / told.seconds for name, taken in told.cpu.items()}
        found |= {"cursors told": followed.told, "requests of cursors": followed.requests}
        found |= {"told, cursor that waits, p50 ms": 1000 * _median(followed.delays)}
        found |= {"turns of cursors skipped or refused": followed.skipped + followed.refused}
        return found | {"cursors, most seconds behind": followed.behind}


async def _is_free(receiver: Receiver) -> bool:
    return not receiver.at_once


def _go_on(callers: Child) -> Any:
    """Let the callers begin or end to ask; return what they say when they have."""
    callers.start()
    return callers.result()


def _median(taken: Sequence[float]) -> float:
    return quantiles(taken, n=100)[49]


def _hundredth(taken: Sequence[float]) -> float:
    return quantiles(taken, n=100)[98]
