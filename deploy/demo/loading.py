"""Loads the demo: uploads registers, moves people, and waits until all five services show the result."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any, TypeVar

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from contracts.reference.calendar import day_of
from contracts.reference.divisions import Divisions
from deploy.demo.care import care
from deploy.demo.client import Client, must_succeed, open_client
from deploy.demo.outreach import Street, live_a_year
from deploy.demo.people import DISTRICTS, Person, invent_people
from deploy.demo.plan import DESK, Inquiry, Leaving, Misspelling, Move, Plan, Reading, make_plan
from deploy.demo.registers import make_register
from deploy.demo.subscriptions import subscribe
from deploy.demo.surveys import ask_people
from deploy.local.credentials import read_or_make
from deploy.local.failure import LocalStackError
from deploy.local.stack import Stack
from services.runtime.clock import system_clock

PEOPLE = 5000
TARGETS = Path(__file__).with_name("targets.csv")
AT_A_TIME = 8
"""Requests under way at once."""
TIMEOUT = 120.0
"""Seconds after which the demo stops waiting for something."""
NEWS_WITHIN = 3
"""Seconds within which an audience is told what feeds has heard."""

ADULT, PATIENTS = 18, 12
"""The age from which somebody gets a prescription of health education, and how many do in a street."""
AUDIENCES = {"children": "0-6", "pupils": "6-14", "women": "women", "elderly": "65+", "hazard_workers": "hazards"}

Step = Callable[[int], None]
"""Advances the progress bar by a number of steps."""
Found = TypeVar("Found")

console = Console(highlight=False)


@dataclass(frozen=True, slots=True)
class Numbers:
    """The numbers that the five services show for a district."""

    registered: int
    reported: int
    with_archive: int
    archives: int
    audiences: Mapping[str, int]
    position: int

    @property
    def agree(self) -> bool:
        """Return whether every service has received all facts of registration."""
        everyone = {self.registered, self.reported, self.with_archive, self.audiences["everyone"]}
        return len(everyone) == 1 and self.archives >= self.registered and self.position >= self.registered


def load(stack: Stack, *, people: int = PEOPLE, again: bool = False) -> dict[str, Numbers]:
    """Load the demo into running services, print and return their numbers by district; loading it again adds nobody.

    A demo that was loaded completely is only shown, unless `again` is set.
    """
    loaded = stack.folder / "demo-loaded"
    divisions = Divisions.load()
    if loaded.exists() and not again:
        console.print("The demo is loaded already.")
        numbers = asyncio.run(_show(stack))
    else:
        as_of = date.fromisoformat(read_or_make(stack.folder / "demo-day", lambda: day_of(system_clock()).isoformat()))
        invented = invent_people(people, as_of, divisions)
        plan = make_plan(invented, [code for district in DISTRICTS for code in divisions.streets(district)], as_of)
        numbers = asyncio.run(_load(stack, invented, plan, divisions))
        loaded.touch()
    console.print(_table(numbers, divisions))
    return numbers


async def _show(stack: Stack) -> dict[str, Numbers]:
    async with open_client(stack) as client:
        return {district: await _count(client, district) for district in DISTRICTS}


async def _load(stack: Stack, people: Sequence[Person], plan: Plan, divisions: Divisions) -> dict[str, Numbers]:
    asked = (len(plan.misspellings), len(plan.inquiries))
    after = (len(plan.moves), len(plan.leavings), len(plan.readings), len(plan.activities), *asked, 3 * len(DISTRICTS))
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    async with open_client(stack) as client:
        with Progress(*columns, console=console) as bar:
            task = bar.add_task("Loading the demo", total=len(people) + sum(after))

            def step(done: int = 1) -> None:
                bar.advance(task, done)

            def say(what: str) -> None:
                bar.update(task, description=f"Loading the demo: {what}")

            for district in DISTRICTS:
                await subscribe(client, district)
            say("registers of arrivals")
            await _upload_registers(client, people, divisions, step)
            say("people who move on")
            await _each(plan.moves, lambda move: _move(client, move), step)
            say("people who leave")
            await _each(plan.leavings, lambda leaving: _leave(client, leaving), step)
            say("what the clerk finds to do")
            await _each(plan.misspellings, lambda told: _misspell(client, told), step)
            await _each(plan.inquiries, lambda inquiry: _inquire(client, inquiry), step)
            say("blood pressure")
            await _each(plan.readings, lambda reading: _measure(client, reading), step)
            say("activities")
            await _hold_activities(client, plan.activities, step)
            say("a year of health education")
            await _each(DISTRICTS, lambda district: _live_a_year(client, district, people, plan.as_of), step)
            say("targets of the plans")
            await _each(DISTRICTS, lambda district: _set_targets(client, district), step)
            say("until every service shows it")
            return {district: await _settled_numbers(client, district, step) for district in DISTRICTS}


async def _upload_registers(client: Client, people: Sequence[Person], divisions: Divisions, step: Step) -> None:
    """Upload one register for each street and wait until all are processed and counted."""
    before = {district: await _registered(client, district) for district in DISTRICTS}
    by_street: dict[str, list[Person]] = defaultdict(list)
    for person in people:
        by_street[person.street].append(person)
    imports = {
        street: await client.upload_register(
            street, f"{street}.xlsx", make_register(street, divisions.name(street), there)
        )
        for street, there in sorted(by_street.items())
    }
    accepted = dict.fromkeys(DISTRICTS, 0)
    for street, import_id in imports.items():
        accepted[street[:6]] += await _watch_import(client, street, import_id, step)
    for district in DISTRICTS:
        await _wait_for_residents(client, district, before[district] + accepted[district])


async def _wait_for_residents(client: Client, district: str, expected: int) -> None:
    await _until(lambda: _registered(client, district), lambda residents: residents >= expected)


async def _watch_import(client: Client, street: str, import_id: str, step: Step) -> int:
    """Wait until an import is done and return how many rows were accepted."""
    done = 0

    async def look() -> Any:
        nonlocal done
        progress = await client.get("registration", f"/imports/{import_id}", "clerk", street)
        people = sum(progress[count] for count in ("accepted", "duplicate", "refused"))  # without the title's row
        step(people - done)
        done = people
        return progress

    progress = await _until(look, lambda found: found["state"] == "done")
    if progress["refused"]:
        raise LocalStackError(f"Rows of the demo were refused: {progress['refused_by_reason']}")
    accepted: int = progress["accepted"]
    return accepted


async def _set_targets(client: Client, district: str) -> None:
    """Hand in the targets that the plans set, contradictions and all, for a district."""
    import_id = await client.upload_targets(district, TARGETS.name, TARGETS.read_bytes())
    path = f"/imports/{import_id}"
    progress = await _until(
        lambda: client.get("reporting", path, "district", district), lambda found: found["state"] == "done"
    )
    if progress["refused"]:
        raise LocalStackError(f"Targets of the demo were refused: {progress['refused_by_reason']}")


async def _move(client: Client, move: Move) -> None:
    """Register a person in the other district; the first stay is contested, and ends if the move is confirmed."""
    left = await _register(client, move.person, move.person.street, move.person.arrived_on)
    await _register(client, move.person, move.street, move.moved_on, origin=move.person.street[:6])
    state = await _until(lambda: _state(client, move.person.district, left), _has_changed)
    if move.confirmed and state == "contested":
        path = f"/stays/{left['stay_id']}/confirmation"
        must_succeed(await client.post("registration", path, "clerk", move.person.district, {}), 409)
        await _until(lambda: _state(client, move.person.district, left), lambda state: state == "ended")


async def _leave(client: Client, leaving: Leaving) -> None:
    """Register a departure; a person who has left already is left alone."""
    stay = await _register(client, leaving.person, leaving.person.street, leaving.person.arrived_on)
    body = {
        "street": leaving.person.street,
        "document_type": "居民身份证",
        "document_number": leaving.person.document_number,
        "left_on": leaving.left_on.isoformat(),
        "destination": leaving.destination,
    }
    must_succeed(await client.post("registration", "/departures", "clerk", leaving.person.street, body), 409)
    await _until(lambda: _state(client, leaving.person.district, stay), _has_changed)


async def _misspell(client: Client, told: Misspelling) -> None:
    """Report a person once more under another name, which the office then has to settle."""
    await _register(client, replace(told.person, name=told.name), told.person.street, told.person.arrived_on)


async def _inquire(client: Client, inquiry: Inquiry) -> None:
    """Ask the clerk's street about a person; the same question on the same day is one inquiry."""
    person = inquiry.person
    stay = await _register(client, person, person.street, person.arrived_on)
    body = {"street": person.street, "addressee": DESK, "person_id": stay["person_id"], "question": inquiry.question}
    must_succeed(await client.post("registration", "/inquiries", "clerk", person.street, body))


