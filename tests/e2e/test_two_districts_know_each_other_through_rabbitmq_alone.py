"""The story of a person who moves between two districts that share no database, only a broker."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from typing import Any

import httpx
import pytest

from deploy.local.stack import Stack
from services.runtime.clock import Clock, system_clock
from tests.support.clerks import Day
from tests.support.counting import find_uncounted
from tests.support.instance import Instance, eventually
from tests.support.neighbours import Neighbours
from tests.support.offices import make_arrival

XIANGCHENG, QINGJIANGPU = "320507", "320812"
OLD_STREET, NEW_STREET = "320507001", "320812008"
MOVED_OUT, MOVED_IN = "2026-03-01", "2026-06-15"


class Districts(Neighbours):
    """Two districts, each of which can be up or down, as clerks and district officers use them."""

    async def arrive(self, street: str, arrived_on: str) -> dict[str, Any]:
        """Register the person's arrival at a street of a district that is up."""
        answer = await self.post(street, "/arrivals", {**make_arrival(1, arrived_on), "street": street})
        assert answer.status_code == 201, answer.text
        body: dict[str, Any] = answer.json()
        return body

    async def post(self, street: str, path: str, body: Any = None) -> httpx.Response:
        """Act as a street's clerk."""
        async with self.up[street[:6]].client("registration", "clerk", street) as clerk:
            return await clerk.post(path, json=body)

    @asynccontextmanager
    async def deaf(self, district: str) -> AsyncIterator[None]:
        """Let a district be asked over HTTP while it hears and says nothing."""
        await self.stop(district)
        instance = Instance(self.stack, self.names[district], district, self.clock)
        instance.apps["registration"] = instance.build("registration")
        self.up[district] = instance
        yield
        instance.database("registration").client.close()
        await self.start(district)

    async def get(self, street: str, path: str) -> Any:
        """Read a list of a street's as its clerk."""
        async with self.up[street[:6]].client("registration", "clerk", street) as clerk:
            return (await clerk.get(path, params={"division": street})).raise_for_status().json()[path.strip("/")]

    async def transfers(self, person_id: str) -> list[str]:
        """Return the states of a person's transfers, in which both districts agree."""
        one, other = [await self.up[code].database("registration")["movers"].find_one(person_id) for code in self.codes]
        assert one is not None
        assert other is not None
        assert one["transfers"] == other["transfers"]
        return sorted(transfer["state"] for transfer in one["transfers"])

    async def tasks(self, street: str) -> list[tuple[str, str]]:
        """Return what a street has to do, and about which other street."""
        return [(task["kind"], task["street"]) for task in await self.get(street, "/tasks")]

    async def stay(self, district: str, street: str) -> dict[str, Any] | None:
        """Look at the person's stay in a street, as a district knows it."""
        found: dict[str, Any] | None = (
            await self.up[district].database("registration")["stays"].find_one({"street": street})
        )
        return found

    async def stay_becomes(self, street: str, state: str, *, known_in: tuple[str, ...] = ()) -> dict[str, Any]:
        """Wait until the stay in a street has a state, in the view of every district named (or up)."""
        places = known_in or tuple(self.up)

        async def same() -> Any:
            stays = [await self.stay(district, street) for district in places]
            return stays if all(stay and stay["state"] == state for stay in stays) else None

        seen: list[dict[str, Any]] = await eventually(same)
        return seen[0]

    async def numbers(self, district: str) -> tuple[int, int, int]:
        """Return residents, inflow and outflow of a district in its own reporting, once everybody is counted."""
        reporting = self.up[district].database("reporting")

        async def counted() -> bool:
            return not await find_uncounted(reporting)

        await eventually(counted)
        async with self.up[district].client("reporting", "district", district) as reader:
            period = {"division": district, "from": "2026-01-01", "to": "2026-10-01"}
            flows = (await reader.get("/flows", params=period)).json()
            return flows["residents"], flows["inflow"], flows["outflow"]


@asynccontextmanager
async def two_districts(stack: Stack, clock: Clock = system_clock) -> AsyncIterator[Districts]:
    """Run two districts, and remove everything they had at the end."""
    districts = Districts(stack, (XIANGCHENG, QINGJIANGPU), ("registration", "reporting"), clock)
    try:
        await districts.start(*districts.codes)
        yield districts
    finally:
        await districts.forget()


