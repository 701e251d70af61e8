"""Put up, correct and take down bulletin boards, and put issues on them."""

from datetime import date

from contracts.outreach.boards import Board, BoardFact, BoardIssue, BoardIssueFact
from contracts.outreach.files import FileKind
from contracts.refusals import RefusedError
from services.outreach.commands.files import settle, take_in
from services.outreach.domain import boards
from services.runtime.recording import record_decision
from services.runtime.service import Service


class UnknownBoardError(RefusedError):
    """There is no such board, or no such issue, in the division."""

    code = "not_found"
    advice = "没有该宣传栏或该期。No such board or issue in your division."
    status = 404


async def install(service: Service, board: Board, cause: str) -> Board:
    """Record that a board was put up, once, and return it."""

    def decide(known: BoardFact | None) -> BoardFact | None:
        return boards.install(known.board if known else None, board, service.today)

    fact = await record_decision(service, f"board/{board.board_id}", BoardFact, decide, cause)
    assert fact is not None, "it is installed or was"
    return fact.board


async def correct(service: Service, board: Board, cause: str) -> Board:
    """Record what a board is really like, and return it."""

    def decide(known: BoardFact | None) -> BoardFact | None:
        return boards.correct(_known(known), board, service.today)

    fact = await record_decision(service, f"board/{board.board_id}", BoardFact, decide, cause)
    return _known(fact)


async def remove(service: Service, board_id: str, removed_on: date, cause: str) -> Board:
    """Record that a board was taken down, and return it."""

    def decide(known: BoardFact | None) -> BoardFact | None:
        return boards.remove(_known(known), removed_on, service.today)

    return _known(await record_decision(service, f"board/{board_id}", BoardFact, decide, cause))


async def post_issue(service: Service, board: Board, issue: BoardIssue, cause: str) -> BoardIssue:
    """Record that an issue was put on a board, once, and return it."""

    def decide(known: BoardIssueFact | None) -> BoardIssueFact | None:
        return boards.post_issue(board, known.issue if known else None, issue, service.today)

    fact = await record_decision(service, f"board_issue/{issue.issue_id}", BoardIssueFact, decide, cause)
    assert fact is not None, "it is posted or was"
    return fact.issue


async def show(service: Service, issue: BoardIssue, content: bytes, cause: str) -> BoardIssue:
    """Keep a photo of an issue and record that it shows the issue; return the issue.

    Raise a RefusedError if it is no picture, or not one that can be kept.
    """
    stream = f"board_issue/{issue.issue_id}"
    checked = await take_in(service, content, cause, stream, {FileKind.PICTURE})

    def decide(known: BoardIssueFact | None) -> BoardIssueFact | None:
        return boards.show(known.issue if known else issue, checked.file.file_id)

    fact = await record_decision(service, stream, BoardIssueFact, decide, cause)
    await settle(service, checked, stream)
    assert fact is not None, "the issue is shown or was"
    return fact.issue


async def find_issue(service: Service, issue_id: str) -> BoardIssue | None:
    """Return an issue from the journal; None if there is no such issue."""
    event = await service.journal.load(f"board_issue/{issue_id}", BoardIssueFact)
    return event.data.issue if event else None


async def find_board(service: Service, board_id: str) -> Board | None:
    """Return a board from the journal; None if there is no such board."""
    event = await service.journal.load(f"board/{board_id}", BoardFact)
    return event.data.board if event else None


def _known(fact: BoardFact | None) -> Board:
    if fact is None:
        raise UnknownBoardError
    return fact.board
