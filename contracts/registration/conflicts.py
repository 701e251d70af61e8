"""Conflicts between what two districts, or two reports, state about one person; raised and resolved as facts."""

from enum import StrEnum
from hashlib import sha256
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from contracts.envelope import Fact, PersonId
from contracts.reference.divisions import DistrictCode, StreetCode


class ConflictKind(StrEnum):
    """What contradicts: 重复到达, 争议, 死亡后到达, 居住时间重叠."""

    DOUBLE_ARRIVAL = "double_arrival"
    DISPUTED = "disputed"
    STAY_AFTER_DEATH = "stay_after_death"
    OVERLAPPING_STAYS = "overlapping_stays"


class Conflict(BaseModel):
    """A contradiction between stays of one person, as one of the districts concerned keeps it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    conflict_id: str
    district: DistrictCode
    kind: ConflictKind
    person_id: PersonId
    stays: tuple[str, ...]
    streets: tuple[StreetCode, ...]
    open: bool = True


def conflict_id(kind: ConflictKind, stays: tuple[str, ...]) -> str:
    """Return the id of a conflict, derived from its kind and stays (32 hexadecimal digits)."""
    return sha256("|".join((kind, *sorted(stays))).encode()).hexdigest()[:32]


class ConflictFact(Fact):
    """A fact of the stream `conflict/<conflict_id>@<district>`, kept by each district that has one of the stays."""

    conflict: Conflict

    @property
    def stream(self) -> str:
        """Return the stream of the conflict in its district."""
        return f"conflict/{self.conflict.conflict_id}@{self.conflict.district}"

    @property
    def division(self) -> str:
        """Return the district that keeps the conflict."""
        return self.conflict.district

    @property
    def places(self) -> tuple[str, ...]:
        """Return the district that keeps it, and the streets whose stays conflict."""
        return (self.conflict.district, *self.conflict.streets)

    @property
    def person_id(self) -> str:
        """Return the id of the person concerned."""
        return self.conflict.person_id


class ConflictRaised(ConflictFact):
    """Stays of one person contradict one another."""

    TYPE: ClassVar[str] = "registration.conflict_raised.v1"


class ConflictResolved(ConflictFact):
    """What contradicted does so no longer."""

    TYPE: ClassVar[str] = "registration.conflict_resolved.v1"


CONFLICT_FACTS: tuple[type[ConflictFact], ...] = (ConflictRaised, ConflictResolved)
