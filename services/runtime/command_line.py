"""What the services' command lines share: progress bars, and one line for a refusal or a server that is away."""

import asyncio
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import typer
from pydantic import BaseModel
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from services.runtime.journal import JOURNAL, unmark_sent
from services.runtime.logs import configure_logs
from services.runtime.mongo import is_away
from services.runtime.problems import Problem
from services.runtime.service import Service
from services.runtime.settings import load_settings
from services.runtime.sheets import FILE_ADVICE, SheetError

errors = Console(stderr=True)


def open_service(name: str) -> Service:
    """Return a service for a command; its logs go to standard error."""
    settings = load_settings(name)
    configure_logs(settings.log, name, to=sys.stderr)
    return Service(name, settings)


def make_bar() -> Progress:
    """Return a progress bar on standard error: description, done of total, and remaining time."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=errors)


@contextmanager
def errors_in_one_line(file_advice: Mapping[str, str] = FILE_ADVICE) -> Iterator[None]:
    """Exit with one line instead of a traceback: code 2 for a refusal, 3 while MongoDB is away."""
    try:
        yield
    except Problem as problem:
        errors.print(f"[red]{problem.code}[/]: {problem.detail}", soft_wrap=True)
        raise typer.Exit(2) from problem
    except SheetError as error:
        errors.print(f"[red]{error.code}[/]: {file_advice[error.code]}", soft_wrap=True)
        raise typer.Exit(2) from error
    except Exception as error:
        if not is_away(error):
            raise
        errors.print("[red]storage_away[/]: MongoDB does not answer; start it with 'make run' and try again.")
        raise typer.Exit(3) from error


def print_counts(progress: BaseModel, as_json: bool) -> None:
    """Print the counts of an import's rows, line by line or as one line of JSON."""
    counts = progress.model_dump(
        include={"street", "rows", "accepted", "duplicate", "blank", "refused", "refused_by_reason"}
    )
    if as_json:
        sys.stdout.write(json.dumps(counts, ensure_ascii=False, sort_keys=True) + "\n")
        return
    for name, count in counts.items():
        sys.stdout.write(f"{name}: {count}\n")


def make_send_again_command(name: str) -> Callable[[], None]:
    """Return the command that publishes all facts of a service again."""

    def send_again_command() -> None:
        """Let the running service say all that it ever said once more 重新发送: for a service that was added since.

        Whoever heard it before takes no notice of it. New facts wait behind the old ones until these are sent.
        """
        with errors_in_one_line():
            sys.stdout.write(f"to be sent again: {asyncio.run(_unmark(open_service(name)))}\n")

    return send_again_command


async def _unmark(service: Service) -> int:
    done = 0
    try:
        with make_bar() as bar:
            task = bar.add_task("重新发送 marking", total=await service.database[JOURNAL].estimated_document_count())
            async for done in unmark_sent(service.database, service.clock()):
                bar.update(task, completed=done)
        return done
    finally:
        service.client.close()
