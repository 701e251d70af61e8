"""Codes of links: each is good for its survey, and of a sample for its person alone."""

import pytest

from contracts.outreach.surveys import SamplePlan, Survey
from services.outreach.domain.survey_links import CODE_LENGTH, WrongLinkError, make_code, must_be_code
from tests.support.facts import PEOPLE
from tests.support.surveys import make_survey

OPEN = make_survey()
SAMPLED = make_survey(plan=SamplePlan(size=2))
KEY = b"k" * 32


@pytest.mark.parametrize("survey", [OPEN, SAMPLED])
def test_a_code_is_good_for_its_survey_and_of_a_sample_for_its_person_alone(survey: Survey) -> None:
    code = make_code(KEY, survey, PEOPLE[0])
    assert len(code) == CODE_LENGTH
    wrong = [
        (code, survey.model_copy(update={"survey_id": "7" * 32}), PEOPLE[0], KEY),
        (code, survey, PEOPLE[0], b"x" * 32),
        ("A" * 26, survey, PEOPLE[0], KEY),
    ]
    wrong += [(code, survey, PEOPLE[1], KEY)] if survey.plan else []

    must_be_code(code.lower(), KEY, survey, PEOPLE[0])
    for typed, of, respondent, key in wrong:
        with pytest.raises(WrongLinkError):
            must_be_code(typed, key, of, respondent)
