"""Departures as offices report them: the stay of who left ends, and of those who go along."""

from collections.abc import Callable, Sequence
from contextlib import suppress

from contracts.envelope import narrow
from contracts.registration.stays import Stay, StayFact, StayState
from services.registration.commands.recording import ATTEMPTS, record_next, recorded_by
from services.registration.domain import stays
from services.registration.domain.arrivals import Departure
from services.registration.domain.errors import LeftBeforeArrivingError, NotRegisteredError
from services.registration.domain.households import who_follows
from services.registration.service import Registration
from services.registration.views.stays import find_dependants
from services.runtime.journal import StreamConflictError


async def record_departure(registration: Registration, departure: Departure, causation: str) -> list[Stay]:
    """End the stays of who left, the one that the report names first; the same departure again changes nothing.

    Children without a document follow their guardian, and with `household` everybody of it; each stay ends by itself.
    A repetition of the request finds those that a crash kept from ending.
    """
    first = await _end_by_departure(registration, registration.vault.name(*departure.document), departure, causation)
    staying = {registration.vault.name(*document) for document in departure.staying}
    around = registration.service.areas(registration.standing(first.street))
    dependants = await find_dependants(registration.service.database, first, around)
    there = [_before(departure, stay) for stay in dependants]
    ended = [first]
    for stay in who_follows(first, there, household=departure.household, staying=staying):
        with suppress(NotRegisteredError, LeftBeforeArrivingError):
            ended.append(await _end_by_departure(registration, stay.person_id, departure, causation))
    return ended


def _before(departure: Departure, stay: Stay) -> Stay:
    """Take a stay as it was before this departure, which may be reported again."""
    ended = stay.state is StayState.ENDED and stay.ended_on == departure.left_on
    return stay.model_copy(update={"state": StayState.OPEN}) if ended else stay


async def _end_by_departure(registration: Registration, person_id: str, departure: Departure, causation: str) -> Stay:
    divisions, today = registration.service.divisions, registration.service.today

    def decide(known: Sequence[Stay]) -> StayFact | Stay:
        here = [stay for stay in known if divisions.overlap(stay.street, departure.street, today)]
        living = [stay for stay in here if stays.may_end(stay)]
        if living:
            stay = max(living, key=lambda stay: stay.started_on)
            going = departure.left_on, departure.destination, departure.destination_kind, departure.returning_on
            return stays.end(stay, *going)
        for stay in here:
            if stay.state is StayState.ENDED and stay.ended_on == departure.left_on:
                return stay
        raise NotRegisteredError

    return await _decide_about(registration, person_id, decide, causation)


async def _decide_about(
    registration: Registration,
    person_id: str,
    decide: Callable[[Sequence[Stay]], StayFact | Stay],
    causation: str,
) -> Stay:
    for _ in range(ATTEMPTS):
        loaded = await registration.service.journal.load_streams_of([person_id])
        for event in (await recorded_by(registration, person_id, causation)).values():
            if isinstance(event.data, StayFact):
                return event.data.stay
        own = {event.subject: narrow(event, StayFact) for event in loaded if isinstance(event.data, StayFact)}
        decided = decide([event.data.stay for event in own.values()])
        if isinstance(decided, Stay):
            return decided
        if await record_next(registration, own[decided.stream], decided, causation):
            return decided.stay
    raise StreamConflictError(person_id)
