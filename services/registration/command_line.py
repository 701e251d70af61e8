"""The command line: a register worked through in this process, with a progress bar."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from services.registration import imports
from services.registration.commands.registration import Registration
from services.registration.intake import ADVICE
from services.registration.registers import FILE_ADVICE, Register, read_register, write_refused
from services.registration.vault import Vault, VaultSettings
from services.runtime.command_line import make_bar, open_service, said_in_one_line, say_counts
from services.runtime.problems import Problem
from services.runtime.service import at_the_command_line, keep_what_is_loaded
from services.runtime.settings import local_environment

NAME = "registration"


def import_command(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="An .xlsx or .csv register")],
    street: Annotated[str, typer.Option(help="9-digit code of the street that keeps the register")],
    as_json: Annotated[bool, typer.Option("--json", help="End with one line of JSON")] = False,
    refused: Annotated[Path | None, typer.Option(help="Write the refused rows to this workbook")] = None,
) -> None:
    """Work through a register: every row is accepted, a duplicate, blank, or refused with a reason."""
    with said_in_one_line(FILE_ADVICE):
        register = read_register(file.read_bytes(), file.name)
        progress = asyncio.run(_import(register, street))
    if refused is not None:
        refused.write_bytes(write_refused(register, imports.refusals_of(progress)))
    say_counts(progress, as_json)


async def _import(register: Register, street: str) -> imports.Progress:
    keep_what_is_loaded()
    registration = Registration(open_service(NAME), Vault(VaultSettings(_env_file=local_environment(NAME))))
    service = registration.service
    if not service.divisions.is_street(street) or not service.serves(street):
        raise Problem(422, "unknown_street", ADVICE["unknown_street"])
    progress = imports.begin(register, street, service.clock())
    async with at_the_command_line(service):
        with make_bar() as bar:
            task = bar.add_task("导入 importing", total=progress.rows)
            reached = progress
            async for reached in imports.take_register(registration, register, progress):
                bar.update(task, completed=reached.done)
            return reached
