"""The invariants of the numbers, as queries: what must hold once queues are drained, however the facts travelled.

They read reporting's rows and views in every instance, and the journals. I1, I2 and I6 let pass who has an open
conflict or, as a callable tells, an open transfer; what registration keeps of transfers is checked by another (I9).
"""

from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import combinations, pairwise, product
from typing import Any

from contracts.envelope import Event, unwrap
from contracts.facts import ALL_FACTS, by_type
from contracts.reference.divisions import Area
from contracts.registration.notices import AnswerState, NoticeState
from contracts.registration.people import Person, deaths, one_person
from contracts.registration.stays import DestinationKind, Ending, StayState
from services.reporting import projector
from services.reporting.domain.counting import Numbers
from services.reporting.domain.exchanges import SIDES, mark_measure
from services.reporting.domain.scores import RATES, Mark
from services.reporting.views.contributions import find_numbers, find_places
from services.runtime.mongo import Database, Document
from tests.support.counting import BUILD, recount, without_zeros
from tests.support.ledger import find_heard, read_journals

Databases = Mapping[str, Database]
Instances = Sequence[Databases]
Explained = Callable[[Instances], Awaitable[Collection[str]]]
"""Returns the people who have an open transfer."""
Ended = Callable[[Instances], Awaitable[list[str]]]
"""Returns which transfers have neither come to an end nor are on a list of what is overdue."""

STREAMS = ("stays", "notices", "answers", "people", "conflicts", "archives", "entries", "enrolments", "activities")
EVERYWHERE = (Area(""),)
LIVING = (StayState.OPEN, StayState.CONTESTED)


async def _nobody(_: Instances) -> Collection[str]:
    return ()


async def _nothing(_: Instances) -> list[str]:
    return []


async def find_violations(
    instances: Instances, days: Sequence[date], *, explained: Explained = _nobody, ended: Ended = _nothing
) -> list[str]:
    """Return which invariants do not hold on the given days, in order, the last being today; nothing if all hold.

    The instances share one broker and hold each district once between them; every one has reporting.
    """
    population = await _read_population(instances)
    excused = population.conflicting | {population.one(person) for person in await explained(instances)}
    violations = [
        *population.doubles(excused),
        *population.overlaps(excused),
        *population.stays_of_the_dead(),
        *population.unfinished_notices(days[-1]),
    ]
    for day in days:
        violations += population.unbalanced_people(day, excused)
    for start, end in pairwise(days):
        violations += population.unbalanced_flows(start, end, excused)
    for number, databases in enumerate(instances):
        places, numbers = await _read_numbers(databases["reporting"], days)
        violations += [f"{found} in instance {number}" for found in _check_streets(places, numbers, days)]
        violations += [f"{found} in instance {number}" for found in _check_rates(places, numbers, days[-1])]
        violations += [f"{found} in instance {number}" for found in await _check_counted(databases["reporting"])]
    violations += await _check_recomputed(instances)
    violations += await _check_in_transit(instances, population, days[-1])
    return violations + await ended(instances)


# one person's life


@dataclass(frozen=True, slots=True)
class Interval:
    """A stay that stands: whose, where, from when to when (half-open), and how it is held."""

    stay_id: str
    person: str
    street: str
    start: date
    end: date | None
    state: StayState
    ending: Ending | None
    external: bool
    lost_on: date | None
    order: tuple[str, str, str]

    def covers(self, day: date) -> bool:
        """Return whether the person lives there at the end of a day."""
        return self.start <= day and (self.end is None or day < self.end)

    def meets(self, other: "Interval") -> bool:
        """Return whether two stays have a day in common."""
        begin, ends = max(self.start, other.start), [each.end for each in (self, other) if each.end]
        return begin < min(ends, default=date.max)

    @property
    def departed(self) -> bool:
        """Return whether the office declared that the person left."""
        return self.end is not None and self.ending in {None, Ending.DEPARTED}