async def _measure(client: Client, reading: Reading) -> None:
    """Record a blood pressure in the archive, as soon as the archive exists."""
    stay = await _register(client, reading.person, reading.person.street, reading.person.arrived_on)
    path = f"/archives/{stay['person_id']}/entries"
    body = {
        "street": reading.person.street,
        "measured_at": f"{reading.measured_on.isoformat()}T09:30:00+08:00",
        "content": {"systolic": reading.systolic, "diastolic": reading.diastolic},
    }
    key = f"demo/{stay['stay_id']}"

    async def enter() -> int:
        answer = await client.post("archives", path, "health_worker", reading.person.district, body, key)
        return must_succeed(answer, 409).status_code

    await _until(enter, lambda status: status != 409)


async def _hold_activities(client: Client, activities: Sequence[Mapping[str, Any]], step: Step) -> None:
    """Plan the activities that are not planned yet, and record those that were held."""
    days = [date.fromisoformat(activity["plan"]["planned_on"]) for activity in activities]
    period = {"since": min(days).isoformat(), "until": (max(days) + timedelta(days=1)).isoformat()}
    planned = {}
    for district in DISTRICTS:
        for known in await client.get(
            "outreach", "/activities", "health_worker", district, division=district, **period
        ):
            planned[known["street"], known["planned_on"], known["topic"]] = known["activity_id"]

    async def hold(activity: Mapping[str, Any]) -> None:
        plan, district = activity["plan"], activity["plan"]["street"][:6]
        activity_id = planned.get((plan["street"], plan["planned_on"], plan["topic"]))
        if activity_id is None:
            answer = must_succeed(await client.post("outreach", "/activities", "health_worker", district, plan))
            activity_id = answer.json()["activity_id"]
        if activity["held"]:
            path = f"/activities/{activity_id}/hold"
            must_succeed(await client.post("outreach", path, "health_worker", district, activity["held"]), 409)

    await _each(activities, hold, step)


