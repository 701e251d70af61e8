"""A whole deployment as `make run` starts it, for the stories that are told from outside."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from deploy.local.services import all_services
from deploy.local.stack import Stack


@pytest.fixture(scope="package")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Run every service as a process of its own, beside servers, ports and data of their own."""
    with Stack(tmp_path_factory.mktemp("deployment") / "stack") as stack, ExitStack() as running:
        services = all_services(stack)
        for service in services:
            running.callback(service.stop)
            service.start()
        for service in services:
            service.wait_ready()
        yield stack