@dataclass(frozen=True)
class Population:
    """Everybody's stays in all instances, by person, each person once whatever ids they have."""

    lives: Mapping[str, list[Interval]]
    died: Mapping[str, date]
    conflicting: frozenset[str]
    ids: Mapping[str, frozenset[str]]
    unanswered: Sequence[Document]

    def one(self, person_id: str) -> str:
        """Return the one id that stands for a person."""
        return min(self.ids.get(person_id, {person_id}))

    def doubles(self, excused: Collection[str]) -> Iterator[str]:
        """I1, I2: nobody has two current stays, unless a conflict or a transfer is open."""
        for person, life in self.lives.items():
            current = [stay.stay_id for stay in life if stay.state is StayState.OPEN]
            if len(current) > 1 and person not in excused:
                yield f"I1: {person} has {len(current)} current stays and no open conflict or transfer: {current}"

    def overlaps(self, excused: Collection[str]) -> Iterator[str]:
        """I6: stays of one person do not overlap, unless one of them is contested."""
        for person, life in self.lives.items():
            settled = [stay for stay in life if stay.state is not StayState.CONTESTED]
            for one, other in combinations(settled, 2):
                if person not in excused and one.meets(other):
                    yield f"I6: {person} has stays {one.stay_id} and {other.stay_id} at one time"

    def stays_of_the_dead(self) -> Iterator[str]:
        """I12: nobody stays after dying; an arrival after a death is contested."""
        for person, day in self.died.items():
            for stay in self.lives.get(person, ()):
                outlives = stay.state is StayState.OPEN or (stay.end is not None and stay.end > day)
                if outlives and stay.state is not StayState.CONTESTED:
                    yield f"I12: {person} died on {day} and stays in {stay.stay_id}"

    def unfinished_notices(self, today: date) -> Iterator[str]:
        """I9: what nobody answered has come to an end by default once its last day is over."""
        living = {stay.stay_id for life in self.lives.values() for stay in life if stay.state in LIVING}
        for notice in self.unanswered:
            over = notice["completes_on"] is not None and date.fromisoformat(notice["completes_on"]) < today
            if over and notice["about"] in living:
                yield f"I9: notice {notice['_id']} was to complete by default; stay {notice['about']} goes on"

    def unbalanced_people(self, day: date, excused: Collection[str]) -> Iterator[str]:
        """I5: residents are the living inside the boundary, less who is unplaced, and who is counted twice again."""
        count = self._count(day, excused)
        if count["residents"] != count["inside"] - count["unplaced"] + count["overlap"]:
            yield f"I5: on {day} {dict(count)}"

    def unbalanced_flows(self, start: date, end: date, excused: Collection[str]) -> Iterator[str]:
        """I4: who moved inside the boundary arrived as often as they left, but for who is unplaced or doubled."""
        before, after = self._count(start, excused), self._count(end, excused)
        moved = sum(self._moved(life, start, end) for life in self._settled(excused))
        expected = before["unplaced"] - after["unplaced"] + after["overlap"] - before["overlap"]
        if moved != expected:
            yield f"I4: from {start} to {end} moved {moved}, unplaced and overlap say {expected}"

    def _moved(self, life: Sequence[Interval], start: date, end: date) -> int:
        """Count arrivals less departures inside the boundary; whoever dies under way has left it."""
        died = self.died.get(life[0].person, date.max)
        arrived = sum(
            start < stay.start <= end and not _outside(previous, stay.start) for previous, stay in pairwise(life)
        )
        left = [stay.end for stay in life if stay.end and stay.end < died and not stay.external]
        under_way = start < died <= end and life[-1].departed and life[-1].end in left
        return arrived + under_way - sum(start < day <= end for day in left)

    def in_transit(self, day: date, excused: Collection[str] = ()) -> int:
        """Count who has left and is nowhere at the end of a day, lost or not."""
        return self._count(day, excused)["unplaced"]

    def _settled(self, excused: Collection[str]) -> Iterator[list[Interval]]:
        for person, life in self.lives.items():
            if person not in excused and all(stay.state is not StayState.CONTESTED for stay in life):
                yield life

    def _count(self, day: date, excused: Collection[str]) -> Counter[str]:
        count: Counter[str] = Counter()
        for life in self._settled(excused):
            known = [stay for stay in life if stay.start <= day]
            if not known:
                continue
            at_home = sum(stay.covers(day) for stay in known)
            dead = self.died.get(life[0].person, date.max) <= day
            count["residents"] += at_home
            count["inside"] += not dead and not _outside(known[-1], day)
            count["unplaced"] += not dead and not at_home and known[-1].departed and not known[-1].external
            count["overlap"] += max(0, at_home - 1)
        return count


