"""What archives contribute: how many there are, and how many of them are used 使用率."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from contracts.archives.archives import ArchiveState
from services.reporting.domain.days import OPEN, Interval, intersect, read_day, read_moment, unite
from services.reporting.domain.person import Contribution, Person, RowDocument, during, slice_of, standing, versions
from services.reporting.domain.policy import Policy


@dataclass(frozen=True, slots=True)
class Holding:
    """An archive of a person: where, the days on which it was open, and those on which it was built 建档 as well.

    Built is an archive with its cover and basic information.
    """

    district: str
    street: str
    open: Sequence[Interval]
    built: Sequence[Interval]


def holdings_of(person: Person) -> list[Holding]:
    """Return a person's archives, open until the person died at the latest."""
    return [_holding(row, person) for row in person.rows.archives]


def _holding(row: RowDocument, person: Person) -> Holding:
    completed = [read_moment(each["completed_at"]) for each in versions(row) if each.get("completed_at")]
    opened = [person.alive(each) for each in _open(row)]
    built = intersect(opened, [(min(completed), OPEN)]) if completed else []
    return Holding(row["district"], row["street"], unite(opened), built)


def _open(row: RowDocument) -> Iterator[Interval]:
    """Yield when an archive was open: from its opening, and from each reopening, to the closing that followed."""
    since: int | None = read_moment(row["opened_at"])
    for version in versions(row):
        is_open = version["state"] == ArchiveState.OPEN
        if is_open and since is None:
            since = read_moment(version["said_at"])
        elif not is_open and since is not None:
            closed = read_day(version.get("closed_on"))
            yield since, read_moment(version["said_at"]) if closed is None else closed
            since = None
    if since is not None:
        yield since, OPEN


def archives(person: Person, holdings: Sequence[Holding], policy: Policy) -> Iterator[Contribution]:
    """Yield the archives that a person has, and when they are used: for a year from each dynamic record."""
    dynamic = (read_moment(row["measured_at"]) for row in standing(person.rows.entries))
    used = unite((day, day + policy.used_days) for day in dynamic)
    for holding in holdings:
        told = slice_of(person.described, policy.home_of(holding.district), policy.home_of)
        yield from during("archive", holding.street, told, holding.open)
        yield from during("archive.used", holding.street, told, intersect(holding.open, used))
