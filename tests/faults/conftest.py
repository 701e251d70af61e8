"""What the fault tests may hurt: servers of their own, and a deployment of real processes on them."""

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from deploy.local.stack import Stack
from deploy.local.temporary import temporary_stack
from tests.faults.deployment import Deployment
from tests.ledger import find_losses

LOCAL = Path(__file__).parent.parent.parent / ".local" / "faults"


@pytest.fixture(scope="session")
def fault_stack() -> Iterator[Stack]:
    """Run servers that no other test uses, so that they may be killed."""
    if any(os.environ.get(name) for name in ("RABBITMQ_URL", "MONGODB_URL")):
        pytest.skip("the servers are somebody else's")
    with temporary_stack(LOCAL) as running:
        yield running


@pytest.fixture(scope="session")
def deployments(fault_stack: Stack) -> Iterator[list[Deployment]]:
    """Keep the deployments of the test run, and end them with it."""
    kept = [Deployment(fault_stack, uuid4().hex[:8])]
    yield kept
    for deployment in kept:
        deployment.end()


@pytest.fixture
async def houniao(deployments: list[Deployment]) -> AsyncIterator[Deployment]:
    """Give a deployment that runs and is whole: the one of the tests before, or a new one if they left it damaged."""
    deployment = deployments[-1]
    await deployment.heal()
    if await find_losses([deployment.databases]):
        deployment.end()
        deployment.disconnect()
        deployment = Deployment(deployment.stack, uuid4().hex[:8])
        deployments.append(deployment)
        await deployment.heal()
    yield deployment
    deployment.disconnect()
