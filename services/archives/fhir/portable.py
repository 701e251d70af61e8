"""What goes into a bundle and comes out of it: a person's whole archive as one district knows it."""

from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict

from contracts.archives.archives import Archive
from contracts.archives.custody import Custody
from contracts.archives.enrolments import Duty, Enrolment
from contracts.archives.entries import Entry
from contracts.envelope import Moment, PersonId


class Kept(BaseModel):
    """A time during which a district kept the archive (active), or had handed it over (finished)."""

    model_config = ConfigDict(frozen=True)

    status: Literal["active", "finished"]
    since: Moment
    until: Moment | None = None


class PortableArchive(BaseModel):
    """An archive as one district knows it, with everything that goes into a bundle.

    `died_on` is the day of death, `replaced_by` the id that the person's was merged into, `replaces` those merged into
    it; `kept` is oldest first.
    """

    model_config = ConfigDict(frozen=True)

    archive: Archive
    entries: tuple[Entry, ...] = ()
    enrolments: tuple[Enrolment, ...] = ()
    duties: tuple[Duty, ...] = ()
    kept: tuple[Kept, ...] = ()
    died_on: date | None = None
    replaced_by: PersonId | None = None
    replaces: tuple[PersonId, ...] = ()


def kept_by(archive: Archive, custody: Custody | None) -> tuple[Kept, ...]:
    """Return when a district kept an archive and when it had handed it over, oldest first; the last has no end."""
    turns = [(archive.opened_at, "active")]
    if custody:
        turns += [(receipt.answered_at, "active") for receipt in custody.receipts if receipt.accepted]
        turns += [(custody.filed.answered_at, "finished")] if custody.filed else []
    turns.sort()
    changed = [turn for index, turn in enumerate(turns) if not index or turns[index - 1][1] != turn[1]]
    ends = [*(since for since, _ in changed[1:]), None]
    return tuple(
        Kept.model_validate({"status": status, "since": since, "until": until})
        for (since, status), until in zip(changed, ends, strict=True)
    )
