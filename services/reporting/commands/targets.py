"""Set and withdraw targets, and record and withdraw yearly figures."""

from contracts.refusals import RefusedError
from contracts.reporting.figures import Figure, FigureFact
from contracts.reporting.targets import Target, TargetFact
from services.reporting.domain import figures, targets
from services.runtime.recording import record_decision
from services.runtime.service import Service


class UnknownTargetError(RefusedError):
    """There is no such target in the division."""

    code = "not_found"
    advice = "没有该目标。No such target in your division."
    status = 404


class UnknownFigureError(RefusedError):
    """There is no such yearly figure in the division."""

    code = "not_found"
    advice = "没有该年报数。No such yearly figure in your division."
    status = 404


async def set_target(service: Service, target: Target, cause: str) -> Target:
    """Record that a target was set, and return it."""

    def decide(known: TargetFact | None) -> TargetFact | None:
        return targets.set_target(known.target if known else None, target)

    await record_decision(service, f"target/{target.target_id}", TargetFact, decide, cause)
    return target


async def withdraw_target(service: Service, target: Target, cause: str) -> Target:
    """Record that a target was withdrawn, and return it."""

    def decide(known: TargetFact | None) -> TargetFact | None:
        return targets.withdraw(known.target if known else target)

    fact = await record_decision(service, f"target/{target.target_id}", TargetFact, decide, cause)
    return fact.target if fact else target


async def find_target(service: Service, target_id: str) -> Target | None:
    """Return a target from the journal; None if there is none."""
    event = await service.journal.load(f"target/{target_id}", TargetFact)
    return event.data.target if event else None


async def record_figure(service: Service, figure: Figure, cause: str) -> Figure:
    """Record a yearly figure, and return it."""

    def decide(known: FigureFact | None) -> FigureFact | None:
        return figures.record(known.figure if known else None, figure, service.today.year)

    await record_decision(service, f"figure/{figure.figure_id}", FigureFact, decide, cause)
    return figure


async def withdraw_figure(service: Service, figure: Figure, cause: str) -> Figure:
    """Record that a yearly figure was withdrawn, and return it."""

    def decide(known: FigureFact | None) -> FigureFact | None:
        return figures.withdraw(known.figure if known else figure)

    fact = await record_decision(service, f"figure/{figure.figure_id}", FigureFact, decide, cause)
    return fact.figure if fact else figure


async def find_figure(service: Service, figure_id: str) -> Figure | None:
    """Return a yearly figure from the journal; None if there is none."""
    event = await service.journal.load(f"figure/{figure_id}", FigureFact)
    return event.data.figure if event else None