def _outside(stay: Interval, day: date) -> bool:
    return stay.external and stay.end is not None and stay.end <= day


async def _read_population(instances: Instances) -> Population:
    rows: dict[str, list[Document]] = {}
    for collection in ("stays", "people", "conflicts", "notices", "answers"):
        told = [row for each in instances for row in await _all(each["reporting"], collection)]
        rows[collection] = list({row["_id"]: row for row in told}.values())
    records = [Person.model_validate(row) for row in rows["people"]]
    ids = one_person(records)
    lives: dict[str, list[Interval]] = defaultdict(list)
    for row in rows["stays"]:
        if row["state"] != StayState.RETRACTED:
            stay = _interval(row, min(ids.get(row["person_id"], {row["person_id"]})))
            lives[stay.person].append(stay)
    fed_back = {row["_id"] for row in rows["answers"] if row["state"] in {AnswerState.CONFIRMED, AnswerState.REJECTED}}
    return Population(
        lives={person: sorted(life, key=lambda stay: stay.order) for person, life in lives.items()},
        died={min(ids.get(one, {one})): day for one, day in deaths(records).items()},
        conflicting=frozenset(
            min(ids.get(row["person_id"], {row["person_id"]})) for row in rows["conflicts"] if row["open"]
        ),
        ids=ids,
        unanswered=[row for row in rows["notices"] if row["_id"] not in fed_back and row["state"] == NoticeState.SENT],
    )


def _interval(row: Document, person: str) -> Interval:
    return Interval(
        stay_id=row["_id"],
        person=person,
        street=row["street"],
        start=date.fromisoformat(row["started_on"]),
        end=_day(row["ended_on"]),
        state=StayState(row["state"]),
        ending=Ending(row["ending"]) if row["ending"] else None,
        external=row["destination_kind"] == DestinationKind.EXTERNAL,
        lost_on=_day(row["trace_lost_on"]),
        order=(row["started_on"], row["recorded_at"], row["_id"]),
    )


# what the views count


_STANDING = ("resident", "resident.contested", "resident.archived", "resident.in_transit", "resident.lost")
_MOVED = ("flow.in", "flow.out", "flow.deaths")
_BECAME = ("flow.out.found", "flow.out.abroad", "resident.in_transit", "resident.lost")
"""What becomes of departures."""
_MARKS = tuple(mark_measure(side, mark) for side in SIDES for mark in Mark)


async def _read_numbers(reporting: Database, days: Sequence[date]) -> tuple[Sequence[str], Numbers]:
    places = await find_places(reporting, BUILD, EVERYWHERE)
    measures = (*_STANDING, *_MOVED, *_BECAME[:2], *_MARKS)
    return sorted(places), await find_numbers(reporting, BUILD, places, measures, days, by_day=measures)


def _check_streets(places: Sequence[str], numbers: Numbers, days: Sequence[date]) -> Iterator[str]:
    """I3, I4: who lives in a street are those of before and what came and went; whoever left is found or missing."""
    for start, end in pairwise(days):
        for street in places:
            came, left, died = (numbers.flow(each, start + timedelta(days=1), end, [street]) for each in _MOVED)
            before, after = (
                numbers.at("resident", day, [street]) + numbers.at("resident.contested", day, [street])
                for day in (start, end)
            )
            if after != before + came - left - died:
                yield f"I3: {street} from {start} to {end}: {after}, not {before} + {came} - {left} - {died}"
    for street, day in product(places, days):
        left, *became = (numbers.at(measure, day, [street]) for measure in ("flow.out", *_BECAME))
        if left != sum(became):
            yield f"I4: {street} on {day}: {left} left; {became} found, abroad, in transit, lost"


