"""What institutions did in a year, read from the rows of activities, boards, materials, plays and articles."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from contracts.outreach.activities import Activity, ActivityKind, ActivityState
from contracts.outreach.boards import Board
from contracts.outreach.materials import Direction
from services.outreach.domain.compliance import Boards, Done, Reason, Subject
from services.outreach.views.activities import ACTIVITIES
from services.outreach.views.articles import ARTICLES
from services.outreach.views.audiovisuals import PLAYS
from services.outreach.views.boards import BOARDS, ISSUES
from services.outreach.views.materials import MOVEMENTS
from services.outreach.views.pages import find_at_institutions
from services.runtime.mongo import Database, Document

EARLIER = timedelta(days=366)
"""How long before it was held an activity may have been planned for, and still be found."""
_KINDS = {
    ActivityKind.LECTURE: Subject.LECTURES,
    ActivityKind.CONSULTATION: Subject.CONSULTATIONS,
    ActivityKind.FREE_CLINIC: Subject.CONSULTATIONS,
}


async def find_done(
    database: Database, institutions: Sequence[str], year: int, today: date
) -> dict[str, tuple[list[Done], Boards]]:
    """Return by institution what it did in a year, and its boards with all their changes."""
    since, until = date(year, 1, 1), date(year, 12, 31)
    done: defaultdict[str, list[Done]] = defaultdict(list)
    for row in await find_at_institutions(database, ACTIVITIES, institutions, "planned_on", (since - EARLIER, until)):
        activity = Activity.model_validate({**row, "activity_id": row["_id"]})
        if since <= max(activity.held_on or activity.planned_on, activity.planned_on):
            done[row["institution_id"]] += _of_activity(activity, today)
    for row in await find_at_institutions(database, MOVEMENTS, institutions, "moved_on", (since, until)):
        reason = None if row["direction"] == Direction.HANDED_OUT else Reason.NOT_HANDED_OUT
        done[row["institution_id"]].append(_done(Subject.PRINTED_KINDS, row, "moved_on", row["material_id"], reason))
    for row in await find_at_institutions(database, PLAYS, institutions, "played_on", (since, until)):
        done[row["institution_id"]].append(_done(Subject.AUDIOVISUAL_KINDS, row, "played_on", row["work_id"]))
    for row in await find_at_institutions(database, ARTICLES, institutions, "submitted_on", (since, until)):
        done[row["institution_id"]].append(_done(Subject.ARTICLES, row, "submitted_on", row["_id"]))
    boards = await _find_boards(database, institutions, until)
    return {institution: (done[institution], boards.get(institution, Boards())) for institution in institutions}


def _of_activity(activity: Activity, today: date) -> Iterator[Done]:
    """Yield an activity as one of its kind, and as an activity."""
    reason = None
    if activity.state is ActivityState.CANCELLED:
        reason = Reason.CANCELLED
    elif activity.held_on is None:
        reason = Reason.NOT_HELD if activity.planned_on < today else Reason.AHEAD
    elif not activity.attendance:
        reason = Reason.NOBODY_CAME
    day, known = activity.held_on or activity.planned_on, activity.activity_id
    if activity.kind in _KINDS:
        yield Done(_KINDS[activity.kind], known, day, known, reason)
    yield Done(Subject.ACTIVITIES, known, day, known, reason)


def _done(subject: Subject, row: Document, day: str, one_of: str, reason: Reason | None = None) -> Done:
    return Done(subject, row["_id"], date.fromisoformat(row[day]), one_of, reason)


async def _find_boards(database: Database, institutions: Sequence[str], until: date) -> dict[str, Boards]:
    """Return the boards of institutions that were put up until a day, with the days on which each was changed."""
    found: defaultdict[str, list[Board]] = defaultdict(list)
    for row in await find_at_institutions(database, BOARDS, institutions, "installed_on", (date.min, until)):
        found[row["institution_id"]].append(Board.model_validate({**row, "board_id": row["_id"]}))
    ids = [board.board_id for boards in found.values() for board in boards]
    changes: defaultdict[str, list[date]] = defaultdict(list)
    issues = database[ISSUES].find({"board_id": {"$in": ids}}, {"board_id": 1, "changed_on": 1}, hint="board")
    async for row in issues:
        changes[row["board_id"]].append(date.fromisoformat(row["changed_on"]))
    return {institution: Boards(boards, changes) for institution, boards in found.items()}
