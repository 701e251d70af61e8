"""The story of a workbook with a sheet for each community: what was read as what, what was not, and who is told."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
from python_calamine import CalamineWorkbook

from deploy.local.stack import Stack
from tests.support.instance import Instance, eventually, running_instance
from tests.support.registers import id_number
from tests.support.sheets import Page, write_pages

FIRST, SECOND = "320507001", "320507002"
NOW = datetime(2026, 11, 20, 4, tzinfo=UTC)
MOTHER, FATHER, CHILD, LODGER, WORKER, LEFT = (id_number("341204", date(1980, 1, 1), order) for order in range(1, 7))
WRONG = LODGER[:17] + ("0" if LODGER[17] != "0" else "1")


def the_workbook() -> bytes:
    """Make the workbook: last year's sheet hidden, two communities with other headings each, and instructions."""
    last_year = Page(
        [["姓名", "身份证号码", "来本地日期"], ["去年人", LEFT, "2025-01-02"]], "2025年存档", state="hidden"
    )
    return write_pages(last_year, Page([["填表说明"], ["一人一行"]], "说明"), _first(), _second())


def _first() -> Page:
    lines: list[list[Any]] = [
        ["第一社区流动人口登记表（出租房屋）"],
        ["序号", "姓名", "证件", "", "本人电话", "居住详址", "来本地日期", "离开日期", "血型", "房东", ""],
        ["", "", "类型", "号码", "", "", "", "", "", "姓名", "电话"],
        [1, "黄母", "居民身份证", MOTHER, "13812345678", "采莲路1号", date(2026, 3, 1), "", "A", "钱某", "13900000001"],
        [2, "黄父", "居民身份证", FATHER, "", "", date(2026, 3, 1), date(2026, 8, 31), "B", "", ""],
        [3, "黄小", "居民身份证", CHILD, "", "", date(2026, 3, 1), "", "", "", ""],
        [4, "赵客", "居民身份证", WRONG, "", "采莲路2号", "2026年4月2日", "", "", "", ""],
        [5, "", "居民身份证", *[""] * 8],
        ["合计", "4人", *[""] * 6, "填表人：", "", ""],
    ]
    merged = [(1, 2, 1, 3), (1, 9, 1, 10), *((1, column, 2, column) for column in (0, 1, 4, 5, 6, 7, 8))]
    return Page(lines, "一社区", [*merged, (3, 4, 5, 4), (3, 5, 5, 5)])


def _second() -> Page:
    headings = ["从业单位", "来苏日期", "*身份证号码", "1、姓名", "联系电话（房东）", "手机"]
    lines: list[list[Any]] = [
        headings,
        ["合计信息科技公司", 46114, LODGER, "赵客", "13900000002", "13800000003"],
        ["下半年新增", *[""] * 5],
        headings,
        ["小计量仪表厂", "2026-09-01", WORKER, "孙工", "13900000002", ""],
    ]
    return Page(lines, "二社区", [(2, 0, 2, 5)])


async def hand_in(clerk: httpx.AsyncClient, data: bytes) -> dict[str, Any]:
    answer = await clerk.post("/imports", data={"street": FIRST}, files={"file": ("登记表.xlsx", data)})
    assert answer.status_code == 202, answer.text

    async def done() -> Any:
        progress = (await clerk.get(f"/imports/{answer.json()['import_id']}")).json()
        return progress if progress["state"] == "done" else None

    progress: dict[str, Any] = await eventually(done)
    return progress


def columns_of(progress: Mapping[str, Any]) -> dict[str, dict[str, str | None]]:
    """Return what each column of each sheet was read as, by heading."""
    return {
        sheet["sheet"]: {column["heading"]: column["field"] for column in sheet["columns"]}
        for sheet in progress["sheets"]
    }


async def test_the_answer_the_returned_workbook_and_the_command_line_tell_how_it_was_read(
    stack: Stack, tmp_path: Path
) -> None:
    async with running_instance(stack, ["registration"], clock=lambda: NOW) as houniao:
        async with houniao.client("registration", "clerk", FIRST) as clerk:
            progress = await hand_in(clerk, the_workbook())
            _check_answer(progress)
            await _check_people(houniao, clerk)
            returned = await clerk.get(f"/imports/{progress['import_id']}/refused")
            _check_returned(returned.content)
            again = await hand_in(clerk, _corrected(returned.content))
        await _check_command_line(houniao, tmp_path)

    assert {name: again[name] for name in ("rows", "accepted", "duplicate", "refused")} == {
        "rows": 1,
        "accepted": 0,
        "duplicate": 1,
        "refused": 0,
    }


