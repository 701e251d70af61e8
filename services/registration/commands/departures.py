"""Record departures that offices report: end the stay of the person who left and of those who leave along."""

from collections.abc import Callable, Sequence
from contextlib import suppress

from contracts.envelope import narrow
from contracts.registration.stays import Stay, StayFact, StayState
from services.registration.commands.recording import ATTEMPTS, record_next, recorded_by
from services.registration.domain import stays
from services.registration.domain.arrivals import Departure
from services.registration.domain.errors import LeftBeforeArrivingError, NotRegisteredError
from services.registration.domain.households import find_accompanying
from services.registration.service import Registration
from services.registration.views.stays import find_dependants
from services.runtime.journal import StreamConflictError


async def record_departure(registration: Registration, departure: Departure, causation: str) -> list[Stay]:
    """End the stays of the people who left and return them, that of the person reported first.

    Children without a document leave with their guardian, and with `household` all its members leave. The same
    departure again changes nothing; if a crash kept some stays from ending, it ends them. Raise NotRegisteredError if
    the person reported has no open stay in the street.
    """
    first = await _end_by_departure(
        registration, registration.vault.person_id_of(*departure.document), departure, causation
    )
    staying = {registration.vault.person_id_of(*document) for document in departure.staying}
    around = registration.service.areas(registration.current_division(first.street))
    dependants = await find_dependants(registration.service.database, first, around)
    there = [_as_before(departure, stay) for stay in dependants]
    ended = [first]
    for stay in find_accompanying(first, there, household=departure.household, staying=staying):
        with suppress(NotRegisteredError, LeftBeforeArrivingError):
            ended.append(await _end_by_departure(registration, stay.person_id, departure, causation))
    return ended


def _as_before(departure: Departure, stay: Stay) -> Stay:
    """Return a stay as it was before this departure, which may have been recorded already."""
    ended = stay.state is StayState.ENDED and stay.ended_on == departure.left_on
    return stay.model_copy(update={"state": StayState.OPEN}) if ended else stay


async def _end_by_departure(registration: Registration, person_id: str, departure: Departure, causation: str) -> Stay:
    divisions, today = registration.service.divisions, registration.service.today

    def decide(known: Sequence[Stay]) -> StayFact | Stay:
        here = [stay for stay in known if divisions.overlap(stay.street, departure.street, today)]
        living = [stay for stay in here if stays.may_end(stay)]
        if living:
            stay = max(living, key=lambda stay: stay.started_on)
            end = departure.left_on, departure.destination, departure.destination_kind, departure.returning_on
            return stays.end(stay, *end)
        for stay in here:
            if stay.state is StayState.ENDED and stay.ended_on == departure.left_on:
                return stay
        raise NotRegisteredError

    return await _record_decision(registration, person_id, decide, causation)


async def _record_decision(
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
