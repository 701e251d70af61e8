"""Messages and templates, made up."""

from datetime import UTC, datetime, timedelta
from typing import Any

from contracts.outreach.messages import Filled, Language, Message, MessageChannel, Template, TemplateText, Topic

MOMENT = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
"""Ten in the morning in Shanghai."""


def make_message(name: str = "5" * 32, **more: Any) -> Message:
    """Make a message that is asked for, to be sent at once."""
    told: dict[str, Any] = {
        "message_id": name,
        "request_id": "6" * 32,
        "person_id": "a" * 32,
        "street": "320507001",
        "channel": MessageChannel.SMS,
        "topic": Topic.FOLLOW_UP,
        "template_id": "7" * 32,
        "values": (Filled(field="day", text="12月1日"), Filled(field="place", text="社区卫生服务中心")),
        "requested_at": MOMENT,
        "expires_at": MOMENT + timedelta(days=7),
        "next_at": MOMENT,
    }
    return Message(**{**told, **more})


def make_template(name: str = "7" * 32, **more: Any) -> Template:
    """Make a template of a district in two languages."""
    told: dict[str, Any] = {
        "template_id": name,
        "owner": "320507",
        "topic": Topic.FOLLOW_UP,
        "texts": (
            TemplateText(language=Language.ZH, body="请于{day}到{place}随访。", subject="随访提醒"),
            TemplateText(language=Language.EN, body="Please come to {place} on {day}.", subject="Your follow-up"),
        ),
    }
    return Template(**{**told, **more})
