"""A list of imports costs its page, however many imports there are: MongoDB itself says what it read."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from contracts.reference.divisions import Area, Divisions
from services.runtime.imports import IMPORTS, ImportPage, list_imports, prepare_imports
from services.runtime.mongo import Database

NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
STREETS = ("320507001", "320507002", "320507003")
ELSEWHERE = "320812008"
PAGE = 4


@pytest.fixture
async def imports(database: Database) -> Database:
    """Return 30 imports of each street, two streets at the same moments, and of a street elsewhere."""
    await prepare_imports(database)
    for street in (*STREETS, ELSEWHERE):
        for number in range(30):
            counts = dict.fromkeys(("rows", "done", "accepted", "duplicate", "blank", "ignored", "refused"), number)
            told = {"street": street, "by": "clerk-1", "state": "done", **counts, "notes": ["long"] * 100}
            at = NOW + timedelta(minutes=number, seconds=street == STREETS[2])
            await database[IMPORTS].insert_one({"_id": f"{street}/{number:02}", **told, "handed_in_at": at})
    return database


async def read_all(database: Database, areas: tuple[Area, ...]) -> list[ImportPage]:
    pages = [await list_imports(database, areas, "", PAGE)]
    while pages[-1].cursor:
        pages.append(await list_imports(database, areas, pages[-1].cursor, PAGE))
    return pages


@pytest.mark.parametrize(("division", "streets"), [("320507001", 1), ("320507", 3), ("32", 4)])
async def test_pages_show_every_import_of_a_division_once_newest_first(
    imports: Database, division: str, streets: int
) -> None:
    pages = await read_all(imports, Divisions.load().areas(division, NOW.date()))

    shown = [(each.handed_in_at, each.import_id) for page in pages for each in page.imports]
    assert len(shown) == 30 * streets
    assert shown == sorted(set(shown), reverse=True)


async def test_each_page_reads_little_more_than_it_shows_and_sorts_nothing(imports: Database) -> None:
    areas = Divisions.load().areas("320507", NOW.date())
    first = await list_imports(imports, areas, "", PAGE)

    await imports.command({"profile": 2})
    await list_imports(imports, areas, first.cursor or "", PAGE)
    await imports.command({"profile": 0})

    read: list[Any] = await imports["system.profile"].find({"ns": f"{imports.name}.{IMPORTS}"}).to_list(None)
    assert sum(query["docsExamined"] for query in read) <= 2 * PAGE + len(STREETS)
    assert not any(query.get("hasSortStage") for query in read)
    assert {query["op"] for query in read} == {"query", "command"}


async def test_after_an_import_that_there_is_not_is_nothing(imports: Database) -> None:
    assert await list_imports(imports, Divisions.load().areas("32", NOW.date()), "|", PAGE) == ImportPage(imports=[])
