"""The numbers of a sealed report are published as a fact, once an edition, as its published files tell them."""

import csv
import json
from collections.abc import AsyncIterator, Mapping
from io import StringIO
from typing import Any

import pytest

from contracts.envelope import Event
from contracts.reporting.publications import IndicatorsPublished, PublishedValue, publication_stream
from contracts.reporting.reports import ReportSealed
from deploy.local.stack import Stack
from tests.support.sealing import DISTRICT, HERE, NEAR, Office, arrived, opened


@pytest.fixture
async def office(stack: Stack) -> AsyncIterator[Office]:
    async with opened(stack) as office:
        yield office


async def publications(office: Office, report: Mapping[str, Any]) -> list[Event[Any]]:
    """Return what was published of a report, read from the journal as it lies there."""
    stream = publication_stream(report["report_id"])
    commits = office.state.service.database["journal"].find({"stream": stream}).sort("_id", 1)
    return [
        Event[IndicatorsPublished].model_validate_json(fact["event"])
        async for commit in commits
        for fact in commit["facts"]
    ]


async def sealings(office: Office, report: Mapping[str, Any]) -> list[Event[Any]]:
    commits = office.state.service.database["journal"].find({"stream": f"report/{report['report_id']}"}).sort("_id", 1)
    facts = [json.loads(fact["event"]) async for commit in commits for fact in commit["facts"]]
    return [Event[ReportSealed].model_validate(fact) for fact in facts if fact["type"] == ReportSealed.TYPE]


async def restate(office: Office, report: Mapping[str, Any], number: int) -> dict[str, Any]:
    """Seal another edition, for somebody who is registered late."""
    await office.hear(arrived(number))
    office.later(minutes=1)
    path = f"/reports/{report['report_id']}/restatement"
    answer = await office.ask("clerk", "POST", path, json={"reason": "补报迟到的登记"})
    return await office.seal(answer.raise_for_status().json())


def residents(event: Event[IndicatorsPublished]) -> dict[str, PublishedValue]:
    told = event.data.publication.values
    return {one.division: one for one in told if (one.indicator, one.group) == ("residents", "everyone")}


async def test_what_is_published_is_what_stands_in_the_published_table(office: Office) -> None:
    sealed = await office.seal(await office.draft())
    await office.hear_itself()

    (event,) = await publications(office, sealed)

    table = await office.download(sealed, "csv", published=True, role="integrator")
    rows = [row for row in csv.reader(StringIO(table.decode("utf-8-sig"))) if len(row) > 6]
    cells = {row[0]: row[2] for row in rows[1:4]}
    assert cells == {HERE: "*", NEAR: "*", DISTRICT: "9"}
    told = {place: "*" if one.suppressed else str(one.value) for place, one in residents(event).items()}
    assert told == cells
    about = event.data.publication
    assert (about.template, about.division, about.period) == ("monthly_flow", DISTRICT, "2026-03")
    assert (about.edition, event.sequence) == (1, 1)
    assert (about.since.isoformat(), about.until.isoformat()) == ("2026-03-01", "2026-03-31")
    assert {one.value for one in residents(event).values()} == {None, 9}


async def test_a_restated_report_is_published_again_as_its_second_edition(office: Office) -> None:
    sealed = await office.seal(await office.draft())
    await office.hear_itself()
    await restate(office, sealed, 77)

    assert len(await publications(office, sealed)) == 1
    await office.hear_itself()

    events = await publications(office, sealed)
    assert [(one.sequence, one.data.publication.edition) for one in events] == [(1, 1), (2, 2)]
    assert [residents(one)[DISTRICT].value for one in events] == [9, 10]


async def test_sealings_heard_late_again_and_in_any_order_publish_each_edition_once_in_order(office: Office) -> None:
    sealed = await office.seal(await office.draft())
    await restate(office, sealed, 77)
    first, second = await sealings(office, sealed)

    for event in (second, first, first, second):
        await office.apply([event])

    events = await publications(office, sealed)
    assert [(one.sequence, one.data.publication.edition) for one in events] == [(1, 1), (2, 2)]
    assert {one.causationid for one in events} == {second.id}


async def test_a_streets_own_report_and_a_draft_are_not_published(office: Office) -> None:
    street = await office.seal(await office.draft(division=HERE))
    draft = await office.draft()
    await office.hear_itself()

    assert await publications(office, street) == await publications(office, draft) == []


async def test_what_another_instance_sealed_is_left_to_it(office: Office) -> None:
    sealed = await office.seal(await office.draft())
    (event,) = await sealings(office, sealed)
    report = event.data.report.model_copy(update={"report_id": "b" * 32})

    await office.apply([event.model_copy(update={"data": ReportSealed(report=report)})])

    assert await publications(office, {"report_id": "b" * 32}) == []
