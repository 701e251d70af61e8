"""Asking registration for the addresses of people, at the moment of sending; they are kept nowhere."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import httpx
from pydantic import BaseModel, ValidationError

from contracts.outreach.messages import Topic
from contracts.registration.contacts import ContactKind
from services.outreach.channels.gateways import TIMEOUT
from services.outreach.channels.http import open_client

MOST = 200
"""People whom registration is asked about at once, at most."""
LARGEST = 1024 * 1024


class NoContactsError(Exception):
    """Registration can't be asked now; `retry_after` seconds should pass."""

    def __init__(self, retry_after: float = 5.0) -> None:
        super().__init__()
        self.retry_after = retry_after


class _Contact(BaseModel):
    person_id: str
    contact: str


class _Answer(BaseModel):
    contacts: list[_Contact]


class Contacts:
    """Registration's door for services; the token is read from its file each time, so that it may be renewed there."""

    def __init__(self, url: str, token_file: Path) -> None:
        self._url = url.rstrip("/")
        self._token_file = token_file
        self._client = open_client()

    async def find(self, division: str, people: Sequence[str], kind: ContactKind, topic: Topic) -> dict[str, str]:
        """Return addresses of people who live in a division, by person; raise NoContactsError if they can't be asked.

        Those who live elsewhere, are not known, or gave no such address are missing alike.
        """
        body = {"division": division, "people": list(people), "kind": kind.value, "purpose": topic.value}
        try:
            token = await asyncio.to_thread(self._token_file.read_text)
            headers = {"Authorization": f"Bearer {token.strip()}"}
            async with asyncio.timeout(TIMEOUT):
                answer = await self._client.post(f"{self._url}/contacts", json=body, headers=headers)
        except (OSError, httpx.HTTPError, TimeoutError) as error:
            raise NoContactsError from error
        if answer.status_code != 200 or len(answer.content) > LARGEST:
            raise NoContactsError(_seconds(answer.headers.get("retry-after", "")))
        try:
            return {one.person_id: one.contact for one in _Answer.model_validate_json(answer.content).contacts}
        except ValidationError:
            raise NoContactsError from None  # its text would quote addresses

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()


def _seconds(text: str) -> float:
    return min(float(text), 3600.0) if text.isascii() and text.isdigit() else 5.0
