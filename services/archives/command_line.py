"""The command line of archives: import a sheet of follow-ups in this process."""

import asyncio
import getpass
from pathlib import Path
from typing import Annotated

import typer

from contracts.reference.telling import tells_phone_or_card
from services.archives.commands import imports
from services.archives.intake.readings import COLUMNS, Refusal
from services.archives.intake.rounds import FILE_ADVICE, Round, Row, read_round, write_refused
from services.runtime.command_line import ReadFile, errors_in_one_line, make_bar, open_service, print_import
from services.runtime.imports import report_pages
from services.runtime.problems import Problem
from services.runtime.service import at_the_command_line
from services.runtime.serving import keep_what_is_loaded

NAME = "archives"


def import_command(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="An .xlsx or .csv sheet of follow-ups")],
    street: Annotated[str, typer.Option(help="9-digit code of the street that followed people up")],
    by: Annotated[str | None, typer.Option(help="The health worker who typed the sheet; you, if none is named")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="End with one line of JSON")] = False,
    refused: Annotated[Path | None, typer.Option(help="Write the refused rows to this workbook")] = None,
) -> None:
    """Work through a round of follow-ups 随访表: every row is entered, a duplicate, blank, or refused with a reason."""
    if by and tells_phone_or_card(by):
        raise typer.BadParameter("Name the worker without the number of a phone or an ID card: facts keep it.")
    with errors_in_one_line(FILE_ADVICE):
        sheet = read_round(file.read_bytes(), file.name)
        progress, rows = asyncio.run(_import(sheet, street, by or f"operator:{getpass.getuser()}"))
    if refused is not None:
        refused.write_bytes(write_refused(rows, imports.advise, *report_pages(progress, COLUMNS, {})))
    print_import(progress, ReadFile(COLUMNS, {}), as_json=as_json)


async def _import(sheet: Round, street: str, by: str) -> tuple[imports.Progress, list[tuple[Row, Refusal]]]:
    """Record a sheet's follow-ups for a street with a progress bar; return the last progress and the refused rows."""
    service = open_service(NAME)
    keep_what_is_loaded()
    if not service.divisions.is_street(street) or not service.serves(street):
        raise Problem(422, "unknown_street", "没有该街道代码。No such street; check the code.")
    progress = reached = imports.begin(sheet, street, by, service.clock())
    refused: list[tuple[Row, Refusal]] = []
    async with at_the_command_line(service):
        with make_bar() as bar:
            task = bar.add_task("导入 importing", total=progress.rows)
            async for reached, more in imports.record_round(service, sheet, progress):
                refused += more
                bar.update(task, completed=reached.done)
    return reached, refused
