"""Pure decisions on messages: asked for, tried, taken, doubted, reported; never one that may send twice.

What a gateway answered is one of four: it took the message, it refuses it for good, it certainly did not take it, or
nobody knows. A message that anybody doubted is asked again only by a key that the gateway knows.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Any

from contracts.outreach.messages import (
    Message,
    MessageAttempted,
    MessageDelivered,
    MessageDoubted,
    MessageFact,
    MessageFailed,
    MessagePostponed,
    MessageRequested,
    MessageSent,
    MessageState,
    MessageSuppressed,
    MessageUndelivered,
    Preference,
    Template,
)
from services.outreach.domain.messaging import Policy


@dataclass(frozen=True, slots=True)
class Taken:
    """The gateway took the message; `reference` is its own id."""

    reference: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """The gateway refuses the message for good."""

    code: str = "gateway_refused"


@dataclass(frozen=True, slots=True)
class NotTaken:
    """The gateway certainly did not take the message: it was not reached, or said to come again later."""

    code: str = "gateway_away"
    after: float = 0.0
    """Seconds to wait at least."""


@dataclass(frozen=True, slots=True)
class Unsure:
    """Nobody knows whether the gateway took the message."""

    code: str = "gateway_unsure"


Answer = Taken | Refused | NotTaken | Unsure


class Reported(StrEnum):
    """What a gateway reports later."""

    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"


WAITING = (MessageState.REQUESTED, MessageState.POSTPONED)
ANSWERED = (MessageState.SENT, MessageState.DELIVERED, MessageState.UNDELIVERED)
ENDED = (MessageState.SUPPRESSED, MessageState.FAILED)


def message_id(*parts: str) -> str:
    """Return the id of a message from what makes it the same: the request or order, the person, the content."""
    return sha256("|".join(parts).encode()).hexdigest()[:32]


def request(message: Message, policy: Policy) -> MessageRequested:
    """Return the fact that a message is asked for, to be sent at `next_at` at the earliest, not in quiet hours."""
    wanted = max(message.next_at or message.requested_at, message.requested_at)
    at = policy.end_of_quiet(wanted)
    told = {"next_at": at, "reason": "quiet_hours" if at > wanted else None}
    return MessageRequested(message=message.model_copy(update=told))


def hold_back(
    message: Message, template: Template | None, preference: Preference | None, policy: Policy, now: datetime
) -> MessageFact | None:
    """Return the fact that a waiting message is not sent, or not yet; None if nothing stands against it."""
    if template is None or template.retired:
        return suppress(message, "template_retired", now)
    if preference is not None and message.topic in preference.refused:
        return suppress(message, "opted_out", now)
    if now >= message.expires_at:
        return suppress(message, "expired", now)
    if policy.is_quiet(now):
        return wait_until(message, policy.end_of_quiet(now), "quiet_hours")
    return None


def suppress(message: Message, reason: str, now: datetime) -> MessageFact:
    """Return the fact that a message is not sent; one that may have been is doubted for good."""
    if message.doubted:
        return MessageDoubted(message=_changed(message, MessageState.UNCERTAIN, reason=reason, settled_at=now))
    return MessageSuppressed(message=_changed(message, MessageState.SUPPRESSED, reason=reason, settled_at=now))


def wait_until(message: Message, moment: datetime, reason: str) -> MessageFact:
    """Return the fact that a message waits; one that may have been sent stays in doubt meanwhile."""
    if message.doubted:
        return MessageDoubted(message=_changed(message, MessageState.UNCERTAIN, reason=reason, next_at=moment))
    return MessagePostponed(message=_changed(message, MessageState.POSTPONED, reason=reason, next_at=moment))


def attempt(message: Message, now: datetime, lease: timedelta) -> MessageAttempted:
    """Return the fact that the gateway is about to be asked; whoever finds it after the lease knows no answer."""
    told = {
        "attempts": message.attempts + 1,
        "first_asked_at": message.first_asked_at or now,
        "asked_at": now,
        "next_at": now + lease,
        "reason": None,
    }
    return MessageAttempted(message=message.model_copy(update={"state": MessageState.ATTEMPTED, **told}))


def may_ask_again(message: Message, keys: timedelta | None, now: datetime) -> bool:
    """Return whether a doubted message may be asked for again: the gateway still knows the key of the first time."""
    return keys is not None and message.first_asked_at is not None and now < message.first_asked_at + keys


def conclude(  # noqa: PLR0911  # one line for each answer
    message: Message, answer: Answer, policy: Policy, now: datetime, chance: float
) -> MessageFact | None:
    """Return what follows from a gateway's answer; None if more is known already."""
    if message.state in ANSWERED or (message.state in ENDED and not isinstance(answer, Taken)):
        return None
    match answer:
        case Taken(reference=reference):
            told = {"reference": digest(reference) if reference else None, "settled_at": now, "doubted": False}
            return MessageSent(message=_changed(message, MessageState.SENT, **told))
        case Refused(code=code) if message.doubted:
            return MessageDoubted(message=_changed(message, MessageState.UNCERTAIN, reason=code, settled_at=now))
        case Refused(code=code):
            return MessageFailed(message=_changed(message, MessageState.FAILED, reason=code, settled_at=now))
        case NotTaken(code=code, after=after):
            pause = max(policy.pause(message.attempts, chance), timedelta(seconds=after))
            return wait_until(message, now + pause, code)
        case Unsure(code=code) if message.attempts >= policy.attempts:
            return leave_in_doubt(message.model_copy(update={"reason": code}), now)
        case Unsure(code=code):
            return doubt(message, code, now + policy.pause(message.attempts, chance))


def doubt(message: Message, reason: str, next_at: datetime) -> MessageDoubted:
    """Return the fact that an attempt may have been taken; it is looked at again at a moment."""
    told = {"reason": reason, "next_at": next_at, "doubted": True}
    return MessageDoubted(message=_changed(message, MessageState.UNCERTAIN, **told))


def leave_in_doubt(message: Message, now: datetime) -> MessageDoubted:
    """Return the fact that nothing more can be found out about a message."""
    told = {"reason": message.reason or "not_answered", "settled_at": now, "doubted": True}
    return MessageDoubted(message=_changed(message, MessageState.UNCERTAIN, **told))


def report(message: Message, reported: Reported, now: datetime) -> MessageFact | None:
    """Return the fact that a gateway's report leads to; None if it says nothing new, or of what was never tried.

    What arrived stays so, whatever is reported afterwards.
    """
    if message.attempts == 0 or message.state is MessageState.DELIVERED:
        return None
    told: Mapping[str, Any] = {"settled_at": now, "doubted": False}
    if reported is Reported.DELIVERED:
        return MessageDelivered(message=_changed(message, MessageState.DELIVERED, **told))
    if message.state in (MessageState.UNDELIVERED, MessageState.FAILED):
        return None
    return MessageUndelivered(message=_changed(message, MessageState.UNDELIVERED, **told))


def digest(reference: str) -> str:
    """Return the digest of a gateway's id of a message: what it names so may be the number that was written to."""
    return sha256(reference.encode()).hexdigest()[:32]


def _changed(message: Message, state: MessageState, **told: Any) -> Message:
    """Return a message in another state; what is not told of the next look and the reason is none."""
    return message.model_copy(update={"state": state, "next_at": None, "reason": None, **told})
