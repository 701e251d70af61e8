"""HTTP in: list pairs of ids that may be one person, and dismiss a pair."""

from collections.abc import Mapping
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from contracts.envelope import PersonId
from services.registration.api.dependencies import Clerk, RegistrationHere
from services.registration.commands.identities import find_identity, find_names, refuse_naming, texts_of
from services.registration.service import Registration
from services.registration.views import duplicates
from services.registration.views.duplicates import Pair
from services.registration.views.people import find_survivors
from services.registration.views.sealed import find_sealed
from services.runtime.access import Caller
from services.runtime.access_log.log import Access
from services.runtime.bodies import Body
from services.runtime.parameters import IDEMPOTENT, Division
from services.runtime.problems import Problem, refuses

router = APIRouter(tags=["registration"])


class PersonStreets(BaseModel):
    """A person of a pair, and the streets where they stay or stayed."""

    person_id: str
    streets: tuple[str, ...]


class Duplicate(BaseModel):
    """Two ids that may be one person, and the attributes that agree; the name only if the caller gave a reason."""

    people: tuple[PersonStreets, PersonStreets]
    agrees: tuple[str, ...]
    name: str | None = None


class DuplicatePage(BaseModel):
    """A page of pairs and the cursor of the next one, if there is one."""

    duplicates: list[Duplicate]
    cursor: str | None


class Dismissal(Body):
    """The two ids that are two people, and how the clerk knows."""

    tells_who = True
    people: tuple[PersonId, PersonId]
    reason: str = Field(min_length=2, max_length=200)


@router.get(
    "/duplicates",
    summary="Who may be one person under two documents",
    responses=refuses(outside_your_division=403, reason_names_person=422),
)
async def get_duplicates(
    registration: RegistrationHere,
    caller: Clerk,
    division: Division,
    reason: Annotated[str | None, Query(min_length=2, max_length=200)] = None,
    cursor: Annotated[str, Query(pattern=r"^([0-9a-f]{32}\|[0-9a-f]{32})?$")] = "",
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
) -> DuplicatePage:
    """List the pairs that nobody merged or dismissed; with a reason, which goes into the access log, also the names."""
    caller.must_cover(division)
    service = registration.service
    pairs, following = await duplicates.list_pairs(
        service.database, service.areas(division), cursor, limit, partial(find_survivors, service.database)
    )
    names = await _look_up(registration, caller, pairs, reason) if reason else {}
    return DuplicatePage(duplicates=[_duplicate_of(pair, names) for pair in pairs], cursor=following)


@router.post(
    "/duplicates/dismissal",
    status_code=204,
    summary="Dismiss a pair: they are two people",
    dependencies=[IDEMPOTENT],
    responses=refuses(not_found=404),
)
async def post_dismissal(body: Dismissal, registration: RegistrationHere, caller: Clerk) -> None:
    """Record that the two ids of a pair are two people; the pair is not listed again."""
    service = registration.service
    pair = await duplicates.find_pair(service.database, *body.people)
    if pair is None or not any(caller.covers(street) for streets in pair.streets.values() for street in streets):
        raise Problem(404, "not_found", "辖区内没有该疑似重复。No such pair in your division.")
    for person in pair.people:
        identity = await find_identity(registration, person)
        refuse_naming(body.reason, *texts_of(identity), *await find_names(registration, person))
    await duplicates.dismiss(service.database, pair, caller.subject, body.reason, service.clock())


async def _look_up(registration: Registration, caller: Caller, pairs: list[Pair], reason: str) -> Mapping[str, str]:
    """Record who looks at the people of pairs and why in the access log, then return their names by person."""
    streets = {person: next(iter(pair.streets[person]), None) for pair in pairs for person in pair.people}
    people = sorted(streets)
    sealed = await find_sealed(registration.service.database, people)
    identities = {person: registration.vault.open(content) for person, content in sealed.items()}
    for identity in identities.values():
        refuse_naming(reason, *texts_of(identity))
    read = [Access.of(caller, "identity_read", reason, person_id=person, street=streets[person]) for person in people]
    await registration.access_log.record_all(read)
    return {person: identity.name for person, identity in identities.items()}


def _duplicate_of(pair: Pair, names: Mapping[str, str]) -> Duplicate:
    one, other = (PersonStreets(person_id=person, streets=tuple(pair.streets[person])) for person in pair.people)
    name = next((names[person] for person in pair.people if person in names), None)
    return Duplicate(people=(one, other), agrees=pair.agrees, name=name)
