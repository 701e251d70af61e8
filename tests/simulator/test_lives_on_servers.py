"""Lives on real RabbitMQ and MongoDB, in two districts that go down and come back."""

import os

from deploy.local.stack import Stack
from services.registration import views
from services.registration.domain.transfers import derive_transfers
from tests.ledger import find_losses
from tests.simulator.invariants import Settled, transfers_of
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
        assert await find_losses([instance.databases for instance in field.up.values()], clock=field.clock) == []
        one, other = [await field.known(code) for code in sorted(field.up)]
        assert [list(Settled(known.knowledge, field.today).broken()) for known in one] == [[]] * len(one)
        assert [transfers_of(known.knowledge) for known in one] == [transfers_of(known.knowledge) for known in other]
        for code in field.up:
            await _movers_are_what_follows_from_the_rows(field, code)


async def _movers_are_what_follows_from_the_rows(field: Field, code: str) -> None:
    rows = field.up[code].database("registration")[views.MOVERS]
    for known in await field.known(code):
        transfers = derive_transfers(known.knowledge)
        row = await rows.find_one({"_id": known.person_id})
        if transfers or row is not None:
            assert row is not None
            assert row["transfers"] == [transfer.model_dump(mode="json") for transfer in transfers]
            assert row["sequence"] == known.sequence
