"""A duty list costs its page, however many archives a street or a district has: MongoDB itself says what it read."""

from datetime import date, timedelta
from typing import Any

import pytest

from contracts.archives.archives import Archive
from contracts.archives.enrolments import Duty, DutyKind, DutyReason
from contracts.reference.divisions import Area, Divisions
from services.archives.views.duties import DutyQuery, list_duties
from services.archives.views.rows import ARCHIVES, archive_key, archive_row, prepare
from services.archives.views.summaries import Summary, write_summaries
from services.runtime.mongo import Database, write_rows
from tests.support.facts import FIRST_DAY, FIRST_MOMENT

TODAY = date(2026, 11, 20)
STREET, MERGED_INTO = "320507001", "320812001"
PAGE = 5


async def hold(database: Database, street: str, count: int, *, same_day: bool = False) -> None:
    """Hold archives in a street: of three people two are owed something by today."""
    archives = [
        Archive(person_id=f"{street}{number:023x}", district=street[:6], street=street, opened_at=FIRST_MOMENT)
        for number in range(count)
    ]
    await write_rows(database, [archive_row(archive, 1) for archive in archives])
    summaries = {}
    for number, archive in enumerate(archives):
        due_on = FIRST_DAY + timedelta(days=0 if same_day else number % 97)
        due = due_on if number % 3 else TODAY + timedelta(days=30)
        duty = Duty(kind=DutyKind.VACCINATION, due_on=due, catch_up_on=due, reason=DutyReason.SCHEDULE)
        place = {"street": street, "district": street[:6]}
        summary = Summary(**place, held=True, duties=[duty], next_due_on=due, catch_up_on=due)
        summaries[archive_key(archive.person_id, archive.district)] = (1, summary)
    await write_summaries(database, summaries)


async def read_pages(database: Database, areas: tuple[Area, ...], count: int, *, catch_up: bool) -> list[list[Any]]:
    """Read pages one after the other, nobody twice; give what MongoDB says of the queries of each."""
    cursor, shown = "", []
    read: list[list[Any]] = []
    for _ in range(count):
        await database.command({"profile": 2})
        page = await list_duties(database, DutyQuery(areas, TODAY, cursor, PAGE, catch_up=catch_up))
        await database.command({"profile": 0})
        queries = {"op": "query", "ns": f"{database.name}.{ARCHIVES}"}
        read.append(await database["system.profile"].find(queries).to_list(None))
        await database.drop_collection("system.profile")
        assert len(page.people) == PAGE
        assert page.cursor
        cursor = page.cursor
        shown += [(person.next_due_on, person.person_id) for person in page.people]
    assert shown == sorted(set(shown))
    return read


def examined(queries: list[Any]) -> int:
    return sum(query["docsExamined"] for query in queries)


@pytest.fixture
async def archives(database: Database) -> Database:
    """Return archives in a street, and in one that two other districts went over to."""
    await prepare(database)
    await hold(database, STREET, 150)
    for former in (MERGED_INTO, "320802001", "320811001"):
        await hold(database, former, 100)
    return database


@pytest.mark.parametrize("catch_up", [False, True], ids=["duties", "vaccinations"])
@pytest.mark.parametrize("division", [STREET, STREET[:6], MERGED_INTO, MERGED_INTO[:6]])
async def test_each_page_reads_no_more_archives_than_it_shows_and_sorts_nothing(
    archives: Database, division: str, catch_up: bool
) -> None:
    areas = Divisions.load().areas(division, TODAY)

    read = await read_pages(archives, areas, 4, catch_up=catch_up)

    assert [examined(queries) for queries in read] == [PAGE + 1] * 4
    for query in (query for queries in read for query in queries):
        assert not query.get("hasSortStage")
        assert "IXSCAN" in query["planSummary"]


async def test_people_who_are_due_on_the_same_day_are_paged_by_the_index_alone(database: Database) -> None:
    await prepare(database)
    await hold(database, STREET, 90, same_day=True)

    read = await read_pages(database, Divisions.load().areas(STREET, TODAY), 4, catch_up=False)

    assert [examined(queries) for queries in read] == [PAGE + 1] * 4
