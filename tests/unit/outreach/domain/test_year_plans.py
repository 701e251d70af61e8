"""Year plans: drafted from health days and rules so that nothing demanded is missed, adjusted, adopted."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.outreach.activities import ActivityKind
from contracts.outreach.institutions import Institution, InstitutionKind
from contracts.outreach.year_plans import YearPlan
from services.outreach.domain.calendar import occasions_of
from services.outreach.domain.compliance import Boards, Done, Shape, State, Subject, judge
from services.outreach.domain.year_plans import (
    AdoptedError,
    NothingPlannedError,
    NothingToPlanError,
    OutsideYearError,
    adjust,
    adopt,
    draft,
    make_item,
    owed_activities,
)

STREET, YEAR = "320507001", 2026
TODAY = date(2025, 12, 20)
HELD_AS = {
    ActivityKind.LECTURE: (Subject.LECTURES, Subject.ACTIVITIES),
    ActivityKind.CONSULTATION: (Subject.CONSULTATIONS, Subject.ACTIVITIES),
    ActivityKind.CAMPAIGN: (Subject.ACTIVITIES,),
}


def institution(kind: InstitutionKind, opened_on: date = date(2010, 1, 1)) -> Institution:
    return Institution(institution_id="5" * 32, street=STREET, kind=kind, title="某机构", opened_on=opened_on)


def test_the_plan_of_a_street_has_what_each_health_day_asks_for() -> None:
    plan = draft(STREET, None, YEAR).plan

    wanted = {one.day.code: one.day.minimum for one in occasions_of(YEAR) if one.day.minimum}
    planned = [item.occasion for item in plan.items]
    assert {code: planned.count(code) for code in wanted} == wanted
    assert len(planned) == sum(wanted.values())
    assert len({item.item_id for item in plan.items}) == len(plan.items)


@given(kind=st.sampled_from(InstitutionKind), year=st.integers(2001, 2098))
def test_whoever_does_what_was_drafted_is_in_want_of_no_activity(kind: InstitutionKind, year: int) -> None:
    here = institution(kind, date(2000, 1, 1))
    items = draft(STREET, here, year).plan.items

    done = [
        Done(subject, item.item_id, item.planned_on, item.item_id) for item in items for subject in HELD_AS[item.kind]
    ]

    verdicts = judge(here, year, done, Boards(), date(2099, 1, 1))
    about = {subject for subjects in HELD_AS.values() for subject in subjects}
    assert {one.state for one in verdicts if one.rule.subject in about} <= {State.MET}
    if any(one.rule.shape is Shape.COUNT and one.rule.subject in about for one in verdicts):
        assert items


def test_lectures_are_on_health_days_where_there_are_some() -> None:
    items = draft(STREET, institution(InstitutionKind.HEALTH_CENTRE), YEAR).plan.items

    lectures = {item.planned_on: item.occasion for item in items if item.kind is ActivityKind.LECTURE}
    assert lectures[date(YEAR, 3, 24)] == "tuberculosis_day"
    assert lectures[date(YEAR, 8, 15)] is None


def test_only_an_open_institution_has_a_plan() -> None:
    opened = draft(STREET, institution(InstitutionKind.HEALTH_CENTRE, date(YEAR, 6, 1)), YEAR).plan

    assert min(item.planned_on for item in opened.items) >= date(YEAR, 6, 1)
    with pytest.raises(NothingToPlanError):
        draft(STREET, institution(InstitutionKind.HEALTH_CENTRE, date(YEAR + 1, 6, 1)), YEAR)


def test_a_draft_is_adjusted_until_it_is_adopted_and_then_planned() -> None:
    plan = draft(STREET, None, YEAR).plan
    added = make_item(plan.plan_id, "cause|0", ActivityKind.TRAINING, "讲师团培训", date(YEAR, 2, 3), None)

    adjusted = adjust(plan, [added, *plan.items[3:]])
    assert adjusted is not None
    assert adjust(adjusted.plan, [*plan.items[3:], added]) is None
    adopted = adopt(adjusted.plan, TODAY)
    assert adopted is not None

    activities = [fact.activity for fact in owed_activities(adopted.plan)]
    assert [one.activity_id for one in activities] == [item.item_id for item in adjusted.plan.items]
    assert {one.recorded_on for one in activities} == {TODAY}
    assert not list(owed_activities(plan))
    assert adopt(adopted.plan, TODAY) is None
    with pytest.raises(AdoptedError):
        adjust(adopted.plan, plan.items)


def test_what_is_empty_or_outside_of_the_year_is_no_plan() -> None:
    plan = draft(STREET, None, YEAR).plan
    moved = plan.items[0].model_copy(update={"planned_on": date(YEAR + 1, 1, 1)})

    with pytest.raises(OutsideYearError):
        adjust(plan, [moved])
    with pytest.raises(NothingPlannedError):
        adopt(YearPlan(plan_id="5" * 32, street=STREET, year=YEAR), TODAY)
