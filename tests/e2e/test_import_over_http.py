"""The story of a register as offices really keep it: handed in, worked through to the row, handed back, corrected."""

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import httpx
import pytest
import pytest_asyncio

from deploy.local.stack import Stack
from services.registration.intake.columns import COLUMNS
from services.registration.intake.registers import read_register
from tests.support.instance import Instance, eventually, running_instance
from tests.support.ledger import find_losses
from tests.support.offices import make_arrival
from tests.support.registers import AS_OF, MadeRegister, make_register

pytestmark = pytest.mark.asyncio(loop_scope="module")

STREETS = ("320507001", "320507002", "320507003", "320507004", "320507005")
KINDS = ("xlsx", "csv-utf8", "csv-utf8-bom", "csv-gb18030", "csv-semicolon")
COUNTED = ("rows", "accepted", "duplicate", "blank", "refused", "refused_by_reason")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def houniao(stack: Stack) -> AsyncIterator[Instance]:
    """Run registration on the day for which the registers were made."""

    def as_of() -> datetime:
        return datetime(AS_OF.year, AS_OF.month, AS_OF.day, 4, tzinfo=UTC)

    async with running_instance(stack, ["registration"], clock=as_of) as instance:
        yield instance


def clerk(houniao: Instance, street: str) -> httpx.AsyncClient:
    return houniao.client("registration", "clerk", street)


async def hand_in(client: httpx.AsyncClient, street: str, filename: str, data: bytes) -> Mapping[str, Any]:
    """Hand a register in and wait until it is worked through."""
    answer = await client.post("/imports", data={"street": street}, files={"file": (filename, data)})
    assert answer.status_code == 202, answer.text

    async def done() -> Any:
        progress = (await client.get(f"/imports/{answer.json()['import_id']}")).json()
        assert progress["done"] <= progress["rows"]
        return progress if progress["state"] == "done" else None

    progress: Mapping[str, Any] = await eventually(done)
    return progress


async def residents(houniao: Instance, street: str) -> int:
    async def whole() -> bool:
        return not await find_losses([houniao.databases])

    await eventually(whole)
    async with clerk(houniao, street) as client:
        [found] = (await client.get("/streets", params={"division": street})).json()
        return int(found["residents"])


def counts(progress: Mapping[str, Any]) -> dict[str, Any]:
    about_people = {**progress, "rows": progress["rows"] - progress.get("ignored", 0)}
    return {name: about_people[name] for name in COUNTED}


def registers_by_kind() -> list[tuple[str, MadeRegister]]:
    return [
        (kind, make_register(street=street, rows=150, seed=seed, kind=kind, shuffle_columns=kind != "xlsx"))
        for seed, (kind, street) in enumerate(zip(KINDS, STREETS, strict=True), start=7)
    ]


@pytest.mark.parametrize(("kind", "register"), registers_by_kind(), ids=KINDS)
async def test_a_register_comes_out_to_the_row_and_a_second_import_adds_nobody(
    houniao: Instance, kind: str, register: MadeRegister
) -> None:
    expected = counts(register.expected)
    everybody = expected["accepted"] + expected["duplicate"]

    async with clerk(houniao, register.street) as client:
        first = await hand_in(client, register.street, register.filename, register.data)
        after_first = await residents(houniao, register.street)
        second = await hand_in(client, register.street, register.filename, register.data)

    assert counts(first) == expected
    assert counts(second) == {**expected, "accepted": 0, "duplicate": everybody}
    assert first["done"] == first["rows"]
    assert await residents(houniao, register.street) == after_first
    assert 0 < after_first <= expected["accepted"]


async def test_refused_rows_come_back_readable_and_can_be_corrected_and_handed_in_again(houniao: Instance) -> None:
    street = "320507006"
    register = make_register(street=street, rows=120, seed=3)
    refused_rows = [
        row for row, outcome in register.outcomes.items() if outcome in register.expected["refused_by_reason"]
    ]

    async with clerk(houniao, street) as client:
        progress = await hand_in(client, street, register.filename, register.data)
        answer = await client.get(f"/imports/{progress['import_id']}/refused")
        back = read_register(answer.content, "refused.xlsx")
        uncorrected = await hand_in(client, street, "refused.xlsx", answer.content)

    codes = [row.cells[back.headers[0].index("code")] for row in back.rows]
    assert answer.status_code == 200
    assert answer.headers["content-type"].endswith("spreadsheetml.sheet")
    assert f"refused-{progress['import_id']}.xlsx" in answer.headers["content-disposition"]
    assert codes == [register.outcomes[number] for number in refused_rows]
    assert all(row.cells[back.headers[0].index("处理办法 What to do")] for row in back.rows)
    assert uncorrected["refused_by_reason"] == register.expected["refused_by_reason"]
    assert uncorrected["accepted"] == 0


async def test_once_corrected_a_refused_row_is_accepted(houniao: Instance) -> None:
    street = "320507007"
    good, bad = make_arrival(1), {**make_arrival(2), "arrived_on": "2026-02-30"}
    wrong, right = (_csv(good, row) for row in (bad, {**bad, "arrived_on": "2026-02-28"}))

    async with clerk(houniao, street) as client:
        first = await hand_in(client, street, "a.csv", wrong)
        second = await hand_in(client, street, "a.csv", right)

    assert (first["accepted"], first["refused_by_reason"]) == (1, {"bad_date": 1})
    assert (second["accepted"], second["duplicate"], second["refused"]) == (1, 1, 0)
    assert await residents(houniao, street) == 2


