"""What the command lines of services share: progress bars, reports on imports, errors in one line."""

import asyncio
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from services.runtime.imports import DIFFERS, IGNORED, report_pages
from services.runtime.imports import Progress as ImportProgress
from services.runtime.journal import JOURNAL, unmark_sent
from services.runtime.logs import configure_logs
from services.runtime.mongo import is_away
from services.runtime.problems import Problem
from services.runtime.service import Service
from services.runtime.settings import load_settings
from services.runtime.sheets.files import FILE_ADVICE, SheetError
from services.runtime.sheets.workbooks import Page

errors = Console(stderr=True)

MOST_LINES = 50
"""How many lines of a table are printed."""
COUNTS: Mapping[str, str] = {
    "rows": "行数",
    "accepted": "接受",
    "duplicate": "重复",
    "updated": "其中更新联系方式",
    "blank": "空白",
    "ignored": "忽略",
    "refused": "退回",
}


@dataclass(frozen=True, slots=True)
class ReadFile:
    """The words for an imported file: the usual headings by field, and the texts of warnings by code."""

    meaning_of: Mapping[str, str]
    warning_of: Mapping[str, str]


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
        errors.print(f"[red]{error.code}[/]: {escape(error.advise(file_advice))}", soft_wrap=True)
        raise typer.Exit(2) from error
    except Exception as error:
        if not is_away(error):
            raise
        errors.print("[red]storage_away[/]: MongoDB does not answer; start it with 'make run' and try again.")
        raise typer.Exit(3) from error


def print_import(progress: ImportProgress, file: ReadFile, *, as_json: bool) -> None:
    """Print a report on an import: how the file was read, its counts and the notes on its rows.

    With `as_json`, print it as one line of JSON.
    """
    if as_json:
        included = {"street", *COUNTS, "refused_by_reason", "warnings", "sheets", "ignored_rows"}
        answer = progress.model_dump(mode="json", include=included)
        notes = [note.model_dump() for note in progress.notes]
        sys.stdout.write(json.dumps({**answer, "noted": notes}, ensure_ascii=False, sort_keys=True) + "\n")
        return
    console = Console(highlight=False)
    _print_report(console, report_pages(progress, file.meaning_of, file.warning_of)[0])
    for name, words in COUNTS.items():
        if name in type(progress).model_fields:
            console.print(f"{words} {name}: {getattr(progress, name)}")
    for code, count in progress.refused_by_reason.items():
        console.print(f"  {code}: {count}")
    if progress.notes or progress.ignored:
        _print_notes(console, progress, file)


def _print_report(console: Console, report: Page) -> None:
    table = Table(*report.lines[0], title=report.name, title_justify="left")
    for line in report.lines[1 : MOST_LINES + 1]:
        table.add_row(*map(escape, line))
    console.print(table)
    if len(report.lines) > MOST_LINES + 1:
        console.print(f"… {len(report.lines) - MOST_LINES - 1} 行 more; --json has all of them")


def _print_notes(console: Console, progress: ImportProgress, file: ReadFile) -> None:
    """Print the ignored rows one by one, and how many rows have each note."""
    console.print("提示 notes, row by row in the workbook that --refused writes:")
    for row in progress.ignored_rows[:MOST_LINES]:
        console.print(f"  {escape(row.sheet)} 第 {row.row} 行 row: {IGNORED[row.reason]}")
    for code, count in progress.warnings.items():
        console.print(f"  {code}: {count}  {file.warning_of.get(code, '')}", soft_wrap=True)
    if differing := sum(bool(note.differs) for note in progress.notes):
        console.print(f"  differs: {differing}  {DIFFERS}", soft_wrap=True)


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
