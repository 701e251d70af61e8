"""Lives on real RabbitMQ and MongoDB, in two districts that go down and come back.

Any history is tried beside this one; here offices tell the truth, late or never, so that moves are completed and lost
as they are in the field, and the rows of movers are looked at one by one.
"""

import os

from deploy.local.stack import Stack
from services.registration.domain.transfers import derive_transfers
from services.registration.views.rows import MOVERS
from tests.simulator.lives import live, make_place
from tests.simulator.on_servers import Field, field_of

LONG = os.environ.get("HOUNIAO_SIMULATE") == "long"
PEOPLE, SEED = (60, 5) if LONG else (6, 5)


async def test_lives_through_two_districts_that_go_down_keep_the_invariants(stack: Stack) -> None:
    lives = live(SEED, PEOPLE, make_place(2, 6))
    async with field_of(stack, lives) as field:
        await field.live()
        await field.let_everything_fall_due()

        assert field.downs > 0
        assert await field.districts.broken() == []
        for code in field.districts.up:
            await _movers_are_what_follows_from_the_rows(field, code)


async def _movers_are_what_follows_from_the_rows(field: Field, code: str) -> None:
    rows = field.districts.up[code].database("registration")[MOVERS]
    for known in await field.districts.known(code):
        transfers = derive_transfers(known.knowledge)
        row = await rows.find_one({"_id": known.person_id})
        if transfers or row is not None:
            assert row is not None
            assert row["transfers"] == [transfer.model_dump(mode="json") for transfer in transfers]
            assert row["sequence"] == known.sequence
