"""Publish questionnaires, and find them."""

from contracts.outreach.questionnaires import Questionnaire, QuestionnaireFact
from contracts.refusals import RefusedError
from services.outreach.domain import questionnaires
from services.runtime.recording import record_decision
from services.runtime.service import Service


class UnknownQuestionnaireError(RefusedError):
    """There is no such questionnaire for the division."""

    code = "no_such_questionnaire"
    advice = "没有该问卷。No such questionnaire for your division; see GET /questionnaires."
    field = "questionnaire_id"
    status = 404


async def publish(service: Service, questionnaire: Questionnaire, cause: str) -> Questionnaire:
    """Record that a questionnaire was published, once, and return it."""

    def decide(known: QuestionnaireFact | None) -> QuestionnaireFact | None:
        return questionnaires.publish(known.questionnaire if known else None, questionnaire)

    stream = f"questionnaire/{questionnaire.questionnaire_id}"
    await record_decision(service, stream, QuestionnaireFact, decide, cause)
    return questionnaire


async def find_questionnaire(service: Service, questionnaire_id: str) -> Questionnaire | None:
    """Return a questionnaire from the journal; None if there is no such questionnaire."""
    event = await service.journal.load(f"questionnaire/{questionnaire_id}", QuestionnaireFact)
    return event.data.questionnaire if event else None
