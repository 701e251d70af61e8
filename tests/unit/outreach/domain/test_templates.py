"""Templates: what is refused when one is saved or used, and texts with their fields filled in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.outreach.messages import (
    Filled,
    Language,
    MessageChannel,
    TemplateRetired,
    TemplateSaved,
    TemplateText,
    Topic,
)
from services.outreach.domain.templates import (
    FIELDS,
    BrokenTemplateError,
    LanguageTwiceError,
    MissingTextError,
    MissingValueError,
    RetiredError,
    UnknownFieldError,
    UnknownValueError,
    check_values,
    fill,
    retire,
    save,
)
from tests.support.letters import make_template

TEMPLATE = make_template()
VALUES = (Filled(field="day", text="12月1日"), Filled(field="place", text="卫生站"))


def with_text(body: str = "您好", **more: object) -> TemplateText:
    return TemplateText(language=Language.ZH, **{"body": body, **more})


def test_a_template_is_saved_as_it_was_written() -> None:
    assert save(TEMPLATE) == TemplateSaved(template=TEMPLATE)


@pytest.mark.parametrize("place", ["body", "subject", "wechat"])
def test_a_field_that_a_topic_has_not_is_refused_wherever_it_stands(place: str) -> None:
    told = {"wechat": (Filled(field="thing1", text="{name}"),)} if place == "wechat" else {place: "{name}"}

    with pytest.raises(UnknownFieldError) as refused:
        save(make_template(texts=(with_text(**told),)))

    assert (refused.value.code, refused.value.status) == ("unknown_field", 422)
    assert "{day}" in refused.value.advice


@pytest.mark.parametrize(
    "body", ["{day", "day}", "{}", "{0}", "{day!r}", "{day:>9}", "{day.year}", "{day[0]}", "{ day }"]
)
def test_braces_that_do_not_match_and_formats_are_refused(body: str) -> None:
    with pytest.raises(BrokenTemplateError):
        save(make_template(texts=(with_text(body),)))


def test_a_language_has_one_text() -> None:
    with pytest.raises(LanguageTwiceError):
        save(make_template(texts=(with_text(), with_text("再见"))))


def test_a_template_is_retired_once() -> None:
    retired = TEMPLATE.model_copy(update={"retired": True})

    assert retire(TEMPLATE) == TemplateRetired(template=retired)
    assert retire(retired) is None


@pytest.mark.parametrize(
    ("values", "refusal"),
    [
        (VALUES[:1], MissingValueError),
        ((*VALUES, Filled(field="message", text="x")), UnknownValueError),
        ((*VALUES, Filled(field="name", text="x")), UnknownValueError),
    ],
    ids=["missing", "of another topic", "unknown"],
)
def test_the_values_are_those_of_the_fields(values: tuple[Filled, ...], refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        check_values(TEMPLATE, Language.ZH, MessageChannel.SMS, values)


def test_a_template_is_used_in_its_languages_for_its_channels_until_it_is_retired() -> None:
    check_values(TEMPLATE, Language.EN, MessageChannel.EMAIL, VALUES)
    with pytest.raises(MissingTextError):
        check_values(make_template(texts=(with_text(),)), Language.EN, MessageChannel.SMS, ())
    with pytest.raises(MissingTextError):
        check_values(TEMPLATE, Language.ZH, MessageChannel.WECHAT, VALUES)
    with pytest.raises(RetiredError):
        check_values(TEMPLATE.model_copy(update={"retired": True}), Language.ZH, MessageChannel.SMS, VALUES)


@given(texts=st.lists(st.text(), min_size=2, max_size=2))
def test_what_fills_a_field_is_not_read_as_a_template(texts: list[str]) -> None:
    values = tuple(Filled(field=field, text=text) for field, text in zip(("day", "place"), texts, strict=True))

    assert fill("{{于{day}到{place}}}", values) == f"{{于{texts[0]}到{texts[1]}}}"


def test_no_topic_has_a_field_that_says_who_somebody_is() -> None:
    assert FIELDS.keys() == set(Topic)
    assert not {"name", "phone", "address", "number_of_card"} & set().union(*FIELDS.values())
