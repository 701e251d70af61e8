"""The story of a patient who moves from A to B and back, between districts that know each other by a broker alone."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from contracts.archives.archives import ArchiveFact
from contracts.archives.custody import CustodyFact, chain
from contracts.archives.entries import Entry
from deploy.local.stack import Stack
from services.archives.commands.summaries import sweep
from services.archives.views.people import find_heard
from services.runtime.mongo import Database
from tests.support.instance import Instance, eventually, forget_instance, running_instance
from tests.support.offices import make_arrival

A, B = "320507", "320812"
STREET_A, STREET_B = "320507001", "320812008"
NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)


class Districts:
    """Two districts with registration and archives, each of which can be up or cut off."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.names = {district: f"{district}-{uuid4().hex[:6]}" for district in (A, B)}
        self.up: dict[str, Instance] = {}
        self.now = NOW
        self._exits: dict[str, AsyncExitStack] = {}

    async def start(self, *districts: str) -> None:
        for district in districts:
            self._exits[district] = AsyncExitStack()
            instance = running_instance(
                self.stack,
                ["registration", "archives"],
                name=self.names[district],
                districts=district,
                clock=lambda: self.now,
                keep=True,
            )
            self.up[district] = await self._exits[district].enter_async_context(instance)

    async def stop(self, *districts: str) -> None:
        for district in districts:
            del self.up[district]
            await self._exits.pop(district).aclose()

    async def arrive(self, street: str, arrived_on: str) -> str:
        """Register the person's arrival; give the person's id."""
        async with self.up[street[:6]].client("registration", "clerk", street) as clerk:
            answer = await clerk.post("/arrivals", json={**make_arrival(1, arrived_on), "street": street})
        assert answer.status_code == 201, answer.text
        person_id: str = answer.json()["person_id"]
        await eventually(lambda: self.database(street[:6])["archives"].find_one({"_id": f"{person_id}@{street[:6]}"}))
        return person_id

    def database(self, district: str) -> Database:
        return self.up[district].database("archives")

    async def work(self, street: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Act as a health worker of a street."""
        async with self.up[street[:6]].client("archives", "health_worker", street) as worker:
            answer = await worker.post(path, json={"street": street, **body})
        assert answer.status_code in (200, 201), answer.text
        told: dict[str, Any] = answer.json()
        return told

    async def follow_up(self, street: str, person: str, day: str, mode: str = "face_to_face") -> str:
        content = {"kind": "hypertension_follow_up", "mode": mode, "systolic": 132, "diastolic": 80}
        entry = {"measured_at": f"{day}T02:00:00Z", "content": content}
        told = await self.work(street, f"/archives/{person}/entries", entry)
        return str(told["entry_id"])

    async def open(self, street: str, person: str) -> dict[str, Any]:
        async with self.up[street[:6]].client("archives", "health_worker", street) as worker:
            answer = await worker.get(f"/archives/{person}")
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told

    async def keepers(self, person: str) -> dict[str, bool]:
        """Return of each district that is up whether its journal says that it keeps the archive."""
        held = {}
        for district, instance in self.up.items():
            journal = instance.apps["archives"].state.service.journal
            archive = await journal.load(f"archive/{person}@{district}", ArchiveFact)
            custody = await journal.load(f"custody/{person}@{district}", CustodyFact)
            held[district] = archive is not None and (custody is None or custody.data.custody.holds)
        return held

    async def kept_by(self, district: str, person: str) -> None:
        """Wait until one district keeps the archive, and nothing is under way."""

        async def settled() -> bool:
            keepers = await self.keepers(person)
            return keepers == {code: code == district for code in self.up} and not await self._unsent()

        await eventually(settled)

    async def _unsent(self) -> int:
        owed: dict[str, Any] = {"$or": [{"sent_at": None}, {"unheard": {"$exists": True}}]}
        return sum([await self.database(code)["journal"].count_documents(owed) for code in self.up])

    async def known(self, district: str, person: str, entries: set[str]) -> dict[str, Entry]:
        """Wait until a district knows these entries and no others."""

        async def all_there() -> Any:
            heard = (await find_heard(self.database(district), [person]))[person]
            found = heard.entries_known_to(district)
            return found if set(found) == entries else None

        found: dict[str, Entry] = await eventually(all_there)
        return found


@asynccontextmanager
async def two_districts(stack: Stack) -> AsyncIterator[Districts]:
    districts = Districts(stack)
    await districts.start(A, B)
    try:
        yield districts
    finally:
        await districts.stop(*list(districts.up))
        for name in districts.names.values():
            await forget_instance(stack, name)


def due(file: dict[str, Any]) -> list[tuple[str, str]]:
    return [(duty["kind"], duty["due_on"]) for duty in file["duties"]]


async def summarised(districts: Districts, street: str, person: str, entries: int) -> dict[str, Any]:
    """Open the archive once its summary has counted so many entries."""

    async def counted() -> Any:
        row = await districts.database(street[:6])["archives"].find_one({"_id": f"{person}@{street[:6]}"})
        return row and row.get("chart", {}).get("entries") == entries and row["chart"]["held"]

    await eventually(counted)
    return await districts.open(street, person)


async def test_a_patient_moves_there_and_back_while_the_districts_are_cut_off(stack: Stack) -> None:
    async with two_districts(stack) as districts:
        person = await districts.arrive(STREET_A, "2026-01-05")
        basic = {"allergies": ["penicillin"], "past_diseases": [{"disease": "hypertension"}]}
        completed = await districts.work(
            STREET_A, f"/archives/{person}/completion", {"committee": "003", "basic": basic}
        )
        enrolment = {"condition": "hypertension", "enrolled_on": "2026-01-10"}
        await districts.work(STREET_A, f"/archives/{person}/enrolments", enrolment)
        entries = {await districts.follow_up(STREET_A, person, day) for day in ("2026-01-10", "2026-04-02")}
        at_a = await summarised(districts, STREET_A, person, 2)

        await districts.stop(A)
        await districts.arrive(STREET_B, "2026-05-01")
        entries.add(await districts.follow_up(STREET_B, person, "2026-05-03"))
        await districts.stop(B)
        await districts.start(A)
        entries.add(await districts.follow_up(STREET_A, person, "2026-04-20", mode="phone"))
        await districts.start(B)
        await districts.kept_by(B, person)
        await districts.known(B, person, entries)
        at_b = await summarised(districts, STREET_B, person, 4)
        late = await districts.follow_up(STREET_A, person, "2026-04-25", mode="phone")
        entries.add(late)
        at_home = await districts.known(B, person, entries)

        await districts.stop(B)
        await districts.arrive(STREET_A, "2026-09-01")
        await districts.start(B)
        entries.add(await districts.follow_up(STREET_B, person, "2026-08-01"))
        await districts.kept_by(A, person)
        found = await districts.known(A, person, entries)
        back = await summarised(districts, STREET_A, person, len(entries))
        copy = await districts.open(STREET_B, person)

        assert due(at_a) == [("hypertension_follow_up", "2026-07-02"), ("annual_exam", "2027-01-10")]
        assert due(at_b) == [("hypertension_follow_up", "2026-08-03"), ("annual_exam", "2027-01-10")]
        assert due(back) == [("hypertension_follow_up", "2026-11-01"), ("annual_exam", "2027-01-10")]
        codes = {file["archives"][0]["code"] for file in (at_a, at_b, back)}
        assert codes == {completed["code"]}
        assert at_b["archives"][0]["basic"]["allergies"] == ["penicillin"]
        assert at_home[late].out_of_custody
        met = [entry for entry in found.values() if getattr(entry.content, "mode", None) == "face_to_face"]
        assert len(met) == 4, "each meeting counts once, whoever kept the archive"
        assert (back["access"], back["kept_by"]) == ("custodian", A)
        assert (copy["access"], copy["kept_by"]) == ("copy", A)
        await check_receipts(districts, person)


async def check_receipts(districts: Districts, person: str) -> None:
    """Work out the hash of each manifest from the entries that its receiver holds."""
    checked = 0
    for origin, receiver in ((A, B), (B, A)):
        rows = districts.database(origin)["journal"].find({"stream": f"custody/{person}@{origin}"})
        offers = {}
        async for row in rows:
            event = await districts.up[origin].apps["archives"].state.service.journal.load(row["stream"], CustodyFact)
            offers[event.data.custody.offer.turn] = event.data.custody.offer
        journal = districts.up[receiver].apps["archives"].state.service.journal
        answers = (await journal.load(f"custody/{person}@{receiver}", CustodyFact)).data.custody.receipts
        entries = (await find_heard(districts.database(receiver), [person]))[person].entries_known_to(receiver)
        for receipt in answers:
            manifest = offers[receipt.offer_turn].manifest
            found = chain((entries[line.entry_id], line.version) for line in manifest.lines)
            assert receipt.accepted
            assert (receipt.count, receipt.sha256) == (len(manifest.lines), found)
            checked += 1
    assert checked == 2


async def test_an_offer_that_nobody_answers_returns_and_is_accepted_all_the_same_later(stack: Stack) -> None:
    async with two_districts(stack) as districts:
        person = await districts.arrive(STREET_A, "2026-01-05")
        await districts.follow_up(STREET_A, person, "2026-01-10")
        await districts.arrive(STREET_B, "2026-05-01")
        await districts.kept_by(B, person)
        await districts.arrive(STREET_A, "2026-06-01")
        await districts.kept_by(A, person)
        await districts.stop(A)
        await districts.arrive(STREET_B, "2026-07-01")
        await districts.stop(B)
        await districts.start(A)

        async def offered(state: str) -> Any:
            custody = (
                await districts.up[A].apps["archives"].state.service.journal.load(f"custody/{person}@{A}", CustodyFact)
            )
            offer = custody.data.custody.offer
            return offer and offer.state == state

        await eventually(lambda: offered("open"))
        await eventually(lambda: districts.database(A)["custodies"].find_one({"offer.state": "open"}))
        districts.now += timedelta(days=31)
        await sweep(districts.up[A].apps["archives"].state.service)
        await eventually(lambda: offered("returned"))
        meanwhile = await districts.keepers(person)
        await districts.start(B)
        await districts.kept_by(B, person)

        assert meanwhile == {A: True}
