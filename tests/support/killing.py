"""A follower in Python that kills itself where it is about to write for the n-th time: a statement, a file."""

import os
import signal
import sqlite3
import sys
from typing import Any

from follow_feed.__main__ import main  # type: ignore[import-not-found]  # of the folder that it is run from

left = int(os.environ["KILLED_AT"])
connect = sqlite3.connect
STATEMENTS = ("BEGIN", "DELETE", "REPLACE", "COMMIT")
FILES = ("open", "os.remove")


def count_down() -> None:
    global left  # noqa: PLW0603  # one count for the process
    left -= 1
    if not left:
        os.kill(os.getpid(), signal.SIGKILL)


def connect_counted(*arguments: Any, **named: Any) -> sqlite3.Connection:
    connection: sqlite3.Connection = connect(*arguments, **named)
    connection.set_trace_callback(lambda statement: count_down() if statement.startswith(STATEMENTS) else None)
    return connection


def count_file(event: str, told: tuple[Any, ...]) -> None:
    if event in FILES and str(told[0]).endswith(".snapshot"):
        count_down()


sqlite3.connect = connect_counted  # type: ignore[assignment]  # it takes whatever that takes
sys.addaudithook(count_file)
main()
