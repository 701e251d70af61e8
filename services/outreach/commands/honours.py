"""Award and withdraw honours."""

from datetime import date

from contracts.outreach.honours import Honour, HonourFact
from contracts.outreach.institutions import Institution
from contracts.refusals import RefusedError
from services.outreach.domain import honours
from services.runtime.recording import record_decision
from services.runtime.service import Service


class UnknownHonourError(RefusedError):
    """There is no such honour in the division."""

    code = "not_found"
    advice = "没有该称号记录。No such honour in your division."
    status = 404


async def award(service: Service, honour: Honour, institution: Institution | None, cause: str) -> Honour:
    """Record that a household or an institution was honoured, once, and return the honour."""

    def decide(known: HonourFact | None) -> HonourFact | None:
        return honours.award(known.honour if known else None, honour, institution, service.today)

    return _known(await record_decision(service, f"honour/{honour.honour_id}", HonourFact, decide, cause))


async def withdraw(service: Service, honour_id: str, on: date, cause: str) -> Honour:
    """Record that an honour is withdrawn, and return it."""

    def decide(known: HonourFact | None) -> HonourFact | None:
        return honours.withdraw(_known(known), on, service.today)

    return _known(await record_decision(service, f"honour/{honour_id}", HonourFact, decide, cause))


async def find_honour(service: Service, honour_id: str) -> Honour | None:
    """Return an honour from the journal; None if there is no such honour."""
    event = await service.journal.load(f"honour/{honour_id}", HonourFact)
    return event.data.honour if event else None


def _known(fact: HonourFact | None) -> Honour:
    if fact is None:
        raise UnknownHonourError
    return fact.honour
