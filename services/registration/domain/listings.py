"""Under which divisions and states a person's transfers and notices are listed, so that an index can find them."""

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

from contracts.registration.notices import NoticeState
from services.registration.domain.knowledge import Knowledge
from services.registration.domain.transfers import Transfer

LISTED_DIGITS = (6, 9)
"""A district and a street: the divisions that lists are mostly asked of."""


class ListedKind(StrEnum):
    """What is listed of a person under a division."""

    LEAVING = "leaving"
    REACHING = "reaching"
    NOTICE_SENT = "notice_sent"
    NOTICE_RECEIVED = "notice_received"


class NoticeStanding(StrEnum):
    """Whether a notice still wants something: `open`, or it is `answered` as far as it wants, or `withdrawn`."""

    OPEN = "open"
    ANSWERED = "answered"
    WITHDRAWN = "withdrawn"


class Standing(NamedTuple):
    """How a notice stands; `due` is by when it wants something, None where it wants nothing more."""

    notice_id: str
    sender: str
    addressee: str
    state: str
    due: str | None


class Listed(NamedTuple):
    """One entry of the index: a division, what is listed there, and its state."""

    division: str
    what: str
    state: str


def derive_standings(known: Knowledge) -> list[Standing]:
    """Derive how every notice about a person stands."""
    found = []
    for notice in sorted(known.notices, key=lambda notice: notice.notice_id):
        due = known.due(notice)
        settled = NoticeStanding.WITHDRAWN if notice.state is NoticeState.WITHDRAWN else NoticeStanding.ANSWERED
        state = NoticeStanding.OPEN if due is not None else settled
        day = due.isoformat() if due is not None else None
        found.append(Standing(notice.notice_id, notice.sender, notice.addressee, state.value, day))
    return found


def find_listed(transfers: Iterable[Transfer], standings: Iterable[Standing]) -> list[Listed]:
    """Find under what to list a person, each once."""
    found: set[Listed] = set()
    for transfer in transfers:
        found |= _under(transfer.left_street, ListedKind.LEAVING, transfer.state)
        found |= _under(transfer.reached_street, ListedKind.REACHING, transfer.state)
    for standing in standings:
        found |= _under(standing.sender, ListedKind.NOTICE_SENT, standing.state)
        found |= _under(standing.addressee, ListedKind.NOTICE_RECEIVED, standing.state)
    return sorted(found)


def _under(division: str | None, kind: ListedKind, state: str) -> set[Listed]:
    return {Listed(division[:digits], kind.value, str(state)) for digits in LISTED_DIGITS} if division else set()
