"""Bulletin boards 宣传栏 as facts of outreach: where they stand, and the issues that are put on them."""

from datetime import date
from enum import StrEnum
from hashlib import sha256
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from contracts.envelope import Fact
from contracts.reference.divisions import StreetCode


class BoardSetting(StrEnum):
    """Where a board stands: 室内 or 户外."""

    INDOORS = "indoors"
    OUTDOORS = "outdoors"


class Board(BaseModel):
    """A bulletin board: `area` in m2, `height` of its middle above the ground in m, stood from `installed_on` on.

    `board_id` is natural: the same place in the same street is the same board. `edition` names the plan that says how
    often it is changed.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    board_id: str
    street: StreetCode
    place: str
    setting: BoardSetting
    area: float
    height: float | None = None
    institution_id: str | None = None
    edition: str
    installed_on: date
    removed_on: date | None = None


class BoardIssue(BaseModel):
    """An issue 期 of a board: `issue` is its number, `photo_id` the file that shows it.

    `issue_id` is natural: a board has one issue of a number. `institution_id` is that of the board at the time.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    issue_id: str
    board_id: str
    street: StreetCode
    institution_id: str | None = None
    issue: int
    theme: str
    changed_on: date
    photo_id: str | None = None


def board_id(street: str, place: str) -> str:
    """Return the id of a board, derived from its street and place (32 hexadecimal digits)."""
    return sha256(f"board|{street}|{''.join(place.split())}".encode()).hexdigest()[:32]


def issue_id(board: str, issue: int) -> str:
    """Return the id of an issue, derived from its board and number (32 hexadecimal digits)."""
    return sha256(f"issue|{board}|{issue}".encode()).hexdigest()[:32]


class BoardFact(Fact):
    """A fact of the stream `board/<board_id>`."""

    board: Board

    @property
    def stream(self) -> str:
        """Return the stream of the board."""
        return f"board/{self.board.board_id}"

    @property
    def division(self) -> str:
        """Return the street in which the board stands."""
        return self.board.street


class BoardInstalled(BoardFact):
    """A board was put up, for the first time or again."""

    TYPE: ClassVar[str] = "outreach.board_installed.v1"


class BoardCorrected(BoardFact):
    """What was recorded of a board was corrected."""

    TYPE: ClassVar[str] = "outreach.board_corrected.v1"


class BoardRemoved(BoardFact):
    """A board was taken down."""

    TYPE: ClassVar[str] = "outreach.board_removed.v1"


class BoardIssueFact(Fact):
    """A fact of the stream `board_issue/<issue_id>`."""

    issue: BoardIssue

    @property
    def stream(self) -> str:
        """Return the stream of the issue."""
        return f"board_issue/{self.issue.issue_id}"

    @property
    def division(self) -> str:
        """Return the street in which the board stands."""
        return self.issue.street


class BoardIssuePosted(BoardIssueFact):
    """A new issue was put on a board 更换."""

    TYPE: ClassVar[str] = "outreach.board_issue_posted.v1"


class BoardIssuePhotographed(BoardIssueFact):
    """A photo shows an issue 摄影留底存档."""

    TYPE: ClassVar[str] = "outreach.board_issue_photographed.v1"


BOARD_FACTS: tuple[type[Fact], ...] = (
    BoardInstalled,
    BoardCorrected,
    BoardRemoved,
    BoardIssuePosted,
    BoardIssuePhotographed,
)
