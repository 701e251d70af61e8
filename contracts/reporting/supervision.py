"""Supervision visits 督导 as facts of reporting: held with findings, followed up, circulated 通报, withdrawn."""

from datetime import date
from enum import StrEnum
from hashlib import sha256
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from contracts.envelope import Fact
from contracts.reference.divisions import StreetCode


class SupervisionKind(StrEnum):
    """Which visit it is: 月查, 季查, 学期检查, 不定期抽查."""

    MONTHLY = "monthly"
    QUARTERLY = "quarterly"
    TERMLY = "termly"
    UNANNOUNCED = "unannounced"


class FollowUpResult(StrEnum):
    """What became of a finding: 已整改, 部分整改, 未整改."""

    RECTIFIED = "rectified"
    PARTLY = "partly"
    NOT_RECTIFIED = "not_rectified"


class FollowUp(BaseModel):
    """A look at what became of a finding, on a day."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    on: date
    result: FollowUpResult
    remark: str = ""


class SupervisionFinding(BaseModel):
    """What was found wrong, and by when it is to be put right; `follow_ups` are in the order of their days."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    finding_id: str
    text: str
    due_on: date
    follow_ups: tuple[FollowUp, ...] = ()

    @property
    def rectified_on(self) -> date | None:
        """Return the day on which it was found to be put right; None if it is not."""
        last = self.follow_ups[-1] if self.follow_ups else None
        return last.on if last and last.result is FollowUpResult.RECTIFIED else None


class Supervision(BaseModel):
    """A visit to a street, or to one of its institutions, by whom (staff numbers, never names), and what was found.

    `circulated_on` is the day on which it was told to the whole district 通报全区; `withdrawn` if it was recorded by
    mistake.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    supervision_id: str
    street: StreetCode
    institution_id: str | None = None
    kind: SupervisionKind
    visited_on: date
    supervised_by: tuple[str, ...]
    findings: tuple[SupervisionFinding, ...] = ()
    circulated_on: date | None = None
    withdrawn: bool = False


def supervision_id(street: str, institution: str | None, kind: SupervisionKind, visited_on: date) -> str:
    """Return the id of a visit: there is one of a kind on a day to a street or institution (32 hexadecimal digits)."""
    named = f"{institution or street}|{kind}|{visited_on.isoformat()}"
    return sha256(f"supervision|{named}".encode()).hexdigest()[:32]


class SupervisionFact(Fact):
    """A fact of the stream `supervision/<supervision_id>`."""

    supervision: Supervision

    @property
    def stream(self) -> str:
        """Return the stream of the visit."""
        return f"supervision/{self.supervision.supervision_id}"

    @property
    def division(self) -> str:
        """Return the street that was visited."""
        return self.supervision.street


class SupervisionHeld(SupervisionFact):
    """A street or an institution was visited, and what was found is on record 督导有记录."""

    TYPE: ClassVar[str] = "reporting.supervision_held.v1"


class FindingReviewed(SupervisionFact):
    """Somebody looked at what became of a finding 整改复查."""

    TYPE: ClassVar[str] = "reporting.finding_reviewed.v1"


class SupervisionCirculated(SupervisionFact):
    """What was found was told to the whole district 通报全区."""

    TYPE: ClassVar[str] = "reporting.supervision_circulated.v1"


class SupervisionWithdrawn(SupervisionFact):
    """A visit had been recorded by mistake."""

    TYPE: ClassVar[str] = "reporting.supervision_withdrawn.v1"


SUPERVISION_FACTS: tuple[type[SupervisionFact], ...] = (
    SupervisionHeld,
    FindingReviewed,
    SupervisionCirculated,
    SupervisionWithdrawn,
)
