"""The names of the measures with people behind them, which can be explained."""

import re

from contracts.archives.enrolments import Condition
from contracts.reference.vaccines import Vaccine
from contracts.registration.stays import Category
from services.reporting.domain.counting import family
from services.reporting.domain.exchanges import SIDES, mark_measure
from services.reporting.domain.population import BANDS, band_name
from services.reporting.domain.scores import Mark
from services.reporting.domain.things import THING_FAMILIES

_MANAGED = ("managed", "four_visits", "standard", "controlled")
MEASURES: tuple[str, ...] = (
    *("resident", "resident.archived", "resident.contested", "resident.in_transit", "resident.lost"),
    *(f"resident.{category}" for category in Category),
    *("resident.0_6", "resident.15_49", "resident.65"),
    *("usual", "usual.archived", "usual.built", "usual.0_6", "usual.65", "usual.65.managed"),
    *(band_name(low) for low in BANDS),
    *("flow.in", "flow.out", "flow.out.found", "flow.out.abroad", "flow.by_default", "flow.deaths"),
    *("archive", "archive.used"),
    *(f"{condition}.{kind}" for condition in (Condition.HYPERTENSION, Condition.DIABETES_2) for kind in _MANAGED),
    *("tuberculosis.managed", "tuberculosis.visited_in_time"),
    *("severe_mental_disorder.managed", "severe_mental_disorder.four_visits"),
    *("child.visited", "educated"),
    *(f"vaccine.{which}.{vaccine}" for vaccine in Vaccine for which in ("due", "done")),
    *("birth", "birth.early_booked", "birth.visited_after", "birth.newborn_visited"),
    *(mark_measure(side, mark) for side in SIDES for mark in Mark),
    *("filled.stays", "filled.stays.complete", "filled.stays.due", "filled.stays.in_time"),
    *("filled.entries", "filled.entries.in_time"),
)
"""The measures with a name of their own; others count arrivals by purpose, origins, destinations and communities."""

_OPEN = re.compile(r"flow\.in\.[a-z_]{1,40}|(origin|destination)\.[0-9]{2,6}|community\.[0-9A-Za-z_~%]{1,900}")


def is_measure(name: str) -> bool:
    """Return whether people, or things, are counted under a name."""
    return name in _KNOWN or _OPEN.fullmatch(name) is not None or not is_about_people(name)


def is_about_people(name: str) -> bool:
    """Return whether people are behind the numbers of a measure."""
    return family(name) not in THING_FAMILIES


_KNOWN = frozenset(MEASURES)