async def _live_a_year(client: Client, district: str, people: Sequence[Person], as_of: date) -> None:
    """Let a district's first street have a year of health education, as soon as outreach knows its residents."""
    code = min(person.street for person in people if person.district == district)
    residents = [person for person in people if person.street == code and person.age(as_of) >= ADULT][:PATIENTS]
    stays = [await _register(client, one, code, one.arrived_on) for one in residents]
    registered = await _registered(client, district)

    async def known() -> int:
        found = await client.get("outreach", "/audiences", "district", district, division=district)
        return int(found["audiences"]["everyone"])

    await _until(known, lambda everyone: everyone >= registered)
    street, people_there = Street(client, code, as_of), [stay["person_id"] for stay in stays]
    await asyncio.gather(care(street, people_there, await live_a_year(street, people_there)), ask_people(street))


async def _register(client: Client, person: Person, street: str, day: date, origin: str = "") -> dict[str, str]:
    """Register a person in a street and return the stay; one that is registered already stays as it is."""
    body = {
        "street": street,
        "name": person.name,
        "sex": person.sex,
        "document_type": "居民身份证",
        "document_number": person.document_number,
        "birth": person.birth.isoformat(),
        "hukou_division": person.hukou,
        "hukou_address": person.hukou_address,
        "phone": person.phone,
        "address": person.address if street == person.street else "",
        "community": person.community if street == person.street else "",
        "dwelling": "租赁房屋",
        "arrived_on": day.isoformat(),
        "origin": origin or person.origin,
        "purpose": person.purpose,
        "hazard": person.hazard,
    }
    answer: dict[str, str] = must_succeed(await client.post("registration", "/arrivals", "clerk", street, body)).json()
    return answer


