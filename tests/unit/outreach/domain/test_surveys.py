"""Surveys: opened, closed, their samples drawn by a seed, answered once a respondent and in time."""

from collections import Counter
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.outreach.surveys import SamplePlan, Survey, SurveyRound, Traits, Way
from contracts.reference.identity import Sex
from contracts.refusals import RefusedError
from contracts.registration.categories import PersonCategory
from contracts.registration.stays import Category
from services.outreach.domain import surveys
from services.outreach.domain.surveys import Asked, Filled, Registered
from tests.support.facts import FIRST_DAY, PEOPLE, STREETS
from tests.support.surveys import choose, make_questionnaire, make_sample, make_survey

TODAY = FIRST_DAY + timedelta(days=30)
LATER = TODAY + timedelta(days=1)
OPEN = make_survey()
SAMPLED = make_survey(plan=SamplePlan(size=2))
CLOSED = make_survey(closed_on=FIRST_DAY)
BEFORE = make_survey("7" * 32, round=SurveyRound.BEFORE)
AFTER = make_survey(round=SurveyRound.AFTER, before=BEFORE.survey_id)
ASKED = Asked(OPEN, make_questionnaire())
ASKED_OF_SAMPLE = Asked(SAMPLED, make_questionnaire(), make_sample(SAMPLED, *PEOPLE[:2]))
FILLED = Filled("001", Way.PAPER, FIRST_DAY, choose(K1="A"))


def test_a_survey_is_opened_and_closed_once() -> None:
    assert surveys.open_survey(AFTER, BEFORE, TODAY).survey == AFTER
    closed = surveys.close(OPEN, FIRST_DAY, FIRST_DAY, TODAY)

    assert closed is not None
    assert closed.survey == CLOSED
    assert surveys.close(CLOSED, FIRST_DAY, FIRST_DAY, TODAY) is None


@pytest.mark.parametrize(
    ("survey", "before", "code"),
    [
        (make_survey(opened_on=LATER), None, "future_date"),
        (make_survey(target="nowhere_1900"), None, "unknown_target"),
        (AFTER, None, "no_pair"),
        (AFTER, AFTER, "no_pair"),
        (make_survey(before=BEFORE.survey_id), BEFORE, "no_pair"),
        (AFTER, BEFORE.model_copy(update={"street": STREETS[1]}), "no_pair"),
        (AFTER, BEFORE.model_copy(update={"questionnaire_id": "8" * 32}), "no_pair"),
    ],
)
def test_what_cant_be_opened_is_refused(survey: Survey, before: Survey | None, code: str) -> None:
    with pytest.raises(RefusedError) as refused:
        surveys.open_survey(survey, before, TODAY)

    assert refused.value.code == code


@pytest.mark.parametrize(
    ("survey", "closed_on", "last", "code"),
    [
        (OPEN, LATER, None, "future_date"),
        (OPEN, FIRST_DAY - timedelta(days=1), None, "before_opening"),
        (OPEN, FIRST_DAY, TODAY, "answered_later"),
        (CLOSED, TODAY, None, "survey_closed"),
    ],
)
def test_what_cant_be_closed_is_refused(survey: Survey, closed_on: date, last: date | None, code: str) -> None:
    with pytest.raises(RefusedError) as refused:
        surveys.close(survey, closed_on, last, TODAY)

    assert refused.value.code == code


@given(people=st.sets(st.from_regex(r"[0-9a-f]{32}", fullmatch=True), min_size=1, max_size=30), data=st.data())
def test_the_same_seed_draws_the_same_people_whatever_order_they_come_in(people: set[str], data: st.DataObject) -> None:
    survey = make_survey(plan=SamplePlan(size=data.draw(st.integers(1, 40))))
    again = data.draw(st.permutations([*people, *list(people)[:3]]))

    sample = surveys.draw(survey, people, 7, TODAY).sample

    assert surveys.draw(survey, again, 7, TODAY).sample == sample
    assert sample.population == len(people)
    assert set(sample.people) <= people
    assert survey.plan
    assert len(set(sample.people)) == len(sample.people) == min(survey.plan.size, len(people))


