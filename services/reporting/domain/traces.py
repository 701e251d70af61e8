"""Traces: since when a person who left a stay is known to be elsewhere."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from contracts.registration.people import Person, deaths, one_person


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim that somebody lived somewhere from a day on; `stands` unless retracted. `recorded_at` sorts as text."""

    stay_id: str
    person_id: str
    started_on: date
    recorded_at: str
    stands: bool = True


@dataclass(frozen=True, slots=True)
class Known:
    """Everything known about a group of ids that may be one person.

    `stays` are the stays in reporting's rows, `elsewhere` further stays that notices mention. `arrived` has stays that
    were left, each with a day on which another district confirmed the arrival.
    """

    stays: Collection[Claim]
    people: Collection[Person] = ()
    elsewhere: Collection[Claim] = ()
    arrived: Collection[tuple[str, date]] = ()


def trace(known: Known) -> dict[str, date | None]:
    """Return for each stay, by its id, the day from which whoever left it is known elsewhere, or dead; None if none is.

    A person who left is found by a later claim of the same person, in the order in which claims contest each other:
    so a person is in transit from one stay at most.
    """
    ids, died = one_person(known.people), deaths(known.people)
    own = {stay.stay_id for stay in known.stays}
    claims = _by_person([*known.stays, *(claim for claim in known.elsewhere if claim.stay_id not in own)], ids)
    found = {}
    for stay in known.stays:
        same = ids.get(stay.person_id, frozenset({stay.person_id}))
        later = [claim.started_on for claim in claims[same] if claim.stands and _order(claim) > _order(stay)]
        arrived = (day for stay_id, day in known.arrived if stay_id == stay.stay_id)
        days = [*later, *arrived, died.get(stay.person_id)]
        found[stay.stay_id] = min((day for day in days if day is not None), default=None)
    return found


def _by_person(claims: Iterable[Claim], ids: Mapping[str, frozenset[str]]) -> Mapping[frozenset[str], list[Claim]]:
    found: dict[frozenset[str], list[Claim]] = defaultdict(list)
    for claim in claims:
        found[ids.get(claim.person_id, frozenset({claim.person_id}))].append(claim)
    return found


def _order(claim: Claim) -> tuple[date, str, str]:
    return claim.started_on, claim.recorded_at, claim.stay_id