async def test_an_arrival_in_one_district_contests_and_then_ends_the_stay_in_the_other(stack: Stack) -> None:
    async with two_districts(stack) as districts:
        old = await districts.arrive(OLD_STREET, MOVED_OUT)
        await districts.whole()
        before = [await districts.numbers(district) for district in (XIANGCHENG, QINGJIANGPU)]

        new = await districts.arrive(NEW_STREET, MOVED_IN)
        contested = await districts.stay_becomes(OLD_STREET, "contested")
        await districts.whole()
        meanwhile = [await districts.numbers(district) for district in (XIANGCHENG, QINGJIANGPU)]

        confirmed = await districts.post(OLD_STREET, f"/stays/{old['stay_id']}/confirmation")
        ended = await districts.stay_becomes(OLD_STREET, "ended")
        await districts.whole()
        after = [await districts.numbers(district) for district in (XIANGCHENG, QINGJIANGPU)]

        assert old["person_id"] == new["person_id"], "both districts give the person the same id"
        assert contested["contested_by"] == new["stay_id"]
        assert confirmed.status_code == 200, confirmed.text
        assert (ended["ended_on"], ended["destination"]) == (MOVED_IN, NEW_STREET)
        assert before == [(1, 1, 0), (0, 0, 0)]
        assert meanwhile == [(0, 1, 0), (1, 1, 0)]
        assert after == [(0, 1, 1), (1, 1, 0)]


async def test_each_district_keeps_the_identity_and_its_journal_to_itself(stack: Stack) -> None:
    async with two_districts(stack) as districts:
        await districts.arrive(OLD_STREET, MOVED_OUT)
        await districts.whole()

        elsewhere = districts.up[QINGJIANGPU].database("registration")
        assert await elsewhere["identities"].count_documents({}) == 0
        assert await elsewhere["journal"].count_documents({}) == 0
        assert await elsewhere["stays"].count_documents({"street": OLD_STREET}) == 1
        assert await districts.up[QINGJIANGPU].database("reporting")["stays"].count_documents({}) == 0


async def test_nothing_can_be_decided_about_another_districts_stay(stack: Stack) -> None:
    async with two_districts(stack) as districts:
        old = await districts.arrive(OLD_STREET, MOVED_OUT)
        await districts.whole()

        async with districts.up[QINGJIANGPU].client("registration", "admin", "") as admin:
            answers = [
                await admin.post(f"/stays/{old['stay_id']}/confirmation"),
                await admin.post(f"/stays/{old['stay_id']}/retraction"),
                await admin.post("/arrivals", json={**make_arrival(2), "street": OLD_STREET}),
            ]

        assert [answer.status_code for answer in answers] == [404, 404, 422]
        assert answers[2].json()["code"] == "other_district"


@pytest.mark.parametrize("down", [XIANGCHENG, QINGJIANGPU], ids=["the old one", "the new one"])
async def test_a_district_that_was_down_learns_of_everything_when_it_is_up_again(stack: Stack, down: str) -> None:
    async with two_districts(stack) as districts:
        if down == XIANGCHENG:
            old = await districts.arrive(OLD_STREET, MOVED_OUT)
            await districts.whole()
            await districts.stop(XIANGCHENG)
            new = await districts.arrive(NEW_STREET, MOVED_IN)
            await districts.start(XIANGCHENG)
        else:
            await districts.stop(QINGJIANGPU)
            old = await districts.arrive(OLD_STREET, MOVED_OUT)
            await districts.start(QINGJIANGPU)
            new = await districts.arrive(NEW_STREET, MOVED_IN)

        contested = await districts.stay_becomes(OLD_STREET, "contested")
        await districts.whole()

        assert contested["contested_by"] == new["stay_id"]
        assert [await districts.numbers(district) for district in (XIANGCHENG, QINGJIANGPU)] == [(0, 1, 0), (1, 1, 0)]

        await districts.stop(QINGJIANGPU)
        confirmed = await districts.post(OLD_STREET, f"/stays/{old['stay_id']}/confirmation")
        await districts.start(QINGJIANGPU)
        ended = await districts.stay_becomes(OLD_STREET, "ended")
        await districts.whole()

        assert confirmed.status_code == 200
        assert ended["ended_on"] == MOVED_IN
        assert [await districts.numbers(district) for district in (XIANGCHENG, QINGJIANGPU)] == [(0, 1, 1), (1, 1, 0)]


