"""Where the CPU time of a measurement went, from /proc."""

import os
from collections.abc import Mapping
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pids: Mapping[str, int | None]) -> dict[str, float]:
    """Tell the CPU seconds that each process has used since it began."""
    return {name: _seconds(pid) for name, pid in pids.items() if pid}


def _seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def spent(before: Mapping[str, float], after: Mapping[str, float]) -> dict[str, float]:
    """Tell the CPU seconds that each process used between two readings."""
    return {name: after[name] - before.get(name, 0.0) for name in after}
