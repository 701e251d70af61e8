"""Decide about a registered stay: end, correct, relocate or retract it, then settle what follows."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, NamedTuple

from contracts.envelope import Event, narrow
from contracts.registration.notices import Answer
from contracts.registration.stays import DestinationKind, Stay, StayCorrected, StayFact
from services.registration.commands.identities import refuse_named_place
from services.registration.commands.knowledge import load_knowledge
from services.registration.commands.recording import continue_own, load_own, must_not_be_future, recorded_by
from services.registration.commands.settling import settle
from services.registration.domain import stays
from services.registration.domain.arrivals import registration_due
from services.registration.domain.errors import AcceptedAlreadyError
from services.registration.domain.knowledge import Knowledge
from services.registration.service import Registration


class Location(NamedTuple):
    """Where inside a street a person lives: community 社区, grid 网格 and kind of dwelling."""

    community: str | None
    grid: str | None
    dwelling: str | None


class StayEnd(NamedTuple):
    """The declared end of a stay: the day the person left, and the destination if it is known."""

    left_on: date
    destination: str | None = None
    kind: DestinationKind = DestinationKind.UNKNOWN


async def end_stay(
    registration: Registration, stay_id: str, end: StayEnd, causation: str, version: int | None = None
) -> Stay:
    """Record that the person of a stay left; return the stay, ended."""
    must_not_be_future(registration, left_on=end.left_on)
    return await _change_stay(registration, stay_id, lambda stay: stays.end(stay, *end), causation, version)


async def correct_stay(
    registration: Registration, stay_id: str, changes: Mapping[str, Any], causation: str, version: int | None = None
) -> Stay:
    """Correct what was reported of a stay, by field name; return the stay, corrected."""
    must_not_be_future(registration, started_on=changes.get("started_on"), ended_on=changes.get("ended_on"))

    def decide(stay: Stay) -> StayFact:
        corrected = stays.correct(stay, changes).stay
        due = registration_due(
            registration.rules.deadlines, corrected.started_on, corrected.purpose, corrected.dwelling
        )
        return StayCorrected(stay=corrected.model_copy(update={"registration_due": due}))

    return await _change_stay(registration, stay_id, decide, causation, version)


async def relocate_stay(
    registration: Registration, stay_id: str, location: Location, causation: str, version: int | None = None
) -> Stay:
    """Record that the person moved inside the street; return the stay.

    Raise NamesPersonError if community or grid say who the person is.
    """
    own = await load_own(registration, f"stay/{stay_id}", StayFact)
    await refuse_named_place(registration, own.data.stay, location.community, location.grid)
    return await _change_stay(registration, stay_id, lambda stay: stays.relocate(stay, *location), causation, version)


async def retract_arrival(registration: Registration, stay_id: str, causation: str, version: int | None = None) -> Stay:
    """Retract an arrival that was registered by mistake; return the stay, retracted.

    Raise AcceptedAlreadyError once the district of the earlier stay has confirmed the move.
    """
    own = await load_own(registration, f"stay/{stay_id}", StayFact)
    known = await load_knowledge(registration, own.data.stay.person_id)
    accepted = any(answer.left_on for answer in known.answers if _is_about_arrival(known, answer, stay_id))

    def decide(stay: Stay) -> StayFact:
        if accepted:
            raise AcceptedAlreadyError
        return stays.retract(stay)

    return await _change_stay(registration, stay_id, decide, causation, version)


def _is_about_arrival(known: Knowledge, answer: Answer, stay_id: str) -> bool:
    return any(notice.notice_id == answer.notice_id and notice.stay_id == stay_id for notice in known.notices)


async def _change_stay(
    registration: Registration,
    stay_id: str,
    decide: Callable[[Stay], StayFact],
    causation: str,
    version: int | None,
) -> Stay:
    subject = (f"stay/{stay_id}", StayFact)
    event = await continue_own(registration, subject, lambda fact: decide(fact.stay), causation, version)
    return await settle_stay(registration, event, causation)


async def settle_stay(registration: Registration, event: Event[StayFact], causation: str) -> Stay:
    """Settle what follows from a decision about a stay; return the stay as this very request left it."""
    person_id = event.data.stay.person_id
    await settle(registration, {person_id: causation})
    led_to = (await recorded_by(registration, person_id, causation)).get(event.subject)
    settled = narrow(led_to, StayFact) if led_to else await load_own(registration, event.subject, StayFact)
    return settled.data.stay
