"""The command line of reporting: verify that a file is a sealed report, count everybody anew."""

import asyncio
from hashlib import sha256
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from services.reporting.commands import rebuilding
from services.reporting.commands.counting import Recounting
from services.reporting.commands.reports import SealedFile, find_sealed_files
from services.runtime.command_line import errors_in_one_line, make_bar, open_service
from services.runtime.serving import keep_what_is_loaded

NAME = "reporting"


def verify_command(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A file of a report, as it was downloaded")],
) -> None:
    """Verify that a file is a sealed report, byte for byte 验证报表: tell which one, or exit with code 1."""
    digest = sha256(file.read_bytes()).hexdigest()
    with errors_in_one_line():
        found = asyncio.run(_find(digest))
    console = Console(highlight=False)
    console.print(f"SHA-256 {digest}", soft_wrap=True)
    if not found:
        console.print("[red]不是已盖章的报表，或已被改动。Not a sealed report, or changed since.[/]", soft_wrap=True)
        raise typer.Exit(1)
    for one in found:
        stands = "现行版 newest" if one.newest else "已被更正 restated since"
        published = "，公布版 published" if one.published else ""
        told = (
            f"{one.template} {one.division} {one.period} 第{one.edition}版 edition {one.edition}，{one.form}{published}"
        )
        console.print(f"[green]已盖章 sealed[/]：{told}，{stands}", soft_wrap=True)


async def _find(digest: str) -> list[SealedFile]:
    service = open_service(NAME)
    try:
        return await find_sealed_files(service, digest)
    finally:
        service.client.close()


def rebuild_command() -> None:
    """Count everybody anew beside the numbers that answer, then let the new ones answer 重新统计.

    Killed in the middle, the running service goes on with it.
    """
    with errors_in_one_line():
        rebuilt = asyncio.run(_rebuild())
    Console(highlight=False).print(f"重新统计完成 rebuilt: {rebuilt.done} counted, edition {rebuilt.edition}")


async def _rebuild() -> rebuilding.Rebuild:
    keep_what_is_loaded()
    service = open_service(NAME)
    recounting = Recounting(service)
    try:
        await recounting.prepare(service.database)
        reached = rebuild = await rebuilding.begin(service, recounting, held=True)
        with make_bar() as bar:
            task = bar.add_task("重新统计 rebuilding", total=rebuild.expected)
            async for reached in rebuilding.count_on(service, recounting, rebuild.rebuild_id):
                bar.update(task, completed=reached.done, total=max(reached.done, reached.expected))
        return reached
    finally:
        service.client.close()
