"""`make run`: runs servers, services and demo in the foreground until Ctrl-C, then stops them in reverse order."""

import os
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import NoReturn

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from deploy.local.accounts import ACCOUNTS
from deploy.local.failure import LocalStackError
from deploy.local.running import only_one
from deploy.local.services import HttpProcess, all_services, front
from deploy.local.stack import Server, Stack

MAX_RESTARTS = 5
"""Restarts of a process in a row after which it is left down."""
STABLE_AFTER = 300.0
"""Seconds of running after which earlier deaths of a process no longer count."""

console = Console(highlight=False)


def run(folder: Path, *, demo: bool) -> None:
    """Run everything until asked to stop."""
    with only_one(folder), interruptible(), ExitStack() as running:
        stack = Stack(folder, ports="fixed")
        running.callback(_say_stopped)
        running.callback(stack.stop)
        with progress("Starting RabbitMQ and MongoDB"):
            stack.start()
        stack.write_environments()
        services, before = all_services(stack), front(stack)
        with progress("Starting the services and the console"):
            # registration after the others: who hears it has a queue by then
            for together in (services[1:], services[:1], before):
                for service in together:
                    running.callback(service.stop)
                    service.start()
                for service in together:
                    service.wait_ready()
        running.callback(_say_stopping)
        if demo:
            _load_demo(stack)
        console.print(guide(stack, [*services, *before]), soft_wrap=True)
        keep_alive(stack, [*services, *before])


def _load_demo(stack: Stack) -> None:
    # The only call site of the demo; DEMO=0 skips it.
    from deploy.demo.loading import load  # noqa: PLC0415  # only a run with a demo needs it

    load(stack)


@contextmanager
def interruptible() -> Iterator[None]:
    """End the block at Ctrl-C, SIGTERM or a closed terminal, and ignore further ones: stopping is not interrupted."""

    def stop(number: int, _: object) -> NoReturn:
        for other in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(other, signal.SIG_IGN)
        raise KeyboardInterrupt(signal.Signals(number).name)

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # ignored by those who start with nohup
        signal.signal(signal.SIGHUP, stop)
    with suppress(KeyboardInterrupt):
        yield


@contextmanager
def progress(what: str) -> Iterator[None]:
    """Show a spinner and the time that a block takes."""
    began = time.monotonic()
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        bar.add_task(what)
        yield
    console.print(f"{what}: done in {time.monotonic() - began:.1f} s")


def keep_alive(stack: Stack, services: Sequence[HttpProcess]) -> NoReturn:
    """Watch the processes for ever; report and restart one that dies, after growing pauses and not too often."""
    watched = [
        *(Watched(name, server) for name, server in _own_servers(stack)),
        *(Watched(service.name, service) for service in services),
    ]
    while True:
        for process in watched:
            process.check()
        time.sleep(0.5)


def _own_servers(stack: Stack) -> Iterator[tuple[str, Server]]:
    for name, server in (("RabbitMQ", stack.rabbitmq), ("MongoDB", stack.mongodb)):
        if server.pid is not None:
            yield name, server


class Watched:
    """A process that is started again when it dies."""

    def __init__(self, name: str, process: Server | HttpProcess) -> None:
        self.name = name
        self._process = process
        self._deaths = 0
        self._alive_since = time.monotonic()
        self._due: float | None = None
        self._given_up = False

    def check(self) -> None:
        """Report the process if it died, or restart it when its pause is over."""
        now = time.monotonic()
        if self._given_up:
            return
        if self._due is not None:
            if now >= self._due:
                self._restart()
        elif self._process.pid is None:
            self._deaths = 1 if now - self._alive_since > STABLE_AFTER else self._deaths + 1
            self._report_death(now)

    def _report_death(self, now: float) -> None:
        console.print(f"[bold red]{self.name} died.[/bold red]")
        console.print(self._process.tail(), markup=False, soft_wrap=True)
        if self._deaths > MAX_RESTARTS:
            self._given_up = True
            console.print(f"{self.name} died {self._deaths} times; it stays down. Mend it, then `make stop run`.")
        else:
            pause = 2.0 ** (self._deaths - 1)
            self._due = now + pause
            console.print(f"Starting {self.name} again in {pause:.0f} s.")

    def _restart(self) -> None:
        self._due = None
        self._alive_since = time.monotonic()
        try:
            self._process.start()
        except LocalStackError as failure:
            console.print(str(failure), markup=False)
        else:
            console.print(f"{self.name} is started again.")


def guide(stack: Stack, services: Sequence[HttpProcess]) -> str:
    """Return the text that tells a user what to open and as whom; the console is the last of the services."""
    registration, opened = services[0].url, services[-1].url
    places = "\n".join(f"  {service.name:<13} {service.url}/docs" for service in services)
    accounts = "\n".join(f"  {account.name}  {account.post}" for account in ACCOUNTS)
    return f"""
The interfaces, for programs:
{places}
  TOKEN=$(make -s token ROLE=clerk DIVISION=320507001)
  curl -s -H "Authorization: Bearer $TOKEN" '{registration}/stays?division=320507001'
Logs and data are in {os.path.relpath(stack.folder)}. Stop with Ctrl-C, or `make stop` elsewhere; `make run` goes on
with the same data.

[bold green]Houniao is running 候鸟已启动.[/bold green]
选择演示账号登录，无需密码。Sign in as one of these, without a password:
{accounts}
Open 请打开:  [bold]{opened}[/bold]
"""


def _say_stopping() -> None:
    console.print("\nStopping: the console and the services first, then RabbitMQ and MongoDB.")


def _say_stopped() -> None:
    console.print("Stopped. The data is kept; `make run` goes on with it.")
