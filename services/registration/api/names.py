"""HTTP in: who the people of a list are, by masked names, and finding people by what they say of themselves."""

from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from contracts.envelope import PersonId
from contracts.reference.identity import DocumentType, read_number
from contracts.registration.stays import Stay
from services.registration.api.dependencies import Clerk, RegistrationHere
from services.registration.commands.identities import refuse_naming
from services.registration.commands.names import MOST_FOUND, search_people, show_names
from services.registration.domain.identities import MaskedIdentity, mask
from services.registration.domain.searches import by_birth_and_phone, by_name, by_number
from services.registration.intake.documents import Typed
from services.registration.intake.refusals import ADVICE
from services.runtime.access import Caller, Role, allow
from services.runtime.attempts import must_be_within
from services.runtime.bodies import Body
from services.runtime.problems import Problem, refuses

router = APIRouter(tags=["registration"])

Namer = Annotated[Caller, Depends(allow(Role.CLERK, Role.HEALTH_WORKER, Role.SUPERVISOR, Role.DISTRICT))]
"""Whoever works with lists of people: a health worker has to know at whose door to knock."""
Reason = Annotated[str, Field(min_length=2, max_length=200)]


class NamesRequest(Body):
    """Whose names are needed, and the one reason for all of them."""

    tells_who = True
    people: tuple[PersonId, ...] = Field(min_length=1, max_length=100)
    reason: Reason


class NamesAnswer(BaseModel):
    """Who the people are, masked; nothing is said of those who never stayed in the caller's division."""

    identities: list[MaskedIdentity]


class Search(Body):
    """Why somebody is searched for."""

    tells_who = True
    reason: Reason


class SearchByName(Search):
    """A search by the whole name, however it is spaced."""

    by: Literal["name"]
    name: Typed = Field(min_length=1)

    def sought(self) -> str:
        """Return what people are found by."""
        return by_name(self.name)

    def texts(self) -> tuple[str, ...]:
        """Return what the reason may not repeat."""
        return (self.name,)


class SearchByBirth(Search):
    """A search by the day of birth and the last four digits of the phone."""

    by: Literal["birth_and_phone"]
    birth: date
    phone_ending: str = Field(pattern=r"^[0-9]{4}$")

    def sought(self) -> str:
        """Return what people are found by."""
        return by_birth_and_phone(self.birth, self.phone_ending)

    def texts(self) -> tuple[str, ...]:
        """Return what the reason may not repeat."""
        return (self.birth.isoformat(), self.phone_ending)


class SearchByDocument(Search):
    """A search by the number of a document; that of a guardian finds the children registered under it too."""

    by: Literal["document"]
    document_type: Typed = DocumentType.ID_CARD.value
    document_number: Typed = Field(min_length=1)

    def sought(self) -> str:
        """Return what people are found by; raise Problem (422) if there is no such kind of document."""
        document_type = DocumentType.from_label(self.document_type)
        if document_type is None:
            raise Problem(422, "bad_document_type", ADVICE["bad_document_type"], field="document_type")
        return by_number(read_number(document_type, self.document_number).number)

    def texts(self) -> tuple[str, ...]:
        """Return what the reason may not repeat."""
        return (self.document_number,)


SearchRequest = Annotated[SearchByName | SearchByBirth | SearchByDocument, Field(discriminator="by")]


class MatchedPerson(MaskedIdentity):
    """A person who was found, masked, and their stay in the caller's division: the open one, else the newest."""

    stay: Stay


class SearchAnswer(BaseModel):
    """Who was found in the caller's division, and whether there are more of them than are shown."""

    people: list[MatchedPerson]
    more: bool


@router.post("/identities", summary="Masked names of many people", responses=refuses(reason_names_person=422))
async def post_identities(body: NamesRequest, registration: RegistrationHere, caller: Namer) -> NamesAnswer:
    """Return masked name, sex and year of birth of people; who asks about whom and why is in the access log first."""
    people = list(dict.fromkeys(body.people))
    return NamesAnswer(identities=await show_names(registration, caller, people, body.reason))


@router.post(
    "/people/search",
    summary="Find people by name, birth or number",
    responses=refuses(bad_document_type=422, reason_names_person=422, too_many_requests=429),
)
async def post_search(body: SearchRequest, registration: RegistrationHere, caller: Clerk) -> SearchAnswer:
    """Find people who stay or stayed in the caller's division; who searches and why is in the access log first.

    What was searched for is kept nowhere.
    """
    sought = body.sought()
    await must_be_within(registration.service.attempts, registration.access_log, "search", caller)
    refuse_naming(body.reason, *body.texts())
    found = await search_people(registration, caller, sought, body.reason)
    people = [
        MatchedPerson(**mask(one.person_id, one.identity).model_dump(), stay=one.stay) for one in found[:MOST_FOUND]
    ]
    return SearchAnswer(people=people, more=len(found) > MOST_FOUND)
