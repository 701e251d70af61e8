"""What is counted and is nobody: activities, each under an id of its own."""

from collections.abc import Callable, Iterator, Mapping

from contracts.outreach.activities import ActivityState
from services.reporting.domain.contributions import Counted
from services.reporting.domain.days import read_day
from services.reporting.domain.person import Contribution, RowDocument

NOBODY = "-"
"""The slice of what is not about a person."""


def thing_id(collection: str, row_id: str) -> str:
    """Return the id under which a row that is about nobody is counted; a person's has no slash."""
    return f"{collection}/{row_id}"


def count_thing(collection: str, row: RowDocument) -> Counted:
    """Return what a row that is about nobody contributes."""
    return Counted(list(THINGS[collection](row)), None)


def _activity(row: RowDocument) -> Iterator[Contribution]:
    """Yield an activity that was held, and who took part, on its day."""
    held = read_day(row["held_on"])
    if held is None or row["state"] not in {ActivityState.HELD, ActivityState.EVALUATED}:
        return
    for measure in ("activity.held", f"activity.held.{row['kind']}"):
        yield Contribution(measure, row["street"], NOBODY, held)
    for measure in ("activity.participants", f"activity.participants.{row['kind']}"):
        if row["attendance"]:
            yield Contribution(measure, row["street"], NOBODY, held, weight=row["attendance"])


THINGS: Mapping[str, Callable[[RowDocument], Iterator[Contribution]]] = {"activities": _activity}
"""What contributes by itself, by the collection of its rows."""
