"""The invariants hold of lives that are lived rightly, and each of them is seen to fail where one is not."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from uuid import uuid4

import pytest

from contracts.envelope import Fact
from contracts.registration.conflicts import ConflictRaised
from contracts.registration.notices import NoticeSent
from contracts.registration.people import PersonDied, PersonsMerged
from contracts.registration.stays import (
    DestinationKind,
    Ending,
    Stay,
    StayContested,
    StayEnded,
    StayStarted,
    StayState,
    StayTraceLost,
)
from deploy.local.stack import Stack
from services.reporting import projector
from services.runtime.journal import JOURNAL
from tests.support.counting import BUILD
from tests.support.facts import (
    FIRST_DAY,
    PEOPLE,
    STREETS,
    EventList,
    make_conflict,
    make_notice,
    make_person,
    make_stay,
)
from tests.support.instance import Instance, forget_instance
from tests.support.invariants import find_violations

DAYS = [FIRST_DAY + timedelta(days=day) for day in (0, 20, 60, 100, 400)]
HERE, NEAR, FAR = STREETS[:3]


@dataclass
class District:
    """Registration's journal and reporting, neither started: facts are recorded in one and told to the other."""

    instance: Instance
    told: EventList = field(default_factory=list)

    async def record(self, *facts: Fact) -> None:
        """Record the facts of one stream, to be told later."""
        journal = self.instance.apps["registration"].state.service.journal
        commit = journal.commit(*facts, causation="test")
        await journal.record([commit])
        self.told += commit.events

    async def tell(self, order: Random | None = None) -> None:
        """Tell everything in small messages, in the given disorder."""
        if order:
            order.shuffle(self.told)
        reporting = self.instance.apps["reporting"].state
        for start in range(0, len(self.told), 7):
            await projector.hear(reporting.service, reporting.counting, self.told[start : start + 7])
        await reporting.counting.count_all_waiting()

    async def violations(self) -> list[str]:
        """Tell what is left to tell; return the names of what is violated."""
        await self.tell()
        return sorted({found.split(":")[0] for found in await find_violations([self.instance.databases], DAYS)})


@pytest.fixture
async def district(stack: Stack) -> AsyncIterator[District]:
    instance = Instance(stack, f"invariants-{uuid4().hex[:8]}")
    for name in ("registration", "reporting"):
        instance.apps[name] = instance.build(name)
        service = instance.apps[name].state.service
        await service.journal.prepare()
        for step in service._prepare:
            await step(service.database)
    yield District(instance)
    for app in instance.apps.values():
        app.state.service.client.close()
    await forget_instance(stack, instance.name)


def ended(stay: Stay, day: int, ending: Ending = Ending.DEPARTED, **more: object) -> StayEnded:
    over = {"state": StayState.ENDED, "ended_on": FIRST_DAY + timedelta(days=day), "ending": ending}
    return StayEnded(stay=stay.model_copy(update=over | more))


def live(chance: Random, person: str) -> tuple[list[list[Fact]], date | None]:
    """Make the stays of one life as registration settles them, and the day of death if there is one."""
    streams: list[list[Fact]] = []
    day, ids = chance.randint(0, 30), [person]
    while True:
        stay = make_stay(chance.choice(ids), chance.choice(STREETS), day)
        over = day + chance.randint(1, 80)
        match chance.choice(("stay", "move", "move", "default", "abroad", "lose", "die", "vanish and die")):
            case "move":
                streams.append([StayStarted(stay=stay), ended(stay, over)])
                day = over + chance.choice((0, 0, 5, 40))
            case "default":
                streams.append([StayStarted(stay=stay), ended(stay, over, Ending.BY_DEFAULT)])
                day = over
            case "abroad":
                gone = ended(stay, over, destination_kind=DestinationKind.EXTERNAL)
                streams.append([StayStarted(stay=stay), gone])
                day = over + 30
                if chance.random() < 0.5:
                    return streams, None
            case "lose":
                gone = ended(stay, over)
                lost_on = FIRST_DAY + timedelta(days=over + 91)
                lost = StayTraceLost(stay=gone.stay.model_copy(update={"trace_lost_on": lost_on}))
                return [*streams, [StayStarted(stay=stay), gone, lost]], None
            case "die":
                died = ended(stay, over, Ending.DIED)
                return [*streams, [StayStarted(stay=stay), died]], died.stay.ended_on
            case "vanish and die":
                left: list[Fact] = [StayStarted(stay=stay), ended(stay, over)]
                return [*streams, left], FIRST_DAY + timedelta(days=over + 12)
            case _:
                return [*streams, [StayStarted(stay=stay)]], None


@pytest.mark.parametrize("seed", range(3))
async def test_all_hold_of_lives_rightly_lived_however_they_are_told(district: District, seed: int) -> None:
    chance = Random(seed)
    for number in range(40):
        person = f"{number:032x}"
        streams, died = live(chance, person)
        for facts in streams:
            await district.record(*facts)
        if died:
            await district.record(PersonDied(person=make_person(person, died_on=died)))

    await district.tell(chance)
    await district.tell(chance)

    assert await find_violations([district.instance.databases], DAYS) == []


