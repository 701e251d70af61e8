"""What pages list of a street costs its page, however much there is: MongoDB itself says what it read."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from contracts.archives.archives import Archive, ArchiveState
from contracts.archives.custody import Custody, Receipt
from contracts.archives.enrolments import Condition, Duty, DutyKind, DutyReason
from contracts.archives.entries import Entry
from contracts.reference.divisions import Divisions
from services.archives.views.archives import list_receipts
from services.archives.views.duties import count_duties
from services.archives.views.entries import list_entries
from services.archives.views.kept import KeptBy, KeptPage, KeptQuery, list_kept
from services.archives.views.rows import (
    ARCHIVES,
    CUSTODIES,
    ENTRIES,
    archive_key,
    custody_row,
    entry_row,
    opened_row,
    prepare,
)
from services.archives.views.summaries import Summary, write_summaries
from services.runtime.mongo import Database, write_rows
from tests.support.facts import FIRST_DAY, FIRST_MOMENT

TODAY = date(2026, 11, 20)
STREETS = ("320507001", "320507002", "320812008")
PAGE = 5
MANAGED = ("", "hypertension", "diabetes_2 hypertension")


def archive_of(street: str, number: int) -> Archive:
    state = ArchiveState.CLOSED if number % 4 == 0 else ArchiveState.OPEN
    person = f"{street}{number:023x}"
    return Archive(person_id=person, district=street[:6], street=street, opened_at=FIRST_MOMENT, state=state)


def summary_of(street: str, number: int) -> Summary:
    due_on = TODAY + timedelta(days=number % 31 - 15) if number % 3 else None
    duties = [Duty(kind=DutyKind.VACCINATION, due_on=due_on, reason=DutyReason.SCHEDULE)] if due_on else []
    return Summary(
        street=street,
        district=street[:6],
        held=number % 7 != 0,
        duties=duties,
        next_due_on=due_on,
        last_dynamic_on=FIRST_DAY + timedelta(days=number % 50) if number % 5 else None,
        conditions=MANAGED[number % 3],
        entries=number,
    )


@pytest.fixture
async def archives(database: Database) -> Database:
    """Return 120 archives of each street; those of the last third have no summary yet."""
    await prepare(database)
    for street in STREETS:
        held = [archive_of(street, number) for number in range(120)]
        await write_rows(database, [opened_row(archive, 1, waits=False) for archive in held])
        keys = [archive_key(archive.person_id, archive.district) for archive in held]
        await write_summaries(database, {key: (1, summary_of(street, n)) for n, key in enumerate(keys[:80])})
    return database


@asynccontextmanager
async def reading(database: Database, collection: str) -> AsyncIterator[list[Any]]:
    """Give what MongoDB says of the queries of a block, after it."""
    read: list[Any] = []
    await database.command({"profile": 2})
    yield read
    await database.command({"profile": 0})
    told = {"op": 1, "planSummary": 1, "docsExamined": 1, "hasSortStage": 1}
    read += await database["system.profile"].find({"ns": f"{database.name}.{collection}"}, told).to_list(None)
    await database.drop_collection("system.profile")


def costs_its_page(read: list[Any], streets: int) -> bool:
    """Return whether queries read at most two pages, and one document for each street, and sorted nothing."""
    assert read
    return sum(query.get("docsExamined", 0) for query in read) <= 2 * PAGE + 2 + streets and not any(
        query.get("hasSortStage") for query in read
    )


def chosen(query: KeptQuery, streets: tuple[str, ...]) -> list[str]:
    """Return the people whom a list shows, by looking at each archive."""
    found = []
    for street in streets:
        for number in range(120):
            archive = archive_of(street, number)
            told = summary_of(street, number) if number < 80 else Summary(street=street, district="", held=True)
            last, due = told.last_dynamic_on, told.next_due_on
            if (
                told.held
                and query.state in {None, archive.state}
                and (query.condition is None or query.condition in told.conditions)
                and not (query.quiet_since and last and last >= query.quiet_since)
                and not (query.overdue_on and not (due and due < query.overdue_on))
                and not (query.by is KeptBy.DUE_DAY and due is None)
            ):
                day = last if query.by is KeptBy.LAST_ENTRY else due
                found.append((day.isoformat() if day else "", archive.person_id))
    return [person for _, person in sorted(found)]


async def all_pages(ask: Callable[[str], Awaitable[Any]]) -> list[Any]:
    pages = [await ask("")]
    while pages[-1].cursor:
        pages.append(await ask(pages[-1].cursor))
    return pages


@pytest.mark.parametrize(("division", "streets"), [(STREETS[0], STREETS[:1]), ("320507", STREETS[:2])])
@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"by": KeptBy.DUE_DAY},
        {"state": ArchiveState.OPEN, "condition": Condition.HYPERTENSION},
        {"quiet_since": FIRST_DAY + timedelta(days=20), "condition": Condition.DIABETES_2},
        {"overdue_on": TODAY, "state": ArchiveState.CLOSED},
        {"by": KeptBy.DUE_DAY, "overdue_on": TODAY, "quiet_since": FIRST_DAY + timedelta(days=30)},
    ],
    ids=str,
)
async def test_a_list_of_archives_shows_each_that_is_asked_for_once_in_order(
    archives: Database, division: str, streets: tuple[str, ...], asked: dict[str, Any]
) -> None:
    areas = Divisions.load().areas(division, TODAY)
    wanted = chosen(KeptQuery(areas, **asked), streets)

    async def ask(cursor: str) -> KeptPage:
        async with reading(archives, ARCHIVES) as read:
            page = await list_kept(archives, KeptQuery(areas, **asked, cursor=cursor, limit=PAGE))
        assert costs_its_page(read, len(streets)), read
        return page

    pages = await all_pages(ask)

    assert len(wanted) > PAGE
    assert [archive.person_id for page in pages for archive in page.archives] == wanted
    assert [page.total for page in pages] == [len(wanted), *[None] * (len(pages) - 1)]


async def test_what_is_due_is_counted_by_kind(archives: Database) -> None:
    due = [summary_of(street, number) for street in STREETS[:2] for number in range(80)]
    days = [told.next_due_on for told in due if told.next_due_on]

    found = await count_duties(archives, "320507", Divisions.load().areas("320507", TODAY), TODAY)

    week_ends_on = date(2026, 11, 22)
    late, soon = sum(day < TODAY for day in days), sum(TODAY <= day <= week_ends_on for day in days)
    assert (found.week_ends_on, found.overdue, found.this_week, found.people) == (week_ends_on, late, soon, late + soon)
    assert [(each.kind, each.overdue, each.this_week) for each in found.by_kind] == [("vaccination", late, soon)]


async def test_what_streets_entered_on_a_day_is_listed_newest_first(database: Database) -> None:
    await prepare(database)
    midnight = datetime(2026, 11, 19, 16, tzinfo=UTC)
    entries = [
        Entry(
            entry_id=f"{street}-{minute:04}",
            person_id="a" * 32,
            street=street,
            measured_at=FIRST_MOMENT,
            recorded_by="nurse",
            recorded_at=midnight + timedelta(minutes=minute),
            content={"kind": "blood_pressure", "systolic": 120, "diastolic": 80},
        )
        for street in STREETS
        for minute in range(-720, 2160, 60)
    ]
    await write_rows(database, [entry_row(entry, 1) for entry in entries])
    areas = Divisions.load().areas("320507", TODAY)

    async def ask(cursor: str) -> Any:
        async with reading(database, ENTRIES) as read:
            page = await list_entries(database, areas, TODAY, cursor, PAGE)
        assert costs_its_page(read, 2), read
        return page

    pages = await all_pages(ask)

    shown = [(entry.recorded_at, entry.entry_id) for page in pages for entry in page.entries]
    assert shown == sorted(set(shown), reverse=True)
    assert len(shown) == pages[0].total == 48
    assert {entry.kind for page in pages for entry in page.entries} == {"blood_pressure"}
    assert (shown[-1][0], shown[0][0]) == (midnight, midnight + timedelta(hours=23))


async def test_the_receipts_that_a_district_gave_and_got_are_listed_newest_first(database: Database) -> None:
    await prepare(database)

    def receipt(origin: str, hour: int, *, accepted: bool = True) -> Receipt:
        told = {"origin": origin, "offer_turn": 1, "turn": 2, "count": hour, "sha256": "7" * 64}
        return Receipt(**told, accepted=accepted, answered_at=FIRST_MOMENT + timedelta(hours=hour))

    custodies = []
    for number in range(20):
        at = {"district": "320507", "street": STREETS[0]}
        taken = (receipt("320812", number, accepted=number % 2 == 0),)
        custodies.append(Custody(person_id=f"{number:032x}", **at, receipts=taken))
    gone = {"released": 2, "released_to": "320812", "filed": receipt("320507", 30)}
    custodies += [
        Custody(person_id="f" * 32, district="320507", street=STREETS[0], **gone),
        Custody(person_id="e" * 32, district="320812", street=STREETS[2], receipts=(receipt("320507", 30),)),
        Custody(person_id="d" * 32, district="320507", street=STREETS[0]),
    ]
    await write_rows(database, [custody_row(custody, 1) for custody in custodies])

    async def ask(cursor: str) -> Any:
        async with reading(database, CUSTODIES) as read:
            page = await list_receipts(database, "320507", cursor, PAGE)
        assert costs_its_page(read, 0), read
        return page

    receipts = [each for page in await all_pages(ask) for each in page.receipts]

    assert [each.count for each in receipts] == [30, *range(19, -1, -1)]
    assert (receipts[0].person_id, receipts[0].origin, receipts[0].receiver) == ("f" * 32, "320507", "320812")
    assert {(each.origin, each.receiver, each.accepted) for each in receipts[1:3]} == {
        ("320812", "320507", True),
        ("320812", "320507", False),
    }
