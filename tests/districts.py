"""Districts as registration's pure decisions see them: own streams, what was heard, and the wire between them.

No broker and no database: facts travel as `(sequence, fact)` and may be delivered in any order and any number of times.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from contracts.envelope import Fact
from contracts.registration import Stay, StayFact
from contracts.transfers import AnswerFact, ConflictFact, NoticeFact, PersonFact
from services.registration.deadlines import Policy
from services.registration.domain.knowledge import Knowledge
from services.registration.domain.people import ids_of
from services.registration.domain.settling import Now, Rules, settle
from services.registration.domain.transfers import Transfer, derive_transfers

POLICY = Policy.load()

Said = tuple[int, Fact]
Streams = dict[str, Said]


def noon(day: date) -> datetime:
    """Give a moment of a statutory day."""
    return datetime(day.year, day.month, day.day, 4, tzinfo=UTC)


def know(streams: Streams, person_id: str | None = None) -> Knowledge:
    """Gather what streams say of a person under all ids, or of everybody where there is only one."""
    facts = [fact for _, fact in streams.values()]
    people = [fact.person for fact in facts if isinstance(fact, PersonFact)]
    ids = ids_of(person_id, people)[1] if person_id else None
    mine = [fact for fact in facts if ids is None or fact.person_id in ids]
    return Knowledge(
        tuple(fact.stay for fact in mine if isinstance(fact, StayFact)),
        tuple(fact.notice for fact in mine if isinstance(fact, NoticeFact)),
        tuple(fact.answer for fact in mine if isinstance(fact, AnswerFact)),
        tuple(fact.person for fact in mine if isinstance(fact, PersonFact)),
        tuple(fact.conflict for fact in mine if isinstance(fact, ConflictFact)),
    )


def people_in(streams: Streams) -> list[str]:
    """Name the people that streams speak of, each once."""
    records = [fact.person for _, fact in streams.values() if isinstance(fact, PersonFact)]
    return sorted({ids_of(fact.person_id or "", records)[0] for _, fact in streams.values()})


def rules_of(*districts: str) -> Rules:
    """Make the rules by which an instance that serves some districts settles."""
    return Rules(POLICY, lambda _: True, lambda code: code[:6] in districts)


@dataclass
class District:
    """One instance: the streams it writes, and the newest it heard of every stream."""

    code: str
    own: Streams = field(default_factory=dict)
    heard: Streams = field(default_factory=dict)

    @property
    def known(self) -> Streams:
        """Give what was heard with the own streams, which are never late, over it."""
        return {**self.heard, **self.own}

    def record(self, fact: Fact) -> Said:
        """Continue one of the own streams."""
        said = (self.own[fact.stream][0] + 1 if fact.stream in self.own else 1), fact
        self.own[fact.stream] = said
        return said

    def settle(self, person_id: str | None, today: date) -> list[Said]:
        """Record what is owed about a person, or about everybody."""
        people: Iterable[str] = [person_id] if person_id else people_in(self.known)
        said: list[Said] = []
        for one in people:
            owed = settle(know(self.known, one), rules_of(self.code), Now(noon(today), today))
            said += [self.record(fact) for fact in owed]
        return said

    def hear(self, sequence: int, fact: Fact, today: date) -> list[Said]:
        """Keep what is newest of a stream, then settle; give what was said."""
        if self.heard.get(fact.stream, (0, fact))[0] < sequence:
            self.heard[fact.stream] = sequence, fact
        return self.settle(fact.person_id, today)

    def stay(self, stay_id: str) -> Stay | None:
        """Give one of the own stays."""
        said = self.own.get(f"stay/{stay_id}")
        return said[1].stay if said and isinstance(said[1], StayFact) else None


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
        """Give the district of a street."""
        return self.districts[division[:6]]

    def say(self, *said: Said) -> None:
        """Put what was said on the way to everybody, its own district included."""
        self.said += said
        self.under_way += [(code, sequence, fact) for sequence, fact in said for code in self.codes]

    def record(self, fact: Fact) -> None:
        """Let the fact's district say it, and settle what follows at once."""
        district = self.at(fact.division)
        self.say(district.record(fact))
        self.say(*district.settle(fact.person_id, self.today))

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
        self.say(*self.districts[code].settle(None, self.today))

    def pass_days(self, days: int, step: int = 1) -> None:
        """Let days pass, with everything delivered and swept on each step."""
        end = self.today + timedelta(days=days)
        while self.today < end:
            self.today = min(self.today + timedelta(days=step), end)
            for code in self.codes:
                self.sweep(code)
            self.drain()

    def transfers(self, person_id: str | None = None, code: str | None = None) -> list[Transfer]:
        """Derive a person's transfers as a district sees them."""
        return derive_transfers(know(self.districts[code or self.codes[0]].heard, person_id))

    def all_stays(self) -> dict[str, Stay]:
        """Give every stay as its own district has it."""
        return {
            fact.stay.stay_id: fact.stay
            for district in self.districts.values()
            for _, fact in district.own.values()
            if isinstance(fact, StayFact)
        }

    def decide(self, stream: str, decision: Callable[[Fact], Fact]) -> None:
        """Let a district decide about one of its streams."""
        district = next(district for district in self.districts.values() if stream in district.own)
        self.record(decision(district.own[stream][1]))
