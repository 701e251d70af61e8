"""The rows of bulletin boards and their issues, and queries for them."""

from collections.abc import Sequence
from datetime import date

from contracts.outreach.boards import Board, BoardIssue
from contracts.reference.divisions import Area
from services.outreach.views.pages import find_page
from services.runtime.mongo import Database, Document, Row, make_index

BOARDS = "boards"
ISSUES = "board_issues"


async def prepare(database: Database) -> None:
    """Make the indexes of boards, by street and by institution, and of issues, by board and by street."""
    await make_index(database[BOARDS], [("street", 1), ("_id", 1)], name="street")
    await make_index(database[BOARDS], [("institution_id", 1), ("installed_on", 1)], name="institution")
    await make_index(database[ISSUES], [("board_id", 1), ("changed_on", -1)], name="board")
    await make_index(database[ISSUES], [("street", 1), ("changed_on", 1)], name="street")


def board_row(board: Board, sequence: int) -> Row:
    """Return the row of a board."""
    return Row(BOARDS, board.board_id, sequence, board.model_dump(mode="json", exclude={"board_id"}))


def issue_row(issue: BoardIssue, sequence: int) -> Row:
    """Return the row of an issue."""
    return Row(ISSUES, issue.issue_id, sequence, issue.model_dump(mode="json", exclude={"issue_id"}))


async def list_boards(database: Database, areas: Sequence[Area], after: str, limit: int) -> list[Board]:
    """Return the boards of areas by street and id, those after a cursor."""
    found = await find_page(database, BOARDS, areas, after, limit)
    return [Board.model_validate({**row, "board_id": row["_id"]}) for row in found]


async def find_last_changes(database: Database, boards: Sequence[str]) -> dict[str, date]:
    """Return the day of the newest issue of each board that has any."""
    stages: list[Document] = [
        {"$match": {"board_id": {"$in": list(boards)}}},
        {"$group": {"_id": "$board_id", "changed_on": {"$max": "$changed_on"}}},
    ]
    found = database[ISSUES].aggregate(stages, hint="board")
    return {row["_id"]: date.fromisoformat(row["changed_on"]) async for row in found}


async def list_issues(database: Database, board: str) -> list[BoardIssue]:
    """Return the issues of a board, the newest first, at most 500."""
    found = database[ISSUES].find({"board_id": board}, hint="board").sort("changed_on", -1).limit(500)
    return [BoardIssue.model_validate({**row, "issue_id": row["_id"]}) async for row in found]
