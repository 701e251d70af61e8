"""The one interface of all channels: send a letter to an address, and perhaps tell whether it was taken."""

from datetime import timedelta
from typing import Protocol

from contracts.outreach.messages import MessageChannel
from contracts.registration.contacts import ContactKind
from services.outreach.domain.letters import Letter
from services.outreach.domain.messages import Answer

TIMEOUT = 10.0
"""Seconds within which a gateway has answered, or nobody knows what it did."""
LEASE = timedelta(seconds=60)
"""How long an attempt may take in all; then whoever finds it takes it for one without an answer."""
LARGEST_ANSWER = 16 * 1024


class Gateway(Protocol):
    """What takes letters over one channel.

    `address` is the kind of contact that it writes to, which is asked of registration and kept nowhere. `keys` is for
    how long it knows a message again by its key and does not send it twice; None if it does not.
    `tells` says whether `find` answers by the key.
    """

    channel: MessageChannel
    address: ContactKind | None
    keys: timedelta | None
    tells: bool

    async def send(self, letter: Letter, address: str) -> Answer:
        """Ask the gateway to send a letter, and return what came of it; never raise."""

    async def find(self, message_id: str) -> Answer:
        """Return whether the gateway took a message: NotTaken if it does not know the key; never raise."""

    async def close(self) -> None:
        """Close what is open."""
