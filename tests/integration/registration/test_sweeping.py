"""What the clock makes due is recorded once, whoever sweeps and however many do."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest

from deploy.local.stack import Stack
from services.registration.commands import settling
from services.registration.service import Registration
from services.registration.views.people import find_due
from services.runtime.journal import JOURNAL
from services.runtime.relay import LEFT_BEHIND_AFTER
from tests.support.districts import noon
from tests.support.facts import FIRST_DAY
from tests.support.instance import Instance, eventually, running_instance
from tests.support.ledger import find_losses
from tests.support.offices import make_arrival

OLD_STREET, NEW_STREET = "320507001", "320812001"
MOVERS = 30


class Clock:
    """A clock that is put forward by hand."""

    def __init__(self) -> None:
        self.moment = noon(FIRST_DAY + timedelta(days=10))

    def __call__(self) -> datetime:
        return self.moment


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def moved(stack: Stack, clock: Clock) -> AsyncIterator[Instance]:
    """Run registration with people who moved, and whose offices have not said so."""
    async with running_instance(stack, ["registration"], clock=clock) as instance:
        for street, day in ((OLD_STREET, "2026-01-01"), (NEW_STREET, "2026-01-09")):
            async with instance.client("registration", "clerk", street) as clerk:
                for order in range(1, MOVERS + 1):
                    body = {**make_arrival(order, day), "street": street}
                    assert (await clerk.post("/arrivals", json=body)).status_code == 201
        await eventually(lambda: whole(instance, clock))
        yield instance


async def whole(instance: Instance, clock: Clock) -> bool:
    return not await find_losses([instance.databases], clock=clock)


async def test_two_sweepers_at_once_record_what_falls_due_once(stack: Stack, moved: Instance, clock: Clock) -> None:
    one: Registration = moved.apps["registration"].state.registration
    other: Registration = moved.build("registration").state.registration
    clock.moment += timedelta(days=60)

    looked_at = await asyncio.gather(*(settling.sweep(sweeper) for sweeper in (one, other, one, other)))
    other.service.client.close()
    clock.moment += 2 * LEFT_BEHIND_AFTER  # the other one records and does not send
    await eventually(lambda: whole(moved, clock))

    assert looked_at == [MOVERS] * 4
    assert await types_said(moved) == {"notice_escalated": MOVERS, "stay_ended": MOVERS}


async def test_a_sweep_reaches_everybody_who_is_due_not_a_page_of_them(
    moved: Instance, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(find_due, "__defaults__", (7,))
    clock.moment += timedelta(days=60)

    looked_at = await settling.sweep(moved.apps["registration"].state.registration)

    assert looked_at == MOVERS
    await eventually(lambda: whole(moved, clock))


async def types_said(instance: Instance) -> Counter[str]:
    """Count by type what the clock made the instance say."""
    found: Counter[str] = Counter()
    async for commit in instance.database("registration")[JOURNAL].find({"causation_id": "clock"}):
        found.update(fact["key"].split(".")[1] for fact in commit["facts"])
    return found
