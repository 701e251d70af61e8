"""A server's process, found by its pid file whoever started it, and never confused with another process."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from deploy.local.failure import LocalStackError

LARGEST_LOG = 20_000_000
"""Bytes after which a log is rotated when its process starts again."""


class ServerProcess:
    """A server process; its pid file holds pid and start time, so that a reused pid is not confused with it."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self.log = folder / f"{name}.log"
        self._pid_file = folder / f"{name}.pid"
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """Return the pid of the process; None if it is not running."""
        if self._child is not None:
            self._child.poll()
        try:
            pid, started = self._pid_file.read_text().split()
        except (FileNotFoundError, ValueError):
            return None
        return int(pid) if started_at(int(pid)) == started else None

    def spawn(self, command: Sequence[str | Path], environment: Mapping[str, str], folder: Path) -> None:
        """Start the process in a session of its own, so that Ctrl-C does not reach it."""
        if self.log.exists() and self.log.stat().st_size > LARGEST_LOG:
            self.log.replace(self.log.with_suffix(".log.1"))
        with self.log.open("ab") as log:
            self._child = subprocess.Popen(
                list(map(str, command)),
                env=dict(environment),
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._pid_file.write_text(f"{self._child.pid} {started_at(self._child.pid)}\n")

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the process, if it is running."""
        if pid := self.pid:
            os.kill(pid, number)

    def stop(self, seconds: float = 30) -> None:
        """Ask the process to end; kill it if it has not ended after some seconds."""
        self.send(signal.SIGCONT)
        self.send(signal.SIGTERM)
        if not self._gone_within(seconds):
            self.kill()
        self._forget()

    def kill(self) -> None:
        """Kill the process (SIGKILL) and wait until it is gone."""
        self.send(signal.SIGKILL)
        self._gone_within(10)
        self._forget()

    def wait_until(self, ready: Callable[[], bool], seconds: float) -> None:
        """Wait until the process is ready; raise LocalStackError if it ends or is not ready in time."""
        deadline = time.monotonic() + seconds
        while not ready():
            if self.pid is None:
                raise LocalStackError(f"{self.name} ended while starting.\n{self.tail()}")
            if time.monotonic() > deadline:
                raise LocalStackError(f"{self.name} was not ready after {seconds:.0f} s.\n{self.tail()}")
            time.sleep(0.1)

    def tail(self, lines: int = 15) -> str:
        """Return the last lines of the process's log."""
        try:
            with self.log.open("rb") as log:
                log.seek(max(0, self.log.stat().st_size - 16_384))
                last = log.read().decode(errors="replace").splitlines()[-lines:]
        except FileNotFoundError:
            last = []
        return "\n".join([f"The last lines of {self.log}:", *(f"  {line}" for line in last)])

    def _gone_within(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while self.pid is not None:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.05)
        return True

    def _forget(self) -> None:
        self._pid_file.unlink(missing_ok=True)


def started_at(pid: int) -> str | None:
    """Return when a process started, in clock ticks since boot; None if it is not running."""
    process = Path(f"/proc/{pid}")
    try:
        fields = (process / "stat").read_text().rpartition(")")[2].split()
        dead = fields[0] in "ZX" and len(list((process / "task").iterdir())) <= 1
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if dead else fields[19]