def _check_answer(progress: Mapping[str, Any]) -> None:
    counts = {"rows": 10, "accepted": 5, "duplicate": 0, "refused": 1, "blank": 1, "ignored": 3}
    assert {name: progress[name] for name in counts} == counts
    assert progress["done"] == sum(counts[name] for name in counts if name != "rows") == counts["rows"]
    assert [(sheet["sheet"], sheet["skipped"], sheet["heading_rows"]) for sheet in progress["sheets"]] == [
        ("2025年存档", "hidden", []),
        ("说明", "no_headings", []),
        ("一社区", None, [2, 3]),
        ("二社区", None, [1]),
    ]
    columns = columns_of(progress)
    assert columns["一社区"] == {
        "序号": None,
        "姓名": "name",
        "证件类型": "document_type",
        "证件号码": "document_number",
        "本人电话": "phone",
        "居住详址": "address",
        "来本地日期": "arrived_on",
        "离开日期": "left_on",
        "血型": None,
        "房东姓名": None,
        "房东电话": None,
    }
    assert columns["二社区"] == {
        "从业单位": "employer",
        "来苏日期": "arrived_on",
        "*身份证号码": "document_number",
        "1、姓名": "name",
        "联系电话(房东)": None,
        "手机": "phone",
    }
    assert [(row["sheet"], row["row"], row["reason"]) for row in progress["ignored_rows"]] == [
        ("一社区", 9, "footer"),
        ("二社区", 3, "note"),
        ("二社区", 4, "heading"),
    ]
    assert progress["refused_by_reason"] == {"id_checksum": 1}


async def _check_people(houniao: Instance, clerk: httpx.AsyncClient) -> None:
    """See that what was recorded is what was meant: five people, one of whom left, none of last year."""

    async def all_there() -> Any:
        [street] = (await clerk.get("/streets", params={"division": FIRST})).json()
        return street if street["residents"] == 4 else None

    assert await eventually(all_there)
    rows = [row async for row in houniao.database("registration")["stays"].find()]
    assert len(rows) == 5


def _check_returned(content: bytes) -> None:
    book = CalamineWorkbook.from_filelike(BytesIO(content))
    assert book.sheet_names == ["一社区", "导入说明 report", "提示 notes"]
    headings, line = book.get_sheet_by_name("一社区").to_python()
    assert headings[:5] == ["序号", "姓名", "证件类型", "证件号码", "本人电话"]
    assert (line[1], line[3], line[-1]) == ("赵客", WRONG, "id_checksum")
    report = [tuple(row) for row in book.get_sheet_by_name("导入说明 report").to_python()]
    assert ("2025年存档", "", "", "", "隐藏的工作表，未读取 hidden, not read") in report
    assert ("一社区", "H", "离开日期", "离开日期", "") in report
    assert ("二社区", "B", "来苏日期", "来本地日期", "") in report
    assert any(row[:3] == ("二社区", "E", "联系电话(房东)") and "未识别" in str(row[4]) for row in report)
    notes = [tuple(row) for row in book.get_sheet_by_name("提示 notes").to_python()]
    assert ("一社区", "9", "合计或签字行，已忽略 a total or a signature, ignored") in notes
    assert ("二社区", "4", "重复的表头，已忽略 headings once more, ignored") in notes


def _corrected(content: bytes) -> bytes:
    rows = CalamineWorkbook.from_filelike(BytesIO(content)).get_sheet_by_name("一社区").to_python()
    return write_pages(Page([[LODGER if cell == WRONG else cell for cell in row] for row in rows]))


async def _check_command_line(houniao: Instance, tmp_path: Path) -> None:
    """See what a person sees who imports the same workbook at the terminal, for another street."""
    file = tmp_path / "登记表.xlsx"
    file.write_bytes(the_workbook())

    ran = await houniao.command("registration", "import", str(file), "--street", SECOND, COLUMNS="160")

    assert ran.returncode == 0, ran.stderr
    for told in (
        *(
            "导入说明 report",
            "2025年存档",
            "隐藏的工作表，未读取",
            "房东电话",
            "未识别，未读取",
            "来苏日期",
            "来本地日期",
        ),
        *("提示 notes", "合计或签字行，已忽略", "重复的表头，已忽略", "表外说明，已忽略"),
        *("行数 rows: 10", "空白 blank: 1", "忽略 ignored: 3", "退回 refused: 1", "  id_checksum: 1"),
    ):
        assert told in ran.stdout, ran.stdout
    assert MOTHER not in ran.stdout
    assert "黄母" not in ran.stdout
