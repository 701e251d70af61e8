"""Lives: where people truly live, and what offices come to say of it, drawn from a seed before anything is delivered.

What is said depends on the truth and on life's time alone, never on what an office happens to see. So two runs of the
same lives may take other ways, but have to end alike.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from enum import StrEnum
from random import Random
from typing import Any

from contracts.registration.stays import DestinationKind

DISTRICTS = ("320507", "320812", "310101", "360981", "440305")
FIRST_DAY = date(2026, 1, 1)


@dataclass(frozen=True)
class Act:
    """What an office says on a day."""

    day: date


@dataclass(frozen=True)
class Arrive(Act):
    """Registers an arrival."""

    stay: str
    person: str
    street: str
    since: date


@dataclass(frozen=True)
class Leave(Act):
    """Declares a departure."""

    stay: str
    left_on: date
    destination: str | None = None
    kind: DestinationKind = DestinationKind.UNKNOWN
    returning_on: date | None = None


@dataclass(frozen=True)
class Correct(Act):
    """Corrects a stay."""

    stay: str
    changes: dict[str, Any]


@dataclass(frozen=True)
class Relocate(Act):
    """Notes a move inside the street."""

    stay: str
    community: str


@dataclass(frozen=True)
class Retract(Act):
    """Retracts an arrival; where its notice was confirmed by then, says that the person left at once."""

    stay: str
    since: date


@dataclass(frozen=True)
class Die(Act):
    """Records a death."""

    person: str
    district: str
    died_on: date


@dataclass(frozen=True)
class Revive(Act):
    """Retracts a death."""

    person: str
    district: str


@dataclass(frozen=True)
class Merge(Act):
    """Merges two ids."""

    person: str
    into: str
    district: str


@dataclass(frozen=True)
class Unmerge(Act):
    """Undoes a merge."""

    person: str
    district: str


@dataclass(frozen=True)
class Truth:
    """What a registered stay is in truth: `who` lived there, nobody where it is a mistake, from when until when.

    None is to this day; who died there never left.
    """

    who: str | None
    since: date
    until: date | None = None

    def went_on_to(self, other: "Truth") -> bool:
        """Return whether the person left this stay, and then lived in the other one."""
        return self.who == other.who and self.until is not None and self.until <= other.since


class Manner(StrEnum):
    """How an office treats the notices about one of its stays."""

    ANSWERS = "answers"
    RECEIVES = "receives"
    IGNORES = "ignores"


@dataclass(frozen=True)
class Place:
    """Where and when."""

    streets: Sequence[str]
    first: date
    last: date

    @property
    def days(self) -> int:
        """Count the days."""
        return (self.last - self.first).days


@dataclass
class Lives:
    """Everybody's life: the acts by day, and the truth of each stay that somebody registered."""

    seed: int
    place: Place
    acts: list[Act] = field(default_factory=list)
    truths: dict[str, Truth] = field(default_factory=dict)

    def manner(self, stay: str) -> Manner:
        """Return how notices about a stay are treated."""
        weights = (6, 2, 2)
        return Random(f"{self.seed}{stay}").choices(list(Manner), weights)[0]

    def patience(self, stay: str) -> int:
        """Return after how many days notices about a stay are answered."""
        return Random(f"{stay}{self.seed}").choice((0, 1, 3, 10, 25, 50))


def name_stay(person: str, street: str, since: date) -> str:
    """Return what identifies a stay among lives: the person, street and first day, as in its id."""
    return f"{person}|{street}|{since}"


def live(seed: int, people: int, place: Place) -> Lives:
    """Draw the lives of people."""
    lives = Lives(seed, place)
    names = [f"{number:032x}" for number in range(people)]
    for name in names:
        life = _Life(lives, Random(f"{seed}/{name}"), name, names)
        life.live()
    lives.acts.sort(key=lambda act: act.day)
    return lives


