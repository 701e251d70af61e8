"""Loads the demo: registers are handed in, people move and leave, and it waits until all five services show it."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, TypeVar

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from contracts.reference.calendar import day_of
from contracts.reference.divisions import Divisions
from deploy.demo.doors import Doors, open_doors, told
from deploy.demo.people import DISTRICTS, Person, invent_people
from deploy.demo.plan import Leaving, Move, Plan, Reading, make_plan
from deploy.demo.registers import make_register
from deploy.local.credentials import kept
from deploy.local.failure import LocalStackError
from deploy.local.stack import Stack
from services.runtime.clock import system_clock

PEOPLE = 5000
AT_A_TIME = 8
PATIENCE = 120.0
"""Seconds after which the demo gives up waiting for one thing."""

AUDIENCES = {"children": "0-6", "pupils": "6-14", "women": "women", "elderly": "65+", "hazard_workers": "hazards"}

Step = Callable[[int], None]
"""Moves the progress bar on."""
Found = TypeVar("Found")

console = Console(highlight=False)


@dataclass(frozen=True, slots=True)
class Numbers:
    """What the five services say of a district."""

    registered: int
    reported: int
    with_archive: int
    archives: int
    audiences: Mapping[str, int]
    position: int

    @property
    def agree(self) -> bool:
        """Tell whether every service has heard what registration said."""
        everyone = {self.registered, self.reported, self.with_archive, self.audiences["everyone"]}
        return len(everyone) == 1 and self.archives >= self.registered and self.position >= self.registered


def load(stack: Stack, *, people: int = PEOPLE, again: bool = False) -> dict[str, Numbers]:
    """Load the demo into running services and print what they say then; loading it again adds nobody.

    What was loaded whole is only shown, unless it is asked for again.
    """
    loaded = stack.folder / "demo-loaded"
    divisions = Divisions.load()
    if loaded.exists() and not again:
        console.print("The demo is loaded already.")
        numbers = asyncio.run(_show(stack))
    else:
        as_of = date.fromisoformat(kept(stack.folder / "demo-day", lambda: day_of(system_clock()).isoformat()))
        invented = invent_people(people, as_of, divisions)
        plan = make_plan(invented, [code for district in DISTRICTS for code in divisions.streets(district)], as_of)
        numbers = asyncio.run(_load(stack, invented, plan, divisions))
        loaded.touch()
    console.print(_table(numbers, divisions))
    return numbers


async def _show(stack: Stack) -> dict[str, Numbers]:
    async with open_doors(stack) as doors:
        return {district: await _count(doors, district) for district in DISTRICTS}


async def _load(stack: Stack, people: Sequence[Person], plan: Plan, divisions: Divisions) -> dict[str, Numbers]:
    after = (len(plan.moves), len(plan.leavings), len(plan.readings), len(plan.activities), len(DISTRICTS))
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    async with open_doors(stack) as doors:
        with Progress(*columns, console=console) as bar:
            task = bar.add_task("Loading the demo", total=len(people) + sum(after))

            def step(done: int = 1) -> None:
                bar.advance(task, done)

            def say(what: str) -> None:
                bar.update(task, description=f"Loading the demo: {what}")

            say("registers of arrivals")
            await _hand_in_registers(doors, people, divisions, step)
            say("people who move on")
            await _each(plan.moves, lambda move: _move(doors, move), step)
            say("people who leave")
            await _each(plan.leavings, lambda leaving: _leave(doors, leaving), step)
            say("blood pressure")
            await _each(plan.readings, lambda reading: _measure(doors, reading), step)
            say("activities")
            await _hold_activities(doors, plan.activities, step)
            say("until every service shows it")
            return {district: await _see(doors, district, step) for district in DISTRICTS}


async def _hand_in_registers(doors: Doors, people: Sequence[Person], divisions: Divisions, step: Step) -> None:
    """Hand in one register for each street, then watch them being worked through."""
    before = {district: await _registered(doors, district) for district in DISTRICTS}
    by_street: dict[str, list[Person]] = defaultdict(list)
    for person in people:
        by_street[person.street].append(person)
    imports = {
        street: await doors.hand_in(street, f"{street}.xlsx", make_register(street, divisions.name(street), there))
        for street, there in sorted(by_street.items())
    }
    accepted = dict.fromkeys(DISTRICTS, 0)
    for street, import_id in imports.items():
        accepted[street[:6]] += await _watch_import(doors, street, import_id, step)
    for district in DISTRICTS:
        await _wait_for_residents(doors, district, before[district] + accepted[district])


async def _wait_for_residents(doors: Doors, district: str, expected: int) -> None:
    await _until(lambda: _registered(doors, district), lambda residents: residents >= expected)


async def _watch_import(doors: Doors, street: str, import_id: str, step: Step) -> int:
    """Watch an import until it is done; give how many rows were accepted."""
    done = 0

    async def look() -> Any:
        nonlocal done
        progress = await doors.ask("registration", f"/imports/{import_id}", "clerk", street)
        step(progress["done"] - done)
        done = progress["done"]
        return progress

    progress = await _until(look, lambda found: found["state"] == "done")
    if progress["refused"]:
        raise LocalStackError(f"Rows of the demo were refused: {progress['refused_by_reason']}")
    accepted: int = progress["accepted"]
    return accepted


async def _move(doors: Doors, move: Move) -> None:
    """Register a person in the other district; the stay that was left is contested, and ends where it is confirmed."""
    left = await _register(doors, move.person, move.person.street, move.person.arrived_on)
    await _register(doors, move.person, move.street, move.moved_on, origin=move.person.street[:6])
    state = await _until(lambda: _state(doors, move.person.district, left), _has_changed)
    if move.confirmed and state == "contested":
        path = f"/stays/{left['stay_id']}/confirmation"
        told(await doors.tell("registration", path, "clerk", move.person.district, {}), 409)
        await _until(lambda: _state(doors, move.person.district, left), lambda state: state == "ended")


async def _leave(doors: Doors, leaving: Leaving) -> None:
    """Register that a person left; who has left already stays gone."""
    stay = await _register(doors, leaving.person, leaving.person.street, leaving.person.arrived_on)
    body = {
        "street": leaving.person.street,
        "document_type": "居民身份证",
        "document_number": leaving.person.document_number,
        "left_on": leaving.left_on.isoformat(),
        "destination": leaving.destination,
    }
    told(await doors.tell("registration", "/departures", "clerk", leaving.person.street, body), 409)
    await _until(lambda: _state(doors, leaving.person.district, stay), _has_changed)


async def _measure(doors: Doors, reading: Reading) -> None:
    """Enter a blood pressure in the archive, as soon as the archive is there."""
    stay = await _register(doors, reading.person, reading.person.street, reading.person.arrived_on)
    path = f"/archives/{stay['person_id']}/entries"
    body = {
        "street": reading.person.street,
        "measured_at": f"{reading.measured_on.isoformat()}T09:30:00+08:00",
        "content": {"systolic": reading.systolic, "diastolic": reading.diastolic},
    }
    key = f"demo/{stay['stay_id']}"

    async def enter() -> int:
        answer = await doors.tell("archives", path, "health_worker", reading.person.district, body, key)
        return told(answer, 409).status_code

    await _until(enter, lambda status: status != 409)


async def _hold_activities(doors: Doors, activities: Sequence[Mapping[str, Any]], step: Step) -> None:
    """Plan what is not planned yet, and record what was held."""
    days = [date.fromisoformat(activity["plan"]["planned_on"]) for activity in activities]
    period = {"since": min(days).isoformat(), "until": (max(days) + timedelta(days=1)).isoformat()}
    planned = {}
    for district in DISTRICTS:
        for known in await doors.ask("outreach", "/activities", "health_worker", district, division=district, **period):
            planned[known["street"], known["planned_on"], known["topic"]] = known["activity_id"]

    async def hold(activity: Mapping[str, Any]) -> None:
        plan, district = activity["plan"], activity["plan"]["street"][:6]
        activity_id = planned.get((plan["street"], plan["planned_on"], plan["topic"]))
        if activity_id is None:
            answer = told(await doors.tell("outreach", "/activities", "health_worker", district, plan))
            activity_id = answer.json()["activity_id"]
        if activity["held"]:
            path = f"/activities/{activity_id}/hold"
            told(await doors.tell("outreach", path, "health_worker", district, activity["held"]), 409)

    await _each(activities, hold, step)


async def _register(doors: Doors, person: Person, street: str, day: date, origin: str = "") -> dict[str, str]:
    """Register a person in a street; a stay that is registered already is given back as it is."""
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
    answer: dict[str, str] = told(await doors.tell("registration", "/arrivals", "clerk", street, body)).json()
    return answer


async def _state(doors: Doors, district: str, stay: Mapping[str, str]) -> str | None:
    """Tell the state of a stay as registration's view has it."""
    person = await doors.ask("registration", f"/people/{stay['person_id']}", "clerk", district)
    return next((known["state"] for known in person["stays"] if known["stay_id"] == stay["stay_id"]), None)


