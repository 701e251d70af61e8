"""What the fault tests may hurt: servers of their own, and a deployment of real processes on them."""

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from deploy.local.stack import Stack
from deploy.local.temporary import temporary_stack
from tests.faults.deployment import Deployment
from tests.faults.form import LONG
from tests.support.instance import forget_instance
from tests.support.ledger import find_losses

LOCAL = Path(__file__).parent.parent.parent / ".local" / "faults"


@pytest.fixture(scope="package")
def fault_stack() -> Iterator[Stack]:
    """Run servers that no other test uses, so that they may be killed."""
    if any(os.environ.get(name) for name in ("RABBITMQ_URL", "MONGODB_URL")):
        pytest.skip("the servers are somebody else's")
    with temporary_stack(LOCAL) as running:
        yield running


@pytest.fixture(scope="package")
def deployments(fault_stack: Stack) -> Iterator[list[Deployment]]:
    """Keep the deployments, and end them with the last test of faults: nobody works beside idle ones."""
    kept: list[Deployment] = []
    yield kept
    for deployment in kept:
        deployment.end()


@pytest.fixture
async def houniao(fault_stack: Stack, deployments: list[Deployment]) -> AsyncIterator[Deployment]:
    """Return a running, complete deployment: a new one, or in the short form that of the previous test."""
    if deployments:
        await deployments[-1].heal()
        if LONG or await find_losses([deployments[-1].databases]):
            await forget(deployments.pop())
    if not deployments:
        deployments.append(Deployment(fault_stack, uuid4().hex[:8]))
        await deployments[-1].heal()
    yield deployments[-1]
    deployments[-1].disconnect()


async def forget(deployment: Deployment) -> None:
    """Remove a deployment with its databases and queues."""
    deployment.end()
    deployment.disconnect()
    await forget_instance(deployment.stack, deployment.name)
