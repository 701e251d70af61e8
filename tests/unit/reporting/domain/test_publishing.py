"""What is published of an edition says what its published file says, each number once, and fits into a message."""

from collections import Counter
from collections.abc import Mapping
from datetime import date

import pytest

from contracts.envelope import render, wrap
from contracts.reference.divisions import Divisions
from contracts.reporting.groups import Group
from contracts.reporting.publications import MOST_VALUES, IndicatorsPublished, Publication, PublishedValue, Unit
from contracts.reporting.reports import Edition, Report, ReportFile, ReportForm, ReportState
from services.reporting.domain.contents import HIDDEN, Cell, Content, values_of
from services.reporting.domain.indicators import INDICATORS
from services.reporting.domain.publishing import publish, published_file
from services.reporting.domain.suppression import suppress
from services.reporting.domain.templates import TEMPLATES
from services.runtime.relay import LARGEST_MESSAGE
from tests.support.reports import HEARD_AT, composed, signed

WHOLE = Report(
    report_id="a" * 32,
    template="monthly_flow",
    division="320507",
    period="2026-03",
    since=date(2026, 3, 1),
    until=date(2026, 3, 31),
    state=ReportState.SEALED,
    editions=(signed(composed()).edition,),
)


def published(content: Content, known: Publication | None = None, edition: int = 1) -> IndicatorsPublished | None:
    return publish(known, WHOLE, WHOLE.newest.model_copy(update={"edition": edition}), content)


def told(content: Content) -> IndicatorsPublished:
    said = published(content)
    assert said is not None
    return said


def parts_of(said: IndicatorsPublished) -> Mapping[tuple[str, str, str, str], Cell]:
    """Return every part of every value by its place, as the published form has it."""
    found: dict[tuple[str, str, str, str], Cell] = {}
    for one in said.publication.values:
        parts = ("value",) if one.unit is Unit.COUNT else ("numerator", "denominator", "value")
        for part in parts:
            name = "count" if one.unit is Unit.COUNT else part
            cell: Cell = HIDDEN if part in one.suppressed else getattr(one, part)
            found[one.division, one.indicator, one.group, name] = cell
    return found


@pytest.mark.parametrize("template", TEMPLATES)
def test_every_number_is_as_the_published_file_has_it_once(template: str) -> None:
    content = suppress(composed(template))

    said = told(content)

    assert parts_of(said) == values_of(content)
    places = Counter((one.division, one.indicator, one.group) for one in said.publication.values)
    assert set(places.values()) == {1}
    assert all(one.unit is INDICATORS[one.indicator].unit for one in said.publication.values)


def test_what_is_small_is_named_as_suppressed_and_has_no_number() -> None:
    said = told(suppress(composed()))

    (deaths,) = [one for one in said.publication.values if (one.indicator, one.division) == ("deaths", "320507002")]
    assert (deaths.value, deaths.suppressed) == (None, ("value",))
    assert [one.value for one in said.publication.values if one.indicator == "deaths" and one.value == 2] == []


def test_a_rate_of_nobody_is_no_number_without_being_suppressed() -> None:
    said = told(suppress(composed()))

    (rate,) = [
        one
        for one in said.publication.values
        if (one.indicator, one.division) == ("resident_archive_rate", "320507004")
    ]
    assert (rate.numerator, rate.denominator, rate.value, rate.suppressed) == (0, 0, None, ())


def test_an_edition_is_published_once_and_after_those_before_it() -> None:
    content = suppress(composed())
    first = told(content).publication

    second = published(content, first, edition=2)

    assert second is not None
    assert second.publication.edition == 2
    assert published(content, first) is None
    assert published(content, second.publication) is None


def test_numbers_are_read_from_what_is_for_others() -> None:
    own, others = (
        ReportFile(form=ReportForm.JSON, published=published, sha256=f"{number}" * 64, size=9)
        for number, published in enumerate((False, True))
    )
    pdf = ReportFile(form=ReportForm.PDF, published=True, sha256="f" * 64, size=9)

    def of(*files: ReportFile) -> Edition:
        return WHOLE.newest.model_copy(update={"files": files})

    assert published_file(of(own, pdf, others)) == others
    assert published_file(of(own)) is None


def test_the_largest_district_has_room_in_a_publication_and_a_publication_in_a_message() -> None:
    streets = Counter(street[:6] for street in Divisions.load().streets())
    lines = max(streets.values()) + 2  # the district's own, and the whole
    columns = max(sum(len(t.indicators) * len(t.groups) for t in one.tables) for one in TEMPLATES.values())
    longest = PublishedValue(
        indicator=max(INDICATORS, key=len),
        division="320507001",
        group=Group.REGISTERED,
        unit=Unit.PER_1000,
        numerator=1_000_000,
        denominator=1_000_000,
        value=0.1 + 0.2,
    )
    about = told(composed()).publication.model_copy(update={"values": (longest,) * MOST_VALUES})
    event = wrap(
        IndicatorsPublished(publication=about),
        sequence=1,
        service="reporting",
        recorded_at=HEARD_AT,
        causation="a",
        correlation="a",
    )

    assert 1000 < lines * columns < MOST_VALUES
    assert len(render(event)) < LARGEST_MESSAGE
