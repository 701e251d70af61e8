"""What a survey says: both methods, groups that are large enough, changes; equal to a recomputation from the sheets."""

import pytest
from hypothesis import given
from scipy.stats import binomtest

from contracts.outreach.questionnaires import Measure
from contracts.outreach.surveys import AnswerSheet
from services.outreach.domain.rates import Rate
from services.outreach.domain.survey_policy import POLICY
from services.outreach.domain.survey_results import (
    Counted,
    Method,
    Tally,
    Trait,
    changes_of,
    groups_of,
    items_of,
    rates_of,
)
from tests.support.survey_answers import QUESTIONNAIRE, VALUES, answered, tallies_of, tally_of


def agrees(rate: Rate | None, count: int, of: int) -> bool:
    """Return whether a rate is what scipy works out of two counts."""
    if rate is None:
        return of == 0
    expected = binomtest(count, of).proportion_ci(confidence_level=0.95, method="wilson")
    return (rate.count, rate.of, rate.rate, rate.low, rate.high) == pytest.approx(
        (count, of, count / of, expected.low, expected.high), abs=1e-9
    )


@given(sheets=answered())
def test_rates_and_intervals_equal_a_recomputation_from_the_raw_answers(sheets: list[AnswerSheet]) -> None:
    raw = [{one.item: set(one.choices) for one in sheet.chosen} for sheet in sheets]
    key = {item.code: (item.measure, set(item.right), item.points) for item in QUESTIONNAIRE.questions if item.right}

    rates = {one.measure: one for one in rates_of(tally_of(sheets))}
    items = {one.item: one for one in items_of(QUESTIONNAIRE, tallies_of(sheets))}

    for measure, rate in rates.items():
        mine = {code: told for code, told in key.items() if told[0] is measure}
        right = sum(chosen.get(code) == told[1] for chosen in raw for code, told in mine.items())
        given_to = sum(code in chosen for chosen in raw for code in mine)
        passed = sum(
            sum(told[2] for code, told in mine.items() if chosen.get(code) == told[1])
            >= 0.8 * sum(told[2] for told in mine.values())
            for chosen in raw
        )
        assert agrees(rate.by_item, right, given_to)
        assert agrees(rate.by_person, passed, len(raw))
    for code, (_, choices, _) in key.items():
        asked = [chosen[code] for chosen in raw if code in chosen]
        assert agrees(items[code].right, asked.count(choices), len(asked))
    assert items["S1"].right is None
    assert sum(items["S1"].chosen.values()) == items["S1"].answered


@given(sheets=answered())
def test_no_group_is_told_that_is_too_small_or_could_be_worked_out(sheets: list[AnswerSheet]) -> None:
    tallies = tallies_of(sheets)

    told, untold = groups_of(tallies)

    for trait, groups in tallies.groups.items():
        named = [one for one in told if one.trait is trait]
        assert all(one.persons >= POLICY.least for one in named)
        assert len(named) + untold[trait] == len(groups)
        left = len(sheets) - sum(one.persons for one in named)
        if trait is Trait.CATEGORY:
            assert all(len(sheets) - one.persons == 0 or len(sheets) - one.persons >= 5 for one in named)
        else:
            assert not named or left == 0 or left >= POLICY.least


@given(sheets=answered())
def test_a_group_has_the_rates_of_its_own_people(sheets: list[AnswerSheet]) -> None:
    told, _ = groups_of(tallies_of(sheets))

    for one in told:
        own = [sheet for sheet in sheets if one.value in VALUES[one.trait](sheet.traits)]
        assert (one.persons, one.measures) == (len(own), rates_of(tally_of(own)))


@given(before=answered(), after=answered())
def test_a_change_is_later_less_earlier_and_of_too_few_none_is_told(
    before: list[AnswerSheet], after: list[AnswerSheet]
) -> None:
    changes = changes_of(tally_of(before), tally_of(after))

    enough = min(len(before), len(after)) >= POLICY.least
    assert bool(changes) is enough
    for one in changes:
        earlier, later = binomtest(one.before.count, one.before.of), binomtest(one.after.count, one.after.of)
        assert one.change.difference == pytest.approx(later.statistic - earlier.statistic)
        first, then = (test.proportion_ci(0.95, method="wilson") for test in (earlier, later))
        below = ((later.statistic - then.low) ** 2 + (first.high - earlier.statistic) ** 2) ** 0.5
        above = ((then.high - later.statistic) ** 2 + (earlier.statistic - first.low) ** 2) ** 0.5
        assert one.change.low == pytest.approx(one.change.difference - below)
        assert one.change.high == pytest.approx(one.change.difference + above)
    assert {one.method for one in changes} <= set(Method)


def test_rates_are_held_against_the_target_of_a_plan() -> None:
    tally = Tally(20, {Measure.KNOWLEDGE: Counted(85, 100, 16), Measure.BEHAVIOUR: Counted(15, 20, 16)})

    knowledge, behaviour = rates_of(tally, "street_2021")
    untold, _ = rates_of(tally)

    assert (knowledge.target, knowledge.reached_by_item, knowledge.reached_by_person) == (85, True, False)
    assert (behaviour.target, behaviour.reached_by_item, behaviour.reached_by_person) == (80, False, True)
    assert (untold.target, untold.reached_by_item) == (None, None)
