"""Whole deployments as `make run` starts them, for the stories that are told from outside."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from deploy.local.services import all_services
from deploy.local.stack import Stack


@pytest.fixture(scope="package")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Run every service as a process of its own, beside servers, ports and data of their own."""
    with _running(tmp_path_factory.mktemp("deployment") / "stack") as stack:
        yield stack


@pytest.fixture(scope="module")
def own_deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Run another such deployment for the tests of one file, which may do anything to its data."""
    with _running(tmp_path_factory.mktemp("own") / "stack") as stack:
        yield stack


@contextmanager
def _running(folder: Path) -> Iterator[Stack]:
    with Stack(folder) as stack, ExitStack() as running:
        services = all_services(stack)
        for service in services:
            running.callback(service.stop)
            service.start()
        for service in services:
            service.wait_ready()
        yield stack
