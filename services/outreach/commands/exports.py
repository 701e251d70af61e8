"""Gather the registers of a division to be exported."""

from collections.abc import Sequence
from datetime import date

from contracts.outreach.surveys import Survey
from contracts.reference.divisions import Area
from contracts.refusals import RefusedError
from services.outreach.commands.surveys import find_asked
from services.outreach.intake.columns import RegisterKind
from services.outreach.intake.exports import write_lines
from services.outreach.intake.survey_sheets import write_sheet
from services.outreach.views.activities import ACTIVITIES
from services.outreach.views.articles import ARTICLES
from services.outreach.views.boards import BOARDS, ISSUES
from services.outreach.views.materials import MATERIALS, MOVEMENTS
from services.outreach.views.pages import find_by_id, find_in_period, find_page
from services.outreach.views.surveys import find_answers
from services.runtime.mongo import Document
from services.runtime.service import Service

MOST = 50_000
"""Rows of one export."""


class TooManyRowsError(RefusedError):
    """There are more rows than one export may have."""

    code = "too_many_rows"
    advice = "超过5万行，请缩小范围或时段。More than 50,000 rows; ask for a smaller division or a shorter period."
    status = 422


async def gather(
    service: Service, kind: RegisterKind, areas: Sequence[Area], period: tuple[date, date]
) -> list[list[str]]:
    """Return a register of areas as lines: boards that stand or stood, everything else of a period.

    Raise TooManyRowsError if there are more than 50,000.
    """
    rows = await _find(service, kind, areas, period)
    if len(rows) > MOST:
        raise TooManyRowsError
    return write_lines(kind, rows)


async def _find(
    service: Service, kind: RegisterKind, areas: Sequence[Area], period: tuple[date, date]
) -> list[Document]:
    database = service.database
    match kind:
        case RegisterKind.ACTIVITIES:
            return await find_in_period(database, ACTIVITIES, areas, "planned_on", period, MOST + 1)
        case RegisterKind.ARTICLES:
            return await find_in_period(database, ARTICLES, areas, "submitted_on", period, MOST + 1)
        case RegisterKind.BOARDS:
            return await find_page(database, BOARDS, areas, "", MOST + 1)
        case RegisterKind.BOARD_ISSUES:
            issues = await find_in_period(database, ISSUES, areas, "changed_on", period, MOST + 1)
            boards = await find_by_id(database, BOARDS, [issue["board_id"] for issue in issues])
            return [{**issue, "place": boards.get(issue["board_id"], {}).get("place")} for issue in issues]
        case RegisterKind.MATERIALS:
            movements = await find_in_period(database, MOVEMENTS, areas, "moved_on", period, MOST + 1)
            materials = await find_by_id(database, MATERIALS, [one["material_id"] for one in movements])
            return [{**materials.get(one["material_id"], {}), **one} for one in movements]


async def gather_answers(service: Service, survey: Survey) -> list[list[str]]:
    """Return the answers to a survey as lines; raise TooManyRowsError if there are more than 50,000."""
    asked = await find_asked(service, survey)
    rows = await find_answers(service.database, survey.survey_id, MOST + 1)
    if len(rows) > MOST:
        raise TooManyRowsError
    return write_sheet(asked.questionnaire, rows)
