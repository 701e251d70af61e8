"""The command line: a register worked through in this process, with a progress bar."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from services.registration import imports
from services.registration.commands.registration import Registration
from services.registration.intake import ADVICE
from services.registration.registers import Register, read_register, write_refused
from services.registration.vault import Vault, VaultSettings
from services.runtime.logs import configure_logs
from services.runtime.mongo import is_away
from services.runtime.service import Service, keep_what_is_loaded
from services.runtime.settings import load_settings, local_environment
from services.runtime.sheets import SheetError

NAME = "registration"


def import_command(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="An .xlsx or .csv register")],
    street: Annotated[str, typer.Option(help="9-digit code of the street that keeps the register")],
    as_json: Annotated[bool, typer.Option("--json", help="End with one line of JSON")] = False,
    refused: Annotated[Path | None, typer.Option(help="Write the refused rows to this workbook")] = None,
) -> None:
    """Work through a register: every row is accepted, a duplicate, blank, or refused with a reason."""
    errors = Console(stderr=True)
    try:
        register = read_register(file.read_bytes(), file.name)
        progress = asyncio.run(_import(register, street, errors))
    except SheetError as error:
        errors.print(f"[red]{error.code}[/]: {error}")
        raise typer.Exit(2) from error
    except Exception as error:
        if not is_away(error):
            raise
        errors.print("[red]storage_away[/]: MongoDB does not answer; start it with 'make run' and try again.")
        raise typer.Exit(3) from error
    if refused is not None:
        refused.write_bytes(write_refused(register, imports.refusals_of(progress)))
    _say(progress, as_json)


async def _import(register: Register, street: str, errors: Console) -> imports.Progress:
    settings = load_settings(NAME)
    configure_logs(settings.log, NAME)
    keep_what_is_loaded()
    registration = Registration(Service(NAME, settings), Vault(VaultSettings(_env_file=local_environment(NAME))))
    service = registration.service
    if not service.divisions.is_street(street) or not service.serves(street):
        errors.print(f"[red]unknown_street[/]: {ADVICE['unknown_street']}")
        raise typer.Exit(2)
    progress = imports.begin(register, street, service.clock())
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    try:
        with Bar(*columns, console=errors) as bar:
            task = bar.add_task("导入 importing", total=progress.rows)
            reached = progress
            async for reached in imports.take_register(registration, register, progress):
                bar.update(task, completed=reached.done)
            return reached
    finally:
        service.client.close()


def _say(progress: imports.Progress, as_json: bool) -> None:
    counts = progress.model_dump(
        include={"street", "rows", "accepted", "duplicate", "blank", "refused", "refused_by_reason"}
    )
    if as_json:
        sys.stdout.write(json.dumps(counts, ensure_ascii=False, sort_keys=True) + "\n")
        return
    for name, count in counts.items():
        sys.stdout.write(f"{name}: {count}\n")
