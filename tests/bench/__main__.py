"""`make bench`: floor, tutorial and Houniao take turns on one local stack; the figures go to build/bench.json."""

from collections import defaultdict
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from statistics import median
from typing import Annotated, Any

import typer
from pymongo import MongoClient
from rich.console import Console

from deploy.local.stack import Stack
from deploy.local.temporary import temporary_stack
from tests.bench import table
from tests.bench.archives import Costs, measure_archives
from tests.bench.audiences import measure_audiences
from tests.bench.cursors import FOLLOWERS, Followers, measure_cursors
from tests.bench.floor import Work, capture, run_floor
from tests.bench.houniao import Houniao, Measured, running_houniao
from tests.bench.latency import measure_latency
from tests.bench.long_feed import measure_long_feed
from tests.bench.numbers import measure_numbers
from tests.bench.rebuild import measure_rebuild
from tests.bench.tutorial import run_tutorial

REPOSITORY = Path(__file__).parent.parent.parent
AT_A_TIME = 64
LOADS = (10, 50, 80)


class Part(StrEnum):
    """What can be measured alone."""

    FLOOR = "floor"
    HOUNIAO = "houniao"
    TUTORIAL = "tutorial"
    HTTP = "http"
    LATENCY = "latency"
    GROWTH = "growth"
    ARCHIVES = "archives"
    AUDIENCES = "audiences"
    NUMBERS = "numbers"
    REBUILD = "rebuild"
    CURSORS = "cursors"
    LONG_FEED = "long_feed"


ALONE = frozenset(Part) - {Part.FLOOR, Part.HOUNIAO, Part.TUTORIAL, Part.HTTP, Part.LATENCY}
"""What is measured once, after the rounds."""


@dataclass(frozen=True)
class Size:
    """How much is measured: numbers of arrivals, rounds, seconds of each load, residents to grow to.

    Then numbers of archives held, and how often each thing is asked for with them; residents who are counted anew;
    entries that are told, to how many; who follows feeds, and the events of a short and a long feed.
    """

    rounds: int = 3
    houniao: int = 20_000
    tutorial: int = 1_500
    http: int = 3_000
    seconds: float = 10.0
    growth: tuple[int, ...] = (10_000, 100_000)
    warm_up: int = 500
    archives: tuple[int, ...] = (1_000, 100_000)
    numbers: tuple[int, ...] = (10_000, 100_000, 1_000_000)
    requests: int = 150
    rebuilt: int = 20_000
    entries: int = 5_000
    audiences: tuple[int, ...] = (1, 10, 100)
    followers: Followers = FOLLOWERS
    long_feed: tuple[int, int] = (100_000, 1_000_000)


QUICK = Size(
    rounds=1,
    houniao=600,
    tutorial=100,
    http=200,
    seconds=1.0,
    growth=(),
    warm_up=100,
    archives=(1_000, 2_000),
    numbers=(1_000, 2_000),
    requests=20,
    rebuilt=500,
    entries=1_000,
    audiences=(1, 3),
    followers=Followers(
        webhooks=5, cursors=20, accounts=5, every=0.5, wait=0.5, tellings=1, apart=0.0, turns=1, slow=0.2
    ),
    long_feed=(2_000, 10_000),
)


