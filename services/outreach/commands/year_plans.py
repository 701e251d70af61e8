"""Draft, adjust and adopt year plans; what is adopted is planned."""

from collections.abc import Callable, Iterable

from contracts.envelope import Event
from contracts.outreach.institutions import Institution
from contracts.outreach.year_plans import PlanItem, YearPlan, YearPlanFact, plan_id
from contracts.refusals import RefusedError
from services.outreach.domain import year_plans
from services.runtime.recording import record_decision
from services.runtime.service import Service


class UnknownPlanError(RefusedError):
    """There is no such plan in the division."""

    code = "not_found"
    advice = "没有该年度计划。No such year plan in your division; draft it first."
    status = 404


async def draft(service: Service, street: str, institution: Institution | None, year: int, cause: str) -> YearPlan:
    """Record the draft of a year's plan, once, and return it; a plan that there is already is returned as it is."""

    def decide(known: YearPlanFact | None) -> YearPlanFact | None:
        return None if known else year_plans.draft(street, institution, year)

    stream = f"year_plan/{plan_id(street, institution.institution_id if institution else None, year)}"
    return _known(await record_decision(service, stream, YearPlanFact, decide, cause))


async def adjust(service: Service, known: str, items: Iterable[PlanItem], cause: str) -> YearPlan:
    """Record which activities a draft has now, and return it."""
    told = tuple(items)
    return await _change(service, known, lambda plan: year_plans.adjust(plan, told), cause)


async def adopt(service: Service, known: str, cause: str) -> YearPlan:
    """Record that a plan is adopted, plan its activities, and return it."""
    plan = await _change(service, known, lambda plan: year_plans.adopt(plan, service.today), cause)
    await _plan_owed(service, [(plan, cause)])
    return plan


async def plan_activities(service: Service, events: Iterable[Event[YearPlanFact]]) -> None:
    """Plan the activities of plans that were heard to be adopted, unless they are planned already."""
    await _plan_owed(service, [(event.data.plan, event.id) for event in events])


async def find_plan(service: Service, known: str) -> YearPlan | None:
    """Return a year plan from the journal; None if there is no such plan."""
    event = await service.journal.load(f"year_plan/{known}", YearPlanFact)
    return event.data.plan if event else None


async def _plan_owed(service: Service, adopted: Iterable[tuple[YearPlan, str]]) -> None:
    commits = [
        service.journal.commit(fact, causation=cause)
        for plan, cause in adopted
        for fact in year_plans.owed_activities(plan)
    ]
    if commits:  # those that are planned already keep their place in their streams
        await service.journal.record(commits)


async def _change(
    service: Service, known: str, decide: Callable[[YearPlan], YearPlanFact | None], cause: str
) -> YearPlan:
    def decide_known(fact: YearPlanFact | None) -> YearPlanFact | None:
        return decide(_known(fact))

    return _known(await record_decision(service, f"year_plan/{known}", YearPlanFact, decide_known, cause))


def _known(fact: YearPlanFact | None) -> YearPlan:
    if fact is None:
        raise UnknownPlanError
    return fact.plan
