"""Summaries: what follows from everything known of a person is worked out anew and kept in the archive's row."""

import asyncio
import time
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from functools import partial

from contracts.archives.archives import Archive, ArchiveFact, ArchiveOpened
from contracts.reference.calendar import add_months, age_on, day_of
from services.archives.commands.custody import settle_custody
from services.archives.domain.duties import find_duties
from services.archives.domain.known import find_home
from services.archives.domain.policy import POLICY
from services.archives.domain.quality import Reviewed, find_findings, marks
from services.archives.views.archives import find_late_offers
from services.archives.views.people import Heard, find_heard, find_linked, find_with_records
from services.archives.views.rows import archive_key
from services.archives.views.summaries import Chart, find_to_recheck, find_waiting_for_chart, write_charts
from services.runtime.journal import StreamConflictError
from services.runtime.logs import get_log
from services.runtime.mongo import wait_while_away
from services.runtime.service import Service

SWEEP_EVERY = 3600.0
"""Seconds between looks at the calendar."""


async def sweep_for_ever(service: Service) -> None:
    """Do what the calendar asks for, again and again."""
    while True:
        try:
            await wait_while_away(partial(sweep, service))
        except StreamConflictError as error:
            get_log().warning("sweep goes on later", error=error)
        await asyncio.sleep(SWEEP_EVERY)


HELPING = 250
QUIET = 1.0
"""Seconds without news after which new archives are charted."""
NOW_AND_THEN = 30.0
"""Seconds after which some are charted although there is news."""
DAYS_ORDINAL = 10_000_000


# --- charts


async def chart_told_archives(service: Service, told: Sequence[ArchiveFact]) -> None:
    """Chart the archives of which more is known than that they were opened; the others wait for `Charting`."""
    later = {fact.person_id for fact in told if not isinstance(fact, ArchiveOpened)}
    opened = {fact.person_id for fact in told} - later
    await chart(service, later | await find_with_records(service.database, opened))


def waits_for_chart(archive: Archive) -> bool:
    """Tell whether an archive that was just opened has duties by age alone: children's, or the elderly's."""
    age = age_on(archive.birth, day_of(archive.opened_at)) if archive.birth else None
    return age is not None and (age < 7 or age >= POLICY.elderly_age)


class Charting:
    """Charts newly opened archives once it is quiet, and a few now and then while it is not.

    Thousands are opened by one register; what is due by age can wait for the seconds until they all are.
    """

    def __init__(self, service: Service) -> None:
        self._service = service
        self._busy_at = self._charted_at = 0.0

    def is_busy(self) -> None:
        """Note that something was heard."""
        self._busy_at = time.monotonic()

    async def run(self) -> None:
        """Chart for ever."""
        while True:
            now = time.monotonic()
            is_quiet = now - self._busy_at > QUIET
            if is_quiet or now - self._charted_at > NOW_AND_THEN:
                self._charted_at = now
                if await wait_while_away(self._chart_some) and is_quiet:
                    continue
            await asyncio.sleep(QUIET)

    async def _chart_some(self) -> bool:
        waiting = await find_waiting_for_chart(self._service.database, HELPING)
        people = {archive.person_id for archive in waiting if self._service.serves(archive.district)}
        await chart(self._service, people)
        return bool(people)


async def chart(service: Service, person_ids: Iterable[str]) -> None:
    """Work out what follows from everything heard of people for each archive of an own district."""
    people = set(person_ids)
    if not people:
        return
    people |= set().union(*(await find_linked(service.database, people)).values())
    today = day_of(service.clock())
    charts = {
        archive_key(archive.person_id, district): _chart_of(archive, heard, today)
        for heard in (await find_heard(service.database, people)).values()
        for district, archive in heard.archives.items()
        if service.serves(district)
    }
    await write_charts(service.database, charts)


def _chart_of(archive: Archive, heard: Heard, today: date) -> tuple[int, Chart]:
    """Chart one archive; the day settles it where just as much was known."""
    district, custody = archive.district, heard.custodies.get(archive.district)
    held = custody is None or custody.holds
    entries = [entry for entry in heard.entries_known_to(district).values() if entry.stands]
    enrolments = [known for known in heard.enrolments if known.district == district]
    owed = held and not heard.died_on and not heard.merged_into
    duties = find_duties(archive, enrolments, entries, today) if owed else []
    home = find_home(stay for stay in heard.stays if stay.street.startswith(district))
    findings = find_findings(Reviewed(archive, entries, heard.stays, heard.died_on))
    return heard.weight * DAYS_ORDINAL + today.toordinal(), Chart(
        street=home.street if home else archive.street,
        district=district,
        held=held,
        duties=duties,
        next_due_on=min((duty.due_on for duty in duties), default=None),
        catch_up_on=min((duty.catch_up_on for duty in duties if duty.catch_up_on), default=None),
        recheck_on=min((duty.lapses_on for duty in duties if duty.lapses_on), default=None),
        last_dynamic_on=max((day_of(entry.measured_at) for entry in entries), default=None),
        entries=len(entries),
        paper=_paper_difference(archive, len(entries)) if held else None,
        findings=findings,
        found=marks(findings),
    )


def _paper_difference(archive: Archive, entries: int) -> str | None:
    """Say how paper and electronic archive differ: none on paper, never counted, more on paper, or fewer."""
    if archive.paper is None:
        return "no_paper" if archive.code else None
    if archive.paper.entries is None:
        return "not_counted"
    if archive.paper.entries == entries:
        return None
    return "more_on_paper" if archive.paper.entries > entries else "fewer_on_paper"


async def sweep(service: Service) -> None:
    """Do what the calendar asks for: take back offers that wait too long, chart anew where a duty lapsed."""
    now = service.clock()
    late = await find_late_offers(service.database, now - timedelta(days=POLICY.offer_days), HELPING)
    await settle_custody(service, dict.fromkeys(late, f"sweep/{day_of(now)}"))
    today = day_of(now)
    turned = add_months(today, -12 * POLICY.elderly_age)
    await chart(service, await find_to_recheck(service.database, today, (turned - timedelta(days=7), turned), HELPING))
