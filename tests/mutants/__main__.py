"""Tries mutants of the pure code by its unit tests and writes what lives into `build/mutants.txt` and `.json`."""

import argparse
import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tests.mutants.drawing import (
    AREAS,
    ROOT,
    Mutant,
    draw_mutants,
    list_modules,
    list_naming,
    list_tests,
    read_equivalents,
)
from tests.mutants.trying import LIVED, Outcome, prepare, try_mutants

EQUIVALENT = "equivalent"


def main() -> int:
    """Try as many mutants as there is time for; return 1 if too many live."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("places", nargs="*", help="areas (archives) or files to mutate; all if there are none")
    parser.add_argument("--minutes", type=float, default=30, help="how long, shared by the areas")
    parser.add_argument("--seed", type=int, default=1, help="in which order mutants are drawn")
    parser.add_argument(
        "--changed", action="store_true", help="only files that differ from main, by tests that name them"
    )
    parser.add_argument("--least", type=float, default=95, help="percent of the mutants that must die")
    arguments = parser.parse_args()
    chosen = _changed() if arguments.changed else [ROOT / each for each in arguments.places if each.endswith(".py")]
    areas = [each for each in arguments.places if each in AREAS] or AREAS
    prepare()
    begun, outcomes, total = time.monotonic(), [], 0
    plans = [(area, plan) for area in areas if (plan := _plan(area, chosen, narrow=bool(chosen) or arguments.changed))]
    for number, (area, (modules, tests)) in enumerate(plans):
        mutants = draw_mutants(modules, arguments.seed)
        total += len(mutants)
        left = begun + arguments.minutes * 60 - time.monotonic()
        for outcome in try_mutants(area, mutants, tests, time.monotonic() + left / (len(plans) - number)):
            outcomes.append(outcome)
            if outcome[1] == LIVED:
                print(f"{area}: lived: {outcome[0].name}: {' -> '.join(outcome[0].change)}", flush=True)
    return _report(outcomes, total, time.monotonic() - begun, arguments)


def _plan(area: str, chosen: Sequence[Path], *, narrow: bool) -> tuple[list[Path], list[Path]] | None:
    """Return the modules and the tests of an area; of chosen modules, only the tests of what imports them."""
    modules = [module for module in list_modules(area) if module in chosen or not narrow]
    if not narrow:
        return modules, list_tests(area)
    tests = list_naming(modules, area)
    return (modules, tests) if modules and tests else None


def _changed() -> list[Path]:
    differing = ["git", "diff", "--name-only", "--relative", "main", "--", "contracts", "services"]
    told = subprocess.run(differing, cwd=ROOT, check=True, capture_output=True, text=True)
    return [ROOT / name for name in told.stdout.split()]


def _report(outcomes: Sequence[Outcome], total: int, seconds: float, arguments: argparse.Namespace) -> int:
    """Write what was tried, print how much of it died, return 1 if too much lives."""
    equivalents = read_equivalents()
    rows = []
    for mutant, outcome, took in outcomes:
        before, after = mutant.change if outcome == LIVED else ("", "")
        reason = equivalents.get((str(mutant.path.relative_to(ROOT)), before, after), "")
        rows.append((mutant, EQUIVALENT if reason else outcome, took, before, after, reason))
    folder = ROOT / "build"
    folder.mkdir(exist_ok=True)
    (folder / "mutants.json").write_text(json.dumps([_tell(*row) for row in rows], ensure_ascii=False, indent=1))
    lines = [f"# Mutants, seed {arguments.seed}: {len(rows)} of {total} tried in {seconds:.0f} s", ""]
    lines += ["| module | tried | died | lived | equivalent |", "|---|---|---|---|---|"]
    counts = Counter((str(row[0].path.relative_to(ROOT)), row[1]) for row in rows)
    for module in sorted({module for module, _ in counts}):
        lived, same = counts[module, LIVED], counts[module, EQUIVALENT]
        tried = sum(count for (each, _), count in counts.items() if each == module)
        lines.append(f"| {module} | {tried} | {tried - lived - same} | {lived} | {same} |")
    lines += ["", "## Lived", "", *(f"- `{row[0].name}`: `{row[3]}` -> `{row[4]}`" for row in rows if row[1] == LIVED)]
    lines += ["", "## Equivalent", ""]
    lines += [f"- `{row[0].name}`: `{row[4]}`: {row[5]}" for row in rows if row[1] == EQUIVALENT]
    (folder / "mutants.txt").write_text("\n".join(lines) + "\n")
    able = sum(row[1] != EQUIVALENT for row in rows)
    died = able - sum(row[1] == LIVED for row in rows)
    print(f"{len(rows)} of {total} mutants tried in {seconds:.0f} s; of {able} that can change anything {died} died")
    return int(able > 0 and died * 100 < able * arguments.least)


def _tell(mutant: Mutant, outcome: str, took: float, before: str, after: str, reason: str) -> dict[str, object]:
    told = {"mutant": mutant.name, "outcome": outcome, "seconds": round(took, 2)}
    return told | ({"before": before, "after": after, "reason": reason} if before else {})


if __name__ == "__main__":
    sys.exit(main())
