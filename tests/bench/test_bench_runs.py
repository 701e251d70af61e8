"""The bench in its short form: it runs to the end and every figure is there; how fast it was is not asked."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.bench.attacks import measure
from tests.support.attacks import workbook_of

REPOSITORY = Path(__file__).parent.parent.parent
RATES = ("floor_per_s", "tutorial_per_s", "houniao_per_s", "http_per_s", "of_floor", "over_tutorial")


def test_the_bench_measures_everything_and_writes_it_down(tmp_path: Path) -> None:
    output = tmp_path / "bench.json"

    command = [sys.executable, "-m", "tests.bench", "--quick", "--output", str(output)]
    ran = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=600, check=False)

    assert ran.returncode == 0, ran.stdout[-2000:] + ran.stderr[-2000:]
    figures = json.loads(output.read_text())
    assert figures.keys() == {
        *RATES,
        "latency_ms",
        "growth",
        "archives_ms",
        "archives_growth",
        "numbers_ms",
        "numbers_growth",
        "audiences_per_s",
        "rebuild_per_s",
        "cursors",
        "long_feed",
        "how",
    }
    assert all(figures[name] > 0 for name in RATES)
    assert figures["latency_ms"].keys() == {"10", "50", "80"}
    for found in figures["latency_ms"].values():
        assert 0 < found["p50"] <= found["p99"]
    assert figures["audiences_per_s"].keys() == {"1", "3", "read", "snapshot"}
    assert all(per_second > 0 for per_second in figures["audiences_per_s"].values())
    assert 0 < figures["cursors"]["cursors told"] <= 20, "who asks where nobody else wants the CPU may miss a turn"
    assert {f"{since}, beside {beside}, times, p50" for since in ("told", "heard") for beside in ("bad", "cursors")} < (
        figures["cursors"].keys()
    )
    assert all(figure > 0 for figure in figures["long_feed"].values())
    assert figures["rebuild_per_s"].keys() == {"inserted", "rebuilt", "of_insert"}
    assert 0 < figures["rebuild_per_s"]["of_insert"] < 1
    _check(figures, "archives", {"duties of a street", "duties of the district", "opening an archive"})
    flows = {"flows of 30 streets at a day", "flows of 30 streets by day for a year"}
    series = {"one indicator of 30 streets", "a series of a year of days", "where people came from in a year"}
    people = {"the first 50 behind a number", "the age pyramid", "the balance of a year"}
    _check(figures, "numbers", flows | series | people)


def _check(figures: dict[str, Any], name: str, asked: set[str]) -> None:
    assert figures[f"{name}_ms"].keys() == {"1000", "2000"}
    for costs in (*figures[f"{name}_ms"].values(), figures[f"{name}_growth"]):
        assert costs.keys() == asked
        assert all(found["p50"] > 0 for found in costs.values())


async def test_what_a_costly_file_costs_is_measured_in_both_ways() -> None:
    content = workbook_of(cells=2_000_000)

    costs = [await measure(way, "sheet", content) for way in ("loop", "worker")]

    assert [cost.outcome for cost in costs] == ["read", "read"]
    assert [len(cost.seconds) > 1 for cost in costs] == [False, True], "a worker is a process of its own"
    for cost in costs:
        assert sum(cost.seconds.values()) > 0
        assert max(cost.mebibytes.values()) > 0
        assert cost.silence > 0
