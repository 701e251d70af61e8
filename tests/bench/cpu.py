"""Where the CPU time of a measurement went, from /proc; what other programs took meanwhile is told too."""

import os
from collections.abc import Mapping
from pathlib import Path

OTHERS = "everything else"
TICKS = os.sysconf("SC_CLK_TCK")
IDLE, WAITING = 3, 4


def cpu_seconds(pids: Mapping[str, int | None]) -> dict[str, float]:
    """Return the CPU seconds of each process since it started, and of all other programs since the machine did."""
    ours = {name: _seconds(pid) for name, pid in pids.items() if pid}
    return {**ours, OTHERS: _busy_seconds() - sum(ours.values())}


def spent(before: Mapping[str, float], after: Mapping[str, float]) -> dict[str, float]:
    """Return the CPU seconds that each process used between two readings."""
    return {name: after[name] - before[name] for name in after}


def _seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def _busy_seconds() -> float:
    """Return how long the machine's CPUs were busy, or taken by its host."""
    times = list(map(int, Path("/proc/stat").read_text().splitlines()[0].split()[1:9]))
    return (sum(times) - times[IDLE] - times[WAITING]) / TICKS
