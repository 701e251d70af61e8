"""Derive index entries: the divisions and states under which a person's transfers and notices are listed."""

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

from contracts.registration.notices import NoticeState
from services.registration.domain.knowledge import Knowledge
from services.registration.domain.transfers import Transfer

LISTED_DIGITS = (6, 9)
"""The digits of a district and of a street, the divisions that most lists are about."""


class ListedKind(StrEnum):
    """What an index entry lists: a transfer from or to a division, a notice it sent or received."""

    LEAVING = "leaving"
    REACHING = "reaching"
    NOTICE_SENT = "notice_sent"
    NOTICE_RECEIVED = "notice_received"


class NoticeStage(StrEnum):
    """Whether a notice still needs an answer: `open`, `answered` as far as it needs, or `withdrawn`."""

    OPEN = "open"
    ANSWERED = "answered"
    WITHDRAWN = "withdrawn"


class NoticeStatus(NamedTuple):
    """The status of a notice; `due` is when the next answer is due (ISO day), None if none is."""

    notice_id: str
    sender: str
    addressee: str
    state: str
    due: str | None


class Listed(NamedTuple):
    """One index entry: a division, what is listed under it, and its state."""

    division: str
    what: str
    state: str


def derive_statuses(known: Knowledge) -> list[NoticeStatus]:
    """Return the status of every notice about a person, ordered by notice id."""
    found = []
    for notice in sorted(known.notices, key=lambda notice: notice.notice_id):
        due = known.due(notice)
        closed = NoticeStage.WITHDRAWN if notice.state is NoticeState.WITHDRAWN else NoticeStage.ANSWERED
        state = NoticeStage.OPEN if due is not None else closed
        day = due.isoformat() if due is not None else None
        found.append(NoticeStatus(notice.notice_id, notice.sender, notice.addressee, state.value, day))
    return found


def derive_listings(transfers: Iterable[Transfer], statuses: Iterable[NoticeStatus]) -> list[Listed]:
    """Return the index entries of a person, each once, sorted."""
    found: set[Listed] = set()
    for transfer in transfers:
        found |= _under(transfer.left_street, ListedKind.LEAVING, transfer.state)
        found |= _under(transfer.reached_street, ListedKind.REACHING, transfer.state)
    for status in statuses:
        found |= _under(status.sender, ListedKind.NOTICE_SENT, status.state)
        found |= _under(status.addressee, ListedKind.NOTICE_RECEIVED, status.state)
    return sorted(found)


def _under(division: str | None, kind: ListedKind, state: str) -> set[Listed]:
    return {Listed(division[:digits], kind.value, str(state)) for digits in LISTED_DIGITS} if division else set()
