"""Summaries: what follows from everything known of a person is worked out anew and kept in the archive's row."""

import asyncio
import time
from collections.abc import Iterable, Mapping
from datetime import date, timedelta

from contracts.archives.archives import Archive
from contracts.reference.calendar import add_months, age_on, day_of
from services.archives.commands.custody import settle_custody
from services.archives.domain.access import find_keeping_street
from services.archives.domain.duties import find_duties
from services.archives.domain.policy import POLICY
from services.archives.domain.quality import Reviewed, find_findings, marks
from services.archives.views.archives import find_late_offers
from services.archives.views.people import Heard, find_heard
from services.archives.views.rows import archive_key
from services.archives.views.summaries import (
    Summary,
    find_to_recheck,
    find_waiting_for_summary,
    write_summaries,
)
from services.runtime.mongo import wait_while_away
from services.runtime.service import Service

SWEEP_EVERY = 3600.0
"""Seconds between two sweeps."""
BATCH_SIZE = 250
QUIET = 1.0
"""Seconds without news after which new archives get their summaries."""
NOW_AND_THEN = 30.0
"""Seconds after which a batch of them gets summaries although there is news."""
SUMMARISED = ("archives", "duties", "findings")
"""The topics of what summaries tell."""
DAYS_ORDINAL = 10_000_000
"""More than any day's ordinal: a summary's sequence counts what was known first, then the day."""


def waits_for_summary(archive: Archive) -> bool:
    """Return whether an archive that was just opened has duties by age alone: children's, or the elderly's."""
    age = age_on(archive.birth, day_of(archive.opened_at)) if archive.birth else None
    return age is not None and (age < 7 or age >= POLICY.elderly_age)


class Summariser:
    """Summarises newly opened archives once it is quiet, and a batch now and then while it is not.

    One register opens thousands of archives; what is due by age can wait for the seconds until they all are open.
    """

    def __init__(self, service: Service) -> None:
        self._service = service
        self._busy_at = self._summarised_at = 0.0

    def is_busy(self) -> None:
        """Note that something was heard."""
        self._busy_at = time.monotonic()

    async def run(self) -> None:
        """Summarise for ever what waits."""
        while True:
            now = time.monotonic()
            is_quiet = now - self._busy_at > QUIET
            if is_quiet or now - self._summarised_at > NOW_AND_THEN:
                self._summarised_at = now
                if await wait_while_away(self._summarise_batch) and is_quiet:
                    continue
            await asyncio.sleep(QUIET)

    async def _summarise_batch(self) -> bool:
        """Summarise a batch of the archives that wait; return whether there were any."""
        waiting = await find_waiting_for_summary(self._service.database, BATCH_SIZE)
        people = {archive.person_id for archive in waiting if self._service.serves(archive.district)}
        await summarise(self._service, people)
        return bool(people)


async def summarise(service: Service, person_ids: Iterable[str], heard: Mapping[str, Heard] | None = None) -> None:
    """Work out and write the summaries of people's archives in own districts, and of all ids linked to theirs.

    `heard` is what was read already of some people since the last change was written; the rest is read now.
    """
    people = set(person_ids)
    known = dict(heard or {})
    if unread := people - known.keys():
        known |= await find_heard(service.database, unread)
    today = day_of(service.clock())
    summaries = {
        archive_key(archive.person_id, district): _summary_of(archive, known[person], today)
        for person in people.union(*(known[person].linked for person in people))
        for district, archive in known[person].archives.items()
        if service.serves(district)
    }
    await write_summaries(service.database, summaries)
    service.changes.note(SUMMARISED, {summary.street for _, summary in summaries.values()})


def _summary_of(archive: Archive, heard: Heard, today: date) -> tuple[int, Summary]:
    """Return the summary of an archive and its sequence: of two that knew as much, the later day's is the higher."""
    district, custody = archive.district, heard.custodies.get(archive.district)
    held = custody is None or custody.holds
    entries = [entry for entry in heard.entries_known_to(district).values() if entry.stands]
    enrolments = [known for known in heard.enrolments if known.district == district]
    owed = held and not heard.died_on and not heard.merged_into
    duties = find_duties(archive, enrolments, entries, today) if owed else []
    findings = find_findings(Reviewed(archive, entries, heard.stays, heard.died_on))
    return heard.weight * DAYS_ORDINAL + today.toordinal(), Summary(
        street=find_keeping_street(archive, heard.stays),
        district=district,
        held=held,
        duties=duties,
        next_due_on=min((duty.due_on for duty in duties), default=None),
        catch_up_on=min((duty.catch_up_on for duty in duties if duty.catch_up_on), default=None),
        recheck_on=min((duty.lapses_on for duty in duties if duty.lapses_on), default=None),
        last_dynamic_on=max((day_of(entry.measured_at) for entry in entries), default=None),
        conditions=" ".join(sorted(known.condition for known in enrolments if known.active)),
        entries=len(entries),
        paper=_paper_difference(archive, len(entries)) if held else None,
        findings=findings,
        found=marks(findings),
    )


def _paper_difference(archive: Archive, entries: int) -> str | None:
    """Return how paper and electronic archive differ, as a code; None if they do not, or if neither was begun."""
    if archive.paper is None:
        return "no_paper" if archive.code else None
    if archive.paper.entries is None:
        return "not_counted"
    if archive.paper.entries == entries:
        return None
    return "more_on_paper" if archive.paper.entries > entries else "fewer_on_paper"


async def sweep(service: Service) -> None:
    """Do what the calendar asks for: take back offers that wait too long, summarise anew where a duty lapsed."""
    now = service.clock()
    late = await find_late_offers(service.database, now - timedelta(days=POLICY.offer_days), BATCH_SIZE)
    await settle_custody(service, dict.fromkeys(late, f"sweep/{day_of(now)}"))
    today = day_of(now)
    turned = add_months(today, -12 * POLICY.elderly_age)
    turning = (turned - timedelta(days=7), turned)
    await summarise(service, await find_to_recheck(service.database, today, turning, BATCH_SIZE))
