"""The lines that every form has around its tables: what it is, of when, and who signed it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from contracts.reference.calendar import SHANGHAI, day_of
from contracts.reporting.reports import Edition, ReportState, Signature
from services.reporting.domain.contents import HIDDEN, Content, Table

_DONE: Mapping[ReportState, str] = {
    ReportState.DRAFTED: "起草",
    ReportState.REVIEWED: "科长审核",
    ReportState.APPROVED: "分管领导审核",
    ReportState.SEALED: "加盖公章",
}
HIDDEN_MEANS = (
    f"{HIDDEN} 为小于5的数，或可由此推算出该数的数，不予公布。{HIDDEN}: too small to be published, or tells what is."
)
UPRIGHT, ACROSS = 6, 9
"""Columns that fit on a page upright, and across."""


@dataclass(frozen=True, slots=True)
class Signed:
    """An edition of a report as it goes out: what it says, who signed it, and whether it is for others."""

    content: Content
    edition: Edition
    published: bool = False


def title_of(content: Content) -> str:
    """Return the title: whose report, of what."""
    return f"{content.name}{content.zh}"


def about(signed: Signed) -> str:
    """Return of which days it is, up to when facts were heard for it, and the edition."""
    content, edition = signed.content, signed.edition
    heard = f"{content.heard_at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
    return f"统计时段 {content.since}—{content.until}　数据截至 {heard}　第{edition.edition}版"


def below(signed: Signed) -> Iterator[str]:
    """Yield what stands below the tables."""
    if signed.published:
        yield HIDDEN_MEANS
    else:
        yield "　".join(
            f"{_DONE[one.state]}：{one.by}（{one.at.astimezone(SHANGHAI):%Y-%m-%d}）"
            for one in signed.edition.signatures
        )
    if signed.edition.reason:
        yield f"更正说明：{signed.edition.reason}"
    yield f"SHA-256 {signed.edition.content}"


def _told(signature: Signature) -> str:
    return f"{_DONE[signature.state]}：{signature.by}（{day_of(signature.at)}）"


def split(table: Table) -> Iterator[Table]:
    """Yield a table in parts that fit on a page, the columns of an indicator in one part."""
    places: list[int] = []
    for _, together in groupby(range(len(table.columns)), key=lambda place: table.columns[place].indicator):
        new = list(together)
        if places and len(places) + len(new) > ACROSS:
            yield _part(table, places)
            places = []
        places += new
    yield _part(table, places)


def _part(table: Table, places: Sequence[int]) -> Table:
    lines = (line.model_copy(update={"cells": tuple(line.cells[place] for place in places)}) for line in table.lines)
    columns = tuple(table.columns[place] for place in places)
    return table.model_copy(update={"columns": columns, "lines": tuple(lines)})
