"""Announcements of archives: that something will soon be due to a person, so that the person may be reminded.

What is due for which condition stays in the archive: an announcement tells a follow-up from a vaccination, no more.
"""

from datetime import date
from enum import StrEnum
from hashlib import sha256
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from contracts.envelope import Fact, PersonId
from contracts.reference.divisions import StreetCode


class DueKind(StrEnum):
    """What a person may be reminded of: 随访 (any visit, examination or check), 接种."""

    FOLLOW_UP = "follow_up"
    VACCINATION = "vaccination"


class Announcement(BaseModel):
    """Something is due to a person on a day in the street that keeps the archive.

    `announcement_id` is natural: a person is reminded once of what is due on a day, however much that is.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    announcement_id: str
    person_id: PersonId
    street: StreetCode
    kind: DueKind
    due_on: date


def announcement_id(person_id: str, street: str, kind: DueKind, due_on: date) -> str:
    """Return the id of an announcement (32 hexadecimal digits)."""
    return sha256(f"announcement|{person_id}|{street[:6]}|{kind}|{due_on.isoformat()}".encode()).hexdigest()[:32]


class DutyAnnounced(Fact):
    """Something will soon be due to a person; the only fact of the stream `announcement/<announcement_id>`."""

    TYPE: ClassVar[str] = "archives.duty_announced.v1"

    announcement: Announcement

    @property
    def stream(self) -> str:
        """Return the stream of the announcement."""
        return f"announcement/{self.announcement.announcement_id}"

    @property
    def division(self) -> str:
        """Return the street that keeps the archive."""
        return self.announcement.street

    @property
    def person_id(self) -> str:
        """Return the id of the person to whom something is due."""
        return self.announcement.person_id


ANNOUNCEMENT_FACTS: tuple[type[Fact], ...] = (DutyAnnounced,)
