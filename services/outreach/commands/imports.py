"""Registers of past years and sheets of answers to surveys: how the rows of each kind are read and recorded."""

from collections.abc import Mapping
from functools import partial

from contracts.outreach.surveys import Survey
from services.outreach.commands import register_rows, survey_rows
from services.outreach.commands.register_rows import record_row
from services.outreach.commands.survey_rows import record_answers
from services.outreach.commands.surveys import find_asked, find_survey
from services.outreach.domain.surveys import Asked
from services.outreach.intake import survey_sheets
from services.outreach.intake.columns import COLUMNS, RegisterKind
from services.runtime import registers
from services.runtime.registers import Kind, Progress, Submission
from services.runtime.service import Service
from services.runtime.sheets.registers import Columns

ADVICE: Mapping[str, str] = {**survey_rows.ADVICE, **register_rows.ADVICE}
"""Advice about rows that a decision refused, by code."""


async def hand_in(service: Service, content: bytes, filename: str, handed_in: Submission) -> Progress:
    """Keep the rows of a register, and promise to work through them; return the progress.

    The same submission again changes nothing. Raise SheetError if it is no such register.
    """
    columns = await _columns(service, handed_in.kind, handed_in.survey_id)
    return await registers.hand_in(service, content, filename, handed_in, columns)


async def make_refused_workbook(service: Service, progress: Progress) -> bytes:
    """Return the .xlsx workbook of an import's refused rows, and of how the file was read."""
    columns = await _columns(service, progress.kind, progress.survey_id)
    return await registers.make_refused_workbook(service, progress, columns, ADVICE)


async def work_through(service: Service) -> None:
    """Work for ever on imports that are not done, wherever a crashed worker left them."""
    await registers.work_through(service, partial(_kind_of, service))


async def _kind_of(service: Service, progress: Progress) -> Kind:
    columns = await _columns(service, progress.kind, progress.survey_id)
    asked = await _find_asked(service, progress.survey_id)
    if asked:
        return Kind(columns, lambda row: record_answers(service, asked, row, progress.import_id))
    kind = RegisterKind(progress.kind)
    return Kind(columns, lambda row: record_row(service, kind, row, progress.street, progress.import_id))


async def _columns(service: Service, kind: str, survey_id: str | None) -> Columns:
    asked = await _find_asked(service, survey_id)
    return survey_sheets.columns_of(asked.questionnaire) if asked else COLUMNS[RegisterKind(kind)]


async def _find_asked(service: Service, survey_id: str | None) -> Asked | None:
    """Return what answers to a survey are checked by, as it is now; None if the import is of a register."""
    survey: Survey | None = await find_survey(service, survey_id) if survey_id else None
    return await find_asked(service, survey) if survey else None
