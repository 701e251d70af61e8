"""The processes of a measurement: each gets ready, waits for the start, works and tells what it found."""

import asyncio
import multiprocessing
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from multiprocessing.connection import Connection
from typing import Any

import uvloop

Start = Callable[[], Awaitable[None]]
"""Says that the process is ready, and waits until all are told to start."""
Role = Callable[..., Awaitable[Any]]
"""What a process does: an async function of a start and its own arguments; what it returns is its result."""

PATIENCE = 300.0
"""Seconds after which a process that says nothing is given up."""

_forking = multiprocessing.get_context("forkserver")
_forking.set_forkserver_preload(
    ["tests.bench.floor", "tests.bench.tutorial", "tests.bench.offices", "tests.bench.patients"]
)
"""Children are forked from a process that has imported everything and opened nothing, so that they start at once."""


class Child:
    """One process with one role; it lives until it is stopped, so that its CPU time can be read after its result."""

    def __init__(self, role: Role, *arguments: Any) -> None:
        self._pipe, theirs = _forking.Pipe()
        self._process = _forking.Process(target=_work, args=(theirs, role, arguments), daemon=True)
        self._process.start()
        theirs.close()

    @property
    def pid(self) -> int:
        """Return the process's pid."""
        return self._process.pid or 0

    def wait_ready(self) -> None:
        """Wait until the process is ready to start."""
        self.result()

    def start(self) -> None:
        """Let the process start."""
        self._pipe.send("start")

    def result(self, patience: float = PATIENCE) -> Any:
        """Wait for what the process has to tell, so many seconds at most."""
        if not self._pipe.poll(patience):
            raise TimeoutError(f"A process of the measurement said nothing for {patience:.0f} s.")
        return self._pipe.recv()

    def stop(self) -> None:
        """End the process."""
        self._process.terminate()
        self._process.join(10)
        self._pipe.close()


@contextmanager
def children(roles: Mapping[str, tuple[Role, tuple[Any, ...]]]) -> Iterator[dict[str, Child]]:
    """Run a process for each role until the block ends; inside it all are ready."""
    with ExitStack() as running:
        started = {}
        for name, (role, arguments) in roles.items():
            started[name] = Child(role, *arguments)
            running.callback(started[name].stop)
        for child in started.values():
            child.wait_ready()
        yield started


def _work(pipe: Connection, role: Role, arguments: tuple[Any, ...]) -> None:
    async def start() -> None:
        pipe.send("ready")
        await asyncio.to_thread(pipe.recv)

    async def play() -> None:
        pipe.send(await role(start, *arguments))
        await asyncio.to_thread(pipe.poll, None)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(play())
