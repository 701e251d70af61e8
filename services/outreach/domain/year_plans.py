"""Pure decisions on year plans: drafted from the health days and from what is demanded, adjusted, adopted."""

from collections.abc import Iterator, Sequence
from csv import DictReader
from datetime import date
from hashlib import sha256
from pathlib import Path

from contracts.outreach.activities import Activity, ActivityKind, ActivityPlanned, Audience
from contracts.outreach.institutions import Institution
from contracts.outreach.year_plans import (
    PlanItem,
    YearPlan,
    YearPlanAdjusted,
    YearPlanAdopted,
    YearPlanDrafted,
    plan_id,
)
from contracts.refusals import RefusedError
from services.outreach.domain.calendar import Occasion, occasions_of
from services.outreach.domain.compliance import RULES, Rule, Shape, Subject

MID_MONTH = 15
"""The day on which an activity is planned in a month that has no health day for it."""


def _read() -> Sequence[str]:
    with Path(__file__).with_suffix(".csv").open(encoding="utf-8", newline="") as file:
        return [row["topic"] for row in DictReader(file)]


TOPICS = _read()
"""What activities are about that no health day asks for."""
_HELD_AS = {
    Subject.LECTURES: ActivityKind.LECTURE,
    Subject.CONSULTATIONS: ActivityKind.CONSULTATION,
    Subject.ACTIVITIES: ActivityKind.CAMPAIGN,
}


class NothingToPlanError(RefusedError):
    """The institution was not open in that year."""

    code = "no_institution_then"
    advice = "该年机构尚未设立或已关闭。The institution was not open in that year; check the year."
    field = "year"


class AdoptedError(RefusedError):
    """The plan was adopted; its activities are changed one by one now."""

    code = "plan_adopted"
    advice = "年度计划已确定，请逐项调整活动。The plan was adopted; change its activities one by one."


class OutsideYearError(RefusedError):
    """An activity lies outside of the year of the plan."""

    code = "outside_the_year"
    advice = "活动日期不在计划年度内。A day lies outside of the year of the plan; correct it."
    field = "items"


class NothingPlannedError(RefusedError):
    """The plan has no activity."""

    code = "empty_plan"
    advice = "计划中没有活动。The plan has no activity; add one first."
    field = "items"


def draft(street: str, institution: Institution | None, year: int) -> YearPlanDrafted:
    """Return the draft of a year: of a street what each health day asks for, of an institution what is demanded of it.

    What an institution owes is put on health days where there are some. Raise NothingToPlanError if it is not open
    in that year.
    """
    named = institution.institution_id if institution else None
    plan = YearPlan(plan_id=plan_id(street, named, year), street=street, institution_id=named, year=year)
    since, until = date(year, 1, 1), date(year, 12, 31)
    if institution:
        since, until = max(since, institution.opened_on), min(until, institution.closed_on or until)
        if since > until:
            raise NothingToPlanError
    asked = _demanded(institution, year) if institution else _of_health_days(year)
    items = [
        make_item(plan.plan_id, number, kind, topic, day, occasion)
        for number, (kind, topic, day, occasion) in enumerate(sorted(asked, key=lambda one: (one[2], one[0])))
        if since <= day <= until
    ]
    return YearPlanDrafted(plan=plan.model_copy(update={"items": tuple(items)}))


def make_item(
    plan: str, number: int | str, kind: ActivityKind, topic: str, planned_on: date, occasion: str | None
) -> PlanItem:
    """Return an item of a plan; its id follows from the plan's and a number, or the cause of an adjustment."""
    named = sha256(f"plan_item|{plan}|{number}".encode()).hexdigest()[:32]
    return PlanItem(item_id=named, kind=kind, topic=topic, planned_on=planned_on, occasion=occasion)


def adjust(plan: YearPlan, items: Sequence[PlanItem]) -> YearPlanAdjusted | None:
    """Return the fact that a draft has other activities now; None if it has these already.

    Raise AdoptedError or OutsideYearError if that can't be.
    """
    if plan.adopted_on:
        raise AdoptedError
    if any(item.planned_on.year != plan.year for item in items):
        raise OutsideYearError
    ordered = tuple(sorted(items, key=lambda item: (item.planned_on, item.item_id)))
    return None if ordered == plan.items else YearPlanAdjusted(plan=plan.model_copy(update={"items": ordered}))


def adopt(plan: YearPlan, today: date) -> YearPlanAdopted | None:
    """Return the fact that a plan is adopted; None if it was; raise NothingPlannedError if it has no activity."""
    if plan.adopted_on:
        return None
    if not plan.items:
        raise NothingPlannedError
    return YearPlanAdopted(plan=plan.model_copy(update={"adopted_on": today}))


def owed_activities(plan: YearPlan) -> Iterator[ActivityPlanned]:
    """Yield the activities that an adopted plan plans."""
    for item in plan.items if plan.adopted_on else ():
        yield ActivityPlanned(
            activity=Activity(
                activity_id=item.item_id,
                street=plan.street,
                kind=item.kind,
                topic=item.topic,
                audience=Audience.EVERYONE,
                planned_on=item.planned_on,
                institution_id=plan.institution_id,
                recorded_on=plan.adopted_on,
                occasion=item.occasion,
            )
        )


Asked = tuple[ActivityKind, str, date, str | None]


def _of_health_days(year: int) -> Iterator[Asked]:
    for occasion in occasions_of(year):
        for number in range(occasion.day.minimum):
            kinds = occasion.day.kinds or (ActivityKind.CAMPAIGN,)
            yield kinds[number % len(kinds)], occasion.day.title, occasion.starts_on, occasion.day.code


def _demanded(institution: Institution, year: int) -> Iterator[Asked]:
    """Yield what the rules for an institution ask for: of each subject the rule that asks for the most."""
    occasions = occasions_of(year)
    for subject, kind in _HELD_AS.items():
        rules = [rule for rule in RULES if rule.kind is institution.kind and rule.subject is subject]
        if rules:
            months = _spread(max(map(_in_a_year, rules)))
            for number, month in enumerate(months):
                yield _in_month(kind, year, month, number, occasions)


def _in_a_year(rule: Rule) -> int:
    """Return how many a rule asks for in a year."""
    return 12 // rule.months if rule.shape is Shape.GAP else rule.minimum * (12 // rule.months)


def _spread(number: int) -> list[int]:
    """Return so many months, spread over the year, the last of each part of it."""
    return [(index + 1) * 12 // number for index in range(number)]


def _in_month(kind: ActivityKind, year: int, month: int, number: int, occasions: Sequence[Occasion]) -> Asked:
    """Return an activity in a month: on its first health day for that kind, or in the middle about a topic of ours."""
    for occasion in occasions:
        if occasion.starts_on.month == month and kind in occasion.day.kinds:
            return kind, occasion.day.title, occasion.starts_on, occasion.day.code
    return kind, TOPICS[number % len(TOPICS)], date(year, month, MID_MONTH), None
