"""Record the rows of sheets of answers, each respondent's once however often the sheet is handed in."""

from collections.abc import Mapping

from contracts.outreach.surveys import SurveyAnswered
from contracts.refusals import RefusedError
from services.outreach.commands.surveys import decide_answer
from services.outreach.domain import questionnaires, surveys
from services.outreach.domain.surveys import Asked, Filled
from services.outreach.intake.survey_sheets import ANSWERED_ON, RESPONDENT, WAY, columns_of, read_sheet
from services.runtime.registers import Outcome
from services.runtime.service import Service
from services.runtime.sheets.registers import Refusal, Row

_FIELDS: Mapping[str | None, str] = {"respondent": RESPONDENT, "way": WAY}
"""The column that a refusal is about, by its field; one without a field is about the day."""


async def record_answers(service: Service, asked: Asked, row: Row, import_id: str) -> Outcome:
    """Record what a row says and return its outcome; a row that was recorded before a crash counts as accepted."""
    filled = read_sheet(asked.questionnaire, columns_of(asked.questionnaire), row.typed)
    if isinstance(filled, Refusal):
        return filled
    try:
        return await _record(service, asked, filled, f"import/{import_id}/{row.place}")
    except RefusedError as error:
        return Refusal(error.code, _FIELDS.get(error.field, ANSWERED_ON))


async def _record(service: Service, asked: Asked, filled: Filled, cause: str) -> Outcome:
    known = await _known(service, asked, filled, cause)
    if known:
        return known
    fact = await decide_answer(service, asked, filled)
    taken = await service.journal.record([service.journal.commit(fact, causation=cause)])
    return await _known(service, asked, filled, cause) or "accepted" if taken else "accepted"


async def _known(service: Service, asked: Asked, filled: Filled, cause: str) -> Outcome | None:
    """Return what is to be said of a row whose respondent has answered; None if that is new."""
    event = await service.journal.load(f"survey_answer/{surveys.id_of(asked, filled)}", SurveyAnswered)
    if event is None:
        return None
    if event.causationid == cause:
        return "accepted"
    recorded = event.data.sheet
    said = questionnaires.check(asked.questionnaire, filled.chosen), filled.answered_on, filled.way
    same = said == (recorded.chosen, recorded.answered_on, recorded.way)
    return "duplicate" if same else Refusal(surveys.AnsweredAlreadyError.code, RESPONDENT)


_DECISIONS: tuple[type[RefusedError], ...] = (
    surveys.SurveyInFutureError,
    surveys.BeforeOpeningError,
    surveys.SurveyClosedError,
    surveys.SampleNotDrawnError,
    surveys.NotInSampleError,
    surveys.WayNotOfferedError,
    surveys.AnsweredAlreadyError,
    questionnaires.NoSuchChoiceError,
    questionnaires.OneChoiceError,
    questionnaires.ItemTwiceError,
)
ADVICE: Mapping[str, str] = {error.code: error.advice for error in _DECISIONS}
"""Advice about rows that a decision refused, by code."""
