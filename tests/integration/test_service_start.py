"""A service that cannot come up says so instead of seeming to run."""

from deploy.local.stack import Stack
from tests.instance import Instance, eventually, forget_instance


async def test_a_service_that_cannot_make_its_indexes_is_not_ready_and_says_why(stack: Stack) -> None:
    houniao = Instance(stack, "conflicting")
    app = houniao.build("archives")
    service = app.state.service
    await service.database["archives"].create_index("opened_at", name="street")

    async with app.router.lifespan_context(app):

        async def says_why() -> bool:
            t = await service.find_troubles(); print(t); return "start: OperationFailure, see the log" in t

        await eventually(says_why)
    await forget_instance(stack, houniao.name)
