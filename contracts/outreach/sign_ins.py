"""Sign-ins: people who came to an activity, each a fact; the activity has only how many there were."""

from datetime import date
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from contracts.envelope import Fact, PersonId
from contracts.outreach.activities import ActivityKind
from contracts.reference.divisions import StreetCode


class SignIn(BaseModel):
    """One person's coming to an activity; `sign_in_id` follows from the activity's, with which it begins, and who came.

    `person_id` is None for who signed in by the code at the door, of whom nothing is known.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    sign_in_id: str
    activity_id: str
    street: StreetCode
    kind: ActivityKind
    topic: str
    signed_on: date
    person_id: PersonId | None = None


class SignInFact(Fact):
    """A fact of the stream `sign_in/<sign_in_id>`."""

    sign_in: SignIn

    @property
    def stream(self) -> str:
        """Return the stream of the sign-in."""
        return f"sign_in/{self.sign_in.sign_in_id}"

    @property
    def division(self) -> str:
        """Return the street that organises the activity."""
        return self.sign_in.street

    @property
    def person_id(self) -> str | None:
        """Return the id of who came, if it is known."""
        return self.sign_in.person_id


class AttendanceRecorded(SignInFact):
    """Somebody came to an activity."""

    TYPE: ClassVar[str] = "outreach.attendance_recorded.v1"


SIGN_IN_FACTS: tuple[type[SignInFact], ...] = (AttendanceRecorded,)
