"""Take in what gateways report of messages: they arrived, they did not, or the person wants no more of them."""

from contracts.outreach.messages import Message, MessageFact, Preference
from services.outreach.commands.messages import find_preference, state_preference
from services.outreach.domain import messages
from services.outreach.domain.messages import Reported
from services.outreach.service import Messaging
from services.runtime.journal import StreamConflictError

CAUSE = "gateway"


async def take_report(messaging: Messaging, message_id: str, reported: Reported | None) -> bool:
    """Record what is reported of a message, None that no more of its topic is wanted; return whether it is news."""
    journal = messaging.service.journal
    event = await journal.load(f"message/{message_id}", MessageFact)
    if event is None or event.data.message.attempts == 0:
        return False
    if reported is None:
        return await _refuse_topic(messaging, event.data.message)
    fact = messages.report(event.data.message, reported, messaging.service.clock())
    if fact is None:
        return False
    commit = journal.commit(fact, after=event.sequence, causation=CAUSE, correlation=event.correlationid)
    try:
        await journal.record_one(commit)
    except StreamConflictError:
        return await take_report(messaging, message_id, reported)
    return True


async def _refuse_topic(messaging: Messaging, message: Message) -> bool:
    known = await find_preference(messaging, message.person_id, message.street[:6])
    known = known or Preference(person_id=message.person_id, street=message.street)
    refused = tuple(sorted({*known.refused, message.topic}))
    if refused == known.refused:
        return False
    await state_preference(messaging, known.model_copy(update={"refused": refused}), CAUSE)
    return True
