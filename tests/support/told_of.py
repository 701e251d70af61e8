"""Registration and feeds at work, with people in a street of whom audiences are told."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from deploy.local.stack import Stack
from tests.support.instance import Instance, eventually, running_instance
from tests.support.ledger import find_losses
from tests.support.offices import make_arrival


@asynccontextmanager
async def running_feeds(stack: Stack, street: str, people: int) -> AsyncIterator[Instance]:
    """Run registration and feeds, with so many people in a street, all of whom feeds has heard of."""
    async with running_instance(stack, ["registration", "feeds"]) as instance:
        async with instance.client("registration", "clerk", street) as clerk:
            arrivals = [{**make_arrival(number), "street": street} for number in range(people)]
            await asyncio.gather(*(clerk.post("/arrivals", json=arrival) for arrival in arrivals))
        await eventually(lambda: whole(instance))
        yield instance


async def whole(houniao: Instance) -> bool:
    """Return whether everything that was said was heard."""
    return not await find_losses([houniao.databases])
