"""A report as FHIR R4: a bundle of one summary MeasureReport for each division, with a group for each indicator."""

import json
from collections.abc import Mapping
from typing import Any

from contracts.envelope import render_time
from services.reporting.domain.contents import Cell, Column, Content, Line, Part, Table
from services.reporting.exports.dhis2 import element_of
from services.reporting.exports.marks import Signed

_BASE = "urn:houniao"
_POPULATION = "http://terminology.hl7.org/CodeSystem/measure-population"
_KINDS: Mapping[Part, str] = {
    Part.COUNT: "initial-population",
    Part.NUMERATOR: "numerator",
    Part.DENOMINATOR: "denominator",
}

Resource = dict[str, Any]


def write_measure_reports(signed: Signed) -> bytes:
    """Return the bundle; a number that is hidden stands as masked, one that is no whole number of people as a score."""
    content = signed.content
    lines: dict[str, list[tuple[Table, Line]]] = {}
    for table in content.tables:
        for line in table.lines:
            lines.setdefault(line.division, []).append((table, line))
    bundle = {
        "resourceType": "Bundle",
        "type": "collection",
        "timestamp": render_time(content.heard_at),
        "entry": [
            {"fullUrl": f"{_BASE}:measure-report:{content.template}:{content.period}:{division}", "resource": report}
            for division, report in ((division, _report(content, division, of)) for division, of in lines.items())
        ],
    }
    return json.dumps(bundle, ensure_ascii=False, indent=1).encode()


def _report(content: Content, division: str, lines: list[tuple[Table, Line]]) -> Resource:
    groups: dict[str, Resource] = {}
    for table, line in lines:
        for column, cell in zip(table.columns, line.cells, strict=True):
            _fill(groups.setdefault(_group_of(column), {"code": {"coding": [_code(column)]}}), column, cell)
    return {
        "resourceType": "MeasureReport",
        "status": "complete",
        "type": "summary",
        "measure": f"{_BASE}:measure:{content.template}",
        "date": render_time(content.heard_at),
        "reporter": {"identifier": {"system": f"{_BASE}:division", "value": division}, "display": lines[0][1].name},
        "period": {"start": content.since.isoformat(), "end": content.until.isoformat()},
        "group": list(groups.values()),
    }


def _group_of(column: Column) -> str:
    return element_of(column.model_copy(update={"part": Part.VALUE}))


def _code(column: Column) -> Resource:
    return {"system": f"{_BASE}:indicator", "code": _group_of(column).replace(".value", "", 1), "display": column.zh}


def _fill(group: Resource, column: Column, cell: Cell) -> None:
    if column.part is Part.VALUE or isinstance(cell, float):
        group["measureScore"] = _absent(cell) or {"value": cell, **({"unit": "1"} if column.percent else {})}
        return
    population: Resource = {"code": {"coding": [{"system": _POPULATION, "code": _KINDS[column.part]}]}}
    absent = _absent(cell)
    population |= {"_count": absent} if absent else {"count": cell}
    known = group.setdefault("population", [])
    if population not in known:
        known.append(population)


def _absent(cell: Cell) -> Resource | None:
    """Return why there is no number, in place of one: it is masked, or there is none; None if there is one."""
    if isinstance(cell, int | float):
        return None
    reason = "not-applicable" if cell is None else "masked"
    return {"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": reason}]}
