"""Entries of an archive: what was measured or done, corrected, voided and sent on, as facts."""

from enum import StrEnum
from hashlib import sha256
from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict

from contracts.archives.contents import AnyContent
from contracts.archives.measures import Words
from contracts.envelope import Fact, Moment, PersonId
from contracts.reference.divisions import DistrictCode, StreetCode


class EntryState(StrEnum):
    """What is held of an entry: it stands as recorded or corrected, or was `voided` and counts no more."""

    RECORDED = "recorded"
    CORRECTED = "corrected"
    VOIDED = "voided"


class Earlier(BaseModel):
    """What an entry said before it was corrected or voided, so that its history goes wherever it goes."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    measured_at: Moment
    recorded_by: str
    recorded_at: Moment | None = None
    state: EntryState = EntryState.RECORDED
    reason: Words | None = None
    content: AnyContent


class Entry(BaseModel):
    """One entry 档案条目 in a person's archive: what was done or measured, when, and by which health worker.

    The district of its street wrote it and is the only one to correct or void it; `reason` says why that was done and
    `earlier` what it said before, oldest first. `recorded_at` is when it was typed in. An `out_of_custody` entry was
    made by a district that had handed the archive over already.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    entry_id: str
    person_id: PersonId
    street: StreetCode
    measured_at: Moment
    recorded_by: str
    content: AnyContent
    recorded_at: Moment | None = None
    state: EntryState = EntryState.RECORDED
    reason: Words | None = None
    out_of_custody: bool = False
    source: Literal["typed", "sheet", "fhir", "outreach"] = "typed"
    earlier: tuple[Earlier, ...] = ()

    @property
    def district(self) -> DistrictCode:
        """Return the district that wrote the entry."""
        return self.street[:6]

    @property
    def version(self) -> int:
        """Return the number of versions, which is the sequence of the newest fact in the entry's stream."""
        return len(self.earlier) + 1

    @property
    def stands(self) -> bool:
        """Return whether the entry counts, that is, was not voided."""
        return self.state is not EntryState.VOIDED

    def as_earlier(self) -> Earlier:
        """Return the current version as the next version will list it in `earlier`."""
        return Earlier(
            measured_at=self.measured_at,
            recorded_by=self.recorded_by,
            recorded_at=self.recorded_at,
            state=self.state,
            reason=self.reason,
            content=self.content,
        )

    def digest(self, version: int) -> str:
        """Return one SHA-256 (hexadecimal) over the versions up to a given one; it stays the same in later versions."""
        digest = self.entry_id
        for earlier in [*self.earlier, self.as_earlier()][:version]:
            text = earlier.model_dump_json(exclude_none=True)
            digest = sha256(f"{digest}\n{text}".encode()).hexdigest()
        return digest


class EntryFact(Fact):
    """A fact of the stream `entry/<entry_id>`, written by the district of the entry's street."""

    entry: Entry

    @property
    def stream(self) -> str:
        """Return the stream of the entry."""
        return entry_stream(self.entry.entry_id)

    @property
    def division(self) -> str:
        """Return the street that made the entry."""
        return self.entry.street

    @property
    def person_id(self) -> str:
        """Return the id of the person whose archive it is in."""
        return self.entry.person_id


def entry_stream(entry_id: str) -> str:
    """Return the stream of an entry."""
    return f"entry/{entry_id}"


class EntryRecorded(EntryFact):
    """A health worker entered something in an archive."""

    TYPE: ClassVar[str] = "archives.entry_recorded.v1"


class EntryCorrected(EntryFact):
    """What was entered was wrong and says something else now; the history is kept."""

    TYPE: ClassVar[str] = "archives.entry_corrected.v1"


class EntryVoided(EntryFact):
    """What was entered never was, or was of somebody else; it counts no more, the history is kept."""

    TYPE: ClassVar[str] = "archives.entry_voided.v1"


class EntryForwarded(Fact):
    """A district sent an entry, as it knew it, on to the district that the archive is offered or was handed to.

    Stream `forwarded/<entry_id>@<by>><to>`; heard where it is sent. A reader keeps the newest `entry.version`.
    """

    TYPE: ClassVar[str] = "archives.entry_forwarded.v1"
    entry: Entry
    by: DistrictCode
    to: DistrictCode

    @property
    def stream(self) -> str:
        """Return the stream of this entry between these two districts."""
        return forwarded_stream(self.entry.entry_id, self.by, self.to)

    @property
    def division(self) -> str:
        """Return the district that sent the entry on."""
        return self.by

    @property
    def places(self) -> tuple[str, ...]:
        """Return the district that it is sent to."""
        return (self.to,)

    @property
    def person_id(self) -> str:
        """Return the id of the person whose archive it is in."""
        return self.entry.person_id

    @property
    def addressee(self) -> str:
        """Return the district that the entry is sent to."""
        return self.to


def forwarded_stream(entry_id: str, by: str, to: str) -> str:
    """Return the stream of an entry that one district sends on to another."""
    return f"forwarded/{entry_id}@{by}>{to}"


ENTRY_FACTS: tuple[type[Fact], ...] = (EntryRecorded, EntryCorrected, EntryVoided, EntryForwarded)
