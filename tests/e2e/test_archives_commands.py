"""The commands of archives as they are run beside the service: a round of follow-ups, and the log of who read what."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from python_calamine import CalamineWorkbook

from deploy.local.stack import Stack
from services.runtime.access_log.log import ACCESS_LOG
from tests.e2e.test_a_round_is_typed_into_a_sheet import ANN, BEN, NOBODY, STREET, arrive, line
from tests.support.instance import Instance, eventually, running_instance
from tests.unit.archives.intake.test_rounds import HEADER, workbook

NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)


async def test_a_round_is_taken_in_and_its_refused_rows_are_corrected_and_taken_in_too(
    stack: Stack, tmp_path: Path
) -> None:
    sheet, refused = tmp_path / "随访.xlsx", tmp_path / "refused.xlsx"
    sheet.write_bytes(workbook(HEADER, line(ANN), line(BEN), line(BEN), line(NOBODY), line(ANN, "2026-11-05", "短信")))
    async with running_instance(stack, ["archives"], clock=lambda: NOW) as houniao:
        await arrive(houniao, ANN, BEN)

        asked = ("import", str(sheet), "--street", STREET, "--json")
        first = await houniao.command("archives", *asked, "--by", "王护士", "--refused", str(refused))
        again = await houniao.command("archives", *asked)
        lines = CalamineWorkbook.from_path(str(refused)).get_sheet_by_index(0).to_python()
        sheet.write_bytes(workbook(*[[("电话" if cell == "短信" else cell) for cell in one] for one in lines]))
        corrected = await houniao.command("archives", "import", str(sheet), "--street", STREET)

        assert first.returncode == 0, first.stderr
        expected = {
            "street": STREET,
            "rows": 5,
            "accepted": 2,
            "duplicate": 1,
            "blank": 0,
            "ignored": 0,
            "refused": 2,
            "refused_by_reason": {"unknown_person": 1, "not_understood": 1},
        }
        assert {name: json.loads(first.stdout)[name] for name in expected} == expected
        assert "导入 importing" in first.stderr
        assert (json.loads(again.stdout)["accepted"], json.loads(again.stdout)["duplicate"]) == (0, 3)
        assert [one[-1] for one in lines[1:]] == ["unknown_person", "not_understood"]
        assert "accepted: 1\n" in corrected.stdout
        entries = await eventually(lambda: entries_of(houniao, ANN, 2))
        assert entries[0]["recorded_by"] == "王护士"
        assert entries[1]["recorded_by"].startswith("operator:")


async def entries_of(houniao: Instance, person: str, count: int) -> list[dict[str, Any]] | None:
    """Return a person's entries, as soon as the service has heard of so many."""
    rows = await houniao.database("archives")["entries"].find({"person_id": person}).sort("measured_at", 1).to_list(9)
    return rows if len(rows) == count else None


async def test_what_is_no_round_an_unknown_street_and_a_missing_server_are_said_in_one_line(
    stack: Stack, tmp_path: Path
) -> None:
    sheet, register = tmp_path / "round.xlsx", tmp_path / "register.csv"
    sheet.write_bytes(workbook(HEADER, line(ANN)))
    register.write_text("姓名,性别\n王芳,女\n")
    async with running_instance(stack, ["archives"], clock=lambda: NOW) as houniao:
        no_round = await houniao.command("archives", "import", str(register), "--street", STREET)
        nowhere = await houniao.command("archives", "import", str(sheet), "--street", "999999999")
        away = await houniao.command(
            "archives",
            *("import", str(sheet), "--street", STREET),
            MONGODB_URL="mongodb://127.0.0.1:9/?serverSelectionTimeoutMS=100",
        )

    assert (no_round.returncode, nowhere.returncode, away.returncode) == (2, 2, 3)
    assert "no_header_row: 没有找到表头" in no_round.stderr
    assert "unknown_street" in nowhere.stderr
    assert "storage_away" in away.stderr
    assert not any("Traceback" in ran.stderr for ran in (no_round, nowhere, away))


async def test_the_log_of_who_read_what_is_verified_until_somebody_tampers_with_it(
    stack: Stack, tmp_path: Path
) -> None:
    heads = tmp_path / "heads"
    async with running_instance(stack, ["archives"], clock=lambda: NOW) as houniao:
        await arrive(houniao, ANN)
        async with houniao.client("archives", "health_worker", STREET) as worker:
            assert (await worker.get(f"/archives/{ANN}")).status_code == 200
        log = houniao.database("archives")[ACCESS_LOG]

        whole = await houniao.command("archives", "verify-access-log", "--heads", str(heads))
        [entry] = await log.find().to_list(9)
        await log.update_one({}, {"$set": {"by": "nobody"}})
        altered = await houniao.command("archives", "verify-access-log")
        await log.delete_many({})
        cut_off = await houniao.command("archives", "verify-access-log", "--heads", str(heads))

        assert (whole.returncode, whole.stdout) == (0, f"entries: 1\nhead: {entry['hash']}\n"), whole.stderr
        assert (altered.returncode, altered.stdout.splitlines()[-1]) == (
            1,
            "first break: 1 altered: it does not fit its hash",
        )
        assert cut_off.returncode == 1
        assert "cut off" in cut_off.stdout
