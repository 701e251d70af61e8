"""Districts as registration's pure decisions see them: own streams, what was heard, and the wire between them.

No broker and no database: facts travel as `(sequence, fact)` and may be delivered in any order and any number of times.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from contracts.envelope import Fact
from contracts.registration.people import Person, PersonFact
from contracts.registration.stays import Stay, StayFact
from services.registration.deadlines import Policy
from services.registration.domain.knowledge import Knowledge
from services.registration.domain.people import ids_concerned, ids_of
from services.registration.domain.settling import Now, Rules, derive_owed_facts, find_next_due
from services.registration.domain.transfers import Transfer, derive_transfers

POLICY = Policy.load()

KINDS = ("stay", "notice", "answer", "person", "conflict")
Said = tuple[int, Fact]


def noon(day: date) -> datetime:
    """Return noon of a statutory day in Shanghai, in UTC."""
    return datetime(day.year, day.month, day.day, 4, tzinfo=UTC)


def rules_of(*districts: str) -> Rules:
    """Return the rules by which an instance that serves some districts settles."""
    return Rules(POLICY, lambda _: True, lambda code: code[:6] in districts)


class Held:
    """The newest fact of every stream that an instance has, found by person."""

    def __init__(self, said: Iterable[Said] = ()) -> None:
        self.newest: dict[str, Said] = {}
        self._streams_of: dict[str, set[str]] = {}
        self._linked: dict[str, set[str]] = {}
        for sequence, fact in said:
            self.keep(sequence, fact)

    def keep(self, sequence: int, fact: Fact) -> None:
        """Keep a fact if it is newer than what is held of its stream."""
        if self.newest.get(fact.stream, (0, fact))[0] >= sequence:
            return
        self.newest[fact.stream] = sequence, fact
        self._streams_of.setdefault(fact.person_id or "", set()).add(fact.stream)
        if isinstance(fact, PersonFact):
            for one in fact.person.linked:
                self._linked.setdefault(fact.person.person_id, set()).add(one)
                self._linked.setdefault(one, set()).add(fact.person.person_id)

    def ever_linked(self, person_id: str) -> set[str]:
        """Return the ids that were ever merged with one, undone or not."""
        ids = {person_id}
        if person_id not in self._linked:
            return ids
        while more := {one for known in ids for one in self._linked.get(known, ())} - ids:
            ids |= more
        return ids

    def one_person(self, person_id: str) -> tuple[str, tuple[str, ...]]:
        """Return the id that goes on, and all ids of a person."""
        if person_id not in self._linked:
            return person_id, (person_id,)
        return ids_of(person_id, self._records(self.ever_linked(person_id)))

    def about(self, person_id: str) -> Knowledge:
        """Gather what is held of a person under all ids."""
        known: dict[str, list[Any]] = {kind: [] for kind in KINDS}
        for _, fact in self.said_of(self.one_person(person_id)[1]):
            kind, _, _ = fact.stream.partition("/")
            known[kind].append(getattr(fact, kind))
        stays, notices, answers, people, conflicts = (tuple(known[kind]) for kind in KINDS)
        return Knowledge(stays, notices, answers, people, conflicts)

    def people(self) -> list[str]:
        """Return everybody that streams speak of, each once."""
        return sorted({self.one_person(person_id)[0] for person_id in self._streams_of})

    def people_among(self, ids: Iterable[str]) -> list[str]:
        """Return the people behind ids and behind all that were ever merged with them, each once."""
        linked = {other for one in ids for other in self.ever_linked(one)}
        return sorted({self.one_person(person_id)[0] for person_id in linked})

    def said_of(self, ids: Iterable[str]) -> list[Said]:
        """Return the newest facts about ids."""
        return [self.newest[stream] for one in ids for stream in sorted(self._streams_of.get(one, ()))]

    def _records(self, ids: Iterable[str]) -> list[Person]:
        return [fact.person for _, fact in self.said_of(ids) if isinstance(fact, PersonFact)]


@dataclass
class District:
    """One instance: the streams it writes, what it heard, and the newest it knows from either."""

    code: str
    own: Held = field(default_factory=Held)
    heard: Held = field(default_factory=Held)
    known: Held = field(default_factory=Held)
    due: dict[str, date] = field(default_factory=dict)

    @property
    def rules(self) -> Rules:
        """Return the rules by which it settles."""
        return rules_of(self.code)

    def record(self, fact: Fact) -> Said:
        """Continue one of the own streams."""
        said = (self.own.newest[fact.stream][0] + 1 if fact.stream in self.own.newest else 1), fact
        self.own.keep(*said)
        self.known.keep(*said)
        return said

    def owed(self, person_id: str, today: date) -> list[Fact]:
        """Return the facts that are owed about a person."""
        return list(derive_owed_facts(self.known.about(person_id), self.rules, Now(noon(today), today)))

    def settle(self, people: Iterable[str], today: date) -> list[Said]:
        """Record what is owed about people."""
        return [self.record(fact) for person_id in people for fact in self.owed(person_id, today)]

    def hear(self, sequence: int, fact: Fact, today: date) -> list[Said]:
        """Keep what is newest of a stream and when the clock makes something due, then settle; return what was said."""
        self.heard.keep(sequence, fact)
        self.known.keep(sequence, fact)
        self._expect(ids_concerned(fact))
        return self.settle(self.known.people_among(ids_concerned(fact)), today)

    def sweep(self, today: date) -> list[Said]:
        """Record what the clock makes due."""
        due = sorted(person_id for person_id, day in self.due.items() if day <= today)
        return self.settle(self.known.people_among(due), today)

    def stay(self, stay_id: str) -> Stay | None:
        """Return one of the own stays."""
        said = self.own.newest.get(f"stay/{stay_id}")
        return said[1].stay if said and isinstance(said[1], StayFact) else None

    def _expect(self, ids: Iterable[str]) -> None:
        """Note the first day on which the clock makes something due, as the row of a mover does."""
        people = self.heard.people_among(ids)
        for person_id in people:
            for one in self.heard.one_person(person_id)[1]:
                self.due.pop(one, None)
        for person_id in people:
            due = find_next_due(self.heard.about(person_id), self.rules)
            if due is not None:
                self.due[person_id] = due


@dataclass
class World:
    """Districts, the day, and what is under way between them."""

    codes: Sequence[str]
    today: date
    districts: dict[str, District] = field(init=False)
    under_way: list[tuple[str, int, Fact]] = field(default_factory=list)
    said: list[Said] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.districts = {code: District(code) for code in self.codes}

    def at(self, division: str) -> District:
        """Return the district of a street."""
        return self.districts[division[:6]]

    def say(self, *said: Said) -> None:
        """Put what was said on the way to everybody, its own district included."""
        self.said += said
        self.under_way += [(code, sequence, fact) for sequence, fact in said for code in self.codes]

    def record(self, fact: Fact) -> None:
        """Let the fact's district say it, and settle what follows at once."""
        district = self.at(fact.division)
        self.say(district.record(fact))
        self.say(*district.settle(district.known.people_among(ids_concerned(fact)), self.today))

    def deliver(self, index: int, *, again: bool = False) -> None:
        """Deliver one message that is under way, and leave it there to be delivered again if wished."""
        code, sequence, fact = self.under_way[index] if again else self.under_way.pop(index)
        self.say(*self.districts[code].hear(sequence, fact, self.today))

    def drain(self) -> None:
        """Deliver everything."""
        while self.under_way:
            self.deliver(0)

    def sweep(self, code: str) -> None:
        """Let a district record what the clock makes due."""
        self.say(*self.districts[code].sweep(self.today))

    def pass_days(self, days: int, step: int = 1) -> None:
        """Let days pass, with everything delivered and swept on each step."""
        end = self.today + timedelta(days=days)
        while self.today < end:
            self.today = min(self.today + timedelta(days=step), end)
            for code in self.codes:
                self.sweep(code)
            self.drain()

    def let_everything_fall_due(self, within: int = 1000) -> None:
        """Deliver everything and let the clock run from one deadline to the next until none is left."""
        self.drain()
        for _ in range(within):
            days = [day for district in self.districts.values() for day in district.due.values()]
            if not days:
                return
            self.today = max(self.today, min(days))
            for code in self.codes:
                self.sweep(code)
            self.drain()
        raise AssertionError(f"something is due for ever: {self.overdue()}")

    def overdue(self) -> dict[str, dict[str, date]]:
        """Return the day on which something is due, by district and person."""
        return {code: district.due for code, district in self.districts.items() if district.due}

    def transfers(self, person_id: str, code: str | None = None) -> list[Transfer]:
        """Derive a person's transfers as a district sees them."""
        return derive_transfers(self.districts[code or self.codes[0]].heard.about(person_id))

    def all_stays(self) -> dict[str, Stay]:
        """Return every stay as its own district has it."""
        return {stay.stay_id: stay for district in self.districts.values() for stay in stays_in(district.own)}

    def decide(self, stream: str, decision: Callable[[Fact], Fact]) -> None:
        """Let a district decide about one of its streams."""
        district = next(district for district in self.districts.values() if stream in district.own.newest)
        self.record(decision(district.own.newest[stream][1]))


def stays_in(held: Held) -> Iterator[Stay]:
    """Yield the stays among the facts held."""
    for _, fact in held.newest.values():
        if isinstance(fact, StayFact):
            yield fact.stay
