"""Compose what a report says from the numbers as they are counted now."""

import asyncio
from datetime import datetime

from contracts.refusals import RefusedError
from contracts.reporting.groups import Group
from services.reporting.commands.counting import Counting
from services.reporting.commands.values import find_counted, find_place
from services.reporting.domain.assessment import assess, parts_for
from services.reporting.domain.composing import Named, compose
from services.reporting.domain.contents import Content
from services.reporting.domain.indicators import INDICATORS, Indicator
from services.reporting.domain.periods import Period
from services.reporting.domain.templates import Template
from services.reporting.domain.values import Place, Value, evaluate
from services.reporting.views.contributions import uncounted_since
from services.runtime.service import Service

PATIENCE, PAUSE = 20.0, 0.1
"""Seconds to wait until what was heard is counted, and between looks."""


class CountingBehindError(RefusedError):
    """What was heard is still being counted."""

    code = "counting_behind"
    advice = "数据正在汇总，请稍后重试。What was heard is still being counted; send the same request again in a moment."
    status = 503


async def compose_now(
    service: Service, counting: Counting, template: Template, division: str, period: Period
) -> Content:
    """Return what a report says with all that was heard up to now; raise CountingBehindError if that isn't counted."""
    heard_at = service.clock()
    await _wait_until_counted(service, heard_at)
    found = await find_place(service, counting, division)
    parts = parts_for(period) if template.assessed else []
    told = [code for table in template.tables for code in table.indicators]
    indicators = [INDICATORS[code] for code in (*told, *(part.indicator for part in parts))]
    counted = await find_counted(service, counting, found, indicators, [period])

    def value_of(indicator: Indicator, place: Place, group: Group) -> Value:
        return evaluate(indicator, place, period, counted, group)

    whole = Named(division, service.divisions.name(division), found.place)
    assessed = assess(found.place.parts(), parts, period, counted) if parts else []
    return compose(template, whole, _within(service, found.place), (period, heard_at), value_of, assessed)


async def _wait_until_counted(service: Service, moment: datetime) -> None:
    waited = 0.0
    while (since := await uncounted_since(service.database)) is not None and since <= moment:
        if waited >= PATIENCE:
            raise CountingBehindError
        await asyncio.sleep(PAUSE)
        waited += PAUSE


def _within(service: Service, whole: Place) -> list[Named]:
    """Return the streets of a district; a street has no parts.

    What is of no street stands in a line of the district's own, under the code that other systems give it.
    """
    if len(whole.division) > len("320507"):
        return []
    return [
        Named(f"{part.division}000", OWN, part)
        if part.division == whole.division
        else Named(part.division, service.divisions.name(part.division), part)
        for part in whole.parts()
    ]


OWN = "本级"
"""The name of the line of a district's own."""