def test_everybody_is_drawn_equally_often() -> None:
    people = [f"{number:032x}" for number in range(10)]
    drawn: Counter[str] = Counter()
    for seed in range(3000):
        drawn.update(surveys.draw(make_survey(plan=SamplePlan(size=3)), people, seed, TODAY).sample.people)

    expected = 3000 * 3 / 10
    assert sum((drawn[one] - expected) ** 2 / expected for one in people) < 21.67, "chi-squared, 9 degrees, 1 %"


@pytest.mark.parametrize(
    ("survey", "people", "code"),
    [
        (OPEN, PEOPLE, "no_sample"),
        (SAMPLED, (), "nobody_to_draw"),
        (SAMPLED.model_copy(update={"closed_on": FIRST_DAY}), PEOPLE, "survey_closed"),
    ],
)
def test_what_cant_be_drawn_is_refused(survey: Survey, people: tuple[str, ...], code: str) -> None:
    with pytest.raises(RefusedError) as refused:
        surveys.draw(survey, people, 1, TODAY)

    assert refused.value.code == code


def test_who_is_of_the_sample_answers_by_id_or_by_place_and_is_the_same_respondent() -> None:
    known = Traits(sex=Sex.FEMALE, age_band="25-44")
    by_place, by_id = (
        surveys.answer(ASKED_OF_SAMPLE, Filled(one, Way.PAPER, FIRST_DAY, choose(K1="A")), known, TODAY).sheet
        for one in ("2", PEOPLE[1])
    )

    assert by_place == by_id
    assert (by_id.person_id, by_id.traits) == (PEOPLE[1], known)


def test_of_whoever_comes_nothing_is_known() -> None:
    sheet = surveys.answer(ASKED, FILLED, Traits(sex=Sex.FEMALE), TODAY).sheet

    assert (sheet.person_id, sheet.traits) == (None, None)
    assert sheet.answer_id.startswith(f"{OPEN.survey_id}-")
    assert (sheet.right, [one.passed for one in sheet.scores]) == (("K1",), [False, False])


@pytest.mark.parametrize(
    ("asked", "changed", "code"),
    [
        (ASKED, {"answered_on": LATER}, "future_date"),
        (ASKED, {"answered_on": FIRST_DAY - timedelta(days=1)}, "before_opening"),
        (Asked(CLOSED, make_questionnaire()), {}, "survey_closed"),
        (Asked(make_survey(ways=(Way.PHONE,)), make_questionnaire()), {}, "way_not_offered"),
        (Asked(SAMPLED, make_questionnaire()), {"respondent": PEOPLE[0]}, "sample_not_drawn"),
        (ASKED_OF_SAMPLE, {"respondent": PEOPLE[2]}, "not_in_sample"),
        (ASKED_OF_SAMPLE, {"respondent": "0"}, "not_in_sample"),
        (ASKED_OF_SAMPLE, {"respondent": "3"}, "not_in_sample"),
        (ASKED_OF_SAMPLE, {"respondent": "9" * 12}, "not_in_sample"),
        (ASKED, {"chosen": choose(K1="Z")}, "no_such_choice"),
        (ASKED, {"chosen": choose(Q1="A")}, "no_such_item"),
    ],
)
def test_what_cant_be_answered_is_refused(asked: Asked, changed: dict[str, Any], code: str) -> None:
    told = {"respondent": "001", "way": Way.PAPER, "answered_on": FIRST_DAY, "chosen": choose(K1="A")}

    with pytest.raises(RefusedError) as refused:
        surveys.answer(asked, Filled(**{**told, **changed}), None, TODAY)

    assert refused.value.code == code


def test_traits_are_those_of_the_day_of_answering() -> None:
    known = Registered(date(1960, 2, 1), Sex.FEMALE, "dust", (Category.HARDSHIP,), "341204")

    told = surveys.traits_of(known, date(2025, 1, 31))
    older = surveys.traits_of(known, date(2025, 2, 1))
    nothing = surveys.traits_of(Registered(None, Sex.UNKNOWN, None, (), None), TODAY)

    assert (told.sex, told.age_band, told.origin) == (Sex.FEMALE, "45-64", "34")
    assert told.categories == (PersonCategory.OCCUPATIONAL_HAZARD, PersonCategory.HARDSHIP)
    assert older.age_band == "65+"
    assert nothing == Traits()
