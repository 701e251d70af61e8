"""One `make run` at a time: the lock that its process holds, and the request of another process to stop it."""

import fcntl
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.local.failure import LocalStackError


@contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Hold the folder's lock during a block; raise LocalStackError if another process holds it."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _lock_file(folder).open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise LocalStackError(
                f"Houniao is already running here (pid {lock.read().strip()}). Use it, or stop it with `make stop`."
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield
        lock.truncate(0)


def running_pid(folder: Path) -> int | None:
    """Return the pid of the process that holds the folder's lock; None if none does."""
    if not _lock_file(folder).exists():
        return None
    with _lock_file(folder).open("r+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return int(lock.read().strip() or 0) or None
    return None


def ask_to_stop(folder: Path, seconds: float = 120) -> bool:
    """Ask the process that holds the lock to stop and wait until it has; return whether there was one."""
    pid = running_pid(folder)
    if pid is None:
        return False
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + seconds
    while running_pid(folder) is not None:
        if time.monotonic() > deadline:
            raise LocalStackError(f"Process {pid} has not stopped within {seconds:.0f} s; look at its terminal.")
        time.sleep(0.1)
    return True


def _lock_file(folder: Path) -> Path:
    return folder / "running.lock"
