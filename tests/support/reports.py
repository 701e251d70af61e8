"""A report of an invented month, as it would be composed and signed."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime

from contracts.reporting.groups import Group
from contracts.reporting.publications import Unit
from contracts.reporting.reports import Edition, ReportState, Signature
from services.reporting.domain.assessment import Assessed, Assessment, Band, Part, assess
from services.reporting.domain.composing import Named, compose
from services.reporting.domain.contents import Content
from services.reporting.domain.figures import Figures
from services.reporting.domain.indicators import Indicator
from services.reporting.domain.periods import Period
from services.reporting.domain.templates import TEMPLATES
from services.reporting.domain.values import Counted, Place, Value
from services.reporting.exports.marks import Signed
from tests.support.counting import numbers_of

HEARD_AT = datetime(2026, 4, 4, 1, tzinfo=UTC)
MARCH = Period(date(2026, 3, 1), date(2026, 3, 31))
STREETS: Mapping[str, str] = {
    "320507001": "元和街道",
    "320507002": "太平街道",
    "320507003": "黄桥街道",
    "320507004": "=1+1",
    "320507005": "渭塘镇",
}
DISTRICT = Named("320507", "相城区", Place("320507", {street: [street] for street in STREETS}))


def value_of(indicator: Indicator, place: Place, group: Group) -> Value:
    """Return a value that adds up by streets; a small number for deaths, none for the street of a formula."""
    numbers = [_number(indicator, street, group) for street in place.codes]
    if indicator.unit is Unit.COUNT:
        return Value(sum(numbers), None, float(sum(numbers)))
    below = sum(2 * number for number in numbers)
    return Value(sum(numbers), below, sum(numbers) / below if below else None)


def _number(indicator: Indicator, street: str, group: Group) -> int:
    if street == "320507004":
        return 0
    order = int(street[-1])
    if indicator.code == "deaths":
        return order
    share = {Group.EVERYONE: 6, Group.FLOATING: 4, Group.REGISTERED: 2}[group]
    return share * (7 * order + len(indicator.code))


def assessments(within: Sequence[str]) -> list[Assessment]:
    """Return the assessments of streets of which each held as many lectures as its number, and of which three do."""
    held = {street: int(street[-1]) for street in within}
    counted = Counted(numbers_of({"activity.held.lecture": held}, MARCH.until), Figures())
    bands = (Band(3, 1.0), Band(2, 0.5))
    lectures = Part("test", "lectures", 10, Assessed.ALWAYS, bands, "")
    archives = Part("test", "archive_rate", 10, Assessed.ALWAYS, (Band(0.85, 1.0),), "")
    return assess([Place(street, {street: [street]}) for street in within], [lectures, archives], MARCH, counted)


def composed(template: str = "monthly_flow", within: Sequence[str] = tuple(STREETS)) -> Content:
    """Return what a report of the district says."""
    places = [Named(street, STREETS[street], Place(street, {street: [street]})) for street in within]
    assessed = assessments(within) if TEMPLATES[template].assessed else ()
    return compose(TEMPLATES[template], DISTRICT, places, (MARCH, HEARD_AT), value_of, assessed)


def signed(content: Content, *, published: bool = False) -> Signed:
    """Return what a report says as it goes out."""
    signatures = [
        Signature(state=state, by=by, role=role, at=HEARD_AT)
        for state, by, role in (
            (ReportState.DRAFTED, "schedule", "service"),
            (ReportState.REVIEWED, "supervisor-1", "supervisor"),
            (ReportState.APPROVED, "district-1", "district"),
            (ReportState.SEALED, "district-2", "district"),
        )
    ]
    edition = Edition(edition=1, heard_at=HEARD_AT, content="a" * 64, signatures=tuple(signatures))
    return Signed(content, edition, published)
