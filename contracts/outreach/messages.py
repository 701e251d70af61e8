"""Messages to people as facts of outreach: their templates, what became of each, who wants none.

No address is in any of them: it is asked of registration when a message is sent.
"""

from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, StringConstraints

from contracts.envelope import Fact, Moment, PersonId
from contracts.reference.divisions import StreetCode

HexId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]


class MessageChannel(StrEnum):
    """How a message reaches a person: 短信, 微信公众号, 电子邮件; `local` is a page, for demos and tests."""

    SMS = "sms"
    WECHAT = "wechat"
    EMAIL = "email"
    LOCAL = "local"


class Topic(StrEnum):
    """What a message is about: 随访提醒, 接种提醒, 活动通知, 流动人口健康教育核心信息."""

    FOLLOW_UP = "follow_up"
    VACCINATION = "vaccination"
    ACTIVITY = "activity"
    CORE_MESSAGE = "core_message"


class Language(StrEnum):
    """The languages of templates."""

    ZH = "zh"
    EN = "en"


class MessageState(StrEnum):
    """How far a message is.

    A message is `attempted` before its gateway is asked. It is `uncertain` while, or because, nobody knows whether the
    gateway took it, and stays so where nothing further can be tried; `sent` once the gateway took it.
    """

    REQUESTED = "requested"
    ATTEMPTED = "attempted"
    POSTPONED = "postponed"
    UNCERTAIN = "uncertain"
    SENT = "sent"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    FAILED = "failed"
    SUPPRESSED = "suppressed"


class Filled(BaseModel):
    """A field of a template, or an entry of the official account's, and the text that fills it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    field: str
    text: str


class Message(BaseModel):
    """One message to one person over one channel.

    `message_id` is also the idempotency key by which gateways are asked. `next_at` is when the sender looks at it next,
    None when there is nothing left to do. `reason` is a code: why it is where it is. `attempts` counts how often the
    gateway was asked to send it; once `doubted`, an attempt may have been taken. `reference` is the digest of the
    gateway's own id. `request_id` is shared by what was asked for together.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    message_id: HexId
    request_id: HexId
    person_id: PersonId
    street: StreetCode
    channel: MessageChannel
    topic: Topic
    template_id: HexId
    language: Language = Language.ZH
    values: tuple[Filled, ...] = ()
    activity_id: str | None = None
    institution_id: str | None = None
    requested_at: Moment
    expires_at: Moment
    state: MessageState = MessageState.REQUESTED
    reason: str | None = None
    next_at: Moment | None = None
    attempts: int = 0
    doubted: bool = False
    first_asked_at: Moment | None = None
    asked_at: Moment | None = None
    reference: str | None = None
    settled_at: Moment | None = None


class MessageFact(Fact):
    """A fact of the stream `message/<message_id>`."""

    message: Message

    @property
    def stream(self) -> str:
        """Return the stream of the message."""
        return f"message/{self.message.message_id}"

    @property
    def division(self) -> str:
        """Return the street where the person lived when the message was asked for."""
        return self.message.street

    @property
    def person_id(self) -> str:
        """Return the id of the person whom the message is for."""
        return self.message.person_id


class MessageRequested(MessageFact):
    """Somebody, or a standing order, asked for a message."""

    TYPE: ClassVar[str] = "outreach.message_requested.v1"


class MessageAttempted(MessageFact):
    """The gateway is about to be asked; nothing is known of the answer yet."""

    TYPE: ClassVar[str] = "outreach.message_attempted.v1"


class MessagePostponed(MessageFact):
    """It was certainly not sent, and is tried again at `next_at`: quiet hours, or the gateway took nothing."""

    TYPE: ClassVar[str] = "outreach.message_postponed.v1"


class MessageDoubted(MessageFact):
    """Nobody knows whether the gateway took it; asked again only where the gateway knows our key."""

    TYPE: ClassVar[str] = "outreach.message_doubted.v1"


class MessageSent(MessageFact):
    """The gateway took it."""

    TYPE: ClassVar[str] = "outreach.message_sent.v1"


class MessageDelivered(MessageFact):
    """The gateway reported that it arrived."""

    TYPE: ClassVar[str] = "outreach.message_delivered.v1"


class MessageUndelivered(MessageFact):
    """The gateway took it, and reported that it did not arrive."""

    TYPE: ClassVar[str] = "outreach.message_undelivered.v1"


class MessageFailed(MessageFact):
    """The gateway refused it for good, or took nothing however often it was asked."""

    TYPE: ClassVar[str] = "outreach.message_failed.v1"


class MessageSuppressed(MessageFact):
    """We did not send it: no address, opted out, too many, too late, or its template was retired."""

    TYPE: ClassVar[str] = "outreach.message_suppressed.v1"


MESSAGE_FACTS: tuple[type[MessageFact], ...] = (
    MessageRequested,
    MessageAttempted,
    MessagePostponed,
    MessageDoubted,
    MessageSent,
    MessageDelivered,
    MessageUndelivered,
    MessageFailed,
    MessageSuppressed,
)


class TemplateText(BaseModel):
    """A template's text in one language; `{day}` and the like are fields.

    `subject` is an e-mail's. `wechat_id` names the template at the official account, `wechat` its entries.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    language: Language
    body: str
    subject: str = ""
    wechat_id: str = ""
    wechat: tuple[Filled, ...] = ()


class Template(BaseModel):
    """What a street or district says about a topic, never changed: whoever wants other words saves another one."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    template_id: HexId
    owner: str
    topic: Topic
    texts: tuple[TemplateText, ...]
    retired: bool = False


class TemplateFact(Fact):
    """A fact of the stream `template/<template_id>`."""

    template: Template

    @property
    def stream(self) -> str:
        """Return the stream of the template."""
        return f"template/{self.template.template_id}"

    @property
    def division(self) -> str:
        """Return the street (9 digits) or district (6 digits) whose template it is."""
        return self.template.owner


class TemplateSaved(TemplateFact):
    """A template may be used from now on."""

    TYPE: ClassVar[str] = "outreach.template_saved.v1"


class TemplateRetired(TemplateFact):
    """Nothing is sent with the template any more, not even what was asked for."""

    TYPE: ClassVar[str] = "outreach.template_retired.v1"


TEMPLATE_FACTS: tuple[type[TemplateFact], ...] = (TemplateSaved, TemplateRetired)


class Preference(BaseModel):
    """What a person told a district about messages: the topics refused, and the language if one was named."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    person_id: PersonId
    street: StreetCode
    refused: tuple[Topic, ...] = ()
    language: Language | None = None

    @property
    def preference_id(self) -> str:
        """Return the id: of the person in the district."""
        return f"{self.person_id}@{self.street[:6]}"


class PreferenceFact(Fact):
    """A fact of the stream `preference/<person_id>@<district>`."""

    preference: Preference

    @property
    def stream(self) -> str:
        """Return the stream of the preference."""
        return f"preference/{self.preference.preference_id}"

    @property
    def division(self) -> str:
        """Return the street where it was told."""
        return self.preference.street

    @property
    def person_id(self) -> str:
        """Return the id of the person who wants it so."""
        return self.preference.person_id


class PreferenceStated(PreferenceFact):
    """A person said which topics are wanted and which are not, and in which language."""

    TYPE: ClassVar[str] = "outreach.preference_stated.v1"


PREFERENCE_FACTS: tuple[type[PreferenceFact], ...] = (PreferenceStated,)


MESSAGING_FACTS: tuple[type[Fact], ...] = (*MESSAGE_FACTS, *TEMPLATE_FACTS, *PREFERENCE_FACTS)
"""All facts about messages but for standing orders."""
