"""Gather the lists of a division to be exported: educators, trainings, care, exposures, counselling rooms."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from contracts.outreach.care import CareCase, Visit
from contracts.outreach.counselling import CounsellingRoom
from contracts.outreach.educators import Educator, Training
from contracts.outreach.exposures import HazardExposure
from contracts.reference.divisions import Area
from services.outreach.commands.exports import MOST, TooManyRowsError
from services.outreach.domain.care import CaseStanding
from services.outreach.domain.exposures import POLICY
from services.outreach.domain.needs import HELP
from services.outreach.intake.listings import ListingKind, write_listing
from services.outreach.views.care import find_cases_between
from services.outreach.views.counselling import list_rooms
from services.outreach.views.educators import find_educators, list_trainings
from services.outreach.views.exposures import list_exposures
from services.runtime.service import Service

Line = dict[str, Any]


async def gather_listing(
    service: Service, kind: ListingKind, areas: Sequence[Area], period: tuple[date, date]
) -> list[list[str]]:
    """Return a list of areas as lines: what falls into a period, or went on in it; exposures and rooms whatever it is.

    Raise TooManyRowsError if there are more than 50,000.
    """
    rows = await _find(service, kind, areas, period)
    if len(rows) > MOST:
        raise TooManyRowsError
    return write_listing(kind, rows)


async def _find(service: Service, kind: ListingKind, areas: Sequence[Area], period: tuple[date, date]) -> list[Line]:
    database, (since, until) = service.database, period
    match kind:
        case ListingKind.EDUCATORS:
            educators = await find_educators(database, areas)
            return [line for one in educators for line in _terms(one, since, until)]
        case ListingKind.TRAININGS:
            held = await list_trainings(database, areas, period, MOST + 1)
            return [_training(one) for one in held if not one.withdrawn]
        case ListingKind.CARE_CASES:
            return [_case(*found) for found in await find_cases_between(database, areas, since, until)]
        case ListingKind.CARE_VISITS:
            cases = await find_cases_between(database, areas, since, until)
            return [line for case, _ in cases for line in _visits(case, since, until)]
        case ListingKind.EXPOSURES:
            return list(map(_exposure, await list_exposures(database, areas, None, "", MOST + 1)))
        case ListingKind.COUNSELLING_ROOMS:
            return list(map(_room, await list_rooms(database, areas, "", MOST + 1)))


def _terms(one: Educator, since: date, until: date) -> Iterator[Line]:
    """Yield the terms of an educator that go on in a period."""
    for term in one.terms:
        if term.joined_on <= until and (term.left_on is None or term.left_on > since):
            yield {"street": one.street, "kind": one.kind, "staff": one.staff, **term.model_dump(mode="json")}


def _training(one: Training) -> Line:
    return {**one.model_dump(mode="json"), "took_part": len(one.participants)}


def _case(case: CareCase, standing: CaseStanding) -> Line:
    paired = case.pairing and (case.pairing.staff or case.pairing.institution_id)
    told = {"standing": standing, "visits": len(case.made), "last_seen_on": case.last_seen_on, "paired": paired}
    return {**case.model_dump(mode="json"), **told}


def _visits(case: CareCase, since: date, until: date) -> Iterator[Line]:
    """Yield the visits of a case in a period."""
    for visit in case.made:
        if since <= visit.visited_on <= until:
            yield {
                "street": case.street,
                "person_id": case.person_id,
                "need": case.need,
                "visited_on": visit.visited_on,
                "visited_by": visit.visited_by,
                "help": _help(visit),
            }


def _help(visit: Visit) -> list[str]:
    return [f"{HELP[one.kind].title} {one.quantity} {HELP[one.kind].unit}" for one in visit.help]


def _exposure(one: HazardExposure) -> Line:
    held = [training.held_on for training in one.trainings if not training.withdrawn]
    due = {"due": one.due.kind, "due_on": one.due.due_on} if one.due else {"due": None}
    trained = {"trainings": len(held), "trained_on": max(held, default=None)}
    hazard = POLICY.hazards.get(one.hazard, one.hazard)
    return {**one.model_dump(mode="json"), "hazard": hazard, **trained, **due}


def _room(one: CounsellingRoom) -> Line:
    return {**one.model_dump(mode="json"), "sessions": sum(month.sessions for month in one.months)}
