"""A report as a data value set of DHIS2 (`POST /api/dataValueSets`, with all id schemes `CODE`).

A data element is `<indicator>.<part>`, of a group `<indicator>.<part>.<group>`; an organisation unit is a division.
https://docs.dhis2.org/en/develop/using-the-api/dhis-core-version-master/data.html
"""

import json
from collections.abc import Iterator

from services.reporting.domain.contents import EVERYONE, HIDDEN, Column, Content
from services.reporting.exports.marks import Signed


def write_data_values(signed: Signed) -> bytes:
    """Return the numbers of every division; what is hidden or has no value is left out."""
    content = signed.content
    written = {
        "dataSet": content.template,
        "completeDate": content.heard_at.date().isoformat(),
        "period": period_of(content.period),
        "orgUnit": content.division,
        "dataValues": list(_values(content)),
    }
    return json.dumps(written, ensure_ascii=False, indent=1).encode()


def period_of(period: str) -> str:
    """Return a period as DHIS2 writes it: 2026, 2026Q3, 202609."""
    return period.replace("-", "")


def _values(content: Content) -> Iterator[dict[str, str]]:
    told = set[tuple[str, str]]()
    for table in content.tables:
        for line in table.lines:
            for column, cell in zip(table.columns, line.cells, strict=True):
                place = line.division, element_of(column)
                if cell not in {None, HIDDEN} and place not in told:
                    told.add(place)
                    yield {"dataElement": place[1], "orgUnit": place[0], "value": str(cell)}


def element_of(column: Column) -> str:
    """Return the code of the data element that a column is."""
    code = f"{column.indicator}.{column.part}"
    return code if column.group == EVERYONE else f"{code}.{column.group}"
