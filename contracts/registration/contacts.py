"""How somebody is written to: what outreach asks of registration, by HTTP, when it is about to send a message."""

from enum import StrEnum


class ContactKind(StrEnum):
    """The kinds of contact: for text messages, for e-mail, and at the official account 微信公众号."""

    PHONE = "phone"
    EMAIL = "email"
    OPENID = "openid"
