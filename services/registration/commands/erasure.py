"""Erase a person's identity (PIPL, art. 47) and every other text about them that registration keeps.

Facts carry no identity, so they stay, and with them the district's figures. A tombstone stays in place of the identity:
only an arrival that starts a stay, reported after the erasure, stores an identity there again. A register or message
that comes a second time is a duplicate and restores nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pydantic_core import from_json

from services.registration.commands.identities import find_names, refuse_naming, texts_of
from services.registration.domain.identities import Identity
from services.registration.domain.mentions import decode, mentions, repeats
from services.registration.service import Registration
from services.registration.vault import SealedIdentity
from services.registration.views import duplicates
from services.registration.views.name_differences import forget_names
from services.registration.views.sealed import (
    delete_orphans,
    delete_parked,
    delete_refused,
    erase_identity,
    find_sealed,
    hide_headings,
    lift_erasures,
    list_files,
    read_parked,
    read_refused,
)
from services.runtime.access_log.log import Access
from services.runtime.journal import Journal
from services.runtime.mongo import Database
from services.runtime.problems import Problem

_FAR = datetime.max.replace(tzinfo=UTC)
"""Later than any report."""


@dataclass(frozen=True, slots=True)
class Erasure:
    """What was erased: the identities under these ids, and so many refused rows and parked messages about them."""

    people: tuple[str, ...]
    erased_at: datetime
    refused_rows: int
    messages: int


@dataclass(frozen=True, slots=True)
class ReportedAgain:
    """An accepted arrival of a person whose identity was erased, with the identity sealed anew."""

    person_id: str
    stay_id: str
    sealed: SealedIdentity
    as_of: str
    reported_at: datetime | None


async def erase_person(registration: Registration, access: Access, people: Sequence[str]) -> Erasure:
    """Log the erasure of a person under every id, then erase; return what was erased.

    Raise Problem if the reason names the person (422) or a register is being worked through (409).
    """
    database = registration.service.database
    sealed = await find_sealed(database, people)
    identities = [registration.vault.open(content) for content in sealed.values()]
    names = [name for person in people for name in await find_names(registration, person)]
    telling = [*names, *(text for identity in identities for text in texts_of(identity))]
    refuse_naming(access.reason, *telling)
    await delete_orphans(database, registration.service.clock())
    await _refuse_while_importing(database)
    await registration.access_log.record_all([access.model_copy(update={"person_id": person}) for person in people])
    rows = await _find_rows(registration, identities)
    messages = await _find_messages(registration, identities)
    await delete_refused(database, rows)
    await delete_parked(database, messages)
    await hide_headings(database, lambda text: repeats(text, *telling))
    erased_at = _next_millisecond(registration.service.clock())
    for person in people:  # last, so that a repetition after a crash still finds the texts by the identity
        await duplicates.forget(database, person)
        await erase_identity(database, person, erased_at)
    await forget_names(database, people)  # after the tombstone, which whoever reports another name looks for
    return Erasure(tuple(people), erased_at, len(rows), len(messages))


async def restore_identities(
    database: Database, journal: Journal, erasures: Mapping[str, datetime], reports: Sequence[ReportedAgain]
) -> None:
    """Restore the identities of erased people whose stay was reported, and started, after the erasure."""
    if not reports:
        return
    facts = [event.data for event in await journal.load_streams_of(erasures)]
    started_at = {data.stay.stay_id: data.stay.recorded_at for data in facts if hasattr(data, "stay")}
    lifted = [
        (report.person_id, report.sealed, report.as_of, min(started_at[report.stay_id], report.reported_at or _FAR))
        for report in reports
        if report.stay_id in started_at
    ]
    await lift_erasures(database, lifted)


async def _refuse_while_importing(database: Database) -> None:
    """Raise Problem (409) while registers are worked through: they name everybody in them."""
    if files := await list_files(database):
        raise Problem(
            409,
            "import_under_way",
            "登记表正在导入，请稍后再试。A register is being worked through; try again when it is done.",
            imports=len(files),
        )


async def _find_rows(registration: Registration, identities: Sequence[Identity]) -> dict[str, str]:
    found: dict[str, str] = {}
    async for name, import_id, sealed in read_refused(registration.service.database):
        _, cells = from_json(registration.vault.open_bytes(sealed))
        if any(mentions("\n".join(cells), identity) for identity in identities):
            found[name] = import_id
    return found


async def _find_messages(registration: Registration, identities: Sequence[Identity]) -> list[str]:
    found: list[str] = []
    async for name, sealed in read_parked(registration.service.database):
        text = decode(registration.vault.open_bytes(sealed))
        if any(mentions(text, identity) for identity in identities):
            found.append(name)
    return found


def _next_millisecond(moment: datetime) -> datetime:
    """Return the next full millisecond, which MongoDB can store and which lies after everything recorded so far."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000) + timedelta(milliseconds=1)
