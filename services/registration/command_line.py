"""The command line: import a register, rotate keys, erase a person, without serving."""

import asyncio
import getpass
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from services.registration.commands import imports, rotation
from services.registration.commands.erasure import Erasure, erase_person
from services.registration.commands.identities import find_identity, newest_street
from services.registration.commands.rotation import Rotation
from services.registration.intake.columns import COLUMNS
from services.registration.intake.refusals import ADVICE, WARNINGS
from services.registration.intake.registers import FILE_ADVICE, Register, read_register, write_refused
from services.registration.service import Registration
from services.registration.vault import Vault, VaultSettings
from services.runtime.access_log.log import Access
from services.runtime.command_line import ReadFile, errors_in_one_line, make_bar, open_service, print_import
from services.runtime.imports import report_pages
from services.runtime.problems import Problem
from services.runtime.service import at_the_command_line
from services.runtime.serving import keep_what_is_loaded
from services.runtime.settings import local_environment

NAME = "registration"
OPERATOR = "operator"

Result = TypeVar("Result")
Work = Callable[[Registration], Awaitable[Result]]


def import_command(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="An .xlsx or .csv register")],
    street: Annotated[str, typer.Option(help="9-digit code of the street that keeps the register")],
    as_json: Annotated[bool, typer.Option("--json", help="End with one line of JSON")] = False,
    refused: Annotated[Path | None, typer.Option(help="Write the refused rows to this workbook")] = None,
) -> None:
    """Work through a register: every row is accepted, a duplicate, blank, or refused with a reason."""
    with errors_in_one_line(FILE_ADVICE):
        register = read_register(file.read_bytes(), file.name)
        progress = asyncio.run(_import(register, street))
    if refused is not None:
        pages = report_pages(progress, COLUMNS, WARNINGS)
        refused.write_bytes(write_refused(register, imports.refusals_of(progress), *pages))
    print_import(progress, ReadFile(COLUMNS, WARNINGS), as_json=as_json)


async def _import(register: Register, street: str) -> imports.Progress:
    keep_what_is_loaded()
    registration = _open_registration()
    service = registration.service
    if not service.divisions.is_street(street) or not service.serves(street):
        raise Problem(422, "unknown_street", ADVICE["unknown_street"])
    progress = imports.begin(register, street, service.clock())
    async with at_the_command_line(service):
        with make_bar() as bar:
            task = bar.add_task("导入 importing", total=progress.rows)
            reached = progress
            async for reached in imports.work_through_register(registration, register, progress):
                bar.update(task, completed=reached.done)
            return reached


def rotate_keys_command(
    check: Annotated[bool, typer.Option("--check", help="Only count what is not sealed under the first key")] = False,
) -> None:
    """Seal everything anew under the first key of HOUNIAO_SEALING_KEYS, while the services run.

    Four steps, so that no process ever meets a key it does not know:

    1. Put the new key at the END of HOUNIAO_SEALING_KEYS of every process of registration; restart them.

    2. Put it FIRST everywhere; restart them. From now on everything new is sealed with it.

    3. Run this command, with the same keys. It may be killed and run again at any time.

    4. When it says that the older keys can be removed, remove them everywhere; restart.

    HOUNIAO_PERSON_KEY is not rotated: the ids of people hang on it, in every district.
    """
    rotated = _run(_count if check else _rotate)
    for collection, count in sorted(rotated.sealed_anew.items()):
        sys.stdout.write(f"{collection}: {count} sealed anew\n")
    for collection, keys in rotated.left.items():
        for key, count in keys.items():
            sys.stdout.write(f"{collection}: {count} under another key ({key})\n")
    for collection, count in rotated.unopened.items():
        sys.stdout.write(f"{collection}: {count} that none of the keys opens\n")
    if rotated.left:
        advice = "" if check else " Is the first key first in every process of registration? Then run it again."
        sys.stdout.write(f"The older keys are still needed.{advice}\n")
        raise typer.Exit(1)
    sys.stdout.write("Everything is sealed under the first key; the older keys can be removed.\n")


def erase_person_command(
    person_id: Annotated[str, typer.Argument(help="The id of the person (32 hexadecimal digits)")],
    reason: Annotated[str, typer.Option(help="Why, naming nobody; it is kept in the access log")],
) -> None:
    """Erase who a person is, under every id, and the refused rows and parked messages that speak of them."""

    async def erase(registration: Registration) -> Erasure:
        known = await registration.find_known_person(person_id)
        stays = known.knowledge.stays
        if not stays and await find_identity(registration, person_id) is None:
            raise Problem(404, "not_found", "No such person is known here.")
        access = _by_operator("identity_erased", reason, person_id, newest_street(stays))
        return await erase_person(registration, access, known.ids)

    erased = _run(erase)
    sys.stdout.write(f"erased_at: {erased.erased_at.isoformat()}\n")
    sys.stdout.write(f"refused_rows: {erased.refused_rows}\nmessages: {erased.messages}\n")


async def _count(registration: Registration) -> Rotation:
    return Rotation(left=await rotation.find_stale(registration.service.database, registration.vault))


async def _rotate(registration: Registration) -> Rotation:
    database, vault = registration.service.database, registration.vault
    stale = {name: sum(keys.values()) for name, keys in (await rotation.find_stale(database, vault)).items()}
    if not stale:
        return Rotation()
    await registration.access_log.record(_by_operator("keys_rotated", f"to {vault.sealing_key}"))
    with make_bar() as bar:
        tasks = {name: bar.add_task(f"重新加密 sealing {name}", total=count) for name, count in stale.items()}
        return await rotation.rotate(
            database,
            vault,
            lambda place, count: bar.advance(tasks[place.collection], count) if place.collection in tasks else None,
        )


def _by_operator(action: str, reason: str, person_id: str | None = None, street: str | None = None) -> Access:
    """Return the access log entry of the operator, named by their login on this machine."""
    return Access(
        by=f"{OPERATOR}:{getpass.getuser()}",
        role=OPERATOR,
        division="",
        action=action,
        reason=reason,
        person_id=person_id,
        street=street,
    )


def _run(work: Work[Result]) -> Result:
    """Run work on registration's data without serving; print a refusal or a missing server in one line."""
    with errors_in_one_line():
        return asyncio.run(_with_registration(work))


def _open_registration() -> Registration:
    return Registration(open_service(NAME), Vault(VaultSettings(_env_file=local_environment(NAME))))


async def _with_registration(work: Work[Result]) -> Result:
    registration = _open_registration()
    try:
        return await work(registration)
    finally:
        registration.service.client.close()