async def test_retracting_the_newer_stay_reaffirms_the_older_one(stack: Stack) -> None:
    async with two_districts(stack) as districts:
        await districts.arrive(OLD_STREET, MOVED_OUT)
        new = await districts.arrive(NEW_STREET, MOVED_IN)
        await districts.stay_becomes(OLD_STREET, "contested")

        retracted = await districts.post(NEW_STREET, f"/stays/{new['stay_id']}/retraction")
        reaffirmed = await districts.stay_becomes(OLD_STREET, "open")
        await districts.stay_becomes(NEW_STREET, "retracted")
        await districts.whole()

        assert retracted.status_code == 200
        assert reaffirmed["contested_by"] is None
        assert [await districts.numbers(district) for district in (XIANGCHENG, QINGJIANGPU)] == [(1, 1, 0), (0, 0, 0)]


async def test_a_move_that_was_taken_back_can_not_be_confirmed(stack: Stack) -> None:
    async with two_districts(stack) as districts:
        old = await districts.arrive(OLD_STREET, MOVED_OUT)
        new = await districts.arrive(NEW_STREET, MOVED_IN)
        await districts.stay_becomes(OLD_STREET, "contested")
        await districts.post(NEW_STREET, f"/stays/{new['stay_id']}/retraction")
        await districts.stay_becomes(OLD_STREET, "open")

        refused = await districts.post(OLD_STREET, f"/stays/{old['stay_id']}/confirmation")

        assert (refused.status_code, refused.json()["code"]) == (409, "not_contested")


async def test_a_move_confirmed_and_taken_back_at_the_same_moment_is_a_task_of_both(stack: Stack) -> None:
    async with two_districts(stack, Day(date(2026, 7, 1))) as districts:
        old, new = await districts.arrive(OLD_STREET, MOVED_OUT), await districts.arrive(NEW_STREET, MOVED_IN)
        await districts.stay_becomes(OLD_STREET, "contested")
        await districts.whole()

        async with districts.deaf(QINGJIANGPU):
            confirmed = await districts.post(OLD_STREET, f"/stays/{old['stay_id']}/confirmation")
            retracted = await districts.post(NEW_STREET, f"/stays/{new['stay_id']}/retraction")
        await districts.whole()

        assert [answer.status_code for answer in (confirmed, retracted)] == [200, 200]
        ended = await districts.stay_becomes(OLD_STREET, "ended")
        await districts.stay_becomes(NEW_STREET, "retracted")
        assert (ended["ending"], ended["ended_on"], ended["destination"]) == ("confirmed", MOVED_IN, NEW_STREET)
        assert await districts.transfers(old["person_id"]) == ["departed_open", "void"]
        assert await districts.tasks(OLD_STREET) == [("check_stay", NEW_STREET)]
        assert await districts.tasks(NEW_STREET) == [("expect_arrival", OLD_STREET)]

        await districts.arrive(NEW_STREET, MOVED_IN)
        await districts.stay_becomes(NEW_STREET, "open")
        await districts.whole()

        assert await districts.transfers(old["person_id"]) == ["completed"]
        assert await districts.tasks(OLD_STREET) == []
        assert await districts.tasks(NEW_STREET) == [("receive_notice", OLD_STREET)]


async def test_an_arrival_reported_late_does_not_contest_the_newer_one(stack: Stack) -> None:
    async with two_districts(stack) as districts:
        new = await districts.arrive(NEW_STREET, MOVED_IN)
        await districts.whole()

        await districts.arrive(OLD_STREET, MOVED_OUT)
        contested = await districts.stay_becomes(OLD_STREET, "contested")
        await districts.whole()

        assert contested["contested_by"] == new["stay_id"]
        assert [await districts.numbers(district) for district in (XIANGCHENG, QINGJIANGPU)] == [(0, 1, 0), (1, 1, 0)]
