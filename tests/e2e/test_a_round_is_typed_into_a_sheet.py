"""The story of a follow-up round in a spreadsheet: what is right is entered, what is not comes back to be corrected."""

import asyncio
from datetime import UTC, datetime, timedelta
from functools import partial
from io import BytesIO
from typing import Any

import httpx
from python_calamine import CalamineWorkbook

from contracts.registration.stays import StayStarted
from deploy.local.stack import Stack
from services.archives import projector
from services.archives.commands import imports
from services.archives.intake.rounds import read_round
from services.archives.views.rows import ARCHIVES
from tests.support.facts import envelop, make_stay
from tests.support.instance import Instance, eventually, running_instance
from tests.unit.archives.intake.test_rounds import HEADER, workbook

STREET = "320507001"
NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
ANN, BEN, NOBODY = "a" * 32, "b" * 32, "c" * 32


def line(person: str, day: str = "2026-11-03", mode: str = "门诊", systolic: int = 132) -> list[Any]:
    return ["王芳", person, day, mode, systolic, 80, "", "规律", "无", "", ""]


async def arrive(instance: Instance, *people: str) -> None:
    service = instance.apps["archives"].state.service
    for person in people:
        await projector.hear(service, envelop([StayStarted(stay=make_stay(person, STREET, 4, recorded=4))]))
        find = partial(instance.database("archives")[ARCHIVES].find_one, {"_id": f"{person}@320507"})
        await eventually(find)


async def hand_in(worker: httpx.AsyncClient, data: bytes) -> dict[str, Any]:
    """Hand a sheet in and wait until it is worked through."""
    answer = await worker.post("/imports", files={"file": ("随访.xlsx", data)}, data={"street": STREET})
    assert answer.status_code == 202, answer.text

    async def done() -> Any:
        progress = (await worker.get(f"/imports/{answer.json()['import_id']}")).json()
        return progress if progress["state"] == "done" else None

    progress: dict[str, Any] = await eventually(done)
    listed = (await worker.get("/imports", params={"division": STREET})).json()["imports"]
    assert {name: progress.get(name) for name in listed[0]} in listed
    return progress


def counts(progress: dict[str, Any]) -> tuple[int, int, int, dict[str, int]]:
    return progress["accepted"], progress["duplicate"], progress["refused"], progress["refused_by_reason"]


async def test_right_rows_are_entered_once_and_wrong_ones_come_back(stack: Stack) -> None:
    rows = [
        line(ANN),
        line(ANN),
        line(BEN, "2026-11-04", "电话"),
        line(NOBODY),
        line(ANN, "2026-11-05", "短信"),
        line(ANN, systolic=140),
    ]
    async with running_instance(stack, ["archives"], clock=lambda: NOW) as instance:
        await arrive(instance, ANN, BEN)
        async with instance.client("archives", "health_worker", STREET, "nurse") as worker:
            progress = await hand_in(worker, workbook(HEADER, *rows))

            reasons = {"unknown_person": 1, "not_understood": 1, "entry_differs": 1}
            assert counts(progress) == (2, 1, 3, reasons)
            await eventually(lambda: instance.database("archives")["entries"].find_one({"person_id": BEN}))
            (entry,) = (await worker.get(f"/archives/{ANN}")).json()["entries"]
            assert (entry["source"], entry["recorded_by"], entry["street"]) == ("sheet", "nurse", STREET)

            refused = await worker.get(f"/imports/{progress['import_id']}/refused")
            lines = CalamineWorkbook.from_filelike(BytesIO(refused.content)).get_sheet_by_index(0).to_python()
            assert [one[-1] for one in lines[1:]] == ["unknown_person", "not_understood", "entry_differs"]
            assert all("处理" in str(lines[0]) and one[-2] for one in lines[1:])

            corrected = [[("电话" if cell == "短信" else cell) for cell in one] for one in lines]
            assert counts(await hand_in(worker, workbook(*corrected)))[:2] == (1, 0)
            assert counts(await hand_in(worker, workbook(HEADER, *rows[:3])))[:3] == (0, 3, 0)
        kept = [row async for row in instance.database("archives")["import_helpings"].find()]
        assert "王芳" not in str(kept)
        assert not any(batch["rows"] for batch in kept)


async def test_a_worker_that_crashed_between_two_steps_counts_every_row_once(stack: Stack) -> None:
    async with running_instance(stack, ["archives"], clock=lambda: NOW) as instance:
        await arrive(instance, ANN, BEN)
        service = instance.apps["archives"].state.service
        rows = read_round(workbook(HEADER, line(ANN), line(BEN), line(ANN)), "a.xlsx").rows
        progress = imports.Progress(import_id="one", street=STREET, by="nurse", rows=3, handed_in_at=NOW)

        before = await imports.record_rows(service, rows, progress)
        after = await imports.record_rows(service, rows, progress)

        assert [outcome for _, outcome in before] == ["accepted", "accepted", "duplicate"]
        assert after == before
        assert await service.database["journal"].count_documents({"stream": {"$regex": "^entry/"}}) == 2


async def test_a_worker_that_was_overtaken_leaves_what_the_other_one_finished(stack: Stack) -> None:
    async with running_instance(stack, ["archives"], clock=lambda: NOW) as instance:
        async with instance.client("archives", "health_worker", STREET, "nurse") as worker:
            import_id = (await hand_in(worker, workbook(HEADER, line(NOBODY))))["import_id"]
        service = instance.apps["archives"].state.service
        as_it_knew_it = {"state": "waiting", "done": 0, "helpings": 0, "leased_until": NOW + timedelta(hours=1)}
        await eventually(lambda: service.database["import_helpings"].find_one({"rows": []}))
        await service.database["imports"].update_one({"_id": import_id}, {"$set": as_it_knew_it})

        async with asyncio.timeout(10):
            await imports._finish(service, import_id)

        batch = await service.database["import_helpings"].find_one({})
        assert [row["code"] for row in batch["refused"]] == ["unknown_person"]


async def test_only_the_own_street_hands_in_and_looks(stack: Stack) -> None:
    async with running_instance(stack, ["archives"], clock=lambda: NOW) as instance:
        sheet = workbook(HEADER, line(NOBODY))
        async with instance.client("archives", "health_worker", STREET) as worker:
            progress = await hand_in(worker, sheet)
            nonsense = await worker.post("/imports", files={"file": ("a.csv", b"1,2")}, data={"street": STREET})
        async with instance.client("archives", "health_worker", "320507002") as other:
            outside = await other.post("/imports", files={"file": ("a.xlsx", sheet)}, data={"street": STREET})
            looked = await other.get(f"/imports/{progress['import_id']}/refused")

        assert (nonsense.status_code, nonsense.json()["code"]) == (422, "no_header_row")
        assert (outside.status_code, looked.status_code) == (403, 404)
