"""The local channel: letters are written to a page of outreach's own, for demos and tests; nobody gets them."""

from datetime import timedelta

from contracts.outreach.messages import MessageChannel
from contracts.registration.contacts import ContactKind
from services.outreach.domain.letters import Letter
from services.outreach.domain.messages import Answer, NotTaken, Taken
from services.outreach.views.letters import find_letter, keep_letter
from services.runtime.clock import Clock
from services.runtime.mongo import Database


class LocalPage:
    """Writes letters to a page, under their keys."""

    channel = MessageChannel.LOCAL
    address: ContactKind | None = None
    keys: timedelta | None = timedelta(days=365)
    tells = True

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def send(self, letter: Letter, address: str) -> Answer:  # noqa: ARG002  # nobody gets it
        """Write a letter to the page."""
        written = {"_id": letter.message_id, "street": letter.street, "at": self._clock()}
        await keep_letter(self._database, {**written, "subject": letter.subject, "body": letter.body})
        return Taken(letter.message_id)

    async def find(self, message_id: str) -> Answer:
        """Return whether a message is on the page."""
        return Taken(message_id) if await find_letter(self._database, message_id) else NotTaken("unknown_key")

    async def close(self) -> None:
        """Leave the database to the service."""
