"""Knocks at the services' doors over HTTP, with the token that each door asks for."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx

from deploy.local.failure import LocalStackError
from deploy.local.stack import SERVICE_PORTS, Stack
from services.runtime.access import issue

SECONDS = 60.0


class Doors:
    """The five services as a person with a role in a division meets them."""

    def __init__(self, stack: Stack, client: httpx.AsyncClient) -> None:
        self._client = client
        self._key = stack.issuer_jwk()
        self._urls = {name: f"http://127.0.0.1:{stack.service_port(name)}" for name in SERVICE_PORTS}
        self._tokens: dict[tuple[str, str], str] = {}

    async def ask(self, service: str, path: str, role: str, scope: str, **query: str | int) -> Any:
        """Read something."""
        answer = await self._send("GET", service, path, self._headers(role, scope), params=query)
        return _told(answer).json()

    async def tell(
        self, service: str, path: str, role: str, scope: str, body: Mapping[str, Any], key: str = ""
    ) -> httpx.Response:
        """Report something; the answer is for the caller to judge."""
        headers = self._headers(role, scope) | ({"Idempotency-Key": key} if key else {})
        return await self._send("POST", service, path, headers, json=body)

    async def hand_in(self, street: str, filename: str, register: bytes) -> str:
        """Hand in a street's register; give the id of the import."""
        headers = self._headers("clerk", street)
        files, data = {"file": (filename, register)}, {"street": street}
        answer = await self._send("POST", "registration", "/imports", headers, files=files, data=data)
        import_id: str = _told(answer).json()["import_id"]
        return import_id

    async def _send(
        self, method: str, service: str, path: str, headers: Mapping[str, str], **more: Any
    ) -> httpx.Response:
        try:
            return await self._client.request(method, self._urls[service] + path, headers=headers, **more)
        except httpx.HTTPError as error:
            raise LocalStackError(f"{service} does not answer ({type(error).__name__}); its log says why.") from error

    def _headers(self, role: str, scope: str) -> dict[str, str]:
        token = self._tokens.setdefault(
            (role, scope), issue(self._key, subject=f"demo-{role}", role=role, division=scope)
        )
        return {"Authorization": f"Bearer {token}"}


@asynccontextmanager
async def open_doors(stack: Stack) -> AsyncIterator[Doors]:
    """Open the doors of a stack's services."""
    async with httpx.AsyncClient(timeout=SECONDS, trust_env=False) as client:
        yield Doors(stack, client)


def told(answer: httpx.Response, *also: int) -> httpx.Response:
    """Give the answer back where it is a yes or one of the statuses that are fine too."""
    return answer if answer.status_code in also else _told(answer)


def _told(answer: httpx.Response) -> httpx.Response:
    if answer.is_success:
        return answer
    raise LocalStackError(f"The demo was refused at {answer.request.url}: {answer.status_code} {answer.text[:500]}")
