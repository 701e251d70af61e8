"""Explaining: who counts in a number, who does not and why, who came and who left between two days."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import NamedTuple, TypeVar

from contracts.registration.people import Person as Record
from contracts.registration.people import ever_linked
from services.reporting.commands.counting import Counting
from services.reporting.domain.contributions import make_person
from services.reporting.domain.days import number_of
from services.reporting.domain.explaining import Missing, facts_of, facts_since, find_missing
from services.reporting.domain.person import Contribution, Person
from services.reporting.views.contributions import find_changing, find_counting
from services.reporting.views.rows import PEOPLE, find_rows, group_rows
from services.runtime.service import Service


@dataclass(frozen=True)
class Asked:
    """Which number is to be explained: a measure of some divisions at the end of a day; the page after a person."""

    measure: str
    places: frozenset[str]
    on: date
    after: str
    limit: int

    def keys(self, measure: str) -> list[str]:
        """Return the keys under which those who count in a measure are found."""
        return [f"{measure}@{place}" for place in sorted(self.places)]

    def find(self, measure: str, contributions: Iterable[Contribution], on: int) -> Contribution | None:
        """Return what of somebody counts in a measure on a day; None if nothing does."""
        for each in contributions:
            if each.measure == measure and each.division in self.places and each.since <= on < each.until:
                return each
        return None


class Explained(NamedTuple):
    """Somebody who counts from a day to another, or does not and what is missing; and the facts that decide it.

    `came` tells of a change whether somebody began to count, or ceased.
    """

    person_id: str
    contribution: Contribution
    missing: Missing | None
    came: bool | None
    facts: list[tuple[str, int, str]]


class _Found(NamedTuple):
    person_id: str
    contribution: Contribution
    came: bool | None = None


Known = TypeVar("Known")
Look = Callable[[str, int], Awaitable[Sequence[tuple[str, Known]]]]
"""Finds so many people after one, each with all that they contribute."""
Sift = Callable[[str, Known], _Found | None]
"""Returns what is to be told of somebody; None if nothing is."""
Tell = Callable[[Person], Iterable[tuple[str, int, str]]]
"""Returns the facts that are to be told of somebody."""
Both = tuple[list[Contribution], list[Contribution]]
"""What somebody contributes as known at one moment and at another."""


async def explain_counted(service: Service, counting: Counting, asked: Asked) -> tuple[list[Explained], str]:
    """Return a page of those who count, and after whom the next one begins; "" if it is the last."""
    on, keys = number_of(asked.on), asked.keys(asked.measure)

    def sift(person_id: str, contributions: list[Contribution]) -> _Found | None:
        counted = asked.find(asked.measure, contributions, on)
        return _Found(person_id, counted) if counted else None

    look = partial(find_counting, service.database, counting.build, keys, on)
    return await _explain(service, counting, asked, look, sift)


async def explain_uncounted(
    service: Service, counting: Counting, asked: Asked, among: str
) -> tuple[list[Explained], str]:
    """Return a page of those who count in one measure and not in another, and what is missing; and what comes next."""
    on = number_of(asked.on)

    def sift(person_id: str, contributions: list[Contribution]) -> _Found | None:
        whole, part = (asked.find(measure, contributions, on) for measure in (among, asked.measure))
        return _Found(person_id, whole) if whole and not part else None

    look = partial(find_counting, service.database, counting.build, asked.keys(among), on)
    page, following = await _explain(service, counting, asked, look, sift)
    people = await _read_people(service, counting, [each.person_id for each in page])
    return [each._replace(missing=find_missing(asked.measure, people[each.person_id], on)) for each in page], following


async def explain_change(
    service: Service, counting: Counting, asked: Asked, since: date
) -> tuple[list[Explained], str]:
    """Return a page of those who count at the end of one of two days alone; and after whom the next one begins."""
    before, on = number_of(since), number_of(asked.on)

    def sift(person_id: str, contributions: list[Contribution]) -> _Found | None:
        earlier, later = (asked.find(asked.measure, contributions, day) for day in (before, on))
        if (earlier is None) == (later is None):
            return None
        return _Found(person_id, later or earlier, came=earlier is None)  # type: ignore[arg-type]  # one of them is

    look = partial(find_changing, service.database, counting.build, asked.keys(asked.measure), (before, on))
    return await _explain(service, counting, asked, look, sift)


async def explain_correction(
    service: Service, before: Counting, after: Counting, asked: Asked
) -> tuple[list[Explained], str]:
    """Return a page of those who count as known at one moment alone, or in another place or slice; and what comes next.

    The facts are those by which that became known.
    """
    on, (_, since, moment) = number_of(asked.on), before.build

    def sift(person_id: str, both: Both) -> _Found | None:
        then, now = (asked.find(asked.measure, contributions, on) for contributions in both)
        if then and now:
            same = (then.division, then.slice) == (now.division, now.slice)
            return None if same else _Found(person_id, now)
        return _Found(person_id, now or then, came=then is None)  # type: ignore[arg-type]  # one of them is

    look = partial(_look_at_both, service, (before, after), asked.keys(asked.measure), on)
    return await _explain(
        service, after, asked, look, sift, lambda person: facts_since(asked.measure, person, since, moment)
    )


async def _look_at_both(
    service: Service, both: tuple[Counting, Counting], keys: Sequence[str], on: int, after: str, most: int
) -> list[tuple[str, Both]]:
    """Return people who count in either of two builds, up to the one whom both were read up to."""
    pages = [await find_counting(service.database, each.build, keys, on, after, most) for each in both]
    cut = [page[-1][0] for page in pages if len(page) == most]
    then, now = (dict(page) for page in pages)
    ids = sorted(one for one in {*then, *now} if not cut or one <= min(cut))
    return [(one, (then.get(one, []), now.get(one, []))) for one in ids]


async def _explain(
    service: Service, counting: Counting, asked: Asked, look: Look[Known], sift: Sift[Known], tell: Tell | None = None
) -> tuple[list[Explained], str]:
    """Return a page of what is left of the people found, with their facts; look on until it is full."""
    left: list[_Found] = []
    after, most = asked.after, asked.limit + 1
    while len(left) < most:
        found = await look(after, most)
        left += [one for one in (sift(*each) for each in found) if one is not None]
        if len(found) < most:
            break
        after = found[-1][0]
    page = left[: asked.limit]
    people = await _read_people(service, counting, [each.person_id for each in page])
    told = tell or partial(facts_of, asked.measure)
    explained = [
        Explained(each.person_id, each.contribution, None, each.came, list(told(people[each.person_id])))
        for each in page
    ]
    return explained, page[-1].person_id if len(left) > asked.limit else ""


async def _read_people(service: Service, counting: Counting, ids: Sequence[str]) -> dict[str, Person]:
    """Return all that is known of people, by the id that goes on."""
    if not ids:
        return {}
    found = await find_rows(service.database, ids)
    linked = ever_linked(map(Record.model_validate, found[PEOPLE]))
    groups = [linked.get(person_id, frozenset({person_id})) for person_id in ids]
    rows, (_, until, moment) = group_rows(groups, found), counting.build
    rows = [of.until(until, moment) for of in rows] if until else rows
    return {person_id: make_person(person_id, of, service.today) for person_id, of in zip(ids, rows, strict=True)}
