"""A register that one importer after another dies over comes out to the row."""

import contextlib
import csv
from collections import Counter
from io import StringIO
from typing import Any

import httpx
import pytest

from services.registration.intake.columns import COLUMNS
from services.runtime.access import issue
from tests.faults.deployment import Deployment
from tests.faults.form import LONG, WHOLE_WITHIN, in_form
from tests.faults.load import Load, under_load
from tests.faults.people import Arrival
from tests.support.instance import eventually

STREET = "320507003"
PEOPLE = in_form(short=3_200, long=32_000)
CRASHES = [
    ("import claimed", 1),
    ("batch recorded, progress not saved", 1),
    ("progress saved", 1),
    ("batch recorded, progress not saved", 2),
    *in_form(short=[], long=[("progress saved", 3), ("batch recorded, progress not saved", 4)] * 3),
]


async def test_an_import_goes_on_where_a_crashed_importer_left_it(houniao: Deployment) -> None:
    arrivals, register, expected = make_register(houniao)

    async with under_load(houniao) as load:
        houniao.kill("registration")
        houniao.start("registration", *map(str, CRASHES[0]))
        import_id = await hand_in(houniao, register)
        await houniao.crashes("registration")
        for point, call in CRASHES[1:]:
            houniao.start("registration", point, str(call))
            await houniao.crashes("registration")
        assert (await find_import(houniao, import_id))["state"] == "waiting"
        houniao.start("registration")
        counts = await finish(houniao, import_id)

    assert counts == expected
    load.accepted |= {arrival.stay: arrival for arrival in arrivals}
    await load.must_be_whole()


@pytest.mark.skipif(not LONG, reason="the same crash as above: `make faults`")
async def test_a_register_handed_in_again_after_a_crash_adds_nobody_twice(houniao: Deployment) -> None:
    arrivals, register, expected = make_register(houniao)
    houniao.kill("registration")
    houniao.start("registration", "batch recorded, progress not saved", "2")
    first = await hand_in(houniao, register)
    await houniao.crashes("registration")
    houniao.start("registration")

    second = await hand_in(houniao, register)
    counts = [await finish(houniao, first), await finish(houniao, second)]

    assert [found["rows"] for found in counts] == [expected["rows"]] * 2
    assert [found["refused"] for found in counts] == [expected["refused"]] * 2
    assert sum(found["accepted"] for found in counts) == expected["accepted"]
    await Load(houniao, {arrival.stay: arrival for arrival in arrivals}).must_be_whole()


def make_register(houniao: Deployment) -> tuple[list[Arrival], bytes, dict[str, Any]]:
    """Make a register (CSV) with copies, gaps and wrong numbers; give who arrives and what must come of its rows."""
    rows: list[dict[str, str]] = []
    outcomes: Counter[str] = Counter()
    accepted = []
    arriving = houniao.people.arriving_in(STREET)
    for turn in range(PEOPLE):
        arrival = next(arriving)
        typed = {heading: arrival.report.get(field, "") for field, heading in COLUMNS.items()}
        if turn % 11 == 5:
            rows.append({**typed, "证件号码": typed["证件号码"][:-1] + "?"})
            outcomes["refused"] += 1
            continue
        rows.append(typed)
        outcomes["accepted"] += 1
        accepted.append(arrival)
        if turn % 7 == 3:
            rows.append(typed)
            outcomes["duplicate"] += 1
        if turn % 13 == 7:
            rows.append({})
            outcomes["blank"] += 1
    text = StringIO(newline="")
    writer = csv.DictWriter(text, COLUMNS.values())
    writer.writeheader()
    writer.writerows([*rows, {"姓名": "合计"}])
    return accepted, text.getvalue().encode(), {**outcomes, "ignored": 1, "rows": len(rows) + 1}


async def hand_in(houniao: Deployment, register: bytes) -> str:
    """Hand a register in, whether or not the answer arrives, and give the id under which it is kept."""
    await houniao.ready("registration")
    kept = houniao.databases["registration"]["imports"]
    before = await kept.count_documents({})
    token = issue(houniao.stack.issuer_jwk(), services=["registration"], subject="clerk", role="clerk", division=STREET)
    async with httpx.AsyncClient(base_url=houniao.url("registration"), timeout=30) as client:
        with contextlib.suppress(httpx.TransportError):
            await client.post(
                "/imports",
                headers={"Authorization": f"Bearer {token}"},
                data={"street": STREET},
                files={"file": ("register.csv", register)},
            )
    assert await kept.count_documents({}) == before + 1
    newest = await kept.find_one(sort=[("handed_in_at", -1)])
    assert newest is not None
    return str(newest["_id"])


async def find_import(houniao: Deployment, import_id: str) -> dict[str, Any]:
    """Find how far an import is."""
    return await houniao.databases["registration"]["imports"].find_one({"_id": import_id}) or {}


async def finish(houniao: Deployment, import_id: str) -> dict[str, int]:
    """Wait until an import is done and give its counts."""

    async def done() -> dict[str, Any] | None:
        found = await find_import(houniao, import_id)
        return found if found["state"] == "done" else None

    found = await eventually(done, WHOLE_WITHIN)
    return {name: found[name] for name in ("accepted", "refused", "duplicate", "blank", "ignored", "rows")}
