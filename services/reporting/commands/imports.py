"""Sheets of targets and yearly figures: how the rows of each kind are read and recorded."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from contracts.envelope import Fact
from contracts.refusals import RefusedError
from contracts.reporting.figures import Figure, figure_id
from contracts.reporting.groups import Group
from contracts.reporting.publications import Unit
from contracts.reporting.targets import Bound, Target, target_id
from services.reporting.commands.targets import record_figure, set_target
from services.reporting.domain import figures, targets
from services.reporting.domain.indicators import INDICATORS
from services.reporting.intake.columns import COLUMNS, SheetKind, Wanted
from services.runtime import registers
from services.runtime.registers import Kind, Outcome, Progress
from services.runtime.service import Service
from services.runtime.sheets.registers import Refusal, Row, check_row

Values = Mapping[str, Any]

ADVICE: Mapping[str, str] = {
    "unclear_rate": "无法判断是否为百分数，请写明百分号。It may be a share or a percentage; write it with %.",
    "outside_import": "该区划不在本次导入的区划之内。This division is not in the one that the sheet is handed in for.",
    **{
        error.code: error.advice
        for error in (
            targets.NoRateError,
            targets.TargetPeriodError,
            targets.ServedBandError,
            figures.YearAheadError,
            figures.NoFiguresOfGroupError,
        )
    },
}
"""Advice about rows that a decision refused, by code."""


async def work_through(service: Service) -> None:
    """Work for ever on imports that are not done, wherever a crashed worker left them."""
    await registers.work_through(service, partial(_kind_of, service))


async def _kind_of(service: Service, progress: Progress) -> Kind:
    kind = SheetKind(progress.kind)
    return Kind(COLUMNS[kind], lambda row: _record(service, kind, progress, row))


async def _record(service: Service, kind: SheetKind, progress: Progress, row: Row) -> Outcome:
    """Record what a row says and return its outcome."""
    values = check_row(COLUMNS[kind], row.typed)
    if isinstance(values, Refusal):
        return values
    division = values.get("division", progress.street)
    if not division.startswith(progress.street):
        return Refusal("outside_import", "division")
    cause = f"import/{progress.import_id}/{row.place}"
    recorded = _record_target if kind is SheetKind.TARGETS else _record_figure
    try:
        return await recorded(service, {**values, "division": division}, cause)
    except RefusedError as error:
        return Refusal(error.code, error.field or "value")


async def _record_target(service: Service, values: Values, cause: str) -> Outcome:
    wanted: Wanted = values["value"]
    value = _value_of(INDICATORS[values["indicator"]].unit, wanted)
    if value is None:
        return Refusal("unclear_rate", "value")
    told = {**values, "value": value, "bound": wanted.bound or Bound.AT_LEAST}
    target = Target(target_id="", **told)
    target = target.model_copy(update={"target_id": target_id(target)})
    if known := await _known(service, f"target/{target.target_id}", {"target": target}, cause):
        return known
    await set_target(service, target, cause)
    return "accepted"


async def _record_figure(service: Service, values: Values, cause: str) -> Outcome:
    of = values["division"], values["year"], values["kind"], values.get("group", Group.EVERYONE)
    figure = Figure(figure_id=figure_id(*of), **values)
    if known := await _known(service, f"figure/{figure.figure_id}", {"figure": figure}, cause):
        return known
    await record_figure(service, figure, cause)
    return "accepted"


def _value_of(unit: Unit, wanted: Wanted) -> float | None:
    """Return what a written number is worth; None if that of a rate may be a share or a percentage."""
    if unit is not Unit.RATE:
        return None if wanted.percent else wanted.number
    if wanted.percent or wanted.number > 1:
        return wanted.number / 100
    return None if wanted.number == 1 else wanted.number


async def _known(service: Service, stream: str, said: Mapping[str, Any], cause: str) -> Outcome | None:
    """Return what is to be said of a row that was recorded before; None if it says something new."""
    event = await service.journal.load(stream, Fact)
    if event is None:
        return None
    if event.causationid == cause:
        return "accepted"
    return "duplicate" if all(getattr(event.data, name) == value for name, value in said.items()) else None
