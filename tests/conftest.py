"""What every test may ask for: a real RabbitMQ and a real MongoDB, started once for a test run."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from deploy.local.stack import Stack
from deploy.local.temporary import temporary_stack

LOCAL = Path(__file__).parent.parent / ".local"

settings.register_profile("ci", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("ci")  # what judges a change judges it alike each time; anywhere else examples are drawn anew


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Return the argument's name in place of a file's bytes: every process must find the same names of tests."""
    return argname if isinstance(val, bytes) and len(val) > 20 else None


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """Run the servers for the whole test run, on their own ports and data; RABBITMQ_URL and MONGODB_URL win over it."""
    with temporary_stack(LOCAL) as running:
        yield running