def _has_changed(state: str | None) -> bool:
    """Tell whether a stay is known and no longer open."""
    return state not in (None, "open")


async def _registered(doors: Doors, district: str) -> int:
    streets = await doors.ask("registration", "/streets", "district", district, division=district)
    return sum(street["residents"] for street in streets)


async def _see(doors: Doors, district: str, step: Step) -> Numbers:
    """Wait until the five services agree on a district and its feed has gone quiet."""
    last: list[Numbers] = []

    async def look() -> Numbers:
        last.append(await _count(doors, district, last[-1].position if last else 0))
        return last[-1]

    numbers = await _until(look, lambda seen: seen.agree and len(last) > 1 and last[-2] == seen, every=0.5)
    step(1)
    return numbers


async def _count(doors: Doors, district: str, position: int = 0) -> Numbers:
    today = day_of(system_clock()).isoformat()
    here = {"division": district}
    flows = await doors.ask("reporting", "/flows", "district", district, **here, **{"from": today, "to": today})
    archives = await doors.ask("archives", "/archives", "district", district, **here)
    audiences = await doors.ask("outreach", "/audiences", "district", district, **here)
    return Numbers(
        registered=await _registered(doors, district),
        reported=flows["residents"],
        with_archive=flows["archived"],
        archives=archives["archives"],
        audiences=audiences["audiences"],
        position=await _end_of_feed(doors, district, position),
    )


