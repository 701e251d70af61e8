"""Open cases of care, record visits, pairing and how they were closed."""

from collections.abc import Callable
from datetime import date

from contracts.outreach.care import CareCase, CareCaseFact, CloseReason, Pairing, Visit
from contracts.refusals import RefusedError
from services.outreach.commands.residents import must_live_in
from services.outreach.domain import care
from services.runtime.recording import record_decision
from services.runtime.service import Service


class UnknownCaseError(RefusedError):
    """There is no such case in the division."""

    code = "not_found"
    advice = "没有该帮扶记录。No such case in your division."
    status = 404


async def open_case(service: Service, case: CareCase, cause: str) -> CareCase:
    """Record that a street cares for somebody who lives there, once, and return the case."""
    await must_live_in(service, case.street, {case.person_id, *case.household})

    def decide(known: CareCaseFact | None) -> CareCaseFact | None:
        return care.open_case(known.case if known else None, case, service.today)

    return _known(await record_decision(service, f"care_case/{case.case_id}", CareCaseFact, decide, cause))


async def visit(service: Service, case_id: str, made: Visit, cause: str) -> CareCase:
    """Record a visit with the help that was given, once, and return the case."""
    return await _change(service, case_id, lambda case: care.visit(case, made, service.today), cause)


async def withdraw(service: Service, case_id: str, visit_id: str, cause: str) -> CareCase:
    """Record that a visit had been recorded by mistake, and return the case."""
    return await _change(service, case_id, lambda case: care.withdraw(case, visit_id), cause)


async def pair(service: Service, case_id: str, pairing: Pairing, cause: str) -> CareCase:
    """Record who stands by the person of a case, and return the case."""
    return await _change(service, case_id, lambda case: care.pair(case, pairing, service.today), cause)


async def close(service: Service, case_id: str, closed: tuple[date, CloseReason], cause: str) -> CareCase:
    """Record that a case was closed on a day for a reason, and return the case."""
    return await _change(service, case_id, lambda case: care.close(case, *closed, service.today), cause)


async def find_case(service: Service, case_id: str) -> CareCase | None:
    """Return a case from the journal; None if there is no such case."""
    event = await service.journal.load(f"care_case/{case_id}", CareCaseFact)
    return event.data.case if event else None


async def _change(
    service: Service, case_id: str, decide: Callable[[CareCase], CareCaseFact | None], cause: str
) -> CareCase:
    def decide_known(known: CareCaseFact | None) -> CareCaseFact | None:
        return decide(_known(known))

    return _known(await record_decision(service, f"care_case/{case_id}", CareCaseFact, decide_known, cause))


def _known(fact: CareCaseFact | None) -> CareCase:
    if fact is None:
        raise UnknownCaseError
    return fact.case
