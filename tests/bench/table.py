"""What was measured, as a table for people and as JSON for everything else."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.bench.houniao import Measured

HOW = (
    "One machine, one RabbitMQ, one mongod, every service a process of its own. Arrivals per second from the first one "
    "handed in until the last is in all five views: houniao by bulk intake, http one by one over HTTP, 64 at a time; "
    "floor is the same documents and bytes with no logic, tutorial one message and one update per fact. Medians of "
    "rounds that take turns. latency_ms counts from the moment an arrival was due (open loop) to its row in reporting, "
    "at 10, 50 and 80 % of http_per_s. growth is houniao with that many residents held before."
)


def report(
    rounds: Mapping[str, Sequence[Measured]], latency: Mapping[str, Any], growth: Mapping[str, float]
) -> dict[str, Any]:
    """Put all figures together under the names that they are known by."""
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
) -> None:
    """Print whatever was measured."""
    table = Table("what", "arrivals/s, median", "rounds", "of floor", "over tutorial", title="Houniao's bench")
    medians = {name: median(one.per_second for one in measured) for name, measured in rounds.items() if measured}
    for name, typical in medians.items():
        each = "  ".join(f"{one.per_second:,.0f}" for one in rounds[name])
        table.add_row(name, f"{typical:,.0f}", each, _ratio(typical, medians.get("floor"), "{:.0%}"),
                      _ratio(typical, medians.get("tutorial"), "{:.1f} x"))  # fmt: skip
    for residents, per_second in growth.items():
        table.add_row(f"houniao with {int(residents):,} residents", f"{per_second:,.0f}", "", "", "")
    console.print(table)
    if latency:
        delays = Table("load", "p50 ms", "p99 ms", title="From due over HTTP to visible in reporting")
        for load, found in latency.items():
            delays.add_row(f"{load} % of http", f"{found['p50']:,.0f}", f"{found['p99']:,.0f}")
        console.print(delays)
    console.print(_cpu(rounds))


def _ratio(figure: float, other: float | None, shape: str) -> str:
    return shape.format(figure / other) if other else ""


def _cpu(rounds: Mapping[str, Sequence[Measured]]) -> Table:
    """Show which process used how much CPU, in the last round of each."""
    table = Table("CPU s in the last round", title="Where the CPU time went")
    last = {name: measured[-1].cpu for name, measured in rounds.items() if measured}
    for name in last:
        table.add_column(name, justify="right")
    processes = dict.fromkeys(process for cpu in last.values() for process in cpu)
    for process in (*processes, "sum"):
        row = [sum(cpu.values()) if process == "sum" else cpu.get(process) for cpu in last.values()]
        table.add_row(process, *("" if seconds is None else f"{seconds:.2f}" for seconds in row))
    return table
