"""What archives says: which health archives are open and what was entered in them."""

from enum import StrEnum
from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from contracts.divisions import DistrictCode, StreetCode
from contracts.envelope import Fact, Moment, PersonId


class ArchiveState(StrEnum):
    """Whether an archive is in use."""

    OPEN = "open"


class Archive(BaseModel):
    """A person's health archive 健康档案 in the district that keeps it; `street` is where the person lived then."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    person_id: PersonId
    district: DistrictCode
    street: StreetCode
    opened_at: Moment
    state: ArchiveState = ArchiveState.OPEN


class ArchiveOpened(Fact):
    """An archive was opened for a resident who had none in the district."""

    TYPE: ClassVar[str] = "archives.archive_opened.v1"
    archive: Archive

    @property
    def stream(self) -> str:
        """Name the archive's stream, `archive/<person_id>@<district>`."""
        return archive_stream(self.archive.person_id, self.archive.district)

    @property
    def division(self) -> str:
        """Name the street where the archive was opened."""
        return self.archive.street

    @property
    def person_id(self) -> str:
        """Name whose archive it is."""
        return self.archive.person_id


def archive_stream(person_id: str, district: str) -> str:
    """Name the stream of a person's archive in a district."""
    return f"archive/{person_id}@{district}"


class BloodPressure(BaseModel):
    """A blood pressure reading in mmHg (LOINC 85354-9 with 8480-6 systolic and 8462-4 diastolic)."""

    model_config = ConfigDict(frozen=True)

    kind: Literal["blood_pressure"] = "blood_pressure"
    systolic: Annotated[int, Field(ge=40, le=300)]
    diastolic: Annotated[int, Field(ge=20, le=200)]


class Entry(BaseModel):
    """One entry 档案条目 in a person's archive: what was measured, when, and by which health worker."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    entry_id: str
    person_id: PersonId
    street: StreetCode
    measured_at: Moment
    recorded_by: str
    content: BloodPressure


class EntryRecorded(Fact):
    """A health worker entered something in an archive; stream `entry/<entry_id>`."""

    TYPE: ClassVar[str] = "archives.entry_recorded.v1"
    entry: Entry

    @property
    def stream(self) -> str:
        """Name the entry's stream."""
        return f"entry/{self.entry.entry_id}"

    @property
    def division(self) -> str:
        """Name the street that entered it."""
        return self.entry.street

    @property
    def person_id(self) -> str:
        """Name whose archive it is in."""
        return self.entry.person_id


ARCHIVE_FACTS: tuple[type[Fact], ...] = (ArchiveOpened, EntryRecorded)
