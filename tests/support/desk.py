"""Reporting on a real MongoDB that is told facts directly, and asked over HTTP."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx

from contracts.envelope import Fact
from services.reporting import projector
from tests.support.facts import envelop
from tests.support.instance import Instance

DISTRICT = "320507"
NOW = datetime(2026, 7, 1, 4, tzinfo=UTC)


@dataclass(frozen=True)
class Desk:
    """Reporting, prepared but not listening."""

    instance: Instance

    async def hear(self, *facts: Fact | Sequence[Fact], service: str = "registration") -> None:
        """Tell facts of one stream each, or several of one stream in a row, and count whom they are about."""
        told = [envelop([fact] if isinstance(fact, Fact) else fact, service) for fact in facts]
        state = self.instance.apps["reporting"].state
        await projector.hear(state.service, state.counting, [event for each in told for event in each])
        await state.counting.count_all_waiting()

    async def ask(self, path: str, *, role: str = "district", scope: str = DISTRICT, **params: Any) -> httpx.Response:
        """Return the answer about the district, or the division that is named."""
        async with self.instance.client("reporting", role, scope) as client:
            return await client.get(path, params={"division": DISTRICT, **params})

    async def tell(self, path: str, **asked: Any) -> Any:
        """Return what is answered, which must be no refusal."""
        return (await self.ask(path, **asked)).raise_for_status().json()
