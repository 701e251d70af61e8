"""Counselling rooms 心理咨询室 of schools as facts of outreach: since when, for how long, how many sessions."""

from datetime import date
from hashlib import sha256
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from contracts.envelope import Fact
from contracts.reference.divisions import StreetCode


class CounsellingMonth(BaseModel):
    """How many sessions a room had in a month (`2026-03`); who came is not recorded."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    month: str
    sessions: int


class CounsellingRoom(BaseModel):
    """The counselling room of a school; it is the same one when it is opened again. `months` are in order."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    room_id: str
    street: StreetCode
    institution_id: str
    opened_on: date
    hours_per_week: float
    closed_on: date | None = None
    months: tuple[CounsellingMonth, ...] = ()


def room_id(institution_id: str) -> str:
    """Return the id of the counselling room of a school (32 hexadecimal digits)."""
    return sha256(f"counselling_room|{institution_id}".encode()).hexdigest()[:32]


class CounsellingFact(Fact):
    """A fact of the stream `counselling_room/<room_id>`."""

    room: CounsellingRoom

    @property
    def stream(self) -> str:
        """Return the stream of the room."""
        return f"counselling_room/{self.room.room_id}"

    @property
    def division(self) -> str:
        """Return the street of the school."""
        return self.room.street


class CounsellingRoomOpened(CounsellingFact):
    """A school opened a counselling room, for the first time or again."""

    TYPE: ClassVar[str] = "outreach.counselling_room_opened.v1"


class CounsellingRoomCorrected(CounsellingFact):
    """Since when a room is open, or for how many hours a week, was corrected or changed."""

    TYPE: ClassVar[str] = "outreach.counselling_room_corrected.v1"


class CounsellingHeld(CounsellingFact):
    """The sessions of a month were counted, in place of what was counted before."""

    TYPE: ClassVar[str] = "outreach.counselling_held.v1"


class CounsellingRoomClosed(CounsellingFact):
    """A school closed its counselling room."""

    TYPE: ClassVar[str] = "outreach.counselling_room_closed.v1"


COUNSELLING_FACTS: tuple[type[CounsellingFact], ...] = (
    CounsellingRoomOpened,
    CounsellingRoomCorrected,
    CounsellingHeld,
    CounsellingRoomClosed,
)
