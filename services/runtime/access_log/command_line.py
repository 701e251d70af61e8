"""Verification of the access log from the command line, with a progress bar and a file of noted heads."""

import asyncio
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated

import typer

from services.runtime.access_log.log import AccessLog, Verdict
from services.runtime.access_log.settings import AccessLogSettings, open_access_log
from services.runtime.command_line import errors, errors_in_one_line, make_bar, open_service
from services.runtime.settings import local_environment

_HEAD = re.compile(r"([0-9]{1,15}) ([0-9a-f]{64})")

Heads = Annotated[
    Path | None,
    typer.Option(
        dir_okay=False,
        help="A file of heads ('<position> <hash>' a line), kept where nobody who can write to MongoDB can write: "
        "each must still stand in the log, and the head found now is added.",
    ),
]
"""The option with the path of a file of heads."""


class HeadsError(ValueError):
    """A line of a file of heads is not a position and a hash."""


def make_verify_command(name: str) -> Callable[..., None]:
    """Return the command by which the access log of a service is verified."""

    def verify_access_log_command(heads: Heads = None) -> None:
        """Verify the access log 访问日志: tell how many entries are whole, the head, and the first break (exit code 1).

        Changed, forged, missing and reordered entries are found by the chain and the seals. That entries were cut off
        at the end is found with --heads alone, or by comparing with the line "access logged" that the service logs for
        each.
        """

        async def verify() -> Verdict:
            service = open_service(name)
            try:
                log = open_access_log(service, AccessLogSettings(_env_file=local_environment(name)))
                return await verify_access_log(log, heads)
            finally:
                service.client.close()

        with errors_in_one_line():
            print_verdict(lambda: asyncio.run(verify()))

    return verify_access_log_command


async def verify_access_log(log: AccessLog, heads: Path | None) -> Verdict:
    """Verify the whole log against the heads noted in a file, add its head to the file, and return the verdict."""
    noted = _read_heads(heads) if heads else {}
    newest = await log.find_newest_position()
    with make_bar() as bar:
        task = bar.add_task("核验访问日志 verifying", total=newest)
        verdict = await log.verify(noted, lambda position: bar.update(task, completed=position))
    if heads and verdict.fault is None and verdict.entries not in noted and verdict.entries:
        with heads.open("a") as file:
            file.write(f"{verdict.entries} {verdict.head}\n")
    return verdict


def print_verdict(verify: Callable[[], Verdict]) -> None:
    """Verify and print the verdict; exit with code 1 if the log is broken, 2 if the file of heads can't be read."""
    try:
        verdict = verify()
    except HeadsError as error:
        errors.print(f"[red]bad_heads[/]: {error}")
        raise typer.Exit(2) from error
    sys.stdout.write(describe(verdict))
    if verdict.fault is not None:
        raise typer.Exit(1)


def describe(verdict: Verdict) -> str:
    """Return a verdict as text: the number of valid entries, the head, and the first break if there is one."""
    lines = [f"entries: {verdict.entries}", f"head: {verdict.head}"]
    if verdict.fault is not None:
        lines.append(f"first break: {verdict.entries + 1} {verdict.fault}")
    return "\n".join(lines) + "\n"


def _read_heads(file: Path) -> Mapping[int, str]:
    heads: dict[int, str] = {}
    for line in file.read_text().splitlines() if file.exists() else []:
        found = _HEAD.fullmatch(line.strip())
        if found is None:
            raise HeadsError(f"{file}: every line is '<position> <hash>'")
        heads[int(found[1])] = found[2]
    return heads
