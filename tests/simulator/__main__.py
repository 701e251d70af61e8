"""`python -m tests.simulator`: many lives through several districts, checked at the end; any seed can be run again."""

from datetime import date
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from tests.simulator.check import broken_by, differences, end_of, heard_otherwise, states_of
from tests.simulator.lives import Lives, live, make_place
from tests.simulator.run import CALM, Run, Weather

console = Console()


def main(
    people: Annotated[int, typer.Option(help="how many people live")] = 300,
    districts: Annotated[int, typer.Option(min=2, max=5, help="how many districts they move between")] = 4,
    months: Annotated[int, typer.Option(min=2, help="how many months they live, before everything settles")] = 12,
    seed: Annotated[int, typer.Option(help="the first seed")] = 1,
    runs: Annotated[int, typer.Option(help="how many seeds, one after the other")] = 1,
    show: Annotated[int, typer.Option(help="how many of what is broken to show")] = 20,
) -> None:
    """Live, deliver in disorder, settle, and say what does not hold; leave with 1 if anything does not."""
    broken = 0
    for number in range(seed, seed + runs):
        found = _check(live(number, people, make_place(districts, months)), number)
        for line in found[:show]:
            console.print(f"  {line}", style="red", highlight=False)
        broken += len(found)
    raise typer.Exit(1 if broken else 0)


def _check(lives: Lives, seed: int) -> list[str]:
    stormy, calm = _run(lives, Weather(seed), f"seed {seed}: storm"), _run(lives, CALM, f"seed {seed}: calm")
    found = [*broken_by(stormy), *heard_otherwise(stormy, seed), *differences(end_of(stormy), end_of(calm))]
    told = f"{len(lives.acts)} acts, {len(stormy.said)} facts, {stormy.heard} deliveries until {stormy.today}"
    transfers = ", ".join(f"{state} {count}" for state, count in states_of(stormy).most_common())
    console.print(f"seed {seed}: {told}; {transfers}; {len(found)} broken", soft_wrap=True, highlight=False)
    return found


def _run(lives: Lives, weather: Weather, told: str) -> Run:
    place = lives.place
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[day]}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(told, total=place.days, day=place.first)

        def show(day: date) -> None:
            progress.update(task, completed=min((day - place.first).days, place.days), day=day)

        return Run(lives, weather, show).go()


if __name__ == "__main__":
    typer.run(main)
