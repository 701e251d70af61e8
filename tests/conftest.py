"""What every test may ask for: a real RabbitMQ and a real MongoDB, started once for a test run."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from pymongo import MongoClient

from deploy.local.mongodb import MongoDB
from deploy.local.stack import Stack
from deploy.local.temporary import temporary_stack

LOCAL = Path(__file__).parent.parent / ".local"
MEMORY, PLENTY = Path("/dev/shm"), 4 * 2**30  # noqa: S108  # a folder of our own in it, which only we may read
"""Files in memory, and the bytes that must be free there: two workers' servers need a quarter."""

settings.register_profile("ci", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("ci")  # what judges a change judges it alike each time; anywhere else examples are drawn anew


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Return the argument's name in place of a file's bytes: every process must find the same names of tests."""
    return argname if isinstance(val, bytes) and len(val) > 20 else None


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """Run the servers for the whole test run, on their own ports and data; RABBITMQ_URL and MONGODB_URL win over it.

    Their data are in memory if there is plenty: no disk fails here, only those of `tests/faults` are killed.
    Our MongoDB expires nothing: it goes by the real time, and clocks of many tests stand on a day that is long over.
    """
    with temporary_stack(_choose_room()) as running:
        if isinstance(running.mongodb, MongoDB):
            with MongoClient[dict[str, Any]](running.mongodb_url()) as client:
                client.admin.command("setParameter", 1, ttlMonitorEnabled=False)
        yield running


def _choose_room() -> Path:
    if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > PLENTY:
        return MEMORY / f"houniao-{os.getuid()}"
    return LOCAL
