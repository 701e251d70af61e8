"""The story of a district that is merged into another, and of a street that is split, while people live there."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from contracts.reference.divisions import Divisions
from deploy.local.stack import Stack
from tests.support.divisions import TWO_DISTRICTS
from tests.support.instance import Instance, eventually, forget_instance, running_instance
from tests.support.ledger import find_losses
from tests.support.offices import make_arrival, make_departure, office_at

SERVICES = ("registration", "archives", "outreach", "reporting")
QINGPU, QINGJIANGPU, XIANGCHENG = "320811", "320812", "320507"
OLD_STREET, NEW_STREET, OTHER_STREET = "320811001", "320812001", "320812002"
OLD_NAMES = {"320811": "清浦区", "320811001": "老城街道", "320811002": "老街街道"}
MERGED_ON = "2026-07-01"
PERIOD = {"from": "2026-01-01", "to": "2026-11-01"}
ARRIVED_ON = "2026-03-01"


def write(folder: Path, changes: Iterable[str], more: dict[str, str] | None = None) -> Path:
    """Write the demo's divisions and more as a deployment's own tables."""
    names = {**Divisions.load(TWO_DISTRICTS).names, **(more or {})}
    folder.mkdir()
    for length, table in {2: "provinces", 4: "cities", 6: "areas", 9: "streets"}.items():
        lines = [f"{code},{name}\n" for code, name in sorted(names.items()) if len(code) == length]
        (folder / f"{table}.csv").write_text("code,name\n" + "".join(lines), encoding="utf-8")
    (folder / "changes.csv").write_text("\n".join(["code,name,until,successors", *changes]) + "\n", encoding="utf-8")
    return folder


@pytest.fixture
def before(tmp_path: Path) -> Path:
    return write(tmp_path / "before", [], OLD_NAMES)


@pytest.fixture
def after(tmp_path: Path) -> Path:
    return write(
        tmp_path / "after",
        [
            f"320811,清浦区,{MERGED_ON},320812",
            f"320811002,老街街道,{MERGED_ON},320812002 320812003",
            f"320507001,元和街道,{MERGED_ON},320507002",
            f"320507003,黄桥街道,{MERGED_ON},320507004 320507005",
        ],
    )


@asynccontextmanager
async def kept_name(stack: Stack) -> AsyncIterator[str]:
    """Name an instance that is started more than once, and forget it in the end."""
    name = uuid4().hex[:10]
    try:
        yield name
    finally:
        await forget_instance(stack, name)


async def whole(*instances: Instance) -> None:
    """Wait until everything said is heard and settled."""

    async def nothing_lost() -> bool:
        return not await find_losses([instance.databases for instance in instances])

    await eventually(nothing_lost)


async def act(instance: Instance, scope: str, path: str, body: dict[str, Any]) -> tuple[int, Any]:
    """Post something as a clerk."""
    async with instance.client("registration", "clerk", scope) as clerk:
        answer = await clerk.post(path, json=body)
        return answer.status_code, answer.json()


async def ask(instance: Instance, service: str, path: str, scope: str, **params: str) -> Any:
    """Read something as the supervisor of a division."""
    async with instance.client(service, "supervisor", scope) as supervisor:
        answer = await supervisor.get(path, params={"division": scope, **params})
        assert answer.status_code == 200, answer.text
        return answer.json()


async def streets_of_stays(instance: Instance, scope: str) -> list[tuple[str, str]]:
    """List where people are registered, and how."""
    return [(stay["street"], stay["state"]) for stay in (await ask(instance, "registration", "/stays", scope))["stays"]]


async def test_who_takes_over_a_district_goes_on_with_everything_in_it(stack: Stack, before: Path, after: Path) -> None:
    people = [make_arrival(order, ARRIVED_ON) for order in range(5)]
    registered: list[str] = []
    async with (
        kept_name(stack) as name,
        running_instance(stack, ["registration", "archives"], districts=XIANGCHENG, divisions=after) as elsewhere,
    ):
        async with running_instance(stack, SERVICES, name=name, districts=QINGPU, divisions=before, keep=True) as old:
            for person in people[:4]:
                street = OLD_STREET if person is not people[3] else "320811002"
                status, registered_one = await act(old, QINGPU, "/arrivals", {**person, "street": street})
                assert status == 201
                registered.append(registered_one["stay_id"])
            await whole(old, elsewhere)

        async with running_instance(
            stack, SERVICES, name=name, districts=QINGJIANGPU, divisions=after, keep=True
        ) as merged:
            assert await streets_of_stays(merged, QINGJIANGPU) == [(OLD_STREET, "open")] * 3 + [("320811002", "open")]
            assert await streets_of_stays(merged, NEW_STREET) == [(OLD_STREET, "open")] * 3
            assert await streets_of_stays(merged, OTHER_STREET) == [("320811002", "open")], "split: the first one's"

            arrived, newcomer = await act(merged, OLD_STREET, "/arrivals", {**people[4], "street": OLD_STREET})
            again, same = await act(merged, NEW_STREET, "/arrivals", {**people[2], "street": NEW_STREET})
            refused, choice = await act(merged, QINGJIANGPU, "/arrivals", {**people[4], "street": "320811002"})
            left, departed = await act(
                merged, NEW_STREET, "/departures", {**make_departure(people[0], "2026-10-01"), "street": NEW_STREET}
            )
            moved, _ = await act(
                elsewhere, XIANGCHENG, "/arrivals", {**make_arrival(1, "2026-09-01"), "street": "320507002"}
            )
            await eventually(lambda: _contested(merged))
            await whole(merged, elsewhere)

            assert (arrived, newcomer["warnings"][0]) == (201, "division_renamed")
            assert (again, same["outcome"], same["stay_id"]) == (200, "duplicate", registered[2])
            assert (refused, choice["code"]) == (422, "division_abolished")
            assert choice["detail"].endswith("清江街道 320812002、浦楼街道 320812003")
            assert (left, departed["street"], departed["state"]) == (200, OLD_STREET, "ended")
            assert moved == 201
            assert sorted(await streets_of_stays(merged, QINGJIANGPU)) == [
                (OLD_STREET, "contested"),
                (OLD_STREET, "ended"),
                (OLD_STREET, "open"),
                ("320811002", "open"),
                (NEW_STREET, "open"),
            ]
            await whole(merged, elsewhere)
            streets = await ask(merged, "registration", "/streets", QINGJIANGPU)
            flows = await ask(merged, "reporting", "/flows", QINGJIANGPU, **PERIOD)
            audiences = await ask(merged, "outreach", "/audiences", QINGJIANGPU)
            archives = await ask(merged, "archives", "/archives", QINGJIANGPU)

    assert {street["street"]: street["residents"] for street in streets if street["residents"]} == {
        NEW_STREET: 2,
        OTHER_STREET: 1,
    }
    assert (flows["residents"], flows["inflow"], flows["outflow"]) == (3, 5, 1)
    assert [street["street"] for street in flows["streets"]] == [NEW_STREET, OTHER_STREET]
    assert audiences["audiences"]["everyone"] == 3
    assert archives["archives"] == 5


async def _contested(instance: Instance) -> Any:
    return await instance.database("registration")["stays"].find_one({"street": OLD_STREET, "state": "contested"})


async def test_scopes_follow_where_a_district_went(stack: Stack, before: Path, after: Path) -> None:
    async with kept_name(stack) as name:
        async with running_instance(
            stack, ["registration"], name=name, districts=QINGPU, divisions=before, keep=True
        ) as old:
            _, first = await act(old, QINGPU, "/arrivals", {**make_arrival(1), "street": OLD_STREET})
            early, _ = await act(old, QINGJIANGPU, "/arrivals", {**make_arrival(2), "street": OLD_STREET})
            await whole(old)

        async with running_instance(
            stack, ["registration"], name=name, districts=QINGJIANGPU, divisions=after, keep=True
        ) as merged:
            path = f"/stays/{first['stay_id']}/retraction"
            stranger, _ = await act(merged, OTHER_STREET, path, {})
            elsewhere, _ = await act(merged, XIANGCHENG, path, {})
            former, _ = await act(merged, QINGPU, "/arrivals", {**make_arrival(3), "street": NEW_STREET})
            heir, retracted = await act(merged, NEW_STREET, path, {})

    assert early == 403, "before the merger the one district had no say in the other"
    assert (stranger, elsewhere) == (404, 404)
    assert former == 403, "an old token covers what was the district's own and no more"
    assert (heir, retracted.get("stay", retracted)["state"]) == (200, "retracted")


async def test_an_office_goes_on_reporting_under_the_code_it_had(stack: Stack, before: Path, after: Path) -> None:
    async with kept_name(stack) as name:
        async with running_instance(
            stack, ["registration"], name=name, districts=XIANGCHENG, divisions=before, keep=True
        ) as old:
            async with office_at(stack, "320507001") as office:
                earlier = await office.report("arrival", make_arrival(1))
            await whole(old)

        async with (
            running_instance(
                stack, ["registration"], name=name, districts=XIANGCHENG, divisions=after, keep=True
            ) as merged,
            office_at(stack, "320507001") as office,
        ):
            later = await office.report("arrival", make_arrival(2))
            departed = await office.report("departure", make_departure(make_arrival(1), "2026-11-01"))
            await whole(merged)
            stays = await streets_of_stays(merged, "320507002")

    assert earlier["outcome"] == later["outcome"] == "accepted"
    assert set(later["warnings"]) - set(earlier["warnings"]) == {"division_renamed"}
    assert (departed["outcome"], departed["stay_id"]) == ("accepted", earlier["stay_id"])
    assert stays == [("320507001", "ended"), ("320507002", "open")]


async def test_what_is_said_of_an_old_stay_is_heard_by_who_took_over(stack: Stack, before: Path, after: Path) -> None:
    async with kept_name(stack) as name:
        async with running_instance(
            stack, ["registration"], name=name, districts=QINGPU, divisions=before, keep=True
        ) as old:
            await act(old, QINGPU, "/arrivals", {**make_arrival(1), "street": OLD_STREET})

        async with (
            running_instance(
                stack, ["registration"], name=name, districts=QINGJIANGPU, divisions=after, keep=True
            ) as merged,
            running_instance(stack, ["reporting"], districts=QINGJIANGPU, divisions=after) as new,
        ):
            departure = {**make_departure(make_arrival(1), "2026-10-01"), "street": NEW_STREET}
            left, _ = await act(merged, QINGJIANGPU, "/departures", departure)
            heard = await eventually(lambda: _ended(new))

    assert left == 200
    assert heard["street"] == OLD_STREET


async def _ended(instance: Instance) -> Any:
    return await instance.database("reporting")["stays"].find_one({"state": "ended"})
