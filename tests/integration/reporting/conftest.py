"""What tests of reporting share: a desk where numbers are asked for."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from deploy.local.stack import Stack
from tests.support.desk import NOW, Desk
from tests.support.instance import Instance, forget_instance


@pytest.fixture
async def desk(stack: Stack) -> AsyncIterator[Desk]:
    instance = Instance(stack, f"desk-{uuid4().hex[:8]}", clock=lambda: NOW)
    instance.apps["reporting"] = instance.build("reporting")
    service = instance.apps["reporting"].state.service
    for step in service._prepare:
        await step(service.database)
    yield Desk(instance)
    service.client.close()
    await forget_instance(stack, instance.name)
