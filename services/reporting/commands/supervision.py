"""Record supervision visits, what became of their findings, and that they were circulated."""

from collections.abc import Callable
from datetime import date

from contracts.refusals import RefusedError
from contracts.reporting.supervision import FollowUp, Supervision, SupervisionFact
from services.reporting.domain import supervision
from services.runtime.recording import record_decision
from services.runtime.service import Service


class UnknownVisitError(RefusedError):
    """There is no such visit in the division."""

    code = "not_found"
    advice = "没有该次督导。No such supervision visit in your division."
    status = 404


async def hold(service: Service, visit: Supervision, cause: str) -> Supervision:
    """Record a visit, and return it."""

    def decide(known: SupervisionFact | None) -> SupervisionFact | None:
        return supervision.hold(known.supervision if known else None, visit, service.today)

    return _visit(await record_decision(service, _stream(visit.supervision_id), SupervisionFact, decide, cause))


async def review(service: Service, visit: Supervision, finding_id: str, follow_up: FollowUp, cause: str) -> Supervision:
    """Record what became of a finding, and return the visit."""
    return await _continue(
        service, visit, lambda known: supervision.review(known, finding_id, follow_up, service.today), cause
    )


async def circulate(service: Service, visit: Supervision, on: date, cause: str) -> Supervision:
    """Record that a visit was told to the whole district, and return it."""
    return await _continue(service, visit, lambda known: supervision.circulate(known, on, service.today), cause)


async def withdraw(service: Service, visit: Supervision, cause: str) -> Supervision:
    """Record that a visit had been recorded by mistake, and return it."""
    return await _continue(service, visit, supervision.withdraw, cause)


async def find_visit(service: Service, supervision_id: str) -> Supervision | None:
    """Return a visit from the journal; None if there is none."""
    event = await service.journal.load(_stream(supervision_id), SupervisionFact)
    return event.data.supervision if event else None


async def _continue(
    service: Service,
    visit: Supervision,
    decide: Callable[[Supervision], SupervisionFact | None],
    cause: str,
) -> Supervision:
    def decided(known: SupervisionFact | None) -> SupervisionFact | None:
        return decide(_visit(known))

    return _visit(await record_decision(service, _stream(visit.supervision_id), SupervisionFact, decided, cause))


def _visit(fact: SupervisionFact | None) -> Supervision:
    if fact is None:
        raise UnknownVisitError
    return fact.supervision


def _stream(supervision_id: str) -> str:
    return f"supervision/{supervision_id}"
