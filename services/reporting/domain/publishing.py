"""Pure decisions on publications: the numbers of a sealed edition, as its published file tells them."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from contracts.reporting.groups import Group
from contracts.reporting.publications import IndicatorsPublished, Publication, PublishedValue, Suppressible, Unit
from contracts.reporting.reports import Edition, Report, ReportFile, ReportForm
from services.reporting.domain.contents import HIDDEN, Cell, Column, Content, Part, Table


def published_file(edition: Edition) -> ReportFile | None:
    """Return the file from which numbers are read, the one that is published as JSON; None if there is none."""
    return next((file for file in edition.files if file.published and file.form is ReportForm.JSON), None)


def publish(
    known: Publication | None, report: Report, edition: Edition, content: Content
) -> IndicatorsPublished | None:
    """Return the fact that the numbers of an edition were published, None if they were, or those of a later one.

    `content` is what its published file says.
    """
    if known and known.edition >= edition.edition:
        return None
    about = report.model_dump(include={"report_id", "template", "division", "period", "since", "until"})
    heard = {"edition": edition.edition, "heard_at": edition.heard_at}
    return IndicatorsPublished(publication=Publication(**about, **heard, values=tuple(_values(content))))


def _values(content: Content) -> Iterator[PublishedValue]:
    """Yield each indicator of each division and group once, in whichever tables it stands."""
    told = set[tuple[str, str, str]]()
    for table in content.tables:
        for value in _values_in(table):
            place = value.division, value.indicator, value.group
            if place not in told:
                told.add(place)
                yield value


def _values_in(table: Table) -> Iterator[PublishedValue]:
    for line in table.lines:
        cells = zip(table.columns, line.cells, strict=True)
        for _, parts in groupby(cells, key=lambda cell: (cell[0].indicator, cell[0].group)):
            yield _value(line.division, list(parts))


_TOLD_AS = {
    Part.COUNT: Suppressible.VALUE,
    Part.NUMERATOR: Suppressible.NUMERATOR,
    Part.DENOMINATOR: Suppressible.DENOMINATOR,
    Part.VALUE: Suppressible.VALUE,
}


def _value(division: str, parts: Sequence[tuple[Column, Cell]]) -> PublishedValue:
    """Return the value whose parts stand side by side in a line, the value itself last."""
    column, _ = parts[-1]
    told = {_TOLD_AS[part.part]: cell for part, cell in parts}
    return PublishedValue(
        indicator=column.indicator,
        division=division,
        group=Group(column.group),
        unit=_unit_of(column),
        suppressed=tuple(name for name, cell in told.items() if cell == HIDDEN),
        **{name.value: cell for name, cell in told.items() if cell != HIDDEN},
    )


def _unit_of(column: Column) -> Unit:
    if column.part is Part.COUNT:
        return Unit.COUNT
    return Unit.RATE if column.percent else Unit.PER_1000
