"""Questionnaires, surveys and answers, made up."""

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from contracts.envelope import Fact
from contracts.outreach.messages import Language
from contracts.outreach.questionnaires import (
    Choice,
    Item,
    Measure,
    Questionnaire,
    QuestionnairePublished,
    Wording,
    questionnaire_id,
)
from contracts.outreach.surveys import (
    Chosen,
    Sample,
    SamplePlan,
    Survey,
    SurveyAnswered,
    SurveyClosed,
    SurveyOpened,
    SurveySampleDrawn,
    Traits,
    Way,
)
from contracts.reference.identity import Sex
from contracts.registration.categories import PersonCategory
from services.outreach.domain.surveys import Asked, Filled, answer
from tests.support.facts import FIRST_DAY, PEOPLE, STREETS, EventList, envelop

SURVEY_ID = "6" * 32


def say(text: str) -> tuple[Wording, ...]:
    """Return a text in Chinese."""
    return (Wording(language=Language.ZH, text=text),)


def make_item(code: str, measure: Measure, right: str = "", choices: str = "ABC", points: int = 1) -> Item:
    """Make an item; one with several right choices lets several be chosen."""
    return Item(
        code=code,
        measure=measure,
        multiple=len(right) > 1,
        wording=say(f"题目{code}"),
        choices=tuple(Choice(code=letter, wording=say(letter)) for letter in choices),
        right=tuple(right),
        points=points,
    )


def make_questionnaire(owner: str = STREETS[0], **more: Any) -> Questionnaire:
    """Make a questionnaire with five scored items, one of which is for several choices, and one that is not scored."""
    items = (
        make_item("K1", Measure.KNOWLEDGE, "A"),
        make_item("K2", Measure.KNOWLEDGE, "B"),
        make_item("K3", Measure.KNOWLEDGE, "AC", points=3),
        make_item("B1", Measure.BEHAVIOUR, "A"),
        make_item("B2", Measure.BEHAVIOUR, "C"),
        make_item("S1", Measure.SATISFACTION),
    )
    told = {
        "questionnaire_id": questionnaire_id(owner, "residents", "2026"),
        "owner": owner,
        "series": "residents",
        "edition": "2026",
        "wording": say("居民问卷"),
        "questions": items,
    }
    return Questionnaire(**{**told, **more})


def make_survey(survey: str = SURVEY_ID, street: str = STREETS[0], **more: Any) -> Survey:
    """Make a survey of whoever comes."""
    told = {
        "survey_id": survey,
        "street": street,
        "questionnaire_id": make_questionnaire(street).questionnaire_id,
        "ways": tuple(Way),
        "opened_on": FIRST_DAY,
    }
    return Survey(**{**told, **more})


def make_sample(survey: Survey, *people: str) -> Sample:
    """Make a sample of a survey with a plan."""
    assert survey.plan is not None
    return Sample(
        survey_id=survey.survey_id,
        street=survey.street,
        plan=survey.plan,
        seed=1,
        population=len(people),
        drawn_on=FIRST_DAY,
        people=people,
    )


def choose(**choices: str) -> tuple[Chosen, ...]:
    """Return what was chosen, by item."""
    return tuple(Chosen(item=item, choices=tuple(letters)) for item, letters in choices.items())


@st.composite
def choices_of(draw: st.DrawFn, questionnaire: Questionnaire) -> tuple[Chosen, ...]:
    """Choose anything that may be chosen of some of a questionnaire's items, at least one."""
    items = draw(st.lists(st.sampled_from(questionnaire.questions), min_size=1, unique=True))
    return tuple(
        Chosen(
            item=item.code,
            choices=tuple(
                draw(
                    st.lists(
                        st.sampled_from([one.code for one in item.choices]),
                        min_size=1,
                        max_size=3 if item.multiple else 1,
                        unique=True,
                    )
                )
            ),
        )
        for item in items
    )


def traits() -> st.SearchStrategy[Traits]:
    """Make what is registered of a respondent."""
    told: Mapping[str, st.SearchStrategy[Any]] = {
        "sex": st.sampled_from(Sex),
        "age_band": st.sampled_from((None, "15-24", "65+")),
        "origin": st.sampled_from((None, "34", "41")),
        "categories": st.lists(st.sampled_from(PersonCategory), max_size=2, unique=True).map(tuple),
    }
    return st.builds(Traits, **told)


@st.composite
def survey_histories(draw: st.DrawFn) -> EventList:
    """Make a survey by a questionnaire, with or without a sample, that is answered and perhaps closed."""
    street = draw(st.sampled_from(STREETS))
    questionnaire = make_questionnaire(street)
    plan = draw(st.sampled_from((None, SamplePlan(size=2))))
    survey = make_survey(street=street, plan=plan)
    sample = make_sample(survey, *PEOPLE[:2]) if plan else None
    events = envelop([QuestionnairePublished(questionnaire=questionnaire)], "outreach")
    said: list[Fact] = [SurveyOpened(survey=survey)]
    if draw(st.booleans()):
        said.append(SurveyClosed(survey=survey.model_copy(update={"closed_on": FIRST_DAY})))
    events += envelop(said, "outreach")
    events += envelop([SurveySampleDrawn(sample=sample)], "outreach") if sample else []
    for respondent in draw(st.lists(st.sampled_from(PEOPLE[:2]), max_size=2, unique=True)):
        filled = Filled(respondent, Way.PAPER, FIRST_DAY, draw(choices_of(questionnaire)))
        fact: SurveyAnswered = answer(Asked(survey, questionnaire, sample), filled, draw(traits()), FIRST_DAY)
        events += envelop([fact], "outreach")
    return events
