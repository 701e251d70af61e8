"""Templates: which fields a topic has, whether a text keeps to them, and a text with its fields filled in."""

from collections.abc import Iterator, Mapping, Sequence
from string import Formatter

from contracts.outreach.messages import (
    Filled,
    Language,
    MessageChannel,
    Template,
    TemplateRetired,
    TemplateSaved,
    TemplateText,
    Topic,
)
from contracts.refusals import RefusedError

CORE_TEXT, CORE_NUMBER = "message", "number"
"""The fields that are filled in by us, from the list of core messages."""
FIELDS: Mapping[Topic, frozenset[str]] = {
    Topic.FOLLOW_UP: frozenset({"day", "place", "office"}),
    Topic.VACCINATION: frozenset({"day", "place", "office", "vaccine"}),
    Topic.ACTIVITY: frozenset({"day", "time", "place", "office", "activity"}),
    Topic.CORE_MESSAGE: frozenset({CORE_TEXT, CORE_NUMBER, "office"}),
}
"""The fields that a template of a topic may have; none says who somebody is."""


class UnknownFieldError(RefusedError):
    """A template has a field that its topic has not."""

    code = "unknown_field"
    status = 422

    def __init__(self, topic: Topic) -> None:
        super().__init__()
        known = ", ".join(f"{{{name}}}" for name in sorted(FIELDS[topic]))
        self.advice = f"模板含有未知字段，可用：{known}。The template has an unknown field; there are: {known}."
        self.field = "texts"


class BrokenTemplateError(RefusedError):
    """A template's braces do not match, or a field has a format of its own."""

    code = "broken_template"
    advice = (
        "模板中的花括号不成对或含格式符。The braces of the template do not match; write fields as {day}, nothing else."
    )
    status = 422
    field = "texts"


class LanguageTwiceError(RefusedError):
    """A template has two texts in one language."""

    code = "language_twice"
    advice = "同一语言只能有一个文本。Give one text for each language."
    status = 422
    field = "texts"


class MissingTextError(RefusedError):
    """The template has no text in the language, or nothing for the channel."""

    code = "missing_text"
    advice = "模板缺少该语言或该渠道的文本。The template has no text in that language, or nothing for that channel."
    status = 422
    field = "template_id"


class UnknownValueError(RefusedError):
    """A value is named that the template's topic has no field for, or that we fill in ourselves."""

    code = "unknown_field"
    advice = "模板没有该字段。There is no such field for this topic; leave the value out."
    status = 422
    field = "values"


class MissingValueError(RefusedError):
    """A field of the template is given no value."""

    code = "missing_value"
    status = 422
    field = "values"

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__()
        told = ", ".join(sorted(names))
        self.advice = f"请填写模板字段：{told}。Give a value for each field of the template: {told}."


class RetiredError(RefusedError):
    """The template is retired."""

    code = "template_retired"
    advice = "该模板已停用。The template is retired; choose another one."


def save(template: Template) -> TemplateSaved:
    """Return the fact that a template may be used.

    Raise BrokenTemplateError, UnknownFieldError or LanguageTwiceError if its texts can't be.
    """
    languages = [text.language for text in template.texts]
    if len(set(languages)) < len(languages):
        raise LanguageTwiceError
    for text in template.texts:
        if not fields_of(text) <= FIELDS[template.topic]:
            raise UnknownFieldError(template.topic)
    return TemplateSaved(template=template)


def retire(template: Template) -> TemplateRetired | None:
    """Return the fact that a template is not used any more; None if that was said before."""
    return None if template.retired else TemplateRetired(template=template.model_copy(update={"retired": True}))


def fields_of(text: TemplateText) -> set[str]:
    """Return the fields in a text; raise BrokenTemplateError if it can't be read."""
    return {name for part in _parts(text) for name in _fields_in(part)}


def choose(template: Template, language: Language, channel: MessageChannel) -> TemplateText:
    """Return the text in a language; raise MissingTextError if there is none, or nothing in it for a channel."""
    text = next((text for text in template.texts if text.language is language), None)
    if text is None or (channel is MessageChannel.WECHAT and not text.wechat_id):
        raise MissingTextError
    return text


def check_values(template: Template, language: Language, channel: MessageChannel, values: Sequence[Filled]) -> None:
    """Raise a refusal unless a template can be filled in with values, beside those that we fill in ourselves."""
    if template.retired:
        raise RetiredError
    own = {CORE_TEXT, CORE_NUMBER} & FIELDS[template.topic]
    given = {value.field for value in values}
    if not given <= FIELDS[template.topic] - own:
        raise UnknownValueError
    if missing := fields_of(choose(template, language, channel)) - given - own:
        raise MissingValueError(sorted(missing))


def fill(text: str, values: Sequence[Filled]) -> str:
    """Return a text with its fields filled in; raise KeyError if one has no value."""
    by_name = {value.field: value.text for value in values}
    return "".join(literal + (by_name[name] if name else "") for literal, name, _, _ in Formatter().parse(text))


def _parts(text: TemplateText) -> Iterator[str]:
    yield from (text.body, text.subject)
    yield from (entry.text for entry in text.wechat)


def _fields_in(text: str) -> Iterator[str]:
    try:
        parsed = list(Formatter().parse(text))
    except ValueError as error:
        raise BrokenTemplateError from error
    for _, name, shape, conversion in parsed:
        if name is not None:
            if not name.isidentifier() or shape or conversion:
                raise BrokenTemplateError
            yield name
