"""Plans the events of the demo: people who move on or leave, blood pressure readings, activities."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from deploy.demo.people import SEED, Person, every_nth

LIVED_HERE = timedelta(days=90)
"""The shortest time that somebody has lived here before moving on or leaving."""
LOST_AFTER = timedelta(days=95)
"""A time after which somebody who left, and arrived nowhere, is lost."""
DESK = "320507001"
"""The street of the demo's clerk, who finds something to do on the first page."""
DESTINATIONS = ("上海市杨浦区", "安徽省阜阳市颍泉区", "四川省德阳市中江县", "境外", "不详")
TOPICS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "lecture": (("高血压防治", "everyone"), ("糖尿病饮食", "elderly"), ("职业病防护", "hazard_workers")),
    "consultation": (("孕产期保健", "women"), ("慢性病用药", "elderly")),
    "free_clinic": (("血压血糖免费测量", "everyone"),),
    "campaign": (("预防接种宣传", "children"), ("流感防护进校园", "pupils")),
}


@dataclass(frozen=True, slots=True)
class Move:
    """A person arrives in the other district; `confirmed` if the first district confirms it."""

    person: Person
    street: str
    moved_on: date
    confirmed: bool


@dataclass(frozen=True, slots=True)
class Leaving:
    """A person leaves both districts."""

    person: Person
    left_on: date
    destination: str


@dataclass(frozen=True, slots=True)
class Misspelling:
    """A person is reported once more, under a name that is not the recorded one."""

    person: Person
    name: str


@dataclass(frozen=True, slots=True)
class Inquiry:
    """A street asks the clerk's street about a person of its own 协查."""

    person: Person
    question: str


@dataclass(frozen=True, slots=True)
class Reading:
    """A person's blood pressure is taken."""

    person: Person
    measured_on: date
    systolic: int
    diastolic: int


@dataclass(frozen=True, slots=True)
class Plan:
    """All events after the registers are uploaded."""

    moves: Sequence[Move]
    leavings: Sequence[Leaving]
    readings: Sequence[Reading]
    activities: Sequence[Mapping[str, Any]]
    misspellings: Sequence[Misspelling]
    inquiries: Sequence[Inquiry]
    as_of: date


def make_plan(people: Sequence[Person], streets: Sequence[str], as_of: date) -> Plan:
    """Return the planned events, the same for the same people; nobody both moves and leaves."""
    chance = random.Random(SEED)  # noqa: S311  # invented events, always the same
    settled = [person for person in people if person.arrived_on <= as_of - LIVED_HERE]
    movers, leavers, adults = every_nth(settled, 30, 7), every_nth(settled, 30, 15), every_nth(settled, 8, 0)
    gone = {*movers, *leavers}
    staying = [person for person in settled if person not in gone]
    known = [person for person in staying if person.street == DESK]
    near = [person for person in staying if person.district == DESK[:6] and person.street != DESK]
    lost = [person for person in known if person.arrived_on <= as_of - LOST_AFTER - LIVED_HERE][:1]
    return Plan(
        moves=[_move(chance, person, streets, as_of) for person in movers],
        leavings=[
            *(_leaving(chance, person, as_of) for person in leavers),
            *(Leaving(person, as_of - LOST_AFTER, "不详") for person in lost),
        ],
        readings=[_reading(chance, p, as_of) for p in adults if p.age(as_of) >= 35 and p not in gone],
        activities=[_activity(chance, street, as_of, days) for street in streets for days in (-75, -40, -12, 20)],
        misspellings=[Misspelling(person, f"{person.name[:-1]}某") for person in known[1:3]],
        inquiries=[Inquiry(one, question) for one, question in zip(near, ("lived_there", "household"), strict=False)],
        as_of=as_of,
    )


def _move(chance: random.Random, person: Person, streets: Sequence[str], as_of: date) -> Move:
    elsewhere = [street for street in streets if not street.startswith(person.district)]
    moved_on = as_of - timedelta(days=chance.randint(2, 45))
    street, answered = chance.choice(elsewhere), chance.random() < 0.6
    return Move(person, street, moved_on, confirmed=answered and person.street != DESK)


def _leaving(chance: random.Random, person: Person, as_of: date) -> Leaving:
    return Leaving(person, as_of - timedelta(days=chance.randint(1, 60)), chance.choice(DESTINATIONS))


def _reading(chance: random.Random, person: Person, as_of: date) -> Reading:
    raised = 25 if chance.random() < 0.3 else 0
    systolic, diastolic = chance.randint(108, 136) + raised, chance.randint(66, 86) + raised // 2
    return Reading(person, as_of - timedelta(days=chance.randint(1, 80)), systolic, diastolic)


def _activity(chance: random.Random, street: str, as_of: date, days: int) -> Mapping[str, Any]:
    kind = chance.choice(sorted(TOPICS))
    topic, audience = chance.choice(TOPICS[kind])
    planned_on = as_of + timedelta(days=days + chance.randint(-8, 8))
    planned = {"street": street, "kind": kind, "topic": topic, "audience": audience}
    held = {"held_on": planned_on.isoformat(), "attendance": chance.randint(12, 140)} if days < 0 else None
    return {"plan": {**planned, "planned_on": planned_on.isoformat()}, "held": held}
