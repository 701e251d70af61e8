"""Text messages 短信 through a gateway over HTTP that takes JSON; a vendor's own form is another class like this.

`POST <url>/messages` with `{"key", "to", "text"}` is answered 2xx with `{"id"}`; `GET <url>/messages/<key>` tells.
"""

from datetime import timedelta

from pydantic import SecretStr

from contracts.outreach.messages import MessageChannel
from contracts.registration.contacts import ContactKind
from services.outreach.channels.http import Heard, ask, open_client
from services.outreach.domain.letters import Letter
from services.outreach.domain.messages import Answer, NotTaken, Refused, Taken, Unsure

BUSY, IN_WORK, NOT_FOUND = 429, 409, 404
BARRED = (401, 402, 403)
"""Our account is not admitted, or has no money left: nothing is wrong with the message."""


class SmsGateway:
    """A gateway for text messages."""

    channel = MessageChannel.SMS
    address: ContactKind | None = ContactKind.PHONE

    def __init__(self, url: str, token: SecretStr, *, keys: timedelta | None, tells: bool, timeout: float) -> None:
        self._url = url.rstrip("/")
        self._client = open_client({"Authorization": f"Bearer {token.get_secret_value()}"}, timeout)
        self.keys = keys
        self.tells = tells

    async def send(self, letter: Letter, address: str) -> Answer:
        """Ask the gateway to send a text to a phone."""
        body = {"key": letter.message_id, "to": address, "text": letter.body}
        headers = {"Idempotency-Key": letter.message_id}
        return _read(await ask(self._client, "POST", f"{self._url}/messages", json=body, headers=headers))

    async def find(self, message_id: str) -> Answer:
        """Return whether the gateway took a message."""
        heard = await ask(self._client, "GET", f"{self._url}/messages/{message_id}")
        if isinstance(heard, Heard):
            if heard.status == NOT_FOUND:
                return NotTaken("unknown_key")
            return _read_id(heard) if heard.status // 100 == 2 else Unsure("odd_answer")
        return Unsure(heard.code)  # what it was asked before is as unknown as it was

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()


def _read(heard: Heard | NotTaken | Unsure) -> Answer:
    match heard:
        case Heard(status=status) if status // 100 == 2:
            return _read_id(heard)
        case Heard(status=status) if status == BUSY:
            return NotTaken("gateway_busy", heard.retry_after)
        case Heard(status=status) if status in BARRED:
            return NotTaken("gateway_bars_us")
        case Heard(status=status) if status // 100 == 4 and status != IN_WORK:
            return Refused()
        case Heard():
            return Unsure("odd_answer")
        case other:
            return other


def _read_id(heard: Heard) -> Answer:
    reference = heard.body.get("id")
    return Taken(str(reference)) if isinstance(reference, (str, int)) and reference != "" else Unsure("odd_answer")