@dataclass
class _Life:
    """One person's life as it goes on."""

    lives: Lives
    rng: Random
    name: str
    names: Sequence[str]
    aliased: bool = False

    def live(self) -> None:
        place = self.lives.place
        self.id = self.name
        since = place.first + timedelta(days=self.rng.randrange(max(1, place.days // 2)))
        street = self.rng.choice(place.streets)
        if self._happens(0.06):
            self._be_mistaken_for_another(since)
        while since <= place.last:
            until = since + timedelta(days=self.rng.choice((5, 20, 40, 60, 100, 200)))
            stays = until > place.last or self._happens(0.1)
            dies = not stays and self._happens(0.08)
            stay = self._register(street, since, None if stays or dies else until)
            if not dies and self._happens(0.05):
                self._be_declared_dead(street, since)
            if stays:
                return
            if dies:
                self._die(street, until)
                return
            since, street = self._leave(stay, street, until)
            if self._happens(0.08) and not self.aliased:
                self._get_a_second_id(street, since)

    def _register(self, street: str, since: date, until: date | None) -> str:
        """Register an arrival, or err and mend it."""
        said_on = since + timedelta(days=self.rng.choice((0, 0, 1, 3, 10)))
        match self.rng.choices(("right", "street", "date", "person", "twice"), (70, 8, 10, 5, 7))[0]:
            case "street":
                said_on = self._err(self.id, self._other(street), since, said_on, self.name)
            case "person":
                said_on = self._err(self.rng.choice(self.names), street, since, said_on)
            case "twice":
                near = since + timedelta(days=self.rng.choice((0, 1, 2)))
                self._err(self.id, self._other(street), near, max(near, said_on), self.name, forgotten=0.2)
            case "date":
                return self._misdate(street, since, until, said_on)
        stay = self._arrive(self.id, street, since, said_on, Truth(self.name, since, until))
        if self._happens(0.15):
            self._say(Relocate(said_on + timedelta(days=4), stay, f"{self.rng.randrange(9):03d}"))
        return stay

    def _misdate(self, street: str, since: date, until: date | None, said_on: date) -> str:
        wrong = min(since + timedelta(days=self.rng.choice((-8, -3, -1, 1, 3, 8))), said_on)
        stay = self._arrive(self.id, street, wrong, said_on, Truth(self.name, since, until))
        if wrong != since and self._happens(0.8):
            self._say(Correct(self._later(said_on), stay, {"started_on": since}))
        return stay

    def _err(
        self, person: str, street: str, since: date, said_on: date, who: str | None = None, *, forgotten: float = 0.0
    ) -> date:
        """Register what is not so, and take it back unless it is forgotten; give the day on which it is noticed.

        `who` moved in truth, but elsewhere: the office that was left may well confirm it.
        """
        noticed = self._later(said_on)
        stay = name_stay(person, street, since)
        if stay in self.lives.truths:
            return said_on
        self._arrive(person, street, since, said_on, Truth(who, since, since))
        if not self._happens(forgotten):
            self._say(Retract(noticed, stay, since))
        return noticed

    def _arrive(self, person: str, street: str, since: date, said_on: date, truth: Truth) -> str:
        stay = name_stay(person, street, since)
        self.lives.truths[stay] = truth
        self._say(Arrive(said_on, stay, person, street, since))
        return stay

    def _leave(self, stay: str, street: str, left_on: date) -> tuple[date, str]:
        """Leave a stay, declared or not; give when and where the person arrives next."""
        where = self.rng.choices(("inside", "outside", "nowhere"), (75, 15, 10))[0]
        away = self.rng.choice((0, 0, 0, 1, 5) if where == "inside" else (20, 60, 150))
        since, reached = left_on + timedelta(days=away), self._other(street)
        if self._happens(0.2):
            reached = street if away else reached
        if not self._happens(0.6):
            return since, reached
        said_on = left_on + timedelta(days=self.rng.choice((0, 0, 2, 10, 40)))
        said = Leave(said_on, stay, left_on)
        if where == "outside":
            back = since if self._happens(0.5) else None
            said = replace(said, kind=DestinationKind.EXTERNAL, returning_on=back)
        elif where == "inside":
            told = self.rng.choice((reached, reached, reached[:6], None, self.rng.choice(self.lives.place.streets)))
            kind = DestinationKind.DIVISION if told else DestinationKind.UNKNOWN
            said = replace(said, destination=None if told == street else told, kind=kind)
        if self._happens(0.1):
            wrong = left_on + timedelta(days=self.rng.choice((-2, 3)))
            said = replace(said, day=max(said_on, wrong), left_on=wrong)
            if self._happens(0.8):
                self._say(Correct(self._later(said.day), stay, {"ended_on": left_on}))
        self._say(said)
        return since, reached

    def _die(self, street: str, died_on: date) -> None:
        self._say(Die(died_on + timedelta(days=self.rng.choice((0, 5, 30))), self.id, street[:6], died_on))

    def _be_declared_dead(self, street: str, since: date) -> None:
        died_on = since + timedelta(days=self.rng.choice((0, 2, 20)))
        said_on = died_on + timedelta(days=self.rng.choice((0, 20)))
        self._say(Die(said_on, self.id, street[:6], died_on))
        self._say(Revive(self._later(said_on), self.id, street[:6]))

    def _get_a_second_id(self, street: str, since: date) -> None:
        """Be registered under another number from now on, until somebody notices."""
        self.aliased = True
        first, self.id = self.id, f"a{self.name[1:]}"
        merged_on = self._later(since)
        ids = (first, self.id) if self._happens(0.5) else (self.id, first)
        self._say(Merge(merged_on, *ids, street[:6]))

    def _be_mistaken_for_another(self, since: date) -> None:
        """Be merged with somebody else, until somebody notices."""
        other = self.rng.choice(self.names)
        if other != self.name:
            merged_on, district = self._later(since), self.rng.choice(self.lives.place.streets)[:6]
            self._say(Merge(merged_on, self.name, other, district))
            self._say(Unmerge(self._later(merged_on), self.name, district))

    def _say(self, act: Act) -> None:
        self.lives.acts.append(act)

    def _later(self, day: date) -> date:
        return day + timedelta(days=self.rng.choice((1, 5, 15, 40, 80)))

    def _other(self, street: str) -> str:
        return self.rng.choice([one for one in self.lives.place.streets if one != street])

    def _happens(self, chance: float) -> bool:
        return self.rng.random() < chance


def districts_of(place: Place) -> list[str]:
    """Return the districts of a place."""
    return list(dict.fromkeys(street[:6] for street in place.streets))


def district_of(act: Act) -> str:
    """Return the district whose office reports it."""
    match act:
        case Arrive():
            return act.street[:6]
        case Die() | Revive() | Merge() | Unmerge():
            return act.district
        case Leave() | Correct() | Relocate() | Retract():
            return act.stay.split("|")[1][:6]
        case _:
            raise TypeError(act)


def make_place(districts: int, months: int) -> Place:
    """Make a place of some districts with two streets each, and so many months."""
    streets = [f"{district}{street}" for district in DISTRICTS[:districts] for street in ("001", "002")]
    return Place(streets, FIRST_DAY, FIRST_DAY + timedelta(days=30 * months))
