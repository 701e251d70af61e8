"""Record what was decided after what was decided on: whoever was second loads again and decides again."""

from collections.abc import Callable
from typing import TypeVar

from contracts.envelope import Fact
from services.runtime.journal import StreamConflictError
from services.runtime.service import Service

FactT = TypeVar("FactT", bound=Fact)


async def record_decision(
    service: Service, stream: str, kind: type[FactT], decide: Callable[[FactT | None], FactT | None], cause: str
) -> FactT | None:
    """Record the fact that follows from a stream's newest one, and return it; the newest one if none follows."""
    while True:
        event = await service.journal.load(stream, kind)
        known = event.data if event else None
        fact = decide(known)
        if fact is None:
            return known
        after, correlation = (event.sequence, event.correlationid) if event else (0, None)
        commit = service.journal.commit(fact, after=after, causation=cause, correlation=correlation)
        try:
            await service.journal.record_one(commit)
        except StreamConflictError:
            continue
        return fact
