"""The story of a sealed month: its numbers reach the city's data platform as they are published, and restated again."""

import csv
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from io import StringIO
from typing import Any

import pytest
import pytest_asyncio
from pydantic_core import from_json

from contracts.feeds.feeds import FeedName
from contracts.reporting.publications import publication_stream
from deploy.local.stack import Stack
from services.reporting.domain.contents import HIDDEN, Cell, Content, values_of
from services.runtime.journal import JOURNAL, unmark_sent
from tests.support.instance import Instance, eventually, running_instance
from tests.support.ledger import find_losses
from tests.support.offices import make_arrival
from tests.support.sealing import DISTRICT, HERE, NEAR, Signers
from tests.support.subscriptions import subscribe
from tests.support.told import must_be_as_described

pytestmark = pytest.mark.asyncio(loop_scope="module")

BEHIND = datetime.now(UTC) - datetime(2026, 4, 6, 4, tzinfo=UTC)
"""By how much the services' clock is behind: in April the report of March is due."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def houniao(stack: Stack) -> AsyncIterator[Instance]:
    clocked = running_instance(stack, ["registration", "reporting", "feeds"], clock=lambda: datetime.now(UTC) - BEHIND)
    async with clocked as instance:
        await arrive(instance, HERE, range(8))
        await arrive(instance, NEAR, range(8, 9))
        yield instance


async def arrive(houniao: Instance, street: str, numbers: range) -> None:
    """Register people who came in March, and wait until all services heard of them."""
    async with houniao.client("registration", "clerk", street) as clerk:
        for number in numbers:
            told = {**make_arrival(number), "street": street, "arrived_on": "2026-03-02"}
            (await clerk.post("/arrivals", json=told)).raise_for_status()

    async def whole() -> bool:
        return not await find_losses([houniao.databases])

    await eventually(whole)


async def read(houniao: Instance, subscriber: str, after: int = 0) -> list[dict[str, Any]]:
    """Wait until something is told behind a position, and return all of it."""
    async with houniao.client("feeds", "integrator", DISTRICT, subscriber) as integrator:

        async def told() -> list[dict[str, Any]]:
            answer = await integrator.get("/feeds/indicators", params={"after": after, "limit": 1000})
            events: list[dict[str, Any]] = answer.raise_for_status().json()
            return events

        found: list[dict[str, Any]] = await eventually(told)
        return found


def cells_of(events: list[dict[str, Any]]) -> dict[tuple[str, str, str, str], Cell]:
    """Return every part of every number by its place, as the published form has it."""
    found: dict[tuple[str, str, str, str], Cell] = {}
    for told in [event["data"] for event in events]:
        names = {"value": "count"} if told["unit"] == "count" else {part: part for part in PARTS}
        for part, name in names.items():
            place = told["division"], told["indicator"], told["group"], name
            assert place not in found, "each number is told once"
            found[place] = HIDDEN if part in told["suppressed"] else told[part]
    return found


PARTS = ("numerator", "denominator", "value")


async def published(signers: Signers, report: dict[str, Any], edition: int) -> dict[tuple[str, str, str, str], Cell]:
    content = await signers.download(report, "json", edition, published=True, role="integrator")
    return dict(values_of(Content.model_validate_json(content)))


async def test_numbers_of_a_sealed_month_are_told_as_published_and_those_of_its_restatement_as_edition_two(
    houniao: Instance,
) -> None:
    signers = Signers(houniao)
    await subscribe(houniao, "platform", feed=FeedName.INDICATORS)
    await subscribe(houniao, "school", feed=FeedName.INDICATORS, streets=[NEAR])
    sealed = await signers.seal(await signers.draft())

    events = await read(houniao, "platform")

    assert cells_of(events) == await published(signers, sealed, 1)
    table = await signers.download(sealed, "csv", published=True, role="integrator")
    rows = [row for row in csv.reader(StringIO(table.decode("utf-8-sig"))) if row[:1] and row[0].isdigit()]
    assert {row[0]: row[2] for row in rows[:3]} == {HERE: "*", NEAR: "*", DISTRICT: "9"}
    residents = {
        told["division"]: (told["value"], told["suppressed"])
        for told in (event["data"] for event in events)
        if (told["indicator"], told["group"]) == ("residents", "everyone")
    }
    assert residents == {HERE: (None, ["value"]), NEAR: (None, ["value"]), DISTRICT: (9, [])}
    assert {event["type"] for event in events} == {"feeds.indicators_published.v1"}
    must_be_as_described(events)
    assert {event["data"]["edition"] for event in events} == {1}
    assert {event["data"]["division"] for event in await read(houniao, "school")} == {NEAR}

    await arrive(houniao, HERE, range(20, 21))
    asked = f"/reports/{sealed['report_id']}/restatement"
    restated = await signers.ask("clerk", "POST", asked, json={"reason": "补报迟到的登记"})
    again = await signers.seal(restated.raise_for_status().json())

    later = await read(houniao, "platform", after=len(events))

    assert [event["position"] for event in (*events, *later)] == list(range(1, len(events) + len(later) + 1))
    assert {event["data"]["edition"] for event in later} == {2}
    assert cells_of(later) == await published(signers, again, 2)
    assert cells_of(later)[DISTRICT, "residents", "everyone", "count"] == 10


async def test_what_an_earlier_version_sealed_is_published_once_the_journal_is_sent_again(houniao: Instance) -> None:
    signers, reporting = Signers(houniao), houniao.database("reporting")
    sealed = await signers.seal(await signers.draft(period="2026-02"))
    stream = {"stream": publication_stream(sealed["report_id"])}
    said = await eventually(lambda: reporting[JOURNAL].find_one(stream))
    await reporting[JOURNAL].delete_one(stream)

    assert [count async for count in unmark_sent(reporting, datetime.now(UTC))]

    again = await eventually(lambda: reporting[JOURNAL].find_one(stream))
    numbers = [from_json(each["facts"][0]["event"])["data"] for each in (said, again)]
    assert numbers[0] == numbers[1]
    assert said["facts"][0]["id"] != again["facts"][0]["id"]
