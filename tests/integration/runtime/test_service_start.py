"""A service that cannot come up says so instead of seeming to run."""

from deploy.local.stack import Stack
from tests.support.instance import Instance, eventually, forget_instance


async def test_a_service_that_cannot_make_its_indexes_is_not_ready_and_says_why(stack: Stack) -> None:
    houniao = Instance(stack, "conflicting")
    app = houniao.build("feeds")
    service = app.state.service
    await service.database["stay_pages"].insert_many([{"district": "320507", "first": 1} for _ in range(2)])

    async with app.router.lifespan_context(app):

        async def says_why() -> bool:
            return "start: DuplicateKeyError, see the log" in await service.find_troubles()

        await eventually(says_why)
    await forget_instance(stack, houniao.name)