def _csv(*arrivals: Mapping[str, str]) -> bytes:
    lines = [",".join(COLUMNS.values())]
    lines += [",".join(arrival.get(field, "") for field in COLUMNS) for arrival in arrivals]
    return "\n".join(lines).encode()


async def test_a_returned_workbook_runs_nothing(houniao: Instance) -> None:
    street = "320507100"
    formula = '=HYPERLINK("http://x";"点")'
    row = {**make_arrival(3), "name": formula.replace('"', "'"), "note": "+1", "employer": "@SUM(1)"}

    async with clerk(houniao, street) as client:
        progress = await hand_in(client, street, "a.csv", _csv(row))
        workbook = (await client.get(f"/imports/{progress['import_id']}/refused")).content

    assert progress["refused_by_reason"] == {"bad_name": 1}
    assert b"<f>" not in _sheet_of(workbook)


def _sheet_of(workbook: bytes) -> bytes:
    with ZipFile(BytesIO(workbook)) as package:
        return b"".join(package.read(name) for name in package.namelist() if "worksheets/sheet" in name)


async def test_an_import_of_another_street_is_not_found(houniao: Instance) -> None:
    street = "320507102"
    async with clerk(houniao, street) as client:
        progress = await hand_in(client, street, "a.csv", _csv(make_arrival(4)))

    async with clerk(houniao, "320507105") as stranger:
        seen = await stranger.get(f"/imports/{progress['import_id']}")
        taken = await stranger.get(f"/imports/{progress['import_id']}/refused")

    assert (seen.status_code, taken.status_code) == (404, 404)


async def test_only_refused_rows_are_kept_and_sealed_and_progress_names_nobody(houniao: Instance) -> None:
    street = "320507102"
    accepted, refused = (
        {**make_arrival(5), "name": "欧阳候鸟"},
        {**make_arrival(6), "name": "上官候鸟", "arrived_on": ""},
    )
    async with clerk(houniao, street) as client:
        progress = await hand_in(client, street, "a.csv", _csv(accepted, refused))

    database = houniao.database("registration")
    kept = await database["refused_rows"].find({"import_id": progress["import_id"]}).to_list(None)
    told = await database["imports"].find_one({"_id": progress["import_id"]})

    async def is_dropped() -> bool:
        return await database["import_files"].find_one({"_id": progress["import_id"]}) is None

    await eventually(is_dropped)
    assert [row["row"] for row in kept] == [3]
    for document in (*kept, told):
        assert "候鸟" not in str(document)
        assert "候鸟".encode() not in (document or {}).get("sealed", b"")
        assert refused["document_number"] not in str(document)


async def test_dismissed_rows_are_gone_and_their_counts_stay(houniao: Instance) -> None:
    street = "320507105"
    async with clerk(houniao, street) as client, clerk(houniao, "320507102") as stranger:
        progress = await hand_in(client, street, "a.csv", _csv({**make_arrival(7), "arrived_on": ""}))
        refused = await stranger.post(f"/imports/{progress['import_id']}/dismissal")
        dismissed = await client.post(f"/imports/{progress['import_id']}/dismissal")
        workbook = await client.get(f"/imports/{progress['import_id']}/refused")

    rows = houniao.database("registration")["refused_rows"]
    assert refused.status_code == 404
    assert dismissed.json()["refused_by_reason"] == {"missing": 1}
    assert dismissed.json()["dismissed_at"] is not None
    assert (workbook.status_code, workbook.json()["code"]) == (410, "dismissed")
    assert await rows.count_documents({"import_id": progress["import_id"]}) == 0


async def test_a_register_that_an_earlier_version_kept_is_let_go_at_the_next_start(stack: Stack) -> None:
    street = "320507102"
    refused = {**make_arrival(8), "arrived_on": ""}
    async with running_instance(stack, ["registration"], keep=True) as houniao:
        database = houniao.database("registration")
        async with clerk(houniao, street) as client:
            progress = await hand_in(client, street, "a.csv", _csv(make_arrival(9), refused))
        vault = houniao.apps["registration"].state.registration.vault
        file, _ = vault.seal_bytes(_csv(make_arrival(9), refused))
        await database["refused_rows"].delete_many({})
        await database["import_files"].insert_many(
            [{"_id": name, "sealed": file, "filename": "a.csv"} for name in (progress["import_id"], "never promised")]
        )
        await database["import_files"].insert_one({"_id": "now", "sealed": file, "handed_in_at": datetime.now(UTC)})

    async with running_instance(stack, ["registration"], name=houniao.name) as houniao:
        database = houniao.database("registration")

        async def is_let_go() -> bool:
            return [kept["_id"] async for kept in database["import_files"].find()] == ["now"]

        await eventually(is_let_go)
        async with clerk(houniao, street) as client:
            answer = await client.get(f"/imports/{progress['import_id']}/refused")

    assert [row.arrival.name for row in read_register(answer.content, "refused.xlsx").rows] == [refused["name"]]


async def test_rows_that_are_all_blank_are_done_at_once(houniao: Instance) -> None:
    street = "320507105"
    async with clerk(houniao, street) as client:
        progress = await hand_in(client, street, "a.csv", _csv())

    assert counts(progress) == {
        "rows": 0,
        "accepted": 0,
        "duplicate": 0,
        "blank": 0,
        "refused": 0,
        "refused_by_reason": {},
    }