async def test_two_ids_that_are_one_person_are_one_life(district: District) -> None:
    alias, survivor = PEOPLE[0], PEOPLE[1]
    before = make_stay(alias, HERE, 1)
    await district.record(StayStarted(stay=before), ended(before, 9))
    await district.record(StayStarted(stay=make_stay(survivor, NEAR, 30)))
    await district.record(PersonsMerged(person=make_person(alias, merged_into=survivor, linked=(survivor,))))

    assert await district.violations() == []


async def test_two_current_stays_of_one_person_are_seen(district: District) -> None:
    await district.record(StayStarted(stay=make_stay(PEOPLE[0], HERE, 1)))
    await district.record(StayStarted(stay=make_stay(PEOPLE[0], FAR, 5)))

    assert await district.violations() == ["I1", "I6"]


async def test_two_current_stays_of_two_ids_that_are_one_person_are_seen(district: District) -> None:
    await district.record(StayStarted(stay=make_stay(PEOPLE[0], HERE, 1)))
    await district.record(StayStarted(stay=make_stay(PEOPLE[1], FAR, 5)))
    assert await district.violations() == []

    await district.record(PersonsMerged(person=make_person(PEOPLE[0], merged_into=PEOPLE[1], linked=(PEOPLE[1],))))

    assert await district.violations() == ["I1", "I6"]


async def test_an_open_conflict_or_a_contest_explains_two_stays(district: District) -> None:
    one, two = make_stay(PEOPLE[0], HERE, 1), make_stay(PEOPLE[0], FAR, 5)
    await district.record(StayStarted(stay=one))
    await district.record(StayStarted(stay=two))
    await district.record(ConflictRaised(conflict=make_conflict(one, two)))
    contested = make_stay(PEOPLE[1], HERE, 1)
    contest = {"state": StayState.CONTESTED, "contested_by": make_stay(PEOPLE[1], FAR, 5).stay_id}
    await district.record(StayStarted(stay=contested), StayContested(stay=contested.model_copy(update=contest)))
    await district.record(StayStarted(stay=make_stay(PEOPLE[1], FAR, 5)))

    assert await district.violations() == []


async def test_an_open_transfer_that_a_callable_tells_of_explains_two_stays(district: District) -> None:
    async def explained(_: object) -> Sequence[str]:
        return [PEOPLE[0]]

    async def ends(_: object) -> list[str]:
        return ["I9: a transfer"]

    await district.record(StayStarted(stay=make_stay(PEOPLE[0], HERE, 1)))
    await district.record(StayStarted(stay=make_stay(PEOPLE[0], FAR, 5)))
    await district.tell()
    databases = [district.instance.databases]

    assert await find_violations(databases, DAYS, explained=explained, ended=ends) == ["I9: a transfer"]


async def test_who_is_neither_at_home_nor_under_way_is_seen(district: District) -> None:
    stay = make_stay(PEOPLE[0], HERE, 1)
    await district.record(StayStarted(stay=stay), ended(stay, 30, Ending.BY_DEFAULT))

    assert await district.violations() == ["I4", "I5"]


async def test_a_stay_of_the_dead_is_seen(district: District) -> None:
    await district.record(StayStarted(stay=make_stay(PEOPLE[0], HERE, 1)))
    await district.record(PersonDied(person=make_person(PEOPLE[0], died_on=FIRST_DAY + timedelta(days=9))))

    assert "I12" in await district.violations()


async def test_a_notice_that_was_to_complete_and_did_not_is_seen(district: District) -> None:
    left, arriving = make_stay(PEOPLE[0], HERE, 1), make_stay(PEOPLE[0], FAR, 5)
    contest = {"state": StayState.CONTESTED, "contested_by": arriving.stay_id}
    await district.record(StayStarted(stay=left), StayContested(stay=left.model_copy(update=contest)))
    await district.record(StayStarted(stay=arriving))
    await district.record(NoticeSent(notice=make_notice(arriving, left)))

    assert await district.violations() == ["I9"]


async def test_a_row_that_the_journals_do_not_give_is_seen(district: District) -> None:
    for person in PEOPLE:
        await district.record(StayStarted(stay=make_stay(person, HERE, 1)))
    await district.tell()
    stays = district.instance.database("reporting")["stays"]
    await stays.update_one({"person_id": PEOPLE[0]}, {"$set": {"street": NEAR}})
    await stays.update_one({"person_id": PEOPLE[1]}, {"$set": {"ended_on": "2026-01-09"}})
    await stays.delete_one({"person_id": PEOPLE[2]})

    found = await find_violations([district.instance.databases], DAYS)

    assert len([one for one in found if one.startswith("I11: stays")]) == 3


async def test_a_counter_that_does_not_follow_from_the_rows_is_seen(district: District) -> None:
    await district.record(StayStarted(stay=make_stay(PEOPLE[0], HERE, 1)))
    await district.tell()
    counters = district.instance.database("reporting")[BUILD.counters]
    name = f"{HERE}:resident:{FIRST_DAY.year}"
    await counters.update_one({"_id": name}, {"$inc": {f"d.resident.fm.{FIRST_DAY.month}": 1}})

    found = await find_violations([district.instance.databases], DAYS)

    assert f"I11: counter {name} in instance 0" in found


async def test_a_fact_that_was_lost_is_seen(district: District) -> None:
    stay = make_stay(PEOPLE[0], HERE, 1)
    await district.record(StayStarted(stay=stay), ended(stay, 9))
    district.told.pop()

    assert await district.violations() == ["I11"]
    assert await district.instance.database("registration")[JOURNAL].count_documents({}) == 1
