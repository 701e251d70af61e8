"""HTTP in: bulletin boards, the issues on them, and which are late."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Response, UploadFile
from pydantic import BaseModel, Field

from contracts.outreach.boards import Board, BoardIssue, BoardSetting, board_id, issue_id
from contracts.outreach.files import FileKind
from services.outreach.api.dependencies import (
    IdInPath,
    InstitutionId,
    Reader,
    StreetCursor,
    Worker,
    next_cursor,
    street_of,
)
from services.outreach.api.evidence import A_FILE, FILE_REFUSALS, file_response
from services.outreach.commands import boards as commands
from services.outreach.commands.boards import UnknownBoardError, find_board, find_issue
from services.outreach.commands.institutions import NoInstitutionHereError, must_be_in
from services.outreach.domain import boards
from services.outreach.domain.boards import (
    EDITIONS,
    BeforeBoardError,
    BoardGoneError,
    BoardInFutureError,
    BoardKnownError,
    Edition,
    Gap,
    IssueKnownError,
    UnknownEditionError,
)
from services.outreach.views import files
from services.outreach.views.boards import find_last_changes, list_boards, list_issues
from services.runtime.access import Caller
from services.runtime.bodies import Body
from services.runtime.parameters import Cause, Division, Limit, ServiceHere, Street
from services.runtime.problems import refuses
from services.runtime.service import Service

router = APIRouter(tags=["boards"])

Area = Annotated[float, Field(gt=0, le=1000, description="m2")]
Height = Annotated[float | None, Field(gt=0, le=100, description="of its middle above the ground, in m")]


class BoardDetails(Body):
    """What is recorded of a board beside its place."""

    setting: BoardSetting
    area: Area
    height: Height = None
    institution_id: InstitutionId = None
    edition: str = Field(default="street_2021", max_length=40, description="the plan that says how often it is changed")
    installed_on: date


class BoardRequest(BoardDetails):
    """A board that was put up."""

    street: Street
    place: str = Field(min_length=1, max_length=100, description="where it stands, without names of people")


class RemovalRequest(Body):
    """The day on which a board was taken down."""

    removed_on: date


class IssueRequest(Body):
    """An issue that was put on a board."""

    issue: int = Field(ge=1, le=100_000, description="its number, counted by the board")
    theme: str = Field(min_length=1, max_length=200)
    changed_on: date


class BoardShown(BaseModel):
    """A board, when it was last changed, until when it must be changed, and whether that is late."""

    board: Board
    last_changed_on: date | None
    due_on: date | None
    late: bool


class BoardPage(BaseModel):
    """Boards of a division, and the cursor of the next page, if there is one."""

    boards: list[BoardShown]
    cursor: str | None


class BoardHistory(BoardShown):
    """A board with its newest issues and every time for which it was not changed for too long."""

    issues: list[BoardIssue]
    gaps: list[Gap]


@router.get("/boards/editions", summary="How often plans want boards changed")
async def get_editions(_: Reader) -> list[Edition]:
    """List the editions that a board may follow: the longest time between two changes, in months, with the source."""
    return list(EDITIONS.values())


@router.post(
    "/boards",
    status_code=201,
    summary="Record that a board was put up 宣传栏",
    responses=refuses(
        BoardKnownError,
        BoardInFutureError,
        UnknownEditionError,
        NoInstitutionHereError,
        outside_your_division=403,
        conflict=409,
        unknown_street=422,
    ),
)
async def post_board(body: BoardRequest, service: ServiceHere, caller: Worker, cause: Cause) -> Board:
    """Record a bulletin board; the same place in the same street is the same board."""
    street = street_of(service, caller, body.street)
    await must_be_in(service, street, body.institution_id)
    board = Board(board_id=board_id(street, body.place), **{**body.model_dump(), "street": street})
    return await commands.install(service, board, cause)


@router.post(
    "/boards/{board_id}/correction",
    summary="Correct what is recorded of a board",
    responses=refuses(UnknownBoardError, BoardInFutureError, UnknownEditionError, NoInstitutionHereError),
)
async def post_correction(
    board_id: IdInPath, body: BoardDetails, service: ServiceHere, caller: Worker, cause: Cause
) -> Board:
    """Replace everything that is recorded of a board but its place."""
    known = await _own_board(service, caller, board_id)
    await must_be_in(service, known.street, body.institution_id)
    return await commands.correct(service, known.model_copy(update=body.model_dump()), cause)


@router.post(
    "/boards/{board_id}/removal",
    summary="Record that a board was taken down",
    responses=refuses(UnknownBoardError, BoardInFutureError, BoardGoneError, BeforeBoardError),
)
async def post_removal(
    board_id: IdInPath, body: RemovalRequest, service: ServiceHere, caller: Worker, cause: Cause
) -> Board:
    """Take a board down: from then on it need not be changed."""
    await _own_board(service, caller, board_id)
    return await commands.remove(service, board_id, body.removed_on, cause)


@router.post(
    "/boards/{board_id}/issues",
    status_code=201,
    summary="Record that a board was changed 更换",
    responses=refuses(UnknownBoardError, BoardInFutureError, BeforeBoardError, IssueKnownError),
)
async def post_issue(
    board_id: IdInPath, body: IssueRequest, service: ServiceHere, caller: Worker, cause: Cause
) -> BoardIssue:
    """Record a new issue of a board; each number once."""
    board = await _own_board(service, caller, board_id)
    issue = BoardIssue(
        issue_id=issue_id(board_id, body.issue),
        board_id=board_id,
        street=board.street,
        institution_id=board.institution_id,
        **body.model_dump(),
    )
    return await commands.post_issue(service, board, issue, cause)


async def _own_issue(service: ServiceHere, caller: Worker, issue_id: IdInPath) -> BoardIssue:
    """Return the issue before anything of a file is read."""
    return await _find_own_issue(service, caller, issue_id)


@router.post(
    "/board-issues/{issue_id}/photo",
    status_code=201,
    summary="Keep a photo of an issue 摄影留底存档",
    responses=refuses(UnknownBoardError, *FILE_REFUSALS),
)
async def post_photo(
    service: ServiceHere,
    caller: Worker,  # noqa: ARG001  # admits before the body is read
    issue: Annotated[BoardIssue, Depends(_own_issue)],
    file: UploadFile,
    cause: Cause,
) -> BoardIssue:
    """Keep a picture (JPEG, PNG or WebP, at most 10 MiB) that shows an issue; the newest one counts."""
    return await commands.show(service, issue, await file.read(), cause)


@router.get(
    "/board-issues/{issue_id}/photo",
    summary="The photo of an issue",
    response_class=Response,
    responses={**A_FILE, **refuses(UnknownBoardError)},
)
async def get_photo(
    issue_id: IdInPath,
    service: ServiceHere,
    caller: Reader,
    thumbnail: bool = False,  # a query parameter
) -> Response:
    """Return the photo of an issue as JPEG, or a small one of it."""
    issue = await _find_own_issue(service, caller, issue_id)
    content = await files.read(service.database, issue.photo_id, thumbnail=thumbnail) if issue.photo_id else None
    if issue.photo_id is None or content is None:
        raise UnknownBoardError
    return file_response(FileKind.PICTURE, issue.photo_id, content)


@router.get("/boards", summary="Boards, and which are late", responses=refuses(outside_your_division=403))
async def get_boards(
    service: ServiceHere, caller: Reader, division: Division, cursor: StreetCursor = "", limit: Limit = 100
) -> BoardPage:
    """List the boards of a division by street, with the last change and the day until which the next is due."""
    caller.must_cover(division)
    found = await list_boards(service.database, service.areas(division), cursor, limit)
    changed = await find_last_changes(service.database, [board.board_id for board in found])
    return BoardPage(
        boards=[_show(board, changed.get(board.board_id), service.today) for board in found],
        cursor=next_cursor(found, limit, "street", "board_id"),
    )


@router.get("/boards/{board_id}", summary="A board with its issues and gaps", responses=refuses(UnknownBoardError))
async def get_board(board_id: IdInPath, service: ServiceHere, caller: Reader) -> BoardHistory:
    """Show a board's newest issues, and when one stayed for longer than it may."""
    board = await _own_board(service, caller, board_id)
    issues = await list_issues(service.database, board_id)
    days = [issue.changed_on for issue in issues]
    shown = _show(board, max(days, default=None), service.today)
    gaps = boards.find_gaps(board, days, service.today)
    return BoardHistory(**dict(shown), issues=issues, gaps=gaps)


def _show(board: Board, changed_on: date | None, today: date) -> BoardShown:
    due_on = boards.due_on(board, changed_on)
    return BoardShown(
        board=board, last_changed_on=changed_on, due_on=due_on, late=due_on is not None and today > due_on
    )


async def _find_own_issue(service: Service, caller: Caller, issue: str) -> BoardIssue:
    """Return an issue of the caller's division; what is elsewhere is not found."""
    found = await find_issue(service, issue)
    if found is None or not caller.covers(found.street):
        raise UnknownBoardError
    return found


async def _own_board(service: Service, caller: Caller, board: str) -> Board:
    """Return a board of the caller's division; what stands elsewhere is not found."""
    found = await find_board(service, board)
    if found is None or not caller.covers(found.street):
        raise UnknownBoardError
    return found
