"""Foreign files are read by workers: processes with limits of time and memory, a few at a time.

The loop that serves others never waits for them. A worker is forked for one job, from a process that has imported what
it needs, and ends with the job or the service; it has none of the service's keys.
"""

import asyncio
import os
import pickle
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Any, TypeVar

from contracts.refusals import RefusedError
from services.runtime.forking import LONGEST_NAME, Limits, read_all
from services.runtime.logs import get_log

AT_ONCE = 2
AT_MOST = 16
"""Jobs that are worked on or wait; each may hold an upload in memory."""
LIMITS = Limits()
SECRETS = ("HOUNIAO_", "MONGODB_URL", "RABBITMQ_URL")

Result = TypeVar("Result")


class TooCostlyError(RefusedError):
    """To read it took more time or memory than a job may have."""

    code = "too_costly"
    advice = (
        "读取所需的时间或内存过多，请删去空白的行和列、另存为新文件，或拆分后重试。"
        "It takes too long or too much memory to read; delete empty rows and columns, save it anew, or split it."
    )
    status = 422


class BusyError(RefusedError):
    """As many files are being read as may be."""

    code = "busy"
    advice = "正在读取的文件较多，请稍后重发。Many files are being read; send the same request again in a moment."
    status = 503


class Workers:
    """Runs functions in processes of their own: those at the top of a module, with what can be pickled."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="worker")
        self._starting = Lock()
        self._nursery: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._jobs = 0

    async def run(self, function: Callable[..., Result], *arguments: Any, limits: Limits = LIMITS) -> Result:
        """Return what a function returns, or raise what it raises.

        Raise TooCostlyError if it takes more than the limits, BusyError if too many jobs wait already.
        """
        if self._jobs >= AT_MOST:
            raise BusyError
        self._jobs += 1
        try:
            job = partial(self._run, function, arguments, limits)
            result: Result = await asyncio.get_running_loop().run_in_executor(self._threads, job)
            return result
        finally:
            self._jobs -= 1

    def close(self) -> None:
        """End all workers; whoever waits for one is refused."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        with self._starting:
            self._end_nursery()

    def _run(self, function: Callable[..., Any], arguments: tuple[Any, ...], limits: Limits) -> Any:
        ours, theirs = socket.socketpair()
        with ours:
            with theirs:
                self._fork(theirs, function.__module__)
            try:
                ours.sendall(pickle.dumps((function, arguments, limits), pickle.HIGHEST_PROTOCOL))
                ours.shutdown(socket.SHUT_WR)
                done, value = pickle.loads(read_all(ours))  # noqa: S301 - written by our own worker
            except (OSError, EOFError, pickle.UnpicklingError) as error:
                get_log().warning("a worker ended without an answer", error=error)
                raise TooCostlyError from error
        if done:
            return value
        kind, told, more = value
        failed = kind.__new__(kind, *told)
        failed.__dict__.update(more)
        raise failed

    def _fork(self, theirs: socket.socket, module: str) -> None:
        """Have a worker forked that answers at one end of a pair."""
        with self._starting:
            if self._nursery is None or self._nursery.poll() is not None:
                self._end_nursery()
                self._start_nursery()
            assert self._control is not None, "it was started"
            socket.send_fds(self._control, [module.encode().ljust(LONGEST_NAME)], [theirs.fileno()])

    def _start_nursery(self) -> None:
        self._control, theirs = socket.socketpair()
        with theirs:
            self._nursery = subprocess.Popen(  # noqa: S603 - our own module
                [sys.executable, "-m", "services.runtime.forking", str(theirs.fileno())],
                cwd=Path(__file__).parents[2],
                env={name: value for name, value in os.environ.items() if not name.startswith(SECRETS)},
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                start_new_session=True,
            )

    def _end_nursery(self) -> None:
        if self._control is not None:
            self._control.close()
        if self._nursery is not None and self._nursery.poll() is None:
            os.killpg(self._nursery.pid, signal.SIGKILL)
            self._nursery.wait()
        self._nursery = self._control = None
