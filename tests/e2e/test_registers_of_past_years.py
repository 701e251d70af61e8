"""The sheets that an office kept in past years are handed in, worked through to the row, and come out again."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from functools import partial
from io import BytesIO
from typing import Any

import httpx
import pytest
import pytest_asyncio
from python_calamine import CalamineWorkbook

from deploy.local.stack import Stack
from services.outreach.intake.columns import COLUMNS, RegisterKind
from services.runtime.registers import BATCHES
from services.runtime.sheets.registers import read_register
from tests.support.instance import Instance, eventually, running_instance
from tests.support.sheets import Page, write_pages

pytestmark = pytest.mark.asyncio(loop_scope="module")

NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
STREET, ELSEWHERE = "320507001", "320812008"
PERIOD = {"division": STREET, "since": "2025-01-01", "until": "2026-11-20"}

SHEETS: dict[RegisterKind, list[list[Any]]] = {
    RegisterKind.BOARDS: [
        ["地点", "室内外", "面积（平方米）", "设置日期"],
        ["东门社区", "室外", "2.4", "2025-01-10"],
        ["西门社区", "室内", "0", "2025-01-10"],
        ["南门社区", "室内", "2", "2027-01-10"],
        ["合计", "", "4.4", ""],
    ],
    RegisterKind.BOARD_ISSUES: [
        ["地点", "期数", "主题", "更换日期"],
        ["东门社区", "第1期", "结核病", "2025.2.20"],
        ["东门社区", "第2期", "控烟", "2025.1.9"],
        ["北门社区", "1", "控烟", "2025.3.1"],
        ["东门社区", "第1期", "高血压", "2025.2.20"],
    ],
    RegisterKind.MATERIALS: [
        ["日期", "资料种类", "资料名称", "数量", "入库或发放"],
        ["2025-03-01", "折页", "控烟", "200份", "入库"],
        ["2025-03-24", "折页", "控烟", "150份", ""],
        ["2025-05-31", "折页", "控烟", "51", "发放"],
        ["2025-05-31", "折页", "控烟", "许多", "发放"],
    ],
    RegisterKind.ACTIVITIES: [
        ["活动日期", "活动形式", "活动主题", "受众", "参加人数"],
        ["2025年3月24日", "讲座", "结核病防治", "居民", "45人"],
        ["2025-04-07", "跳舞", "世界卫生日", "居民", "30"],
        ["2026-12-01", "义诊", "艾滋病", "", "30"],
    ],
    RegisterKind.ARTICLES: [
        ["报送日期", "稿件标题", "报送渠道"],
        ["2025-03-25", "结核病防治日活动", "网站"],
        ["2025-03-26", "电话13812345678", "网站"],
    ],
}
COUNTS: dict[RegisterKind, tuple[int, dict[str, int], int]] = {
    RegisterKind.BOARDS: (1, {"out_of_range": 1, "future_date": 1}, 1),
    RegisterKind.BOARD_ISSUES: (1, {"no_board_then": 1, "unknown_board": 1, "issue_known": 1}, 0),
    RegisterKind.MATERIALS: (2, {"out_of_stock": 1, "not_a_number": 1}, 0),
    RegisterKind.ACTIVITIES: (1, {"not_understood": 1, "future_date": 1}, 0),
    RegisterKind.ARTICLES: (1, {"long_number": 1}, 0),
}
"""Of each sheet: rows that are accepted, refused by reason, and ignored."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def houniao(stack: Stack) -> AsyncIterator[Instance]:
    async with running_instance(stack, ("outreach",), clock=lambda: NOW) as instance:
        yield instance


@pytest_asyncio.fixture(loop_scope="module")
async def worker(houniao: Instance) -> AsyncIterator[httpx.AsyncClient]:
    async with houniao.client("outreach", "health_worker", STREET) as client:
        yield client


async def hand_in(worker: httpx.AsyncClient, kind: RegisterKind, data: bytes, name: str = "a.xlsx") -> dict[str, Any]:
    """Hand a sheet in and return how it was worked through."""
    answer = await worker.post("/imports", files={"file": (name, data)}, data={"street": STREET, "kind": kind})
    assert answer.status_code == 202, answer.text

    async def done() -> Any:
        progress = (await worker.get(f"/imports/{answer.json()['import_id']}")).json()
        return progress if progress["state"] == "done" else None

    progress: dict[str, Any] = await eventually(done)
    listed = (await worker.get("/imports", params={"division": STREET})).json()["imports"]
    assert {name: progress.get(name) for name in listed[0]} in listed
    return progress


