"""Record supplies that were issued."""

from contracts.outreach.supplies import Supply
from services.outreach.domain.supplies import issue
from services.runtime.service import Service


async def issue_supply(service: Service, supply: Supply, cause: str) -> Supply:
    """Record supplies, once however often the request is sent, and return them."""
    await service.journal.record([service.journal.commit(issue(supply, service.today), causation=cause)])
    return supply
