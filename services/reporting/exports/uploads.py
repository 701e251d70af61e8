"""A report in the layout that a provincial system takes: a line for each division, columns by a mapping file.

A mapping is a table (CSV in UTF-8) of `heading` and `content`: `division`, `name`, `period`, `heard_on`, or a number as
`<indicator>.<part>`, of a group `<indicator>.<part>.<group>`. Its encoding is GB18030, as those systems ask for.
"""

from collections.abc import Mapping, Sequence
from csv import DictReader
from pathlib import Path

from contracts.reference.calendar import day_of
from services.reporting.domain.contents import Content
from services.reporting.exports.dhis2 import element_of
from services.reporting.exports.marks import Signed
from services.runtime.sheets.texts import write_csv

_ABOUT = ("division", "name", "period", "heard_on")
Mapped = Sequence[tuple[str, str]]


class MappingError(ValueError):
    """A mapping file can't be used; the text says why."""


def read_mapping(path: Path) -> Mapped:
    """Return the columns of an upload, each with its content; raise MappingError if a line is none."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = [(row.get("heading"), row.get("content")) for row in DictReader(file)]
    for number, (heading, content) in enumerate(rows, start=2):
        if not heading or not content or (content not in _ABOUT and "." not in content):
            raise MappingError(f"{path.name}, line {number}: a heading and what stands below it are needed")
    return [(str(heading), str(content)) for heading, content in rows]


OURS = read_mapping(Path(__file__).with_name("upload.csv"))


def write_upload(signed: Signed, mapping: Mapped = OURS) -> bytes:
    """Return the lines of an upload; a number that the report does not have is left empty."""
    content = signed.content
    lines = [[heading for heading, _ in mapping]]
    for division, numbers in _numbers(content).items():
        known = {
            "division": division,
            "period": content.period.replace("-", ""),
            "heard_on": day_of(content.heard_at).isoformat(),
            **numbers,
        }
        lines.append([known.get(asked, "") for _, asked in mapping])
    return write_csv(lines, "gb18030")


def _numbers(content: Content) -> Mapping[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for table in content.tables:
        for line in table.lines:
            told = found.setdefault(line.division, {"name": line.name})
            told |= {
                element_of(column): "" if cell is None else str(cell)
                for column, cell in zip(table.columns, line.cells, strict=True)
            }
    return found
