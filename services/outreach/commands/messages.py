"""Ask for messages, save and retire templates, keep what people told about messages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from contracts.outreach.messages import (
    Filled,
    Language,
    Message,
    MessageChannel,
    Preference,
    PreferenceFact,
    PreferenceStated,
    Template,
    TemplateFact,
    Topic,
)
from contracts.refusals import RefusedError
from services.outreach.domain import core_messages, messages, templates
from services.outreach.domain.templates import CORE_NUMBER
from services.outreach.service import Messaging
from services.runtime.recording import record_decision

BATCH = 500


class UnknownTemplateError(RefusedError):
    """There is no such template for the division."""

    code = "no_such_template"
    advice = "没有该模板。No such template for your division; save it first."
    status = 404
    field = "template_id"


class NoChannelError(RefusedError):
    """The channel is not set up here."""

    code = "no_such_channel"
    advice = "未配置该渠道。The channel is not set up; choose another one, or ask the operator."
    status = 422
    field = "channel"


class NoCoreMessageError(RefusedError):
    """A core message is asked for without the number of one, or a number is given for something else."""

    code = "no_core_message"
    advice = "核心信息请填写其编号，其他主题不填。Give the number of a core message, and for other topics none."
    status = 422
    field = "core_message"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be sent to some people."""

    request_id: str
    template_id: str
    channel: MessageChannel
    language: Language = Language.ZH
    values: tuple[Filled, ...] = ()
    core_message: int | None = None
    activity_id: str | None = None
    institution_id: str | None = None
    not_before: datetime | None = None


async def find_template(messaging: Messaging, template_id: str) -> Template | None:
    """Return a template from the journal; None if there is no such one."""
    event = await messaging.service.journal.load(f"template/{template_id}", TemplateFact)
    return event.data.template if event else None


async def save_template(messaging: Messaging, template: Template, cause: str) -> Template:
    """Record a template, once however often it is sent; raise a refusal if a text of it can't be filled in."""
    journal = messaging.service.journal
    await journal.record([journal.commit(templates.save(template), causation=cause)])
    return template


async def retire_template(messaging: Messaging, template_id: str, cause: str) -> Template:
    """Record that nothing more is sent with a template; raise UnknownTemplateError if there is none."""

    def decide(known: TemplateFact | None) -> TemplateFact | None:
        return templates.retire(_known(known))

    return _known(await record_decision(messaging.service, f"template/{template_id}", TemplateFact, decide, cause))


async def check_wanted(messaging: Messaging, wanted: Wanted, divisions: Sequence[str]) -> Template:
    """Return the template of what is wanted; raise a refusal if it can't be sent to people of some divisions.

    A template is for the people of its owner: a street, or every street of a district.
    """
    template = await find_template(messaging, wanted.template_id)
    if template is None or not all(division.startswith(template.owner) for division in divisions):
        raise UnknownTemplateError
    gateway = messaging.gateways.get(wanted.channel)
    if gateway is None or (gateway.address is not None and messaging.contacts is None):
        raise NoChannelError
    templates.check_values(template, wanted.language, wanted.channel, wanted.values)
    if (template.topic is Topic.CORE_MESSAGE) != (wanted.core_message is not None):
        raise NoCoreMessageError
    if wanted.core_message is not None and not 0 < wanted.core_message <= len(core_messages.load().messages):
        raise NoCoreMessageError
    return template


async def request_messages(
    messaging: Messaging, wanted: Wanted, template: Template, people: Mapping[str, str], cause: str
) -> None:
    """Record that a message to each of some people (street by person) is asked for, once however often it is."""
    now, journal = messaging.service.clock(), messaging.service.journal
    facts = [
        messages.request(_make(messaging, wanted, template, person_id, street, now), messaging.policy)
        for person_id, street in sorted(people.items())
    ]
    for start in range(0, len(facts), BATCH):
        await journal.record([journal.commit(fact, causation=cause, at=now) for fact in facts[start : start + BATCH]])


def _make(
    messaging: Messaging, wanted: Wanted, template: Template, person_id: str, street: str, now: datetime
) -> Message:
    number = str(wanted.core_message) if wanted.core_message is not None else ""
    values = (*wanted.values, Filled(field=CORE_NUMBER, text=number)) if number else wanted.values
    not_before = max(wanted.not_before or now, now)
    return Message(
        message_id=messages.message_id(wanted.request_id, person_id, number),
        request_id=wanted.request_id,
        person_id=person_id,
        street=street,
        channel=wanted.channel,
        topic=template.topic,
        template_id=template.template_id,
        language=wanted.language,
        values=values,
        activity_id=wanted.activity_id,
        institution_id=wanted.institution_id,
        requested_at=now,
        expires_at=not_before + messaging.policy.expires[template.topic],
        next_at=not_before,
    )


async def find_preference(messaging: Messaging, person_id: str, district: str) -> Preference | None:
    """Return what a person told a district about messages; None if nothing."""
    event = await messaging.service.journal.load(f"preference/{person_id}@{district}", PreferenceFact)
    return event.data.preference if event else None


async def state_preference(messaging: Messaging, preference: Preference, cause: str) -> Preference:
    """Record what a person told about messages, in place of what was told before."""

    def decide(known: PreferenceFact | None) -> PreferenceFact | None:
        return None if known and known.preference == preference else PreferenceStated(preference=preference)

    stream = f"preference/{preference.preference_id}"
    await record_decision(messaging.service, stream, PreferenceFact, decide, cause)
    return preference


def _known(fact: TemplateFact | None) -> Template:
    if fact is None:
        raise UnknownTemplateError
    return fact.template
