"""The bridge to DHIS2, run as an operator runs it: what a feed tells and a sealed report says is there, once."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from contracts.feeds.feeds import FeedName
from contracts.registration.stays import StayStarted
from deploy.local.ports import free_port
from deploy.local.stack import Stack
from services.feeds.views import pages
from services.reporting import projector
from services.runtime.access import issue
from tests.support.dhis2 import TOKEN, Dhis2
from tests.support.facts import envelop, make_stay
from tests.support.instance import REPOSITORY, Instance, eventually, running_instance
from tests.support.joining import STREETS, make_crowd
from tests.support.serving import serving
from tests.support.subscriptions import subscribe

pytestmark = pytest.mark.asyncio(loop_scope="module")

DISTRICT, LEFT_OUT = "320507", STREETS[-1]
CROWD = make_crowd(300)
UNITS = {street: f"JS_{street[-1]}" for street in STREETS[:-1]}
ELEMENTS = {"sex": "HN_SEX", "born": "HN_BORN", "started_on": "HN_STARTED_ON", "ended_on": "HN_ENDED_ON"}
MAPPING = {
    "program": "HN_STAYS",
    "programStage": "HN_STAY",
    "kindElement": "HN_KIND",
    "orgUnits": {**UNITS, LEFT_OUT: None},
    "dataElements": {**ELEMENTS, "street": None, "state": None, "purpose": None, "hukou_province": None},
    "dataSets": {"monthly_flow": "HN_FLOW"},
}
PORTS = {name: free_port() for name in ("feeds", "reporting", "dhis2")}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def houniao(stack: Stack) -> AsyncIterator[Instance]:
    async with running_instance(stack, ["feeds", "reporting"]) as instance:
        await pages.append(instance.database("feeds"), FeedName.STAYS, DISTRICT, CROWD)
        async with (
            serving(instance.apps["feeds"], PORTS["feeds"]),
            serving(instance.apps["reporting"], PORTS["reporting"]),
        ):
            yield instance


@pytest_asyncio.fixture(loop_scope="module")
async def dhis2() -> AsyncIterator[Dhis2]:
    units, elements = {*UNITS.values(), DISTRICT}, {*ELEMENTS.values(), "HN_KIND"}
    dhis2 = Dhis2({"HN_STAY": "HN_STAYS"}, units, elements, {"HN_FLOW"})
    async with serving(dhis2.app, PORTS["dhis2"]):
        yield dhis2


class Operator:
    """Whoever runs the bridge, in a folder."""

    def __init__(self, houniao: Instance, folder: Path) -> None:
        self._houniao = houniao
        self.folder = folder
        (folder / "dhis2.token").write_text(TOKEN)
        (folder / "mapping.json").write_text(json.dumps(MAPPING))

    async def start(
        self, command: str, service: str, role: str, *options: str, to: str = ""
    ) -> asyncio.subprocess.Process:
        key = self._houniao.stack.issuer_jwk()
        token = issue(key, services=[service], subject=f"dhis2 {self.folder}", role=role, division=DISTRICT)
        (self.folder / "token").write_text(token)
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "deploy.integrators.dhis2", command, *options),
            *("--mapping", "mapping.json", "--to", to or f"http://127.0.0.1:{PORTS['dhis2']}"),
            env={
                "PATH": os.environ["PATH"],
                "PYTHONPATH": str(REPOSITORY),
                "URL": f"http://127.0.0.1:{PORTS[service]}",
                "DISTRICT": DISTRICT,
                "TOKEN_FILE": "token",
                "DHIS2_TOKEN_FILE": "dhis2.token",
            },
            cwd=self.folder,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )

    async def run(self, *asked: str, to: str = "") -> str:
        """Run a command to its end and return what it said; fail unless it did what it was asked."""
        process = await self.start(*asked, to=to)
        said, wrong = await process.communicate()
        assert process.returncode == 0, wrong.decode()
        return said.decode()


@pytest.fixture
def operator(houniao: Instance, tmp_path: Path) -> Operator:
    return Operator(houniao, tmp_path)


EVENTS = ("events", "feeds", "integrator")


async def told(houniao: Instance, operator: Operator) -> list[dict[str, Any]]:
    """Let an operator subscribe, and return what the feed tells as soon as everybody was heard of."""
    subscriber = f"dhis2 {operator.folder}"
    named = await subscribe(houniao, subscriber)
    all_read = {"audience": named, "read": len(CROWD)}
    await eventually(lambda: houniao.database("feeds")["releases"].find_one(all_read))
    async with houniao.client("feeds", "integrator", DISTRICT, subscriber) as client:
        events: list[dict[str, Any]] = (await client.get("/feeds/stays?limit=1000")).json()
    return events


async def test_each_event_is_there_once_also_after_a_kill_between_sending_and_noting(
    houniao: Instance, dhis2: Dhis2, operator: Operator
) -> None:
    events = await told(houniao, operator)
    known = [event for event in events if event["data"].get("street") != LEFT_OUT]
    dhis2.hangs = True
    first = await operator.start(*EVENTS)
    await eventually(partial(has_events, dhis2))
    first.kill()
    await first.wait()
    dhis2.hangs = False
    said = await operator.run(*EVENTS)
    again = await operator.run(*EVENTS)

    assert (said, again) == (f"1 to {len(events)}\n", "")
    assert len(known) < len(events)
    assert dhis2.stats == {"created": len(known), "updated": len(known), "ignored": 0}
    kinds = [value["value"] for one in dhis2.events.values() for value in one["dataValues"][:1]]
    assert sorted(kinds) == sorted(event["type"].split(".")[1] for event in known)
    days = [event["data"].get("ended_on") or event["data"].get("started_on") for event in known]
    assert {one["occurredAt"] for one in dhis2.events.values()} >= {day for day in days if day and len(day) == 10}


async def has_events(dhis2: Dhis2) -> bool:
    return bool(dhis2.events)


async def test_what_dhis2_does_not_take_is_told_and_sent_again_next_time(
    houniao: Instance, dhis2: Dhis2, operator: Operator
) -> None:
    await told(houniao, operator)
    dhis2.data_elements.remove("HN_SEX")
    refused = await operator.start(*EVENTS)
    _, wrong = await refused.communicate()
    dhis2.data_elements.add("HN_SEX")

    assert refused.returncode == 1
    assert b"E1304" in wrong
    assert not dhis2.events
    assert await operator.run(*EVENTS)
    assert dhis2.events


async def test_without_a_dhis2_it_writes_the_bodies_of_its_requests(houniao: Instance, operator: Operator) -> None:
    events = await told(houniao, operator)

    await operator.run(*EVENTS, to="out")

    written = json.loads((operator.folder / f"out/events-stays-1-{len(events)}.json").read_text())
    assert len(written["events"]) > len(CROWD) // 2


async def test_the_numbers_of_a_sealed_report_are_there_under_the_codes_of_dhis2(
    houniao: Instance, dhis2: Dhis2, operator: Operator
) -> None:
    report = await seal_a_report(houniao)
    dhis2.data_elements |= {"residents.count", "arrivals.count"}
    ours = ("values", "reporting", "district", "--report", report, "--every-number")
    unknown = await operator.start(*ours)
    _, wrong = await unknown.communicate()
    await operator.run(*ours, to="out")
    written = json.loads(next((operator.folder / "out").iterdir()).read_text())
    dhis2.data_elements |= {value["dataElement"] for value in written["dataValues"]}
    said = await operator.run(*ours)
    dhis2.stats.clear()
    published = await operator.run(
        *("values", "reporting", "integrator", "--report", report, "--edition", "1"), to="published"
    )

    assert unknown.returncode == 1
    assert b"ignored" in wrong
    assert said == f"{len(written['dataValues'])} data values\n"
    assert [dhis2.values["residents.count", "202610", street] for street in ("JS_1", "JS_2")] == ["7", "3"]
    assert int(published.split()[0]) < len(written["dataValues"])


async def seal_a_report(houniao: Instance) -> str:
    """Have seven people live in a street and three in another, and a report of October sealed; return its id."""
    stays = [make_stay(f"{number:032x}", STREETS[number // 7]) for number in range(10)]
    state = houniao.apps["reporting"].state
    heard = [event for stay in stays for event in envelop([StayStarted(stay=stay)], "registration")]
    await projector.hear(state.service, state.counting, heard)
    await state.counting.count_all_waiting()
    asked = {"template": "monthly_flow", "division": DISTRICT, "period": "2026-10"}
    steps = {"": "clerk", "/review": "supervisor", "/approval": "district", "/seal": "district"}
    report: dict[str, Any] = {}
    for step, role in steps.items():
        body = {"sha256": report["editions"][-1]["content"]} if report else asked
        path = f"/reports/{report['report_id']}{step}" if report else "/reports"
        async with houniao.client("reporting", role, DISTRICT, f"{role} {step}") as client:
            report = (await client.post(path, json=body)).raise_for_status().json()
    return str(report["report_id"])
