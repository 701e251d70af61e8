"""Somebody who joins feeds: finds the events of two audiences, or a person that is known, that belong together.

Whoever it is has the complete feeds, knows what went out together and how feeds works, and lacks the key alone.
"""

import calendar
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from functools import cache
from typing import Any

from contracts.feeds.feeds import FEEDS, FeedName, Told
from contracts.feeds.subscriptions import Terms
from services.feeds.domain.releases import pseudonym, release, render_event
from services.feeds.domain.telling import tell
from tests.support.subscriptions import everything_of

KEY = b"k" * 32
STREETS = tuple(f"320507{number:03}" for number in range(1, 8))
FIRST_DAY = date(2026, 6, 1)
Entry = dict[str, Any]
Range = tuple[int, int]


def make_crowd(people: int, seed: int = 7) -> list[Entry]:
    """Return the entries of people who came to live in a district, a few a day, and of those who left again."""
    chance = random.Random(seed)
    arrived = [_arrive(chance, number, FIRST_DAY + timedelta(days=number * 60 // people)) for number in range(people)]
    left = [_leave(entry, chance) for entry in chance.sample(arrived, people // 4)]
    return sorted([*arrived, *left], key=lambda entry: str(entry["time"]))


def _arrive(chance: random.Random, number: int, day: date) -> Entry:
    return {
        "id": f"arrival-{number}",
        "type": "registration.stay_started.v1",
        "time": f"{day}T{chance.randrange(24):02}:{chance.randrange(60):02}:{number % 60:02}.{number:06}Z",
        "sequence": 1,
        "person_id": f"person-{number}",
        "stay_id": f"stay-{number}",
        "data": {
            "street": chance.choice(STREETS),
            "state": "open",
            "started_on": (day - timedelta(days=chance.randrange(4))).isoformat(),
            "ended_on": None,
            "birth_year": int(chance.triangular(1935, 2024, 1990)),
            "sex": chance.choice(("female", "male")),
            "hukou_province": chance.choice(("32", "32", "34", "41", "51", "52")),
            "purpose": chance.choice(("labour", "labour", "family", "study", "business")),
        },
    }


def open_archives(crowd: Sequence[Entry]) -> list[Entry]:
    """Return the entries of archives that were opened for those of a crowd who came, the day they were known of."""
    return [
        {
            **entry,
            "id": f"archive of {entry['id']}",
            "type": "archives.archive_opened.v1",
            "data": {
                **dict.fromkeys(map(str, FEEDS[FeedName.ARCHIVES].attributes)),
                **{name: entry["data"][name] for name in ("street", "sex", "birth_year")},
                "state": "open",
                "opened_on": entry["data"]["started_on"],
            },
        }
        for entry in crowd
        if entry["type"] == "registration.stay_started.v1"
    ]


def send_notices(crowd: Sequence[Entry], seed: int = 8) -> list[Entry]:
    """Return the entries of notices that were sent of those of a crowd who came from another district."""
    chance = random.Random(seed)
    return [
        {
            **entry,
            "id": f"notice of {entry['id']}:out",
            "type": "registration.notice_sent.v1",
            "data": {
                **dict.fromkeys(map(str, FEEDS[FeedName.TRANSFERS].attributes)),
                "street": entry["data"]["street"],
                "direction": "out",
                "notice_kind": "arrival",
                "state": "sent",
                "moved_on": entry["data"]["started_on"],
                "other_district": (other := chance.choice(("320812", "341204", "520526"))),
                "other_province": other[:2],
            },
        }
        for entry in crowd
        if entry["type"] == "registration.stay_started.v1"
    ]


def _leave(entry: Entry, chance: random.Random) -> Entry:
    ended_on = FIRST_DAY + timedelta(days=60 + chance.randrange(20))
    ended = {**entry["data"], "state": "ended", "ended_on": ended_on.isoformat()}
    named = {"id": f"departure of {entry['id']}", "type": "registration.stay_ended.v1", "sequence": 2}
    return {**entry, **named, "time": f"{ended_on}T08:00:00.{chance.randrange(10**6):06}Z", "data": ended}


@dataclass(frozen=True)
class Seen:
    """An event as an audience has it, the release that it came in, and what only the test knows: which entry it is."""

    event: Mapping[str, Any]
    release: int
    entry: str
    person: str

    @property
    def looks(self) -> tuple[Any, ...]:
        """Return all that tells the event from others, but for its id and its position."""
        return self.event["type"], self.event["time"], self.release, *sorted(self.event["data"].items())


def tell_feed(terms: Terms, batches: Sequence[Sequence[Entry]], audience: str) -> list[Seen]:
    """Return the whole feed of an audience that was told of batches of entries, one release after the other."""
    seen: list[Seen] = []
    waiting: list[Entry] = []
    for number, batch in enumerate(batches):
        known = {pseudonym(KEY, audience, entry["id"]): entry for entry in [*waiting, *batch]}
        made = release(terms, [*waiting, *batch], audience=audience, key=KEY)
        waiting = made.waiting
        for event in made.events:
            entry, place = known[event["id"]], len(seen) + 1
            told = render_event(event, position=place, district="320507", time=f"2026-06-{number % 28 + 1:02}")
            seen.append(Seen(told, number, entry["id"], entry["person_id"]))
    return seen


def tell_openly(entries: Sequence[Entry], audience: str) -> list[Seen]:
    """Return a feed in which nothing is protected but names: full detail, the order and time of recording."""
    return [
        Seen(_show(entry, position, audience), 0, entry["id"], entry["person_id"])
        for position, entry in enumerate(entries, start=1)
    ]


def _show(entry: Entry, position: int, audience: str) -> Mapping[str, Any]:
    """Return an entry as an event with all that may be told at all."""
    terms = Terms.model_validate(everything_of(feed_of(entry["type"])))
    told = {"id": pseudonym(KEY, audience, entry["id"]), "type": entry["type"], "data": tell(terms, entry)}
    return render_event(told, position=position, district="320507", time=entry["time"])


RENAMED = {"opened_on": "started_on", "moved_on": "started_on"}
"""What is the first day of a stay where another feed tells it."""
Guess = Callable[[Sequence[Seen], Sequence[Seen]], Iterator[tuple[Seen, Seen]]]
"""Pairs events of two audiences that look as if they belonged together, by some further hint."""


def by_position(mine: Sequence[Seen], others: Sequence[Seen]) -> Iterator[tuple[Seen, Seen]]:
    """Pair what is as far on among what looks alike here as it is there."""
    for place, one in enumerate(mine):
        yield one, others[place * len(others) // len(mine)]


def by_id(mine: Sequence[Seen], others: Sequence[Seen]) -> Iterator[tuple[Seen, Seen]]:
    """Pair by the order of ids."""
    yield from by_position(sorted(mine, key=_id), sorted(others, key=_id))


def by_position_from_the_end(mine: Sequence[Seen], others: Sequence[Seen]) -> Iterator[tuple[Seen, Seen]]:
    """Pair the first with the last."""
    yield from by_position(mine, others[::-1])


def by_chance(mine: Sequence[Seen], others: Sequence[Seen]) -> Iterator[tuple[Seen, Seen]]:
    """Pair any."""
    chance = random.Random(1)
    yield from ((one, chance.choice(others)) for one in mine)


GUESSES: tuple[Guess, ...] = (by_position, by_id, by_position_from_the_end, by_chance)


def _id(seen: Seen) -> str:
    return str(seen.event["id"])


def join(mine: Sequence[Seen], others: Sequence[Seen], guess: Guess, *, at_once: bool = False) -> Fraction:
    """Return the share of events of one audience that are paired with an event of the same person of another.

    Of one feed it is the same event. With `at_once` what one is told is looked for only in what the other was told at
    that time.
    """
    elsewhere = _group(others)
    right = 0
    for here in _group(mine):
        fitting = (
            seen
            for there in elsewhere
            if _fit(here[0].event, there[0].event) and (there[0].release == here[0].release or not at_once)
            for seen in there
        )
        there = sorted(fitting, key=lambda seen: int(seen.event["position"]))
        right += sum(one.person == other.person for one, other in (guess(here, there) if there else ()))
    return Fraction(right, len(mine))


def _group(feed: Sequence[Seen]) -> list[list[Seen]]:
    """Return the events of a feed that look alike to its audience, class by class."""
    found: dict[tuple[Any, ...], list[Seen]] = defaultdict(list)
    for seen in feed:
        found[seen.looks].append(seen)
    return list(found.values())


def _fit(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Return whether two audiences' events may be of one person; a time counts only if it is that of recording.

    Of one feed they are of one kind; of two, the day on which a person came is known by two names.
    """
    if _feed(one) is _feed(other) and one["type"] != other["type"]:
        return False
    if "." in one["time"] and one["time"] != other["time"]:
        return False
    mine, others = _named_alike(one), _named_alike(other)
    return all(_overlap(name, mine[name], others[name]) for name in mine.keys() & others.keys())


def _feed(event: Mapping[str, Any]) -> FeedName:
    return feed_of(event["type"])


@cache
def feed_of(kind: str) -> FeedName:
    """Return the feed that tells of a type of fact, or that such an event was told in."""
    told = Told(kind.split(".")[1])
    return next(name for name, feed in FEEDS.items() if told in feed.told)


def _named_alike(event: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what is told of an event of stays; of another, what a stay has too, by the name it has there."""
    if _feed(event) is FeedName.STAYS:
        return event["data"]  # type: ignore[no-any-return]  # an event is JSON
    return {RENAMED.get(name, name): value for name, value in event["data"].items() if name != "state"}


def _overlap(name: str, one: str | None, other: str | None) -> bool:
    if one is None or other is None or name not in ("born", "started_on", "ended_on"):
        return one == other
    (first, last), (other_first, other_last) = _range(name, one), _range(name, other)
    return first <= other_last and other_first <= last


def _range(name: str, told: str) -> Range:
    if name == "born":
        first, _, last = told.partition("-")
        return int(first), int(last or first)
    if "W" in told:
        monday = date.fromisocalendar(int(told[:4]), int(told[-2:]), 1).toordinal()
        return monday, monday + 6
    if len(told) == len("2026-06"):
        first_day = date.fromisoformat(f"{told}-01")
        return first_day.toordinal(), first_day.toordinal() + calendar.monthrange(first_day.year, first_day.month)[
            1
        ] - 1
    return date.fromisoformat(told).toordinal(), date.fromisoformat(told).toordinal()


def count_singled_out(feed: Sequence[Seen], entries: Sequence[Entry], k: int) -> int:
    """Return of how many events fewer than `k` people come into question for who knows everything about one of them.

    That is place, days, year of birth, sex and so on, and with what else it was told, but not who the others are.
    """
    known = {entry["id"]: {**_show(entry, 0, ""), "time": ""} for entry in entries}
    classes = [(group[0], {seen.person for seen in group}) for group in _group(feed)]
    return sum(
        len(
            {
                person
                for one, people in classes
                if one.release == seen.release and _fit(known[seen.entry], one.event)
                for person in people
            }
        )
        < k
        for seen in feed
    )


def smallest_class(feed: Sequence[Seen]) -> int:
    """Return how many people the smallest class of events has that look alike to an audience."""
    return min(len({seen.person for seen in group}) for group in _group(feed))


def shared_values(mine: Sequence[Seen], others: Sequence[Seen]) -> Counter[str]:
    """Return which values of the envelope two audiences both have for the same events, besides kind and source."""
    known = {seen.entry: seen.event for seen in others}
    return Counter(
        name
        for seen in mine
        if seen.entry in known
        for name in seen.event.keys() - {"type", "data", "source", "specversion", "datacontenttype"}
        if seen.event[name] == known[seen.entry].get(name)
    )
