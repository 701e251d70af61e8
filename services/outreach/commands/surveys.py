"""Open and close surveys, draw their samples, record who answered."""

import asyncio
from datetime import date

from contracts.outreach.surveys import (
    AnswerSheet,
    Sample,
    Survey,
    SurveyAnswered,
    SurveyFact,
    SurveySampleDrawn,
)
from contracts.refusals import RefusedError
from services.outreach.commands.questionnaires import find_questionnaire
from services.outreach.domain import surveys
from services.outreach.domain.ids import id_from
from services.outreach.domain.surveys import AnsweredAlreadyError, Asked, Filled, SampleDrawnError
from services.outreach.views.residents import find_registered, find_segment
from services.outreach.views.surveys import find_last_answer
from services.runtime.recording import record_decision
from services.runtime.service import Service


class UnknownSurveyError(RefusedError):
    """There is no such survey in the division."""

    code = "not_found"
    advice = "没有该调查。No such survey in your division."
    status = 404


async def open_survey(service: Service, survey: Survey, cause: str) -> Survey:
    """Record that a survey was opened, once, and return it."""
    before = await find_survey(service, survey.before) if survey.before else None

    def decide(known: SurveyFact | None) -> SurveyFact | None:
        return None if known else surveys.open_survey(survey, before, service.today)

    return _known(await record_decision(service, f"survey/{survey.survey_id}", SurveyFact, decide, cause))


async def close(service: Service, survey_id: str, closed_on: date, cause: str) -> Survey:
    """Record that a survey was closed, and return it."""
    last = await find_last_answer(service.database, survey_id)

    def decide(known: SurveyFact | None) -> SurveyFact | None:
        return surveys.close(_known(known), closed_on, last, service.today)

    return _known(await record_decision(service, f"survey/{survey_id}", SurveyFact, decide, cause))


async def draw(service: Service, survey: Survey, seed: int | None, cause: str) -> Sample:
    """Draw the sample of a survey from residents of its street, once, and return it.

    Without a `seed` one follows from the request. Raise SampleDrawnError if it was drawn with another.
    """
    surveys.must_be_drawable(survey)
    wanted = int(id_from("seed", cause)[:7], 16) if seed is None else seed
    known = await find_sample(service, survey.survey_id) or await _draw(service, survey, wanted, cause)
    if known.seed != wanted:
        raise SampleDrawnError
    return known


async def _draw(service: Service, survey: Survey, seed: int, cause: str) -> Sample:
    assert survey.plan is not None, "it can be drawn from"
    areas, today = service.areas(survey.street), service.today
    people = [person async for person, _ in find_segment(service.database, areas, survey.plan.segment, today)]
    fact = await asyncio.to_thread(surveys.draw, survey, people, seed, today)  # a digest for each of them
    stream = f"survey_sample/{survey.survey_id}"
    drawn = await record_decision(service, stream, SurveySampleDrawn, lambda known: None if known else fact, cause)
    assert drawn is not None, "it is drawn or was"
    return drawn.sample


async def find_survey(service: Service, survey_id: str) -> Survey | None:
    """Return a survey from the journal; None if there is no such survey."""
    event = await service.journal.load(f"survey/{survey_id}", SurveyFact)
    return event.data.survey if event else None


async def find_sample(service: Service, survey_id: str) -> Sample | None:
    """Return the sample of a survey from the journal; None if none was drawn."""
    event = await service.journal.load(f"survey_sample/{survey_id}", SurveySampleDrawn)
    return event.data.sample if event else None


async def find_asked(service: Service, survey: Survey) -> Asked:
    """Return a survey with what answers to it are checked by."""
    questionnaire = await find_questionnaire(service, survey.questionnaire_id)
    assert questionnaire is not None, "it was published before the survey was opened"
    sample = await find_sample(service, survey.survey_id) if survey.plan is not None else None
    return Asked(survey, questionnaire, sample)


async def answer(service: Service, asked: Asked, filled: Filled, cause: str) -> AnswerSheet:
    """Record a respondent's answers, once, and return them; raise AnsweredAlreadyError if others are recorded."""
    fact = await decide_answer(service, asked, filled)
    taken = await service.journal.record([service.journal.commit(fact, causation=cause)])
    if taken and taken[0].causation != cause:
        raise AnsweredAlreadyError
    return fact.sheet


async def decide_answer(service: Service, asked: Asked, filled: Filled) -> SurveyAnswered:
    """Return the fact that somebody answered; raise a refusal if that can't be."""
    person = surveys.person_of(asked, filled.respondent)
    registered = await find_registered(service.database, person) if person else None
    traits = surveys.traits_of(registered, filled.answered_on) if registered else None
    return surveys.answer(asked, filled, traits, service.today)


def _known(fact: SurveyFact | None) -> Survey:
    if fact is None:
        raise UnknownSurveyError
    return fact.survey
