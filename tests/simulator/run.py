"""One run: lives go on day by day, messages travel late, twice and out of order, districts are cut off for weeks."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from heapq import heappop, heappush
from itertools import count
from random import Random

from contracts.envelope import Fact
from tests.simulator.lives import Lives, district_of, districts_of
from tests.simulator.offices import Offices
from tests.support.districts import District, Said

AT_MOST = 2000
"""Days on which something may still fall due after life has ended."""


@dataclass(frozen=True)
class Weather:
    """How messages travel: how often late or twice, and how many times each district is cut off for weeks."""

    seed: int
    late: float = 0.3
    twice: float = 0.1
    cuts: int = 2

    def cuts_of(self, code: str, first: date, last: date) -> list[tuple[date, date]]:
        """Return the days from and to which a district is cut off."""
        rng = Random(f"{self.seed}/{code}")
        starts = [first + timedelta(days=rng.randrange((last - first).days + 1)) for _ in range(self.cuts)]
        return [(start, start + timedelta(days=rng.choice((7, 20, 60)))) for start in starts]


CALM = Weather(0, late=0.0, twice=0.0, cuts=0)


@dataclass
class Wire:
    """Carries messages: those of a day in any order."""

    weather: Weather
    cuts: dict[str, list[tuple[date, date]]]
    healed: bool = False
    _heap: list[tuple[date, float, int, str, str, int, Fact]] = field(default_factory=list)
    _number: Iterable[int] = field(default_factory=count)

    def __post_init__(self) -> None:
        self._rng = Random(self.weather.seed)

    def send(self, said: Said, receiver: str, today: date) -> None:
        """Send facts on their way to a district."""
        times = 2 if self._rng.random() < self.weather.twice else 1
        for _ in range(times):
            late = self._rng.random() < self.weather.late and not self.healed
            self._put(today + timedelta(days=self._rng.choice((0, 1, 5, 20)) if late else 0), receiver, said)

    def heal(self) -> None:
        """Let everything that is under way arrive."""
        self.healed = True
        self._heap = [(date.min, *rest) for _, *rest in self._heap]  # type: ignore[misc]  # a starred tuple loses its length

    def deliver(self, today: date) -> tuple[str, Said] | None:
        """Return the next message that arrives on a day."""
        while self._heap and self._heap[0][0] <= today:
            _, _, _, receiver, sender, sequence, fact = heappop(self._heap)
            until = None if self.healed or receiver == sender else self._cut_off(receiver, sender, today)
            if until is None:
                return receiver, (sequence, fact)
            self._put(until, receiver, (sequence, fact))
        return None

    def next_day(self) -> date | None:
        """Return the first day on which a message arrives."""
        return self._heap[0][0] if self._heap else None

    def _put(self, day: date, receiver: str, said: Said) -> None:
        sequence, fact = said
        number = next(iter(self._number))
        heappush(self._heap, (day, self._rng.random(), number, receiver, fact.division[:6], sequence, fact))

    def _cut_off(self, receiver: str, sender: str, today: date) -> date | None:
        """Return the day on which the link between two districts heals; None if it is not cut."""
        ends = [end for code in (receiver, sender) for start, end in self.cuts[code] if start <= today < end]
        return max(ends, default=None)


Progress = Callable[[date], None]


@dataclass
class Run:
    """Districts through which lives go, until nothing is left to do."""

    lives: Lives
    weather: Weather
    progress: Progress = lambda _: None
    said: list[Said] = field(default_factory=list)
    heard: int = 0

    def __post_init__(self) -> None:
        place = self.lives.place
        codes = list(districts_of(place))
        cuts = {code: self.weather.cuts_of(code, place.first, place.last) for code in codes}
        self.wire = Wire(self.weather, cuts)
        self.districts = {code: District(code) for code in codes}
        names: dict[str, str] = {}
        self.offices = {code: Offices(district, self.lives, names) for code, district in self.districts.items()}
        self.today = place.first

    def go(self) -> "Run":
        """Live through everything, then let links heal, queues drain and every deadline pass."""
        acts = list(self.lives.acts)
        while acts or self.today <= self.lives.place.last:
            while acts and acts[0].day <= self.today:
                act = acts.pop(0)
                self._record(self.offices[district_of(act)].act(act, self.today))
            self._pass_day()
            self.progress(self.today)
            self.today += timedelta(days=1)
        self.wire.heal()
        self.let_everything_fall_due()
        return self

    def let_everything_fall_due(self) -> None:
        """Go from one day on which there is something to do to the next, until nothing is left."""
        for _ in range(AT_MOST):
            self._pass_day()
            days = [office.next_day() for office in self.offices.values()]
            days += [min(district.due.values(), default=None) for district in self.districts.values()]
            left = [day for day in days if day is not None]
            if not left:
                return
            self.today = max(self.today + timedelta(days=1), min(left))
            self.progress(self.today)
        raise AssertionError(f"something is due for ever: {[d.due for d in self.districts.values()]}")

    def _pass_day(self) -> None:
        for office in self.offices.values():
            self._record(office.work(self.today))
        self._deliver()
        for district in self.districts.values():
            self._send(district.sweep(self.today))
        self._deliver()

    def _deliver(self) -> None:
        while (message := self.wire.deliver(self.today)) is not None:
            code, said = message
            self._send(self.districts[code].hear(*said, self.today))
            self.offices[code].take_up(said[1], self.today)
            self.heard += 1

    def _record(self, facts: Iterable[Fact]) -> None:
        for fact in facts:
            district = self.districts[fact.division[:6]]
            said = district.record(fact)
            people = district.known.people_among({fact.person_id or ""})
            self._send([said, *district.settle(people, self.today)])

    def _send(self, said: Iterable[Said]) -> None:
        for one in said:
            self.said.append(one)
            for code in self.districts:
                self.wire.send(one, code, self.today)
