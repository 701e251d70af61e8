"""A service that begins later than the others hears what was said before it was there."""

from typing import Any
from uuid import uuid4

from deploy.local.stack import Stack
from tests.support.instance import eventually, running_instance
from tests.support.ledger import find_losses
from tests.support.offices import make_arrival

STREET = "320507001"
PERIOD = {"division": STREET, "from": "2026-01-01", "to": "2026-11-01"}


async def test_what_is_sent_again_reaches_who_came_later_and_changes_nothing_for_who_heard_it(stack: Stack) -> None:
    name = uuid4().hex[:10]
    async with running_instance(stack, ["registration", "archives"], name=name, keep=True) as early:
        async with early.client("registration", "clerk", STREET) as office:
            for number in range(3):
                answer = await office.post("/arrivals", json={**make_arrival(number), "street": STREET})
                assert answer.status_code == 201, answer.text
        await eventually(lambda: _is_whole(early.databases))
        before = await _views(early)

    async with running_instance(stack, ["registration", "archives", "reporting"], name=name) as houniao:

        async def residents() -> int:
            async with houniao.client("reporting", "district", STREET) as district:
                return int((await district.get("/flows", params=PERIOD)).json()["residents"])

        unheard = await residents()
        said = [await houniao.command(service, "send-again") for service in ("registration", "archives")]
        await eventually(lambda: _is_whole(houniao.databases))

        assert unheard == 0
        assert [(told.returncode, told.stdout) for told in said] == [(0, "to be sent again: 3\n")] * 2
        assert await residents() == 3
        assert await _views(houniao) == before


async def _is_whole(databases: Any) -> bool:
    return not await find_losses([databases])


async def _views(houniao: Any) -> list[list[dict[str, Any]]]:
    kept = (("registration", "stays"), ("archives", "archives"), ("archives", "stays"))
    return [await houniao.database(service)[rows].find().sort("_id", 1).to_list(None) for service, rows in kept]
