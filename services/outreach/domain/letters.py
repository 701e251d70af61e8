"""A letter: a message with the fields of its template filled in, in the person's language if it has one."""

from dataclasses import dataclass

from contracts.outreach.messages import Filled, Language, Message, MessageChannel, Preference, Template, TemplateText
from services.outreach.domain import core_messages
from services.outreach.domain.templates import CORE_NUMBER, MissingTextError, choose, fields_of, fill


@dataclass(frozen=True, slots=True)
class Letter:
    """A message with its fields filled in; `message_id` is the key by which a gateway may know it again."""

    message_id: str
    street: str
    body: str
    subject: str = ""
    wechat_id: str = ""
    wechat: tuple[Filled, ...] = ()


def compose(message: Message, template: Template, preference: Preference | None) -> Letter | None:
    """Return the letter of a message; None if its template has no text that can be filled in."""
    wished = preference.language if preference is not None else None
    for language in (wished, message.language):
        if language is not None and (letter := _compose_in(language, message, template)) is not None:
            return letter
    return None


def _compose_in(language: Language, message: Message, template: Template) -> Letter | None:
    try:
        text = choose(template, language, message.channel)
        values = _values_of(message, language)
    except (MissingTextError, KeyError):
        return None
    if not fields_of(text) <= {value.field for value in values}:
        return None
    return _fill(message, text, values)


def _fill(message: Message, text: TemplateText, values: tuple[Filled, ...]) -> Letter:
    entries = text.wechat if message.channel is MessageChannel.WECHAT else ()
    return Letter(
        message_id=message.message_id,
        street=message.street,
        body=fill(text.body, values),
        subject=fill(text.subject, values),
        wechat_id=text.wechat_id,
        wechat=tuple(Filled(field=entry.field, text=fill(entry.text, values)) for entry in entries),
    )


def _values_of(message: Message, language: Language) -> tuple[Filled, ...]:
    """Return the values of a message; of a core message also its text in a language."""
    number = next((value.text for value in message.values if value.field == CORE_NUMBER), None)
    core = core_messages.load().fill(int(number), language) if number is not None else ()
    return (*(value for value in message.values if value.field != CORE_NUMBER), *core)
