"""Find what values of indicators are told from: the streets of a division, counted numbers, yearly figures."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

from services.reporting.commands.counting import Counting
from services.reporting.domain.figures import Figures
from services.reporting.domain.indicators import INDICATORS, Indicator
from services.reporting.domain.periods import Period
from services.reporting.domain.standings import SERVED, Stand, periods_of, stand
from services.reporting.domain.values import Counted, Place, days_for
from services.reporting.views.contributions import find_numbers, find_places
from services.reporting.views.targets import MOST, find_figures, list_targets
from services.runtime.service import Service


@dataclass(frozen=True, slots=True)
class Counter:
    """A division whose numbers are to be found, and the first year of each code that it counts under."""

    place: Place
    first: Mapping[str, int]


async def find_place(service: Service, counting: Counting, division: str) -> Counter:
    """Return a division with its streets as they are now, each with the codes that it counts under."""
    first = await find_places(service.database, counting.build, service.areas(division))
    streets: dict[str, list[str]] = defaultdict(list)
    for code in sorted(first):
        streets[service.divisions.successor(code, service.today)].append(code)
    return Counter(Place(division, streets), first)


async def find_counted(
    service: Service,
    counting: Counting,
    of: Counter,
    indicators: Collection[Indicator],
    periods: Collection[Period],
) -> Counted:
    """Return the numbers and yearly figures that tell the values of indicators in periods."""
    measures = {SERVED, *(measure for one in indicators for measure in one.measures)}
    days = days_for(indicators, periods)
    numbers = await find_numbers(service.database, counting.build, of.first, measures, days)
    years = {period.until.year for period in periods}
    _, until, moment = counting.build
    areas = service.areas(of.place.division)
    figures = await find_figures(service.database, areas, sorted(years), until, moment)
    return Counted(numbers, Figures.of(figures))


async def find_stands(service: Service, counting: Counting, division: str, on: date) -> list[Stand]:
    """Return how a division and those in it stand with their targets in the periods around a day."""
    targets = await list_targets(service.database, service.areas(division), "", MOST)
    periods = {period for target in targets for period in periods_of(target, on, service.today)}
    if not periods:
        return []
    found = await find_place(service, counting, division)
    indicators = [INDICATORS[code] for code in sorted({target.indicator for target in targets})]
    counted = await find_counted(service, counting, found, indicators, periods)
    return [
        one
        for target in targets
        for one in stand(target, _part_of(service, found.place, target.division), on, service.today, counted)
    ]


def _part_of(service: Service, place: Place, division: str) -> Place:
    """Return the part of a place that lies in a division."""
    within = service.divisions.covers
    streets = {street: codes for street, codes in place.streets.items() if within(division, street, service.today)}
    return Place(division, streets)
