"""Reports are drafted, signed and sealed over HTTP, in reporting that runs, or that is told facts directly."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx

from contracts.envelope import Event, Fact
from contracts.registration.stays import StayStarted
from contracts.reporting.reports import ReportFact
from deploy.local.stack import Stack
from services.reporting import projector
from tests.support.facts import envelop, make_stay
from tests.support.instance import Instance, forget_instance

DISTRICT = "320507"
HERE, NEAR = "320507001", "320507002"
MARCH = {"template": "monthly_flow", "division": DISTRICT, "period": "2026-03"}


@dataclass
class Signers:
    """Those who draft, sign and seal reports, and whoever looks at them."""

    instance: Instance

    async def ask(
        self, role: str, method: str, path: str, subject: str = "", division: str = DISTRICT, **more: Any
    ) -> httpx.Response:
        async with self.instance.client("reporting", role, division, subject or f"{role}-1") as client:
            return await client.request(method, path, **more)

    async def draft(self, **asked: str) -> dict[str, Any]:
        answer = await self.ask("clerk", "POST", "/reports", json={**MARCH, **asked})
        assert answer.status_code == 201, answer.text
        report: dict[str, Any] = answer.json()
        return report

    async def sign(self, report: Mapping[str, Any], step: str, role: str, subject: str = "") -> httpx.Response:
        body = {"sha256": report["editions"][-1]["content"]}
        return await self.ask(role, "POST", f"/reports/{report['report_id']}/{step}", subject, json=body)

    async def seal(self, report: Mapping[str, Any]) -> dict[str, Any]:
        signers = {"review": ("supervisor", ""), "approval": ("district", "leader"), "seal": ("district", "office")}
        answers = [await self.sign(report, step, *signer) for step, signer in signers.items()]
        assert [answer.status_code for answer in answers] == [200] * 3, answers[-1].text
        sealed: dict[str, Any] = answers[-1].json()
        return sealed

    async def download(
        self, report: Mapping[str, Any], form: str, edition: int = 1, *, published: bool = False, role: str = "district"
    ) -> bytes:
        kind = "published" if published else "files"
        answer = await self.ask(role, "GET", f"/reports/{report['report_id']}/editions/{edition}/{kind}/{form}")
        assert answer.status_code == 200, answer.text
        return answer.content


@dataclass
class Office(Signers):
    """Reporting, prepared but not listening: it is told facts directly and asked over HTTP."""

    now: list[datetime]

    @property
    def state(self) -> Any:
        return self.instance.apps["reporting"].state

    def later(self, **by: int) -> None:
        self.now[0] += timedelta(**by)

    async def hear(self, *facts: Fact) -> None:
        """Hear facts of a stream each, and count."""
        await self.apply([event for fact in facts for event in envelop([fact], "registration")])

    async def apply(self, events: list[Event[Any]]) -> None:
        await projector.hear(self.state.service, self.state.counting, events)
        await self.state.counting.count_all_waiting()

    async def hear_itself(self) -> None:
        """Hear what reporting recorded, as it would over RabbitMQ."""
        known = self.state.service.journal
        async for row in self.state.service.database["journal"].find({"stream": {"$regex": "^report/"}}).sort("_id", 1):
            event = await known.load(row["stream"], ReportFact)
            await self.apply([event])


@asynccontextmanager
async def opened(stack: Stack) -> AsyncIterator[Office]:
    now = [datetime(2026, 4, 6, 4, tzinfo=UTC)]
    instance = Instance(stack, f"reports-{uuid4().hex[:8]}", clock=lambda: now[0])
    instance.apps["reporting"] = instance.build("reporting")
    service = instance.apps["reporting"].state.service
    await service.journal.prepare()
    for step in service._prepare:
        await step(service.database)
    office = Office(instance, now)
    await office.hear(*(arrived(number) for number in range(8)), arrived(8, NEAR))
    office.later(minutes=1)
    yield office
    service.client.close()
    await forget_instance(stack, instance.name)


def arrived(number: int, street: str = HERE, on: date = date(2026, 3, 2)) -> StayStarted:
    stay = make_stay(person=f"{number:032x}", street=street)
    return StayStarted(stay=stay.model_copy(update={"started_on": on, "stay_id": f"{number:032x}"}))
