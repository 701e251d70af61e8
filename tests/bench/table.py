"""What was measured, as a table for people and as JSON for everything else."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.bench.archives import Costs, ratios
from tests.bench.cpu import OTHERS
from tests.bench.houniao import Measured

HOW = (
    "One machine, one RabbitMQ, one mongod, every service a process of its own. Arrivals per second from the first one "
    "handed in until the last is in all five views: houniao by bulk intake, http one by one over HTTP, 64 at a time; "
    "floor is the same documents and bytes with no logic, tutorial one message and one update per fact. Medians of "
    "rounds that take turns. latency_ms counts from the moment an arrival was due (open loop) to its row in reporting, "
    "at 10, 50 and 80 % of http_per_s. growth is houniao with that many residents held before. archives_ms is what a "
    "request over HTTP costs with that many archives held, the streets growing with the whole, asked in turns; "
    "archives_growth is the cost with the most over that with the fewest. numbers_ms and numbers_growth are the "
    "same of reading numbers with that many residents counted. audiences_per_s is entries a second that so "
    "many audiences are told of, each, and events a second that one audience reads and that a snapshot counts. "
    "rebuild_per_s is facts inserted in bulk as rows, facts counted anew from these rows, and their ratio. cursors is "
    "how long a webhook waits for what is told, alone, and how many times as long beside three bad receivers and "
    "beside cursors that read over HTTP, and the CPU that each process takes meanwhile. long_feed is reading a feed "
    "to its end, and snapshots, short and long."
)
TITLES = {
    "audiences_per_s": "Entries a second told to each audience; events read, and in a snapshot",
    "rebuild_per_s": "Facts a second inserted in bulk as rows, and everybody counted anew from these",
    "cursors": "How long webhooks wait, from heard and from told, and how many times as long beside whom",
    "long_feed": "Reading a long feed to its end, and taking snapshots of a short and a long one",
}


def report(
    rounds: Mapping[str, Sequence[Measured]],
    latency: Mapping[str, Any],
    growth: Mapping[str, float],
    costs: Mapping[str, Costs],
    alone: Mapping[str, Mapping[str, float]],
) -> dict[str, Any]:
    """Return all figures under the names that they are known by."""
    floor, tutorial, houniao, http = (
        median(round_.per_second for round_ in rounds[name]) for name in ("floor", "tutorial", "houniao", "http")
    )
    return {
        "floor_per_s": round(floor, 1),
        "tutorial_per_s": round(tutorial, 1),
        "houniao_per_s": round(houniao, 1),
        "http_per_s": round(http, 1),
        "of_floor": round(houniao / floor, 3),
        "over_tutorial": round(houniao / tutorial, 2),
        "latency_ms": dict(latency),
        "growth": {residents: round(per_second, 1) for residents, per_second in growth.items()},
        **{f"{name}_ms": held for name, held in costs.items()},
        **{f"{name}_growth": ratios(held) for name, held in costs.items()},
        **{name: {what: round(figure, 3) for what, figure in found.items()} for name, found in alone.items()},
        "how": HOW,
    }


def write(figures: Mapping[str, Any], file: Path) -> None:
    """Write the figures as JSON."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(figures, indent=2) + "\n")


def show(
    console: Console,
    rounds: Mapping[str, Sequence[Measured]],
    latency: Mapping[str, Mapping[str, float]],
    growth: Mapping[str, float],
    costs: Mapping[str, Costs],
    alone: Mapping[str, Mapping[str, float]],
) -> None:
    """Print whatever was measured."""
    if rounds:
        _show_rates(console, rounds, growth)
    if latency:
        delays = Table("load", "p50 ms", "p99 ms", title="From due over HTTP to visible in reporting")
        for load, found in latency.items():
            delays.add_row(f"{load} % of http", f"{found['p50']:,.0f}", f"{found['p99']:,.0f}")
        console.print(delays)
    for name, held in costs.items():
        console.print(_costs(held, f"What a request costs as {name} grow"))
    for name, found in alone.items():
        shown = Table(name, "", title=TITLES[name])
        for what, figure in found.items():
            shown.add_row(what, f"{figure:,.2f}" if figure < 10 else f"{figure:,.0f}")
        console.print(shown)
    if rounds:
        console.print(_cpu(rounds))


def _costs(held: Costs, title: str) -> Table:
    """Show what each request costs with how many held, and how much more with the most of them."""
    sizes = [f"{int(size):,} held, p50 / p99 ms" for size in held]
    shown = Table("asked for", *sizes, "p50, ratio", "p99, ratio", title=title)
    for name, ratio in ratios(held).items():
        costs = [f"{costs[name]['p50']:.1f} / {costs[name]['p99']:.1f}" for costs in held.values()]
        shown.add_row(name, *costs, f"{ratio['p50']:.2f}", f"{ratio['p99']:.2f}")
    return shown


def _show_rates(console: Console, rounds: Mapping[str, Sequence[Measured]], growth: Mapping[str, float]) -> None:
    table = Table("what", "arrivals/s, median", "rounds", "of floor", "over tutorial", title="Houniao's bench")
    medians = {name: median(one.per_second for one in measured) for name, measured in rounds.items() if measured}
    for name, typical in medians.items():
        each = "  ".join(f"{one.per_second:,.0f}" for one in rounds[name])
        table.add_row(name, f"{typical:,.0f}", each, _ratio(typical, medians.get("floor"), "{:.0%}"),
                      _ratio(typical, medians.get("tutorial"), "{:.1f} x"))  # fmt: skip
    for residents, per_second in growth.items():
        table.add_row(f"houniao with {int(residents):,} residents", f"{per_second:,.0f}", "", "", "")
    console.print(table)


def _ratio(figure: float, other: float | None, shape: str) -> str:
    return shape.format(figure / other) if other else ""


def _cpu(rounds: Mapping[str, Sequence[Measured]]) -> Table:
    """Show which process used how much CPU for one arrival, which a busy machine disturbs less than rates."""
    table = Table("microseconds", title="CPU time for one arrival, median of the rounds")
    columns = {name: _cpu_per_arrival(measured) for name, measured in rounds.items() if measured}
    for name in columns:
        table.add_column(name, justify="right")
    processes = dict.fromkeys(name for column in columns.values() for name in column)
    for process in sorted(processes, key=lambda name: name == OTHERS):
        table.add_row(process, *(_microseconds(column.get(process)) for column in columns.values()))
    ours = [sum(used for name, used in column.items() if name != OTHERS) for column in columns.values()]
    table.add_section()
    table.add_row("sum without everything else", *map(_microseconds, ours))
    return table


def _cpu_per_arrival(measured: Sequence[Measured]) -> dict[str, float]:
    return {name: median(one.cpu[name] / one.arrivals for one in measured) for name in measured[0].cpu}


def _microseconds(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds * 1e6:,.0f}"
