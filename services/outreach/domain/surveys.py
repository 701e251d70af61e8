"""Pure decisions on surveys: opened and closed, whom the sample has, who answers."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from heapq import nsmallest

from contracts.outreach.questionnaires import Questionnaire
from contracts.outreach.surveys import (
    LARGEST_SAMPLE,
    AnswerSheet,
    Chosen,
    Sample,
    Survey,
    SurveyAnswered,
    SurveyClosed,
    SurveyOpened,
    SurveyRound,
    SurveySampleDrawn,
    Traits,
    Way,
    answer_id,
)
from contracts.reference.calendar import age_on
from contracts.reference.identity import Sex
from contracts.refusals import RefusedError
from contracts.registration.categories import categories
from contracts.registration.stays import Category
from services.outreach.domain import questionnaires
from services.outreach.domain.survey_policy import POLICY, TARGETS


class SurveyInFutureError(RefusedError):
    """A day of the survey, or of an answer to it, lies in the future."""

    code = "future_date"
    advice = "日期不能晚于今天。The day must not lie in the future; correct it."


class BeforeOpeningError(RefusedError):
    """The survey was not open yet on the day of the answer, or of the closing."""

    code = "before_opening"
    advice = "该日调查尚未开始，请核对日期。The survey had not been opened on that day; correct the day."


class SurveyClosedError(RefusedError):
    """The survey is closed."""

    code = "survey_closed"
    advice = "调查已结束，不再接受答卷。The survey is closed and takes no more answers."


class AnsweredLaterError(RefusedError):
    """The survey was answered after the day on which it is to have been closed."""

    code = "answered_later"
    advice = "该日之后还有答卷，请核对结束日期。The survey was answered after that day; correct the day of closing."
    field = "closed_on"


class NoPairError(RefusedError):
    """Only a survey of the round after is compared: with one of the round before, of the street and questionnaire."""

    code = "no_pair"
    advice = (
        "前后对比须为同一街道、同一问卷的干预前调查。"
        "A survey of the round after is compared with one of the round before, of the same street and questionnaire."
    )
    field = "before"
    status = 422


class UnknownTargetError(RefusedError):
    """No plan of that edition says which rates are to be reached."""

    code = "unknown_target"
    advice = "没有该目标版本。No such target; see GET /surveys/targets."
    field = "target"
    status = 422


class NoSampleError(RefusedError):
    """Whoever comes answers the survey: there is nobody to draw."""

    code = "no_sample"
    advice = "该调查不抽样。The survey has no sample: whoever comes answers it."


class SampleDrawnError(RefusedError):
    """Another sample of the survey was drawn before."""

    code = "sample_drawn"
    advice = "样本已抽取，不可重抽。The sample was drawn and stays as it is; open another survey for another one."


class NobodyToDrawError(RefusedError):
    """The segment means nobody who lives in the street."""

    code = "nobody_to_draw"
    advice = "街道内没有符合条件的人员。Nobody in the street belongs to the segment; open a survey with another one."


class SampleNotDrawnError(RefusedError):
    """The sample is not drawn yet."""

    code = "sample_not_drawn"
    advice = "样本尚未抽取，请先抽样。The sample is not drawn yet; draw it first."


class NotInSampleError(RefusedError):
    """The respondent is not one of the people of the sample."""

    code = "not_in_sample"
    advice = "该人员不在样本中，请核对编号。Nobody of the sample has that id or place; check it."
    field = "respondent"
    status = 422


class WayNotOfferedError(RefusedError):
    """The survey is not answered in that way."""

    code = "way_not_offered"
    advice = "该调查不以此方式作答。The survey is not answered in this way; see its ways."
    field = "way"
    status = 422


class AnsweredAlreadyError(RefusedError):
    """The respondent answered the survey before."""

    code = "answered_already"
    advice = "该受访者已答过，每人一份。The respondent has answered already; the first answers stand."


@dataclass(frozen=True, slots=True)
class Filled:
    """A sheet that somebody filled in: the respondent is a person of the sample, or a key that stands for nobody."""

    respondent: str
    way: Way
    answered_on: date
    chosen: Sequence[Chosen]
    interviewer: str | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """What answers are checked by: the survey, its questionnaire, its sample if one was drawn."""

    survey: Survey
    questionnaire: Questionnaire
    sample: Sample | None = None


@dataclass(frozen=True, slots=True)
class Registered:
    """What registration last told of somebody who is asked."""

    birth: date | None
    sex: Sex
    hazard: str | None
    categories: tuple[Category, ...]
    origin: str | None


def open_survey(survey: Survey, before: Survey | None, today: date) -> SurveyOpened:
    """Return the fact that a survey was opened, to be compared with one before.

    Raise SurveyInFutureError, NoPairError or UnknownTargetError if that can't be.
    """
    if survey.opened_on > today:
        raise SurveyInFutureError
    if survey.target is not None and survey.target not in {target.edition for target in TARGETS}:
        raise UnknownTargetError
    if survey.before is not None and not _are_pair(before, survey):
        raise NoPairError
    return SurveyOpened(survey=survey)


def _are_pair(before: Survey | None, after: Survey) -> bool:
    return (
        before is not None
        and (before.round, after.round) == (SurveyRound.BEFORE, SurveyRound.AFTER)
        and (before.street, before.questionnaire_id) == (after.street, after.questionnaire_id)
    )


def close(survey: Survey, closed_on: date, last_answer: date | None, today: date) -> SurveyClosed | None:
    """Return the fact that a survey was closed; None if it was on that day.

    Raise SurveyInFutureError, BeforeOpeningError, AnsweredLaterError or SurveyClosedError if that can't be.
    """
    if survey.closed_on == closed_on:
        return None
    if survey.closed_on is not None:
        raise SurveyClosedError
    if closed_on > today:
        raise SurveyInFutureError
    if closed_on < survey.opened_on:
        raise BeforeOpeningError
    if last_answer is not None and closed_on < last_answer:
        raise AnsweredLaterError
    return SurveyClosed(survey=survey.model_copy(update={"closed_on": closed_on}))


def must_be_drawable(survey: Survey) -> None:
    """Raise SurveyClosedError or NoSampleError if no sample can be drawn for a survey."""
    if survey.closed_on is not None:
        raise SurveyClosedError
    if survey.plan is None:
        raise NoSampleError


def draw(survey: Survey, people: Iterable[str], seed: int, today: date) -> SurveySampleDrawn:
    """Return the fact that a sample was drawn from people: those whose digests with the seed are the smallest.

    Each set of so many people is equally likely, whatever order they come in; people repeated count once. Raise
    NobodyToDrawError if there is nobody.
    """
    must_be_drawable(survey)
    assert survey.plan is not None, "it can be drawn from"
    known = set(people)
    if not known:
        raise NobodyToDrawError
    drawn = nsmallest(min(survey.plan.size, LARGEST_SAMPLE), known, key=lambda person: _lot(seed, person))
    sample = Sample(
        survey_id=survey.survey_id,
        street=survey.street,
        plan=survey.plan,
        seed=seed,
        population=len(known),
        drawn_on=today,
        people=tuple(drawn),
    )
    return SurveySampleDrawn(sample=sample)


def _lot(seed: int, person_id: str) -> bytes:
    return sha256(f"{seed}|{person_id}".encode()).digest()


def traits_of(known: Registered, day: date) -> Traits:
    """Return what is registered of somebody who answers on a day."""
    return Traits(
        sex=known.sex,
        age_band=POLICY.band_of(age_on(known.birth, day)) if known.birth is not None else None,
        origin=known.origin[:2] if known.origin else None,
        categories=categories(known.birth, known.sex, known.hazard, known.categories, day),
    )


def answer(asked: Asked, filled: Filled, traits: Traits | None, today: date) -> SurveyAnswered:
    """Return the fact that somebody answered a survey; raise a refusal if that can't be.

    `traits` are those of a person of the sample.
    """
    survey = asked.survey
    _must_be_in_time(survey, filled.answered_on, today)
    if filled.way not in survey.ways:
        raise WayNotOfferedError
    person = person_of(asked, filled.respondent)
    chosen = questionnaires.check(asked.questionnaire, filled.chosen)
    sheet = AnswerSheet(
        answer_id=id_of(asked, filled),
        survey_id=survey.survey_id,
        street=survey.street,
        institution_id=survey.institution_id,
        literacy=survey.literacy,
        way=filled.way,
        answered_on=filled.answered_on,
        person_id=person,
        traits=traits if person else None,
        serial=None if person or filled.way is Way.PHONE else filled.respondent,
        interviewer=filled.interviewer,
        chosen=chosen,
        right=questionnaires.find_right(asked.questionnaire, chosen),
        scores=questionnaires.score(asked.questionnaire, chosen),
    )
    return SurveyAnswered(sheet=sheet)


def id_of(asked: Asked, filled: Filled) -> str:
    """Return the id of a respondent's answers; raise SampleNotDrawnError or NotInSampleError likewise."""
    kind = "phone" if filled.way is Way.PHONE else "serial"
    person = person_of(asked, filled.respondent)
    return answer_id(asked.survey.survey_id, person or f"{kind}|{filled.respondent}")


def _must_be_in_time(survey: Survey, answered_on: date, today: date) -> None:
    if survey.closed_on is not None:
        raise SurveyClosedError
    if answered_on > today:
        raise SurveyInFutureError
    if answered_on < survey.opened_on:
        raise BeforeOpeningError


def person_of(asked: Asked, respondent: str) -> str | None:
    """Return the person of the sample whom an id or a place (from 1) in it means; None if the survey has no sample.

    Raise SampleNotDrawnError or NotInSampleError if nobody is meant.
    """
    if asked.survey.plan is None:
        return None
    if asked.sample is None:
        raise SampleNotDrawnError
    people = asked.sample.people
    if respondent.isascii() and respondent.isdecimal() and len(respondent) <= len(str(LARGEST_SAMPLE)):
        if not 1 <= int(respondent) <= len(people):
            raise NotInSampleError
        return people[int(respondent) - 1]
    if respondent not in people:
        raise NotInSampleError
    return respondent
