"""Answers to a survey by people of its sample, and what is counted of them one by one."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from hypothesis import strategies as st

from contracts.outreach.questionnaires import SCORED
from contracts.outreach.surveys import AnswerSheet, SamplePlan, Way
from services.outreach.domain.survey_results import Counted, Tallies, Tally, Trait
from services.outreach.domain.surveys import Asked, Filled, answer
from tests.support.facts import FIRST_DAY
from tests.support.surveys import choices_of, make_questionnaire, make_sample, make_survey, traits

QUESTIONNAIRE = make_questionnaire()
PEOPLE = [f"{number:032x}" for number in range(60)]
SURVEY = make_survey(plan=SamplePlan(size=60))
ASKED = Asked(SURVEY, QUESTIONNAIRE, make_sample(SURVEY, *PEOPLE))
VALUES: dict[Trait, Callable[[Any], Iterable[str | None]]] = {
    Trait.SEX: lambda known: [known.sex],
    Trait.AGE_BAND: lambda known: [known.age_band],
    Trait.ORIGIN: lambda known: [known.origin],
    Trait.CATEGORY: lambda known: known.categories,
}


@st.composite
def answered(draw: st.DrawFn, most: int = 40) -> list[AnswerSheet]:
    """Let people of a sample answer, in a few ways."""
    ways = draw(st.lists(st.tuples(choices_of(QUESTIONNAIRE), traits()), min_size=1, max_size=5))
    told = draw(st.lists(st.sampled_from(ways), max_size=most))
    return [
        answer(ASKED, Filled(person, Way.PAPER, FIRST_DAY, chosen), known, FIRST_DAY).sheet
        for person, (chosen, known) in zip(PEOPLE, told, strict=False)
    ]


def tally_of(sheets: Sequence[AnswerSheet]) -> Tally:
    """Count sheets one by one."""
    return Tally(
        len(sheets),
        {
            measure: Counted(
                sum(score.right for sheet in sheets for score in sheet.scores if score.measure is measure),
                sum(score.answered for sheet in sheets for score in sheet.scores if score.measure is measure),
                sum(score.passed for sheet in sheets for score in sheet.scores if score.measure is measure),
            )
            for measure in SCORED
            if sheets
        },
    )


def tallies_of(sheets: Sequence[AnswerSheet]) -> Tallies:
    """Count sheets one by one, everybody's and by group."""
    groups: dict[Trait, dict[str | None, list[AnswerSheet]]] = {trait: {} for trait in Trait}
    for sheet in sheets:
        for trait, values_of in VALUES.items():
            for value in values_of(sheet.traits):
                groups[trait].setdefault(value, []).append(sheet)
    return Tallies(
        everybody=tally_of(sheets),
        groups={
            trait: {value: tally_of(part) for value, part in by_value.items()} for trait, by_value in groups.items()
        },
        right=Counter(code for sheet in sheets for code in sheet.right),
        answered=Counter(one.item for sheet in sheets for one in sheet.chosen),
        chosen=Counter((one.item, choice) for sheet in sheets for one in sheet.chosen for choice in one.choices),
    )