async def _state(client: Client, district: str, stay: Mapping[str, str]) -> str | None:
    """Return the state of a stay in registration's view; None if it is not there yet."""
    person = await client.get("registration", f"/people/{stay['person_id']}", "clerk", district)
    return next((known["state"] for known in person["stays"] if known["stay_id"] == stay["stay_id"]), None)


def _has_changed(state: str | None) -> bool:
    """Return whether a stay is known and no longer open."""
    return state not in (None, "open")


async def _registered(client: Client, district: str) -> int:
    streets = await client.get("registration", "/streets", "district", district, division=district)
    return sum(street["residents"] for street in streets)


async def _settled_numbers(client: Client, district: str, step: Step) -> Numbers:
    """Wait until the five services agree on a district and its feed no longer grows; return the numbers."""
    last: list[Numbers] = []

    async def look() -> Numbers:
        last.append(await _count(client, district, last[-1].position if last else 0, wait=NEWS_WITHIN))
        return last[-1]

    numbers = await _until(look, lambda seen: seen.agree and len(last) > 1 and last[-2] == seen, every=0.5)
    step(1)
    return numbers


async def _count(client: Client, district: str, position: int = 0, wait: int = 0) -> Numbers:
    today = day_of(system_clock()).isoformat()
    here = {"division": district}
    flows = await client.get("reporting", "/flows", "district", district, **here, **{"from": today, "to": today})
    archives = await client.get("archives", "/archives", "district", district, **here)
    audiences = await client.get("outreach", "/audiences", "district", district, **here)
    return Numbers(
        registered=await _registered(client, district),
        reported=flows["residents"],
        with_archive=flows["archived"],
        archives=archives["archives"],
        audiences=audiences["audiences"],
        position=await _end_of_feed(client, district, position, wait),
    )


async def _end_of_feed(client: Client, district: str, position: int, wait: int) -> int:
    """Return the last position that the demo's hospital reads, waiting some seconds for more."""
    while True:
        page = await client.get("feeds", "/feeds/stays", "integrator", district, after=position, limit=1000, wait=wait)
        if not page:
            return position
        position = page[-1]["position"]


async def _each(items: Sequence[Found], work: Callable[[Found], Coroutine[Any, Any, None]], step: Step) -> None:
    """Do work for each item, a few at a time."""
    gate = asyncio.Semaphore(AT_A_TIME)

    async def do(item: Found) -> None:
        async with gate:
            await work(item)
        step(1)

    await asyncio.gather(*map(do, items))


async def _until(look: Callable[[], Awaitable[Found]], good: Callable[[Found], bool], every: float = 0.1) -> Found:
    """Look until the result is good and return it; raise LocalStackError after a timeout."""
    deadline = time.monotonic() + TIMEOUT
    while True:
        found = await look()
        if good(found):
            return found
        if time.monotonic() > deadline:
            raise LocalStackError(f"The demo waited {TIMEOUT:.0f} s in vain; last seen: {found}. See `make status`.")
        await asyncio.sleep(every)


def _table(numbers: Mapping[str, Numbers], divisions: Divisions) -> Table:
    table = Table("district", "residents", "archives", *AUDIENCES.values(), "feed", box=SIMPLE_HEAD)
    for district, found in numbers.items():
        sizes = (str(found.audiences[name]) for name in AUDIENCES)
        name = f"{district} {divisions.name(district)}"
        table.add_row(name, str(found.reported), str(found.archives), *sizes, str(found.position))
    return table
