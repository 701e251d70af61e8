"""What MongoDB counts of a survey's answers is what counting the sheets one by one says, however they are delivered."""

import asyncio
from collections.abc import Iterator
from datetime import date
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from contracts.outreach.surveys import AnswerSheet, SurveyAnswered
from contracts.reference.divisions import Area
from deploy.local.stack import Stack
from services.outreach.projector import changes
from services.outreach.views.surveys import ANSWERS, count_literacy_tests, find_last_answer, prepare, tally
from services.runtime.mongo import Database, connect, database_of, write_rows
from tests.support.facts import FIRST_DAY, STREETS, envelop
from tests.support.histories import batches
from tests.support.survey_answers import SURVEY, answered, tallies_of

PATIENT = settings(
    max_examples=20,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate, Phase.target),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    """Return the loop that the database lives in."""
    with asyncio.Runner() as made:
        yield made


@pytest.fixture(scope="module")
def database(stack: Stack, runner: asyncio.Runner) -> Iterator[Database]:
    """Return an empty database with the indexes of surveys."""

    async def begin() -> Database:
        found = database_of(connect(stack.mongodb_url()), f"surveys_{uuid4().hex[:10]}")
        await prepare(found)
        return found

    async def end() -> None:
        await made.client.drop_database(made.name)
        made.client.close()

    made = runner.run(begin())
    yield made
    runner.run(end())


@PATIENT
@given(sheets=answered(most=25), data=st.data())
def test_counts_are_those_of_the_sheets_in_any_order_and_with_any_repetition(
    sheets: list[AnswerSheet], data: st.DataObject, database: Database, runner: asyncio.Runner
) -> None:
    events = [event for sheet in sheets for event in envelop([SurveyAnswered(sheet=sheet)], "outreach")]
    delivered = data.draw(batches(events)) if events else []

    async def count() -> tuple[object, date | None]:
        await database[ANSWERS].delete_many({})
        for batch in delivered:
            await write_rows(database, [row for event in batch for row in changes(event)])
        return await tally(database, SURVEY.survey_id), await find_last_answer(database, SURVEY.survey_id)

    told, last = runner.run(count())

    assert told == tallies_of(sheets)
    assert last == (FIRST_DAY if sheets else None)


def test_literacy_tests_are_counted_by_unit_in_the_index_alone(database: Database, runner: asyncio.Runner) -> None:
    async def count() -> tuple[list[tuple[str, str | None, int]], int]:
        await database[ANSWERS].delete_many({})
        rows = [
            {"_id": f"{number}", "street": street, "institution_id": unit, "literacy": literacy, "answered_on": day}
            for number, (street, unit, literacy, day) in enumerate(
                (
                    *[(STREETS[0], "5" * 32, True, "2026-01-01")] * 3,
                    (STREETS[0], None, True, "2026-12-31"),
                    (STREETS[0], None, False, "2026-06-01"),
                    (STREETS[1], None, True, "2027-01-01"),
                    (STREETS[2], None, True, "2026-06-01"),
                )
            )
        ]
        await database[ANSWERS].insert_many(rows)
        period = date(2026, 1, 1), date(2026, 12, 31)
        await database.command("profile", 2)
        found = await count_literacy_tests(database, [Area("320507", ())], *period)
        await database.command("profile", 0)
        (looked,) = [row async for row in database["system.profile"].find({"command.aggregate": ANSWERS})]
        return found, looked["docsExamined"]

    found, examined = runner.run(count())

    assert found == [(STREETS[0], None, 1), (STREETS[0], "5" * 32, 3)]
    assert examined == 0