@dataclass
class Bench:
    """One run on one stack: what is to be measured, and what was."""

    stack: Stack
    client: MongoClient[dict[str, Any]]
    size: Size
    parts: frozenset[Part]
    console: Console
    rounds: dict[str, list[Measured]] = field(default_factory=lambda: defaultdict(list))
    latency: dict[str, dict[str, float]] = field(default_factory=dict)
    growth: dict[str, float] = field(default_factory=dict)
    costs: dict[str, Costs] = field(default_factory=dict)
    alone: dict[str, dict[str, float]] = field(default_factory=dict)

    def run(self) -> None:
        """Measure in turns, so that a slow minute of the machine falls on all alike."""
        for number in range(1, self.size.rounds + 1) if self.parts - ALONE else ():
            self.console.rule(f"round {number} of {self.size.rounds}")
            if self.parts & {Part.HOUNIAO, Part.FLOOR, Part.HTTP, Part.LATENCY}:
                self._measure_houniao(last=number == self.size.rounds)
            if Part.TUTORIAL in self.parts:
                warm_up = min(self.size.warm_up, 100)
                self._note(Part.TUTORIAL, run_tutorial(self.stack, self.client, self.size.tutorial, warm_up))
        if Part.GROWTH in self.parts and self.size.growth:
            self._measure_growth()
        self._measure_costs()
        self._measure_feeds()

    def _measure_costs(self) -> None:
        """Measure what reading costs as what is held grows."""
        if Part.ARCHIVES in self.parts:
            self.console.rule("archives")
            self.costs["archives"] = measure_archives(self.stack, self.client, self.size.archives, self.size.requests)
        if Part.NUMBERS in self.parts:
            self.console.rule("numbers")
            self.costs["numbers"] = measure_numbers(self.stack, self.client, self.size.numbers, self.size.requests)
        if Part.REBUILD in self.parts:
            self.console.rule("rebuild")
            self.alone["rebuild_per_s"] = measure_rebuild(self.stack, self.client, self.size.rebuilt, self.size.rounds)

    def _measure_feeds(self) -> None:
        """Measure telling other systems, and their reading."""
        if Part.AUDIENCES in self.parts:
            self.console.rule("audiences")
            self.alone["audiences_per_s"] = measure_audiences(self.stack, self.size.entries, self.size.audiences)
        if Part.CURSORS in self.parts:
            self.console.rule("cursors")
            self.alone["cursors"] = measure_cursors(self.stack, self.client, self.size.followers)
        if Part.LONG_FEED in self.parts:
            self.console.rule("long feed")
            self.alone["long_feed"] = measure_long_feed(self.stack, self.client, self.size.long_feed)

    def _measure_houniao(self, *, last: bool) -> None:
        """Measure Houniao and, right behind it, the floor under what it did."""
        work: Work | None = None
        with self._houniao() as houniao:
            if self.parts & {Part.HTTP, Part.LATENCY}:
                self._note(Part.HTTP, houniao.take_in_over_http(self.size.http, AT_A_TIME))
            if last and Part.LATENCY in self.parts:
                self._measure_latency(houniao)
            if self.parts & {Part.HOUNIAO, Part.FLOOR}:
                self._note(Part.HOUNIAO, measured := houniao.take_in(self.size.houniao))
                work = capture(self.client, measured.began) if Part.FLOOR in self.parts else None
        if work:
            self._note(Part.FLOOR, run_floor(self.stack, self.client, work))

    def _measure_latency(self, houniao: Houniao) -> None:
        typical = median(measured.per_second for measured in self.rounds[Part.HTTP])
        for load in LOADS:
            found = self.latency[str(load)] = measure_latency(houniao, typical * load / 100, self.size.seconds)
            self.console.print(f"latency at {load} % of {typical:,.0f} arrivals/s: {found} ms")

    def _measure_growth(self) -> None:
        self.console.rule("growth")
        with self._houniao() as houniao:
            for residents in self.size.growth:
                houniao.take_in(residents - houniao.arrived)
                self.growth[str(residents)] = houniao.take_in(self.size.houniao).per_second
                self.console.print(f"with {residents:,} residents: {self.growth[str(residents)]:,.0f} arrivals/s")

    def _houniao(self) -> AbstractContextManager[Houniao]:
        return running_houniao(self.stack, self.client, self.size.warm_up)

    def _note(self, part: Part, measured: Measured) -> None:
        self.rounds[part].append(measured)
        self.console.print(f"{part:9} {measured.per_second:8,.0f} arrivals/s")


def main(
    quick: Annotated[bool, typer.Option("--quick", help="A short form: small numbers, one round, no growth")] = False,
    only: Annotated[list[Part] | None, typer.Option(help="Measure this alone; no JSON is written")] = None,
    rounds: Annotated[int | None, typer.Option(min=1, help="Rounds, of which the median counts")] = None,
    output: Annotated[Path, typer.Option(help="Where the JSON goes")] = REPOSITORY / "build" / "bench.json",
) -> None:
    """Measure Houniao against the floor under it and the tutorial beside it."""
    console = Console()
    size = QUICK if quick else Size()
    size = Size(**{**vars(size), "rounds": rounds}) if rounds else size
    console.print("Starting RabbitMQ and MongoDB ...")
    with temporary_stack(REPOSITORY / ".local") as stack, MongoClient[dict[str, Any]](stack.mongodb_url()) as client:
        bench = Bench(stack, client, size, frozenset(only or Part), console)
        bench.run()
    table.show(console, bench.rounds, bench.latency, bench.growth, bench.costs, bench.alone)
    if not only:
        table.write(table.report(bench.rounds, bench.latency, bench.growth, bench.costs, bench.alone), output)
        console.print(f"Written to {output}.")


if __name__ == "__main__":
    typer.run(main)
