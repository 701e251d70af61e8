"""Where in a street residents live 社区、村: by what each version of a stay says, from the day on which it was said."""

from collections.abc import Collection, Iterator
from datetime import date
from urllib.parse import quote, unquote

from services.reporting.domain.counting import Numbers
from services.reporting.domain.days import Interval, read_moment
from services.reporting.domain.person import Contribution, RowDocument, during, versions

COMMUNITY = "community"
"""The family of these measures; each is named after its community, as offices write it."""


def communities(row: RowDocument, told: str, interval: Interval) -> Iterator[Contribution]:
    """Yield in which communities of the street somebody lives during a stay; none where no community was told.

    What was said first holds from the first day: a relocation says nothing of the time before it.
    """
    first, *later = versions(row)
    since, name = interval[0], first.get("community")
    for version in later:
        if version.get("community") != name:
            until = min(max(read_moment(version["said_at"]), since), interval[1])
            yield from _lived(name, row["street"], told, (since, until))
            since, name = until, version.get("community")
    yield from _lived(name, row["street"], told, (since, interval[1]))


def _lived(name: str | None, street: str, told: str, interval: Interval) -> Iterator[Contribution]:
    if name:
        yield from during(measure_of(name), street, told, [interval])


def measure_of(community: str) -> str:
    """Return the measure that counts the residents of a community, with its name in characters that fields may have."""
    return f"{COMMUNITY}.{quote(community, safe='').replace('.', '%2E').replace('-', '%2D')}"


def residents_of(numbers: Numbers, on: date, places: Collection[str]) -> dict[str, int]:
    """Return how many live in each community of some divisions at the end of a day, the largest first."""
    measures = {measure for measure, _ in numbers.counted(COMMUNITY)}
    found = {unquote(measure.removeprefix(f"{COMMUNITY}.")): numbers.at(measure, on, places) for measure in measures}
    return {name: count for name, count in sorted(found.items(), key=lambda one: (-one[1], one[0])) if count}
