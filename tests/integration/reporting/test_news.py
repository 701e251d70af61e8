"""What was heard since a moment: also a version that is older than the one that was known by then."""

from datetime import timedelta

import pytest

from contracts.envelope import render_time
from contracts.reference.divisions import Area
from services.reporting.views import rows
from services.reporting.views.news import find_people_heard_of, find_things_heard_of
from services.runtime.mongo import Database, Row
from tests.support.facts import FIRST_MOMENT, PEOPLE, STREETS, make_stay

DISTRICT = (Area(STREETS[0][:6]),)
LATER = FIRST_MOMENT + timedelta(days=9)
KNOWN = render_time(FIRST_MOMENT + timedelta(days=1))


def version(person: str, sequence: int) -> Row:
    row = rows.stay_row(make_stay(person, STREETS[0]), sequence)
    return Row(row.collection, row.id, row.sequence, {**row.fields, "said_at": render_time(FIRST_MOMENT)})


@pytest.mark.parametrize(("first", "then"), [(1, 2), (2, 1)])
async def test_who_is_heard_of_again_is_found_whichever_version_comes_late(
    database: Database, first: int, then: int
) -> None:
    await rows.prepare(database)
    await rows.write_versions(database, [version(one, first) for one in PEOPLE[:2]], FIRST_MOMENT)
    await rows.write_versions(database, [version(PEOPLE[0], then)], LATER)

    assert await find_people_heard_of(database, KNOWN, DISTRICT) == {PEOPLE[0]}
    assert await find_people_heard_of(database, render_time(LATER), DISTRICT) == set()


@pytest.mark.parametrize(("first", "then"), [(1, 2), (2, 1)])
async def test_a_thing_that_is_heard_of_again_is_found_whichever_version_comes_late(
    database: Database, first: int, then: int
) -> None:
    board = {"street": STREETS[0], "said_at": render_time(FIRST_MOMENT)}
    await rows.write_versions(database, [Row("boards", name, first, board) for name in "ab"], FIRST_MOMENT)
    await rows.write_versions(database, [Row("boards", "a", then, board)], LATER)

    found = await find_things_heard_of(database, KNOWN, DISTRICT)

    assert [row["_id"] for row in found["boards"]] == ["a"]
