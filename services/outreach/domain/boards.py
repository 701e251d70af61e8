"""Pure decisions on bulletin boards, and how long an issue may stay, from a table by edition."""

from collections.abc import Iterable, Mapping
from csv import DictReader
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from pathlib import Path

from contracts.outreach.boards import (
    Board,
    BoardCorrected,
    BoardInstalled,
    BoardIssue,
    BoardIssuePhotographed,
    BoardIssuePosted,
    BoardRemoved,
)
from contracts.reference.calendar import add_months
from contracts.refusals import RefusedError


class BoardInFutureError(RefusedError):
    """The day on which something was done to a board lies in the future."""

    code = "future_date"
    advice = "日期不能晚于今天。The day must not lie in the future; correct it."


class BeforeBoardError(RefusedError):
    """The issue was put up before the board stood, or after it was taken down."""

    code = "no_board_then"
    advice = "该日宣传栏尚未设置或已拆除，请核对日期。The board did not stand on that day; correct one of the days."
    field = "changed_on"


class BoardKnownError(RefusedError):
    """A board of that place is recorded otherwise."""

    code = "board_known"
    advice = (
        "该地点的宣传栏已登记，内容不同；请更正原登记。A board of this place is recorded otherwise; correct that one."
    )


class BoardGoneError(RefusedError):
    """The board was taken down."""

    code = "board_removed"
    advice = "该宣传栏已拆除。The board was taken down; record it as put up again first."


class IssueKnownError(RefusedError):
    """The board has an issue of that number with another theme or day."""

    code = "issue_known"
    advice = "该期已登记，内容不同。That issue is recorded with another theme or day; check its number."
    field = "issue"


class UnknownEditionError(RefusedError):
    """No plan of that edition says how often a board is changed."""

    code = "unknown_edition"
    advice = "没有该计划版本。No such edition; see GET /boards/editions."
    field = "edition"
    status = 422


@dataclass(frozen=True, slots=True)
class Edition:
    """What a plan says of boards: the months after which an issue must be changed, and its words."""

    edition: str
    months: int
    source: str


def _read() -> Mapping[str, Edition]:
    with Path(__file__).with_suffix(".csv").open(encoding="utf-8", newline="") as file:
        return {row["edition"]: Edition(row["edition"], int(row["months"]), row["source"]) for row in DictReader(file)}


EDITIONS = _read()


@dataclass(frozen=True, slots=True)
class Gap:
    """An issue that stayed for longer than it may: from a change until the next, or until the day of asking."""

    since: date
    due_on: date
    until: date


def install(known: Board | None, board: Board, today: date) -> BoardInstalled | None:
    """Return the fact that a board was put up; None if the same is recorded already.

    Raise UnknownEditionError, BoardInFutureError or BoardKnownError if that can't be so.
    """
    _must_be_possible(board, today)
    if known is None or (known.removed_on and board.installed_on >= known.removed_on):
        return BoardInstalled(board=board)
    if known.model_copy(update={"removed_on": None}) != board:
        raise BoardKnownError
    return None


def correct(known: Board, board: Board, today: date) -> BoardCorrected | None:
    """Return the fact that what is recorded of a board was corrected; None if it is as it is."""
    _must_be_possible(board, today)
    return None if known == board else BoardCorrected(board=board)


def remove(board: Board, removed_on: date, today: date) -> BoardRemoved | None:
    """Return the fact that a board was taken down; None if it is recorded already."""
    if removed_on > today:
        raise BoardInFutureError
    if board.removed_on == removed_on:
        return None
    if board.removed_on:
        raise BoardGoneError
    if removed_on < board.installed_on:
        raise BeforeBoardError
    return BoardRemoved(board=board.model_copy(update={"removed_on": removed_on}))


def post_issue(board: Board, known: BoardIssue | None, issue: BoardIssue, today: date) -> BoardIssuePosted | None:
    """Return the fact that an issue was put on a board; None if the same is recorded already.

    Raise BoardInFutureError, BeforeBoardError or IssueKnownError if that can't be so.
    """
    if issue.changed_on > today:
        raise BoardInFutureError
    if known:
        if (known.theme, known.changed_on) != (issue.theme, issue.changed_on):
            raise IssueKnownError
        return None
    if issue.changed_on < board.installed_on or (board.removed_on and issue.changed_on > board.removed_on):
        raise BeforeBoardError
    return BoardIssuePosted(issue=issue)


def show(issue: BoardIssue, photo_id: str) -> BoardIssuePhotographed | None:
    """Return the fact that a photo shows an issue; None if that is recorded already."""
    if issue.photo_id == photo_id:
        return None
    return BoardIssuePhotographed(issue=issue.model_copy(update={"photo_id": photo_id}))


def due_on(board: Board, last_change: date | None) -> date | None:
    """Return the last day on which a board is changed in time; None if it was taken down."""
    if board.removed_on:
        return None
    return add_months(last_change or board.installed_on, EDITIONS[board.edition].months)


def find_gaps(board: Board, changes: Iterable[date], until: date) -> list[Gap]:
    """Return every time until a day for which a board was not changed for longer than its edition allows."""
    end = min(until, board.removed_on or until)
    days = sorted({board.installed_on, *changes, end})
    found = (Gap(since, add_months(since, EDITIONS[board.edition].months), next_) for since, next_ in pairwise(days))
    return [gap for gap in found if gap.until > gap.due_on and gap.until <= end]


def _must_be_possible(board: Board, today: date) -> None:
    if board.edition not in EDITIONS:
        raise UnknownEditionError
    if board.installed_on > today:
        raise BoardInFutureError
