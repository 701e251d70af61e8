"""Which core messages somebody who is new did not get in time, within the first month."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import NamedTuple

from services.outreach.domain.core_messages import Edition


class Newcomer(NamedTuple):
    """Somebody who came to live in a street."""

    street: str
    person_id: str
    arrived_on: date
    stay_id: str


class Sent(NamedTuple):
    """A core message, by its number, and the day on which a gateway took it."""

    number: int
    sent_on: date


def missed(edition: Edition, within_days: int, arrived_on: date, sent: Iterable[Sent]) -> tuple[int, ...]:
    """Return the numbers of the messages that somebody did not get between the arrival and the last day."""
    last = arrived_on + timedelta(days=within_days)
    got = {one.number for one in sent if arrived_on <= one.sent_on <= last}
    return tuple(one.number for one in edition.messages if one.number not in got)
