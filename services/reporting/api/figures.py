"""HTTP in: yearly figures, which denominators may be taken from."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from contracts.reporting.figures import Figure, FigureKind, figure_id
from contracts.reporting.groups import Group
from services.reporting.api.dependencies import Assessor, IdInPath, OwnDivision, Reader, division_of
from services.reporting.commands import targets as commands
from services.reporting.commands.targets import UnknownFigureError, find_figure
from services.reporting.domain.figures import NoFiguresOfGroupError, YearAheadError
from services.reporting.views.targets import find_figures
from services.runtime.bodies import Body
from services.runtime.parameters import Cause, Division, ServiceHere
from services.runtime.problems import refuses

router = APIRouter(tags=["figures"])

Year = Annotated[int, Query(ge=2000, le=2099)]


class FigureRequest(Body):
    """A yearly figure, and who says so."""

    division: OwnDivision
    year: int = Field(ge=2000, le=2099)
    kind: FigureKind
    group: Group = Group.EVERYONE
    value: int = Field(ge=0, le=1_000_000_000)
    origin: str = Field(min_length=1, max_length=200, description="such as 统计年鉴")


@router.post(
    "/figures",
    status_code=201,
    summary="Record a yearly figure 年报数",
    responses=refuses(YearAheadError, NoFiguresOfGroupError, outside_your_division=403, unknown_division=422),
)
async def post_figure(body: FigureRequest, service: ServiceHere, caller: Assessor, cause: Cause) -> Figure:
    """Record a figure of a division for a year, or record it anew."""
    division = division_of(service, caller, body.division)
    named = figure_id(division, body.year, body.kind, body.group)
    figure = Figure(figure_id=named, **{**body.model_dump(), "division": division})
    return await commands.record_figure(service, figure, cause)


@router.post(
    "/figures/{figure_id}/withdrawal", summary="Withdraw a yearly figure", responses=refuses(UnknownFigureError)
)
async def post_withdrawal(figure_id: IdInPath, service: ServiceHere, caller: Assessor, cause: Cause) -> Figure:
    """Withdraw a figure that was recorded by mistake."""
    found = await find_figure(service, figure_id)
    if found is None or not caller.covers(found.division):
        raise UnknownFigureError
    return await commands.withdraw_figure(service, found, cause)


@router.get("/figures", summary="Yearly figures of a division", responses=refuses(outside_your_division=403))
async def get_figures(service: ServiceHere, caller: Reader, division: Division, year: Year) -> list[Figure]:
    """List the figures of a division and of those in it for a year, withdrawn ones too."""
    caller.must_cover(division)
    return await find_figures(service.database, service.areas(division), [year])