async def test_every_row_is_in_one_count_and_the_same_sheet_again_adds_nothing(
    houniao: Instance, worker: httpx.AsyncClient
) -> None:
    journal = houniao.database("outreach")["journal"]

    for kind, lines in SHEETS.items():
        accepted, reasons, ignored = COUNTS[kind]
        first = await hand_in(worker, kind, write_pages(Page(lines)))
        recorded = await journal.count_documents({})
        second = await hand_in(worker, kind, write_pages(Page(lines)))

        assert (first["accepted"], first["refused_by_reason"], first["ignored"]) == (accepted, reasons, ignored), kind
        assert (second["duplicate"], second["accepted"]) == (accepted, 0), kind
        assert second["refused_by_reason"] == reasons, kind
        assert first["rows"] == first["done"] == len(lines) - 1
        assert await journal.count_documents({}) == recorded, kind


async def test_refused_rows_come_back_with_what_to_do(worker: httpx.AsyncClient) -> None:
    lines = [SHEETS[RegisterKind.ARTICLES][0], ["2025-13-01", "控烟", "网站"], ["2027-01-01", "控烟", "网站"]]
    progress = await hand_in(worker, RegisterKind.ARTICLES, write_pages(Page(lines)))

    answer = await worker.get(f"/imports/{progress['import_id']}/refused")

    rows = CalamineWorkbook.from_filelike(BytesIO(answer.content)).get_sheet_by_index(0).to_python()
    assert [(row[0], row[-1]) for row in rows[1:]] == [("2025-13-01", "bad_date"), ("2027-01-01", "future_date")]
    assert all(row[-2] and row[-3] for row in rows[1:])


async def test_an_import_that_a_crash_left_counts_what_was_recorded_as_accepted(
    houniao: Instance, worker: httpx.AsyncClient
) -> None:
    lines = [["日期", "资料种类", "资料名称", "数量", "方向"]]
    lines += [["2025-03-01", "海报", "流感", "9", "入库"], ["2025-03-02", "海报", "流感", "1", "发放"]] * 3
    data = write_pages(Page(lines))
    progress = await hand_in(worker, RegisterKind.MATERIALS, data)
    database = houniao.database("outreach")
    kept = await houniao.apps["outreach"].state.service.workers.run(
        read_register, data, "a.xlsx", COLUMNS[RegisterKind.MATERIALS]
    )
    journal = await database["journal"].count_documents({})

    left = {"state": "waiting", "done": 0, "batches": 0, "accepted": 0, "duplicate": 0}
    rows = [{"row": row.place, "repetition": row.repetition, "typed": dict(row.typed)} for row in kept.rows]
    await database[BATCHES].update_one({"_id": f"{progress['import_id']}/000000"}, {"$set": {"rows": rows}})
    await database["imports"].update_one({"_id": progress["import_id"]}, {"$set": {**left, "leased_until": NOW}})

    async def done() -> Any:
        found = (await worker.get(f"/imports/{progress['import_id']}")).json()
        return found if found["state"] == "done" else None

    again = await eventually(done)
    assert (progress["accepted"], again["accepted"], again["duplicate"]) == (6, 6, 0)
    assert await database["journal"].count_documents({}) == journal


@pytest.mark.parametrize("form", ["csv", "xlsx"])
async def test_what_is_exported_can_be_imported_again(worker: httpx.AsyncClient, form: str) -> None:
    for kind in RegisterKind:
        counted = (await hand_in(worker, kind, write_pages(Page(SHEETS[kind]))))["duplicate"]
        await eventually(partial(_exports, worker, kind, counted))

        answer = await worker.get(f"/registers/{kind}", params={**PERIOD, "form": form})
        progress = await hand_in(worker, kind, answer.content, f"a.{form}")

        assert answer.content.startswith(b"\xef\xbb\xbf" if form == "csv" else b"PK")
        assert (progress["accepted"], progress["refused"]) == (0, 0), (kind, progress)
        assert progress["duplicate"] >= counted


async def _exports(worker: httpx.AsyncClient, kind: RegisterKind, rows: int) -> bool:
    answer = await worker.get(f"/registers/{kind}", params={**PERIOD, "form": "csv"})
    return answer.content.count(b"\r\n") > rows


async def test_another_street_s_sheet_and_another_kind_are_refused(worker: httpx.AsyncClient) -> None:
    sheet = {"file": ("a.xlsx", write_pages(Page(SHEETS[RegisterKind.BOARDS])))}

    elsewhere = await worker.post("/imports", files=sheet, data={"street": ELSEWHERE, "kind": "boards"})
    other_kind = await worker.post("/imports", files=sheet, data={"street": STREET, "kind": "articles"})
    export = await worker.get("/registers/boards", params={**PERIOD, "division": ELSEWHERE})

    assert (elsewhere.status_code, elsewhere.json()["code"]) == (403, "outside_your_division")
    assert (other_kind.status_code, other_kind.json()["code"]) == (422, "no_header_row")
    assert (export.status_code, export.json()["code"]) == (403, "outside_your_division")
