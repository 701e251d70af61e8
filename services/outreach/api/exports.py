"""HTTP in: registers and lists of a division, to download as CSV or as a workbook."""

import asyncio
from collections.abc import Sequence
from typing import Any, Literal

from fastapi import APIRouter, Response

from services.outreach.api.dependencies import Reader
from services.outreach.commands.exports import TooManyRowsError, gather
from services.outreach.commands.listings import gather_listing
from services.outreach.intake.columns import RegisterKind
from services.outreach.intake.exports import as_workbook
from services.outreach.intake.listings import ListingKind
from services.runtime.bodies import Day
from services.runtime.parameters import Division, ServiceHere
from services.runtime.problems import refuses
from services.runtime.sheets.texts import write_csv
from services.runtime.web import A_WORKBOOK, workbook_response

router = APIRouter(tags=["exports"])

CSV = "text/csv; charset=utf-8"
A_FILE: dict[int | str, dict[str, Any]] = {200: {"content": {**A_WORKBOOK[200]["content"], "text/csv": {}}}}


@router.get(
    "/registers/{kind}",
    summary="A register to download 台账导出",
    response_class=Response,
    responses={**A_FILE, **refuses(TooManyRowsError, outside_your_division=403)},
)
async def get_register(
    kind: RegisterKind,
    service: ServiceHere,
    caller: Reader,
    division: Division,
    since: Day,
    until: Day,
    form: Literal["csv", "xlsx"] = "xlsx",
) -> Response:
    """Export a division's register of a period (both days included); what is exported can be imported again.

    Boards are exported whatever the period; activities by the day that they were planned for.
    """
    caller.must_cover(division)
    lines = await gather(service, kind, service.areas(division), (since, until))
    return await table_response(lines, f"{kind}-{division}", form)


@router.get(
    "/listings/{kind}",
    summary="A list to download 名册导出",
    response_class=Response,
    responses={**A_FILE, **refuses(TooManyRowsError, outside_your_division=403)},
)
async def get_listing(
    kind: ListingKind,
    service: ServiceHere,
    caller: Reader,
    division: Division,
    since: Day,
    until: Day,
    form: Literal["csv", "xlsx"] = "xlsx",
) -> Response:
    """Export educators, trainings, cases of care or visits of a period (both days included), or exposures or rooms.

    People are in it by their ids, and whoever teaches or visits by a staff number.
    """
    caller.must_cover(division)
    lines = await gather_listing(service, kind, service.areas(division), (since, until))
    return await table_response(lines, f"{kind}-{division}", form)


async def table_response(lines: Sequence[Sequence[str]], name: str, form: Literal["csv", "xlsx"]) -> Response:
    """Return a response with lines as CSV or as a workbook to download; `name` is that of the file without its end."""
    if form == "xlsx":
        return workbook_response(await asyncio.to_thread(as_workbook, name, lines), f"{name}.xlsx")
    content = await asyncio.to_thread(write_csv, lines)
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    return Response(content, media_type=CSV, headers=headers)
