"""HTTP in: ask for messages to people, look at what became of them, keep what people told about messages."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from contracts.envelope import PersonId as Person
from contracts.outreach.messages import Filled, Language, Message, MessageChannel, MessageState, Preference, Topic
from contracts.outreach.segments import Segment
from services.outreach.api.dependencies import HexId, InstitutionId, MessagingHere, Reader, Sender, Worker, activity_of
from services.outreach.api.templates import ValueRequest
from services.outreach.commands.activities import UnknownActivityError
from services.outreach.commands.institutions import NoInstitutionHereError, must_be_in
from services.outreach.commands.messages import (
    NoChannelError,
    NoCoreMessageError,
    UnknownTemplateError,
    Wanted,
    check_wanted,
    find_preference,
    request_messages,
    state_preference,
)
from services.outreach.domain.segments import AgesTurnedError, GroupNotKnownError, must_be_known
from services.outreach.domain.templates import MissingTextError, MissingValueError, RetiredError, UnknownValueError
from services.outreach.views.letters import list_letters
from services.outreach.views.messages import (
    count_states,
    cursor_of,
    find_street_of_request,
    list_messages,
    list_messages_to,
)
from services.outreach.views.residents import find_segment, find_streets_of
from services.runtime.access import Caller
from services.runtime.bodies import AsSent, Body
from services.runtime.parameters import Cause, Division, Limit, PersonId, ServiceHere
from services.runtime.problems import Problem, refuses
from services.runtime.service import Service

router = APIRouter(tags=["messages"])

MOST_AT_ONCE = 5_000
"""People of a segment whom a request may write to."""
CURSOR = r"^(?:[0-9]{9}/[0-9T:.Z-]{20,32}/[0-9a-f]{32})?$"


class MessagesRequest(Body):
    """What to send, by which template and channel, to which people of a division, or to a segment of its residents."""

    division: str = Field(pattern=r"^(?:[0-9]{6}|[0-9]{9})$", description="the district or street where they live")
    people: tuple[Person, ...] = Field(default=(), max_length=500)
    segment: Annotated[Segment | None, AsSent(Segment | None)] = Field(default=None, description="in place of people")
    template_id: HexId
    channel: MessageChannel
    language: Language = Language.ZH
    values: tuple[ValueRequest, ...] = Field(default=(), max_length=10)
    core_message: int | None = Field(default=None, ge=1, le=1000, description="the number of a core message")
    activity_id: str | None = Field(default=None, pattern=r"^[0-9a-f-]{32,36}$")
    institution_id: InstitutionId = None
    not_before: datetime | None = None


class MessagesAnswer(BaseModel):
    """How many messages were asked for together; people who do not live there now are left out."""

    request_id: str
    requested: int
    left_out: int


class RequestProgress(BaseModel):
    """How many messages that were asked for together are in each state."""

    request_id: str
    states: dict[str, int]


class MessagePage(BaseModel):
    """A page of messages, and the cursor of the next one if there is one."""

    messages: list[Message]
    cursor: str | None


class PreferenceRequest(Body):
    """What a person told about messages: the topics that are not wanted, and the language, if one was named."""

    refused: tuple[Topic, ...] = Field(default=(), max_length=len(Topic))
    language: Language | None = None


class Letter(BaseModel):
    """A message as the local channel wrote it to the page."""

    message_id: str
    street: str
    at: datetime
    subject: str
    body: str


@router.post(
    "/messages",
    status_code=202,
    summary="Ask for messages to people",
    responses=refuses(
        UnknownTemplateError,
        RetiredError,
        NoChannelError,
        NoCoreMessageError,
        MissingTextError,
        MissingValueError,
        UnknownValueError,
        AgesTurnedError,
        GroupNotKnownError,
        NoInstitutionHereError,
        UnknownActivityError,
        outside_your_division=403,
        not_found=404,
        people_or_segment=422,
        too_many_people=422,
    ),
)
async def post_messages(
    body: MessagesRequest, messaging: MessagingHere, caller: Sender, cause: Cause
) -> MessagesAnswer:
    """Ask for a message to each of some people; it is sent outside quiet hours, unless they opted out or had enough.

    Those who do not live in the division now are left out and counted; if nobody does, the request is refused.
    """
    caller.must_cover(body.division)
    service = messaging.service
    await must_be_in(service, body.division, body.institution_id)
    if body.activity_id is not None:
        await activity_of(service, caller, body.activity_id)
    people = await _find_people(service, body)
    wanted = _wanted_of(body, cause)
    template = await check_wanted(messaging, wanted, [body.division])
    if not people:
        raise Problem(404, "not_found", "辖区内没有这些人员。None of these people lives in your division.")
    await request_messages(messaging, wanted, template, people, cause)
    left_out = len(set(body.people) - people.keys())
    return MessagesAnswer(request_id=wanted.request_id, requested=len(people), left_out=left_out)


async def _find_people(service: Service, body: MessagesRequest) -> dict[str, str]:
    """Return the street by person of those who are meant and live in the division now."""
    areas = service.areas(body.division)
    if (body.segment is None) == (not body.people):
        advice = "people 与 segment 二选一。Name people, or a segment, one of both."
        raise Problem(422, "people_or_segment", advice, field="people")
    if body.segment is None:
        return await find_streets_of(service.database, body.people, areas)
    must_be_known(body.segment)
    found: dict[str, str] = {}
    async for person_id, street in find_segment(service.database, areas, body.segment, service.today):
        found[person_id] = street
        if len(found) > MOST_AT_ONCE:
            advice = f"人数超过{MOST_AT_ONCE}，请缩小范围。More than {MOST_AT_ONCE} people; ask street by street."
            raise Problem(422, "too_many_people", advice, field="segment")
    return found


def _wanted_of(body: MessagesRequest, cause: str) -> Wanted:
    return Wanted(
        request_id=cause.replace("-", ""),
        template_id=body.template_id,
        channel=body.channel,
        language=body.language,
        values=tuple(Filled(field=value.field, text=value.text) for value in body.values),
        core_message=body.core_message,
        activity_id=body.activity_id,
        institution_id=body.institution_id,
        not_before=body.not_before,
    )


@router.get("/messages", summary="Messages to people of a division", responses=refuses(outside_your_division=403))
async def get_messages(
    service: ServiceHere,
    caller: Reader,
    division: Division,
    state: MessageState | None = None,
    cursor: Annotated[str, Query(pattern=CURSOR)] = "",
    limit: Limit = 100,
) -> MessagePage:
    """Return a page of messages, by street and then the newest first, with what became of each and why."""
    caller.must_cover(division)
    found = await list_messages(service.database, service.areas(division), state, cursor, limit + 1)
    following = cursor_of(found[limit - 1]) if len(found) > limit else None
    return MessagePage(messages=found[:limit], cursor=following)


@router.get(
    "/message-requests/{request_id}",
    summary="What became of a request for messages",
    responses=refuses(not_found=404),
)
async def get_request(request_id: HexId, service: ServiceHere, caller: Reader) -> RequestProgress:
    """Return how many messages that were asked for together are in each state."""
    street = await find_street_of_request(service.database, request_id)
    if street is None or not caller.covers(street):
        raise Problem(404, "not_found", "没有该请求。No such request in your division.")
    return RequestProgress(request_id=request_id, states=await count_states(service.database, request_id))


@router.get(
    "/people/{person_id}/messages",
    summary="Messages to a person",
    responses=refuses(outside_your_division=403, not_found=404),
)
async def get_messages_to(
    person_id: PersonId, service: ServiceHere, caller: Reader, division: Division
) -> list[Message]:
    """Return the newest 100 messages to somebody who lives in a division."""
    await _find_street(service, caller, person_id, division)
    return await list_messages_to(service.database, person_id, 100)


@router.post(
    "/people/{person_id}/message-preference",
    summary="Keep what a person told about messages",
    responses=refuses(outside_your_division=403, not_found=404),
)
async def post_preference(
    person_id: PersonId,
    body: PreferenceRequest,
    messaging: MessagingHere,
    caller: Worker,
    cause: Cause,
    division: Division,
) -> Preference:
    """Keep which topics somebody does not want to be written to about, in place of what was told before."""
    street = await _find_street(messaging.service, caller, person_id, division)
    refused = tuple(sorted(set(body.refused)))
    preference = Preference(person_id=person_id, street=street, refused=refused, language=body.language)
    return await state_preference(messaging, preference, cause)


@router.get(
    "/people/{person_id}/message-preference",
    summary="What a person told about messages",
    responses=refuses(outside_your_division=403, not_found=404),
)
async def get_preference(
    person_id: PersonId, messaging: MessagingHere, caller: Reader, division: Division
) -> Preference:
    """Return which topics somebody does not want to be written to about."""
    street = await _find_street(messaging.service, caller, person_id, division)
    found = await find_preference(messaging, person_id, street[:6])
    return found or Preference(person_id=person_id, street=street)


@router.get("/letters", summary="The page of the local channel", responses=refuses(outside_your_division=403))
async def get_letters(service: ServiceHere, caller: Reader, division: Division, limit: Limit = 100) -> list[Letter]:
    """Return the newest messages that the local channel wrote, which is there for demos and tests."""
    caller.must_cover(division)
    found = await list_letters(service.database, service.areas(division), limit)
    return [Letter.model_validate({**document, "message_id": document["_id"]}) for document in found]


async def _find_street(service: Service, caller: Caller, person_id: str, division: str) -> str:
    """Return the street where somebody lives; raise Problem (403, 404) if it is not in a division of the caller's."""
    caller.must_cover(division)
    found = await find_streets_of(service.database, [person_id], service.areas(division))
    if person_id not in found:
        raise Problem(404, "not_found", "辖区内没有该人员。No such person in your division.")
    return found[person_id]