async def _end_of_feed(doors: Doors, district: str, position: int) -> int:
    while True:
        page = await doors.ask("feeds", "/feeds/stays", "integrator", district, after=position, limit=1000)
        if not page["events"]:
            return position
        position = page["position"]


async def _each(items: Sequence[Found], work: Callable[[Found], Coroutine[Any, Any, None]], step: Step) -> None:
    """Do some work for each item, a few at a time."""
    gate = asyncio.Semaphore(AT_A_TIME)

    async def do(item: Found) -> None:
        async with gate:
            await work(item)
        step(1)

    await asyncio.gather(*map(do, items))


async def _until(look: Callable[[], Awaitable[Found]], good: Callable[[Found], bool], every: float = 0.1) -> Found:
    """Look until what is found is good, but not for ever."""
    deadline = time.monotonic() + PATIENCE
    while True:
        found = await look()
        if good(found):
            return found
        if time.monotonic() > deadline:
            raise LocalStackError(f"The demo waited {PATIENCE:.0f} s in vain; last seen: {found}. See `make status`.")
        await asyncio.sleep(every)


def _table(numbers: Mapping[str, Numbers], divisions: Divisions) -> Table:
    table = Table("district", "residents", "archives", *AUDIENCES.values(), "feed", box=SIMPLE_HEAD)
    for district, found in numbers.items():
        sizes = (str(found.audiences[name]) for name in AUDIENCES)
        name = f"{district} {divisions.name(district)}"
        table.add_row(name, str(found.reported), str(found.archives), *sizes, str(found.position))
    return table
