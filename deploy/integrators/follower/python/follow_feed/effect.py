"""What is made of what is told: here how many events of each kind say just the same. Put your own in its place.

It is called inside the transaction that keeps the position, so that it is done once: write into this database alone.
"""

import json
import sqlite3
from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]

TABLES = "CREATE TABLE IF NOT EXISTS counts (kind TEXT, data TEXT, count INTEGER, PRIMARY KEY (kind, data))"


def count(database: sqlite3.Connection, told: Json, times: int = 1) -> None:
    """Count an event; of a snapshot, a line that stands for several."""
    alike = json.dumps(told["data"], ensure_ascii=False, sort_keys=True)
    more = "INSERT INTO counts VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET count = count + excluded.count"
    database.execute(more, (told["type"], alike, times))


def forget(database: sqlite3.Connection) -> None:
    """Undo all of it, before a snapshot is counted."""
    database.execute("DELETE FROM counts")


def read(database: sqlite3.Connection) -> Iterator[Json]:
    """Yield what was counted."""
    for kind, data, number in database.execute("SELECT kind, data, count FROM counts ORDER BY kind, data"):
        yield {"type": kind, "data": json.loads(data), "count": number}
