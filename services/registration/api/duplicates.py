"""HTTP in: who may be one person under two documents, for a clerk to look at, to merge or to dismiss."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from contracts.envelope import PersonId
from services.registration.api.dependencies import Clerk, Here
from services.registration.commands.identities import refuse_naming, texts_of
from services.registration.service import Registration
from services.registration.views import duplicates
from services.registration.views.duplicates import Pair
from services.registration.views.sealed import find_sealed
from services.runtime.access import Caller
from services.runtime.access_log.log import Access
from services.runtime.bodies import Body
from services.runtime.parameters import NAMED, Division
from services.runtime.problems import Problem, refuses

router = APIRouter(tags=["registration"])


class Alike(BaseModel):
    """One of two who may be one person, and the streets where that one stays or stayed."""

    person_id: str
    streets: tuple[str, ...]


class Duplicate(BaseModel):
    """Two who may be one person, and what agrees; the name is told only to whoever gave a reason."""

    people: tuple[Alike, Alike]
    agrees: tuple[str, ...]
    name: str | None = None


class DuplicatePage(BaseModel):
    """A page of pairs and the cursor of the next one, if there is one."""

    duplicates: list[Duplicate]
    cursor: str | None


class Dismissal(Body):
    """Which two are two people, and how the clerk knows."""

    people: tuple[PersonId, PersonId]
    reason: str = Field(min_length=2, max_length=200)


@router.get(
    "/duplicates",
    summary="Who may be one person under two documents",
    responses=refuses(outside_your_division=403, reason_names_person=422),
)
async def get_duplicates(
    registration: Here,
    caller: Clerk,
    division: Division,
    reason: Annotated[str | None, Query(min_length=2, max_length=200)] = None,
    cursor: Annotated[str, Query(pattern=r"^([0-9a-f]{32}\|[0-9a-f]{32})?$")] = "",
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
) -> DuplicatePage:
    """List pairs that nobody merged or dismissed; with a reason, which is kept, the name is told too."""
    caller.must_cover(division)
    pairs, following = await duplicates.list_pairs(
        registration.service.database, registration.service.areas(division), cursor, limit
    )
    names = await _look_up(registration, caller, pairs, reason) if reason else {}
    return DuplicatePage(duplicates=[_told(pair, names) for pair in pairs], cursor=following)


@router.post(
    "/duplicates/dismissal",
    status_code=204,
    summary="Dismiss a pair: they are two people",
    dependencies=[NAMED],
    responses=refuses(not_found=404),
)
async def post_dismissal(body: Dismissal, registration: Here, caller: Clerk) -> None:
    """Keep that two who look like one person are two; they are not listed again."""
    service = registration.service
    pair = await duplicates.find_pair(service.database, *body.people)
    if pair is None or not any(caller.covers(street) for streets in pair.streets.values() for street in streets):
        raise Problem(404, "not_found", "辖区内没有该疑似重复。No such pair in your division.")
    await duplicates.dismiss(service.database, pair, caller.subject, body.reason, service.clock())


async def _look_up(registration: Registration, caller: Caller, pairs: list[Pair], reason: str) -> Mapping[str, str]:
    """Open the names of people, once it stands in the access log who looked at them and why."""
    streets = {person: next(iter(pair.streets[person]), None) for pair in pairs for person in pair.people}
    people = sorted(streets)
    sealed = await find_sealed(registration.service.database, people)
    identities = {person: registration.vault.open(content) for person, content in sealed.items()}
    for identity in identities.values():
        refuse_naming(reason, *texts_of(identity))
    read = [Access.of(caller, "identity_read", reason, person_id=one, street=streets[one]) for one in people]
    await registration.access_log.record_all(read)
    return {person: identity.name for person, identity in identities.items()}


def _told(pair: Pair, names: Mapping[str, str]) -> Duplicate:
    one, other = (Alike(person_id=person, streets=tuple(pair.streets[person])) for person in pair.people)
    name = next((names[person] for person in pair.people if person in names), None)
    return Duplicate(people=(one, other), agrees=pair.agrees, name=name)
