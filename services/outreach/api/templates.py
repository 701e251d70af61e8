"""HTTP in: templates of messages, the core messages, standing orders."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from contracts.outreach.messages import Filled, Language, MessageChannel, Template, TemplateText, Topic
from contracts.outreach.standing_orders import StandingOrder
from services.outreach.api.dependencies import HexId, MessagingHere, Reader, Supervision
from services.outreach.commands import standing_orders
from services.outreach.commands.messages import (
    NoChannelError,
    UnknownTemplateError,
    find_template,
    retire_template,
    save_template,
)
from services.outreach.domain import core_messages
from services.outreach.domain.standing_orders import NoOrderError, OtherTopicError
from services.outreach.domain.templates import (
    BrokenTemplateError,
    LanguageTwiceError,
    MissingTextError,
    MissingValueError,
    RetiredError,
    UnknownFieldError,
    UnknownValueError,
)
from services.outreach.views.messages import list_templates
from services.runtime.bodies import Body
from services.runtime.parameters import Cause, DistrictOrStreet, ServiceHere
from services.runtime.problems import Problem, refuses

router = APIRouter(tags=["messages"])

OneLine = Annotated[str, Field(max_length=100, pattern=r"^[^\r\n]*$")]


class EntryRequest(Body):
    """An entry of the official account's template, such as `thing1`, and the text that fills it."""

    field: str = Field(pattern=r"^[a-z_]{1,20}[0-9]{0,3}$")
    text: str = Field(min_length=1, max_length=200)


class TextRequest(Body):
    """A text in one language; fields are written `{day}`. `subject` is an e-mail's."""

    language: Language
    body: str = Field(min_length=1, max_length=500)
    subject: OneLine = ""
    wechat_id: str = Field(default="", pattern=r"^[A-Za-z0-9_-]{0,64}$")
    wechat: tuple[EntryRequest, ...] = Field(default=(), max_length=10)


class TemplateRequest(Body):
    """A template to save: whose it is, what it is about, and its text in each language."""

    owner: str = Field(pattern=r"^(?:[0-9]{6}|[0-9]{9})$", description="6-digit district or 9-digit street")
    topic: Topic
    texts: tuple[TextRequest, ...] = Field(min_length=1, max_length=len(Language))


class ValueRequest(Body):
    """A field of the template, and the text that fills it; it names nobody."""

    field: str = Field(pattern=r"^[a-z_]{1,20}$")
    text: str = Field(min_length=1, max_length=100)


class OrderRequest(Body):
    """By which template and channel residents are written to about a topic, from what happens on `since` on."""

    topic: Topic = Topic.CORE_MESSAGE
    template_id: HexId
    channel: MessageChannel
    language: Language = Language.ZH
    since: date
    values: tuple[ValueRequest, ...] = Field(default=(), max_length=10, description="such as the office to ask at")


class CoreMessageAnswer(BaseModel):
    """One of the core messages."""

    number: int
    area: str
    zh: str
    en: str


class CoreMessagesAnswer(BaseModel):
    """The core messages of an edition."""

    edition: str
    source: str
    messages: list[CoreMessageAnswer]


@router.post(
    "/message-templates",
    status_code=201,
    summary="Save a template of messages",
    responses=refuses(UnknownFieldError, BrokenTemplateError, LanguageTwiceError, outside_your_division=403),
)
async def post_template(body: TemplateRequest, messaging: MessagingHere, caller: Supervision, cause: Cause) -> Template:
    """Save a template, which is never changed; for other words save another one and retire this one."""
    caller.must_cover(body.owner)
    return await save_template(messaging, _template_of(body, cause), cause)


def _template_of(body: TemplateRequest, cause: str) -> Template:
    texts = tuple(
        TemplateText(
            **text.model_dump(exclude={"wechat"}),
            wechat=tuple(Filled(field=entry.field, text=entry.text) for entry in text.wechat),
        )
        for text in body.texts
    )
    return Template(template_id=cause.replace("-", ""), owner=body.owner, topic=body.topic, texts=texts)


@router.post(
    "/message-templates/{template_id}/retirement",
    summary="Retire a template of messages",
    responses=refuses(UnknownTemplateError, not_found=404),
)
async def post_retirement(template_id: HexId, messaging: MessagingHere, caller: Supervision, cause: Cause) -> Template:
    """Send nothing more with a template, not even what was asked for and is not sent yet."""
    template = await find_template(messaging, template_id)
    if template is None or not caller.covers(template.owner):
        raise Problem(404, "not_found", "没有该模板。No such template in your division.")
    return await retire_template(messaging, template_id, cause)


@router.get("/message-templates", summary="Templates of messages", responses=refuses(outside_your_division=403))
async def get_templates(service: ServiceHere, caller: Reader, division: DistrictOrStreet) -> list[Template]:
    """Return the templates that may be used for people of a district or street: its own, and its district's."""
    caller.must_cover(division)
    return await list_templates(service.database, {division, division[:6]})


@router.get("/core-messages", summary="The core messages 核心信息")
async def get_core_messages(_: Reader) -> CoreMessagesAnswer:
    """Return the core messages for people on the move, with their numbers, in Chinese and English."""
    edition = core_messages.load()
    listed = [CoreMessageAnswer(number=one.number, area=one.area, zh=one.zh, en=one.en) for one in edition.messages]
    return CoreMessagesAnswer(edition=edition.edition, source=edition.source, messages=listed)


@router.post(
    "/standing-orders",
    summary="Let residents be written to by themselves",
    responses=refuses(
        UnknownTemplateError,
        RetiredError,
        NoChannelError,
        MissingTextError,
        MissingValueError,
        UnknownValueError,
        OtherTopicError,
        outside_your_division=403,
    ),
)
async def post_order(
    body: OrderRequest, messaging: MessagingHere, caller: Supervision, cause: Cause, division: DistrictOrStreet
) -> StandingOrder:
    """Place an order for a district or street and a topic, in place of the one that stood.

    Whoever arrives gets the core messages within the first month; whoever a follow-up or vaccination is due to is
    reminded a few days before; whomever a publicised activity addresses is told of it.
    """
    caller.must_cover(division)
    values = tuple(Filled(field=value.field, text=value.text) for value in body.values)
    order = StandingOrder(owner=division, **{**body.model_dump(), "values": values})
    return await standing_orders.place(messaging, order, cause)


@router.post(
    "/standing-orders/end",
    summary="End a standing order",
    responses=refuses(NoOrderError, outside_your_division=403),
)
async def post_order_end(
    messaging: MessagingHere,
    caller: Supervision,
    cause: Cause,
    division: DistrictOrStreet,
    topic: Topic = Topic.CORE_MESSAGE,
) -> StandingOrder:
    """End a division's order about a topic: nobody else is written to by it; what was asked for is sent."""
    caller.must_cover(division)
    return await standing_orders.end(messaging, division, topic, cause)
