"""A stack for a test run: its own folder, free ports, and nothing left behind, not even by a killed run."""

import fcntl
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from deploy.local.stack import Stack

IN_USE = "in-use.lock"
PREFIX = "test-"


@contextmanager
def temporary_stack(parent: Path) -> Iterator[Stack]:
    """Run a stack in a new folder below a parent during a block, and remove it at the end."""
    parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (parent / "tests.lock").open("w") as turn:  # nobody takes a folder that is being made for an abandoned one
        fcntl.flock(turn, fcntl.LOCK_EX)
        for folder in parent.glob(f"{PREFIX}*"):
            _remove_if_abandoned(folder)
        folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
        in_use = _hold(folder)
    with in_use:
        with Stack(folder, ports="free") as stack:
            yield stack
        shutil.rmtree(folder, ignore_errors=True)


def _hold(folder: Path) -> TextIO:
    lock = (folder / IN_USE).open("w")
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return lock


def _remove_if_abandoned(folder: Path) -> None:
    try:
        in_use = _hold(folder)
    except (BlockingIOError, FileNotFoundError):
        return
    with in_use:
        Stack(folder).stop()
        shutil.rmtree(folder, ignore_errors=True)
