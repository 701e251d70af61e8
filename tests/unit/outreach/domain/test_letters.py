"""Letters: fields filled in, in the language that the person asked for where the template has it."""

from contracts.outreach.messages import Filled, Language, MessageChannel, Preference, TemplateText, Topic
from services.outreach.domain.letters import compose
from tests.support.letters import make_message, make_template

ENGLISH = Preference(person_id="a" * 32, street="320507001", language=Language.EN)


def test_a_letter_has_the_fields_filled_in_and_the_key_of_its_message() -> None:
    letter = compose(make_message(), make_template(), None)

    assert letter is not None
    assert (letter.message_id, letter.body) == ("5" * 32, "请于12月1日到社区卫生服务中心随访。")


def test_a_person_is_written_to_in_the_language_that_was_asked_for() -> None:
    letter = compose(make_message(), make_template(), ENGLISH)

    assert letter is not None
    assert letter.body == "Please come to 社区卫生服务中心 on 12月1日."


def test_a_language_that_a_template_has_not_or_that_lacks_values_is_passed_over() -> None:
    chinese = make_template(texts=make_template().texts[:1])
    more = make_template(texts=(chinese.texts[0], TemplateText(language=Language.EN, body="Come to {office}.")))

    for template in (chinese, more):
        letter = compose(make_message(), template, ENGLISH)
        assert letter is not None
        assert letter.body.startswith("请于")


def test_what_can_not_be_filled_in_is_no_letter() -> None:
    assert compose(make_message(values=()), make_template(), None) is None


def test_a_core_message_is_filled_in_by_its_number_in_either_language() -> None:
    texts = (
        TemplateText(language=Language.ZH, body="核心信息{number}：{message}"),
        TemplateText(language=Language.EN, body="{number}: {message}"),
    )
    template = make_template(topic=Topic.CORE_MESSAGE, texts=texts)
    message = make_message(topic=Topic.CORE_MESSAGE, values=(Filled(field="number", text="8"),))

    chinese, english = compose(message, template, None), compose(message, template, ENGLISH)

    assert chinese is not None
    assert english is not None
    assert chinese.body.startswith("核心信息8：咳嗽")
    assert english.body.startswith("8: A cough")


def test_entries_of_the_official_account_are_filled_in_for_it_alone() -> None:
    text = TemplateText(
        language=Language.ZH, body="x", wechat_id="tpl", wechat=(Filled(field="thing1", text="{place}"),)
    )
    template = make_template(texts=(text,))

    by_wechat, by_sms = (
        compose(make_message(channel=channel), template, None)
        for channel in (MessageChannel.WECHAT, MessageChannel.SMS)
    )

    assert by_wechat is not None
    assert by_sms is not None
    assert [entry.text for entry in by_wechat.wechat] == ["社区卫生服务中心"]
    assert by_sms.wechat == ()
