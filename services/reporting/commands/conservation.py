"""Find whose contributions break the laws of conservation."""

from collections.abc import Collection
from typing import NamedTuple

from services.reporting.commands.counting import Counting
from services.reporting.domain.conservation import MEASURES, Break, find_breaks_of
from services.reporting.domain.days import number_of
from services.reporting.domain.periods import Period
from services.reporting.views.contributions import find_changing
from services.runtime.service import Service

AT_ONCE = 500
"""People looked at in one query."""
LOOKS = 10
"""Queries for one page: whoever asks goes on from where it ended."""


class Unbalanced(NamedTuple):
    """Somebody whose contributions do not balance, and where and when they don't."""

    person_id: str
    breaks: list[Break]


async def find_unbalanced(
    service: Service, counting: Counting, places: Collection[str], period: Period, after: str, most: int
) -> tuple[list[Unbalanced], str]:
    """Return people who moved in a period and do not balance, and after whom to go on; "" if all were looked at."""
    keys = [f"{measure}@{place}" for place in sorted(places) for measure in MEASURES]
    days = (number_of(period.before), number_of(period.until))
    found: list[Unbalanced] = []
    for _ in range(LOOKS):
        people = await find_changing(service.database, counting.build, keys, days, after, AT_ONCE)
        for person_id, contributions in people:
            after = person_id
            if breaks := list(find_breaks_of(contributions, period, places)):
                found.append(Unbalanced(person_id, breaks))
                if len(found) == most:
                    return found, after
        if len(people) < AT_ONCE:
            return found, ""
    return found, after
