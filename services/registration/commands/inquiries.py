"""Inquiries 协查: an office asks another to verify where a person lives."""

from contracts.registration.notices import Notice, NoticeFact, NoticeSent, NoticeState
from services.registration.commands.recording import continue_own, load_own, record_next, recorded_by
from services.registration.domain import notices
from services.registration.service import Registration


async def ask_inquiry(registration: Registration, inquiry: Notice, causation: str) -> Notice:
    """Record an inquiry and return it as recorded; the same question on one day is one inquiry."""
    journal = registration.service.journal
    for recorded in (await recorded_by(registration, inquiry.person_id, causation)).values():
        if isinstance(recorded.data, NoticeSent):
            return recorded.data.notice
    event = await journal.load(f"notice/{inquiry.notice_id}", NoticeFact)
    if event is None or event.data.notice.state is NoticeState.WITHDRAWN:
        await record_next(registration, event, NoticeSent(notice=inquiry), causation)
    return (await load_own(registration, f"notice/{inquiry.notice_id}", NoticeFact)).data.notice


async def withdraw_inquiry(
    registration: Registration, notice_id: str, causation: str, version: int | None = None
) -> Notice:
    """Withdraw an inquiry that an office asked; return it, withdrawn."""
    subject = (f"notice/{notice_id}", NoticeFact)
    event = await continue_own(registration, subject, lambda fact: notices.withdraw(fact.notice), causation, version)
    return event.data.notice
