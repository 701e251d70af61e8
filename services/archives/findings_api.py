"""HTTP in: what is questionable in a street's archives."""

from typing import Annotated

from fastapi import APIRouter, Query

from services.archives.api import Page, Reader
from services.archives.findings import FindingPage, RepetitionPage, list_findings, list_repetitions
from services.archives.quality import FindingKind
from services.runtime.web import ServiceHere

router = APIRouter(tags=["findings"])


Division = Annotated[str, Query(pattern=r"^(?:[0-9]{6}|[0-9]{9})$")]


@router.get("/findings", summary="What may not be true 数据质量")
async def get_findings(
    service: ServiceHere,
    caller: Reader,
    division: Division,
    kind: FindingKind | None = None,
    cursor: str = "",
    limit: Page = 100,
) -> FindingPage:
    """List the findings about entries that a street or district made, by person, each with its evidence and advice."""
    caller.must_cover(division)
    return await list_findings(service.database, service.areas(division), kind, cursor, limit)


@router.get("/findings/repetitions", summary="The same readings for many people 多人雷同")
async def get_repetitions(
    service: ServiceHere, caller: Reader, division: Division, cursor: str = "", limit: Page = 100
) -> RepetitionPage:
    """List what one worker entered alike for many people on one day, to the last digit, with every entry of it."""
    caller.must_cover(division)
    return await list_repetitions(service.database, service.areas(division), cursor, limit)
