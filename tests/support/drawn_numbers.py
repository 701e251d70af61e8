"""What drawn lives contribute to numbers: their facts through the projector, the rows, and the engine."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from typing import Any

from contracts.envelope import Event, render_time, wrap
from services.reporting.domain.contributions import count_group
from services.reporting.domain.person import Contribution, Rows
from services.reporting.projector import changes
from services.reporting.views.rows import ABOUT_PEOPLE, PEOPLE
from tests.support.drawn_lives import A, B, Told, flatten, moment

TODAY = date(2026, 11, 26)


def rows_of(streams: Sequence[Told]) -> Rows:
    """Return all rows about the people of some streams, with their versions."""
    versions: dict[str, dict[str, dict[int, Any]]] = defaultdict(lambda: defaultdict(dict))
    for on, sequence, fact in flatten(streams):
        event: Event[Any] = wrap(
            fact, sequence=sequence, service="test", recorded_at=moment(on, 5), causation="test", correlation="test"
        )
        for row in changes(event):
            kept = {"sequence": row.sequence, **row.fields, "heard_at": render_time(moment(on, 5))}
            versions[row.collection][row.id][row.sequence] = kept
    found = {
        collection: [_newest(name, known) for name, known in by_id.items()] for collection, by_id in versions.items()
    }
    return Rows(*(found.get(name, []) for name in (PEOPLE, *ABOUT_PEOPLE)))


def _newest(name: str, known: dict[int, Any]) -> dict[str, Any]:
    *earlier, newest = sorted(known)
    return {"_id": name, **known[newest], "earlier": {str(sequence): known[sequence] for sequence in earlier}}


def contributions_of(rows: Rows, merged: bool, today: date = TODAY) -> list[Contribution]:
    """Return what a drawn person contributes, whose two ids were merged or who has one."""
    ids = frozenset({A, B}) if merged else frozenset({A})
    return [each for counted in count_group(ids, rows, today).values() for each in counted.contributions]
