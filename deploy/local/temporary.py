"""A stack for the length of a test run: its own folder, free ports, nothing left behind, not even by a killed run."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.local.stack import Stack

LOCK = "in-use.lock"


@contextmanager
def temporary_stack(parent: Path) -> Iterator[Stack]:
    """Run a stack in a new folder under a parent, and remove both at the end."""
    folder = parent / f"test-{os.getpid()}"
    for abandoned in parent.glob("test-*"):
        _remove_unless_in_use(abandoned)
    folder.mkdir(parents=True, mode=0o700)
    with (folder / LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with Stack(folder, ports="free") as stack:
            yield stack
        shutil.rmtree(folder, ignore_errors=True)


def _remove_unless_in_use(folder: Path) -> None:
    with (folder / LOCK).open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        if (folder / "credentials.json").exists():
            Stack(folder).stop()
        shutil.rmtree(folder, ignore_errors=True)
