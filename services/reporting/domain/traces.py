"""Since when it is known where somebody who left a stay is, and whether an archive lies under another of their ids."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from contracts.registration.people import Person, deaths, one_person


@dataclass(frozen=True, slots=True)
class Claim:
    """That somebody lived somewhere from a day on; a retracted stay does not stand. `recorded_at` sorts as text."""

    stay_id: str
    person_id: str
    district: str
    started_on: date
    recorded_at: str
    stands: bool = True


@dataclass(frozen=True, slots=True)
class Known:
    """All that is known about some people who may be one.

    `stays` are those that reporting keeps, `elsewhere` what notices tell of others, `arrived` the days on which
    another district confirmed that somebody who left a stay is there, `archives` (person, district) of open archives.
    """

    stays: Collection[Claim]
    people: Collection[Person] = ()
    elsewhere: Collection[Claim] = ()
    arrived: Mapping[str, date] = field(default_factory=dict)
    archives: Collection[tuple[str, str]] = ()


@dataclass(frozen=True, slots=True)
class Trace:
    """What is known beside a stay: from `found_on` on, whoever left it is somewhere else, or died."""

    found_on: date | None
    archived_otherwise: bool


def trace(known: Known) -> dict[str, Trace]:
    """Say for each stay where its trace goes.

    Whoever left is found with the next later claim of the same person, in the order in which claims contest each
    other: so a person is under way from one stay at most.
    """
    ids, died = one_person(known.people), deaths(known.people)
    told = {stay.stay_id for stay in known.stays}
    claims = _by_person([*known.stays, *(claim for claim in known.elsewhere if claim.stay_id not in told)], ids)
    found = {}
    for stay in known.stays:
        same = ids.get(stay.person_id, frozenset({stay.person_id}))
        later = [claim.started_on for claim in claims[same] if claim.stands and _order(claim) > _order(stay)]
        days = [*later, known.arrived.get(stay.stay_id), died.get(stay.person_id)]
        others = same - {stay.person_id}
        found[stay.stay_id] = Trace(
            found_on=min((day for day in days if day is not None), default=None),
            archived_otherwise=any((other, stay.district) in known.archives for other in others),
        )
    return found


def _by_person(claims: Iterable[Claim], ids: Mapping[str, frozenset[str]]) -> Mapping[frozenset[str], list[Claim]]:
    found: dict[frozenset[str], list[Claim]] = defaultdict(list)
    for claim in claims:
        found[ids.get(claim.person_id, frozenset({claim.person_id}))].append(claim)
    return found


def _order(claim: Claim) -> tuple[date, str, str]:
    return claim.started_on, claim.recorded_at, claim.stay_id
