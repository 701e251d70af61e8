"""What a survey says: rates of knowledge and behaviour by both methods, by groups, and how they changed.

By item, 知晓率 is right answers over answers; by person, it is the people who reach the questionnaire's threshold over
all who answered. The interval by item takes answers for independent, which those of one person are not quite. The
same holds of 行为形成率.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from contracts.outreach.questionnaires import SCORED, Measure, Questionnaire
from services.outreach.domain.rates import Difference, Rate, difference_of, rate_of
from services.outreach.domain.survey_policy import POLICY, find_target


class Method(StrEnum):
    """The two methods of the plans."""

    BY_ITEM = "by_item"
    BY_PERSON = "by_person"


class Trait(StrEnum):
    """By what people are grouped; each is in one group of each trait, but in any number of categories."""

    SEX = "sex"
    AGE_BAND = "age_band"
    ORIGIN = "origin"
    CATEGORY = "category"


@dataclass(frozen=True, slots=True)
class Counted:
    """Of a measure: right answers, answers, and the people who reached the threshold."""

    right: int = 0
    answered: int = 0
    passed: int = 0


@dataclass(frozen=True, slots=True)
class Tally:
    """So many people answered, and what is counted of each measure that the questionnaire scores."""

    persons: int
    measures: Mapping[Measure, Counted]


@dataclass(frozen=True, slots=True)
class Tallies:
    """All that is counted of a survey's answers: everybody's, by group, right answers and choices by item."""

    everybody: Tally
    groups: Mapping[Trait, Mapping[str | None, Tally]]
    right: Mapping[str, int]
    answered: Mapping[str, int]
    chosen: Mapping[tuple[str, str], int]


@dataclass(frozen=True, slots=True)
class MeasureRates:
    """The rates of a measure by both methods; `target` is in percent, `reached` says whether each reaches it."""

    measure: Measure
    by_item: Rate | None
    by_person: Rate | None
    target: int | None = None
    reached_by_item: bool | None = None
    reached_by_person: bool | None = None


@dataclass(frozen=True, slots=True)
class ItemResult:
    """How an item was answered: by how many, rightly by which share if it is scored, and what was chosen how often."""

    item: str
    measure: Measure
    answered: int
    right: Rate | None
    chosen: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Group:
    """The rates of a group of people; `value` None is those of whom the trait is not known."""

    trait: Trait
    value: str | None
    persons: int
    measures: Sequence[MeasureRates]


@dataclass(frozen=True, slots=True)
class Change:
    """How a rate changed from the survey before to the one after."""

    measure: Measure
    method: Method
    before: Rate
    after: Rate
    change: Difference


def rates_of(tally: Tally, target: str | None = None) -> list[MeasureRates]:
    """Return the rates of each measure that was counted."""
    return [
        _rates(measure, tally.measures[measure], tally.persons, target)
        for measure in SCORED
        if measure in tally.measures
    ]


def _rates(measure: Measure, counted: Counted, persons: int, edition: str | None) -> MeasureRates:
    by_item = rate_of(counted.right, counted.answered, POLICY.confidence)
    by_person = rate_of(counted.passed, persons, POLICY.confidence)
    target = find_target(edition, measure)
    if target is None:
        return MeasureRates(measure, by_item, by_person)
    reached = [None if one is None else target.is_reached(100 * one.count / one.of) for one in (by_item, by_person)]
    return MeasureRates(measure, by_item, by_person, target.value, *reached)


def items_of(questionnaire: Questionnaire, tallies: Tallies) -> list[ItemResult]:
    """Return how each item of a questionnaire was answered."""
    return [
        ItemResult(
            item=item.code,
            measure=item.measure,
            answered=(answered := tallies.answered.get(item.code, 0)),
            right=rate_of(tallies.right.get(item.code, 0), answered, POLICY.confidence) if item.right else None,
            chosen={one.code: tallies.chosen.get((item.code, one.code), 0) for one in item.choices},
        )
        for item in questionnaire.questions
    ]


def is_told(persons: int) -> bool:
    """Return whether there are enough people for anything to be told of them."""
    return persons >= POLICY.least


def groups_of(tallies: Tallies) -> tuple[list[Group], dict[Trait, int]]:
    """Return the groups of which something is told, and how many of each trait are not.

    A group is not told that is too small, or so large that too few are left outside; nor are the next smallest ones,
    until those left out are too many to be worked out from the rest.
    """
    told: list[Group] = []
    untold: dict[Trait, int] = {}
    for trait, groups in tallies.groups.items():
        hidden = _hidden_categories(groups, tallies.everybody) if trait is Trait.CATEGORY else _hidden_parts(groups)
        untold[trait] = len(hidden)
        known = sorted((value or "", value) for value in groups if value not in hidden)
        told += [Group(trait, value, groups[value].persons, rates_of(groups[value])) for _, value in known]
    return told, untold


def _hidden_categories(groups: Mapping[str | None, Tally], everybody: Tally) -> set[str | None]:
    beside = {value: everybody.persons - tally.persons for value, tally in groups.items()}
    return {
        value
        for value, tally in groups.items()
        if not is_told(tally.persons) or (beside[value] and not is_told(beside[value]))
    }


def _hidden_parts(groups: Mapping[str | None, Tally]) -> set[str | None]:
    by_size = sorted(groups, key=lambda value: (groups[value].persons, value or ""))
    hidden = {value for value in by_size if not is_told(groups[value].persons)}
    for value in by_size:
        if hidden and not is_told(sum(groups[one].persons for one in hidden)):
            hidden.add(value)
    return hidden


def changes_of(before: Tally, after: Tally) -> list[Change]:
    """Return how the rates of each measure changed, by both methods, between two independent samples."""
    if not (is_told(before.persons) and is_told(after.persons)):
        return []
    return list(_changes(rates_of(before), rates_of(after)))


def _changes(before: Iterable[MeasureRates], after: Iterable[MeasureRates]) -> Iterable[Change]:
    earlier = {one.measure: one for one in before}
    for later in after:
        known = earlier.get(later.measure)
        for method in Method if known else ():
            first: Rate | None = getattr(known, method)
            then: Rate | None = getattr(later, method)
            if first is not None and then is not None:
                yield Change(later.measure, method, first, then, difference_of(first, then))
