"""Template messages of a WeChat official account 微信公众号, through its HTTP interface.

Our key goes along as `client_msg_id`, by which the interface does not send twice within ten minutes.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from pydantic import SecretStr

from contracts.outreach.messages import MessageChannel
from contracts.registration.contacts import ContactKind
from services.outreach.channels.http import Heard, ask, open_client
from services.outreach.domain.letters import Letter
from services.outreach.domain.messages import Answer, NotTaken, Refused, Taken, Unsure
from services.runtime.clock import Clock

STALE_TOKEN = (40001, 40014, 42001)
TOO_MANY = (45009, 45047)
"""The account's quota is used up for now."""
BUSY = -1
EARLIER = timedelta(minutes=5)
"""A token is renewed so long before it ends."""


class WechatAccount:
    """An official account that sends template messages to its followers."""

    channel = MessageChannel.WECHAT
    address: ContactKind | None = ContactKind.OPENID
    keys: timedelta | None = timedelta(minutes=9)
    tells = False

    def __init__(self, url: str, app_id: str, secret: SecretStr, clock: Clock) -> None:
        self._url = url.rstrip("/")
        self._app = {"appid": app_id, "secret": secret.get_secret_value()}
        self._clock = clock
        self._client = open_client()
        self._token: tuple[str, datetime] | None = None

    async def send(self, letter: Letter, address: str) -> Answer:
        """Ask the account to send a template message to a follower."""
        token = await self._find_token()
        if token is None:
            return NotTaken("gateway_bars_us")
        body = {
            "touser": address,
            "template_id": letter.wechat_id,
            "client_msg_id": letter.message_id,
            "data": {entry.field: {"value": entry.text} for entry in letter.wechat},
        }
        url = f"{self._url}/cgi-bin/message/template/send"
        return self._read(await ask(self._client, "POST", url, params={"access_token": token}, json=body))

    async def find(self, message_id: str) -> Answer:  # noqa: ARG002  # the interface has no such question
        """Return that nobody knows."""
        return Unsure("no_answer")

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _find_token(self) -> str | None:
        """Return a token that admits us, a new one if the last one ends soon; None if there is none to be had."""
        now = self._clock()
        if self._token is None or self._token[1] <= now:
            asked = {"grant_type": "client_credential", **self._app}
            heard = await ask(self._client, "POST", f"{self._url}/cgi-bin/stable_token", json=asked)
            self._token = _token_in(heard.body, now) if isinstance(heard, Heard) else None
        return self._token[0] if self._token else None

    def _read(self, heard: Heard | NotTaken | Unsure) -> Answer:
        if not isinstance(heard, Heard):
            return heard
        code = heard.body.get("errcode")
        if heard.status != 200 or not isinstance(code, int) or code == BUSY:
            return Unsure("odd_answer")
        if code == 0:
            return Taken(str(heard.body.get("msgid", "")))
        if code in STALE_TOKEN:
            self._token = None
            return NotTaken("gateway_bars_us")
        return NotTaken("gateway_busy") if code in TOO_MANY else Refused("address_refused")


def _token_in(body: Mapping[str, Any], now: datetime) -> tuple[str, datetime] | None:
    token, seconds = body.get("access_token"), body.get("expires_in")
    if not isinstance(token, str) or not isinstance(seconds, int):
        return None
    return token, now + timedelta(seconds=seconds) - EARLIER
