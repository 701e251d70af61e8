"""What has to hold after a run, and what two runs of the same lives have to share."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date
from random import Random
from typing import Any, NamedTuple

from pydantic_core import to_json

from contracts.envelope import Event
from contracts.registration.conflicts import ConflictFact
from contracts.registration.stays import StayState
from services.registration.domain.settling import Now, derive_owed_facts
from services.registration.domain.transfers import TransferState, derive_transfers
from services.registration.projector import changes, derive
from services.registration.views.people import KnownPerson
from tests.simulator.invariants import Settled, count_internal_flows, transfers_of
from tests.simulator.run import Run
from tests.support.districts import District, Held, Said, noon, rules_of, stays_in


class End(NamedTuple):
    """How a run of lives ended: who lives where, how many in each street, and what contradicts."""

    current: set[tuple[str, str]]
    residents: set[tuple[str, int]]
    conflicts: set[tuple[str, str]]


def end_of(run: Run) -> End:
    """Return how a run ended, as each district has its own."""
    held = [district.own for district in run.districts.values()]
    current = [stay for own in held for stay in stays_in(own) if stay.state is StayState.OPEN]
    facts = [fact for own in held for _, fact in own.newest.values() if isinstance(fact, ConflictFact)]
    still = [fact.conflict for fact in facts if fact.conflict.open]
    return End(
        {(stay.person_id, stay.stay_id) for stay in current},
        set(Counter(stay.street for stay in current).items()),
        {(f"{conflict.kind} {conflict.conflict_id}", conflict.district) for conflict in still},
    )


def differences(one: End, other: End) -> Iterator[str]:
    """Yield in what two ends of the same lives differ."""
    for name in End._fields:
        mine, yours = getattr(one, name), getattr(other, name)
        if mine != yours:
            yield f"{name}: {mine - yours} and {yours - mine}"


def states_of(run: Run) -> Counter[TransferState]:
    """Count the transfers of a run by state."""
    held = next(iter(run.districts.values())).heard
    return Counter(one.state for person in held.people() for one in derive_transfers(held.about(person)))


def broken_by(run: Run) -> Iterator[str]:
    """Yield which invariants do not hold when everything is heard and every deadline has passed."""
    first, *others = run.districts.values()
    people = first.heard.people()
    known = {person: first.heard.about(person) for person in people}
    for person, knowledge in known.items():
        yield from (f"{person}: {broken}" for broken in Settled(knowledge, run.today).broken())
    yield from count_internal_flows(list(known.values()))
    for district in run.districts.values():
        for person in district.known.people():
            for fact in district.owed(person, run.today):
                yield f"{district.code} still owes {fact.TYPE} {fact.stream}"
    for district in others:
        for person in people:
            if transfers_of(district.heard.about(person)) != transfers_of(known[person]):
                yield f"{person}: {district.code} derives other transfers than {first.code}"


def heard_otherwise(run: Run, seed: int) -> Iterator[str]:
    """Yield what differs when the facts of a run reach fresh instances in another order, some of them twice."""
    rng = Random(seed)
    for district in run.districts.values():
        said = run.said + rng.sample(run.said, len(run.said) // 5)
        rng.shuffle(said)
        fresh = District(district.code, heard=Held(said))
        if _views(fresh.heard, district) != _views(Held(run.said), district):
            yield f"{district.code}: other views"
        yield from (f"{district.code}: {owed}" for owed in _owed(fresh.heard, district.code, run.today))


def _views(held: Held, district: District) -> bytes:
    """Return every row of a district's views."""
    rows = [row for said in held.newest.values() for row in changes(_event(said))]
    for person in held.people():
        goes_on, ids = held.one_person(person)
        counted = sum(sequence for sequence, _ in held.said_of(held.ever_linked(person)))
        rows += derive(KnownPerson(goes_on, ids, held.about(person), counted), district.rules)
    return to_json(sorted(rows, key=lambda row: (row.collection, row.id)))


def _event(said: Said) -> Event[Any]:
    told: dict[str, Any] = {"sequence": said[0], "data": said[1]}
    return Event.model_construct(**told)


def _owed(held: Held, code: str, today: date) -> Sequence[str]:
    return [
        f"owes {fact.TYPE} {fact.stream}"
        for person in held.people()
        for fact in derive_owed_facts(held.about(person), rules_of(code), Now(noon(today), today))
    ]
