"""Who may do what on RabbitMQ, as the table in README.md: `python -m deploy.rabbitmq.table` writes it anew."""

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from contracts.facts import ALL_FACTS, HEARD_BY
from deploy.rabbitmq.definitions import (
    EVENTS,
    SERVICES,
    Permission,
    permissions,
    topic_permissions,
)

README = Path(__file__).parent / "README.md"
BEGIN, END = "<!-- table: begin -->", "<!-- table: end -->"
STREET = "320507001"
AUDIENCE = "0a1b2c3d4e5f60718293a4b5c6d7e8f9"
"""An example of a subscription."""


def render_table() -> str:
    """Return the tables, in Markdown: names that each user may touch, keys that it may use, and facts that it hears."""
    names, keys = permissions([STREET], [AUDIENCE]), topic_permissions([STREET])
    return "\n".join([*_names(names), "", *_keys(keys), "", *_facts()])


def _names(rows: list[Permission]) -> Iterator[str]:
    yield "| user | declares and deletes | publishes to, binds | reads |"
    yield "|---|---|---|---|"
    for row in rows:
        yield f"| `{row['user']}` | {_code(row['configure'])} | {_code(row['write'])} | {_code(row['read'])} |"


def _keys(rows: list[Permission]) -> Iterator[str]:
    yield "| user | exchange | publishes with | binds with |"
    yield "|---|---|---|---|"
    for row in rows:
        hears_facts = row["exchange"] == EVENTS
        read = "what it hears, below" if hears_facts else _code(row["read"])
        yield f"| `{row['user']}` | `{row['exchange']}` | {_code(row['write'])} | {read} |"


def _facts() -> Iterator[str]:
    yield f"| said by | fact | {' | '.join(SERVICES)} |"
    yield f"|---|---|{'---|' * len(SERVICES)}"
    for speaker, facts in groupby(ALL_FACTS, key=lambda fact: fact.TYPE.partition(".")[0]):
        for fact in facts:
            heard = " | ".join("hears" if fact in HEARD_BY[service] else "" for service in SERVICES)
            yield f"| {speaker} | `{fact.TYPE.partition('.')[2]}` | {heard} |"


def _code(pattern: str) -> str:
    escaped = pattern.replace("|", "\\|")
    return {"^$": "nothing", ".*": "everything"}.get(pattern, f"`{escaped}`")


if __name__ == "__main__":
    before, _, rest = README.read_text().partition(BEGIN)
    README.write_text(f"{before}{BEGIN}\n{render_table()}\n{END}{rest.partition(END)[2]}")