def _check_rates(places: Sequence[str], numbers: Numbers, today: date) -> Iterator[str]:
    """I13: what is counted above a line is counted below it."""
    rates = {
        f"{name} of {side}": (mark_measure(side, above), mark_measure(side, below))
        for side in SIDES
        for name, (above, below) in RATES.items()
    }
    for name, (above, below) in {**rates, "archives": ("resident.archived", "resident")}.items():
        for street in places:
            if numbers.at(above, today, [street]) > numbers.at(below, today, [street]):
                yield f"I13: {name} in {street}"


async def _check_in_transit(instances: Instances, population: Population, today: date) -> list[str]:
    """I5: an instance looks for nobody whom it knows elsewhere; alone, for exactly those who are nowhere."""
    if any(stay.state is StayState.CONTESTED for life in population.lives.values() for stay in life):
        return []
    counted = 0
    for databases in instances:
        places, numbers = await _read_numbers(databases["reporting"], [today])
        counted += sum(numbers.at(f"resident.{where}", today, places) for where in ("in_transit", "lost"))
    expected = population.in_transit(today)
    if counted < expected or (len(instances) == 1 and counted != expected):
        return [f"I5: {counted} in transit or lost, not {expected}"]
    return []


async def _check_counted(reporting: Database) -> list[str]:
    """I11: counters to which every change was added are those that everybody's rows give when counted anew."""
    found = {row["_id"]: without_zeros(row["d"]) for row in await _all(reporting, BUILD.counters)}
    expected = await recount(reporting)
    return [
        f"I11: counter {name}"
        for name in sorted(found.keys() | expected.keys())
        if found.get(name, {}) != expected.get(name, {})
    ]


# from the journals


async def _check_recomputed(instances: Instances) -> list[str]:
    """I11: rows that were written fact by fact are those that the journals give when read from the beginning."""
    told = [await read_journals(databases, []) for databases in instances]
    everywhere = [event for events in told for event in events]
    known = by_type(ALL_FACTS)
    violations = []
    for number, databases in enumerate(instances):
        heard = [unwrap(event, known) for event in find_heard("reporting", told[number], everywhere)]
        expected = recompute(heard)
        for collection in STREAMS:
            found = {row["_id"]: row for row in await _all(databases["reporting"], collection)}
            violations += [
                f"I11: {collection} {name} in instance {number}"
                for name in sorted(expected[collection].keys() | found.keys())
                if _plain(found.get(name)) != _plain(expected[collection].get(name))
            ]
    return violations


def recompute(events: Iterable[Event[Any]]) -> dict[str, dict[str, Document]]:
    """Return reporting's rows by collection and id as they follow from the facts, in whatever order these come."""
    found: dict[str, dict[str, dict[int, Document]]] = {collection: defaultdict(dict) for collection in STREAMS}
    for event in events:
        for row in projector.changes(event):
            found[row.collection][row.id][row.sequence] = {"sequence": row.sequence, **row.fields}
    return {
        collection: {
            name: {"_id": name, **versions[max(versions)], "earlier": {str(one): versions[one] for one in versions}}
            for name, versions in rows.items()
        }
        for collection, rows in found.items()
    }


def _plain(row: Document | None) -> Document | None:
    """Return a row with all its versions in `earlier`, without the moments at which they were heard."""
    if row is None:
        return None
    newest = {name: value for name, value in row.items() if name not in {"_id", "earlier"}}
    versions = {**row.get("earlier", {}), str(row["sequence"]): newest}
    return {
        sequence: {name: value for name, value in version.items() if name != "heard_at"}
        for sequence, version in versions.items()
    }


async def _all(database: Database, collection: str) -> list[Document]:
    return await database[collection].find().to_list(None)


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
