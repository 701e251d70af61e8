"""An HTTP client of the five services, with a token for each role and division."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx

from deploy.local.failure import LocalStackError
from deploy.local.stack import SERVICE_PORTS, Stack
from services.runtime.access import issue

TIMEOUT = 60.0
"""Seconds for a request."""


class Client:
    """Calls the five services as somebody with a role in a division."""

    def __init__(self, stack: Stack, client: httpx.AsyncClient) -> None:
        self._client = client
        self._key = stack.issuer_jwk()
        self._urls = {name: f"http://127.0.0.1:{stack.service_port(name)}" for name in SERVICE_PORTS}
        self._tokens: dict[tuple[str, str, str], str] = {}

    async def get(self, service: str, path: str, role: str, scope: str, **query: str | int) -> Any:
        """Return the JSON answer to a GET request; raise LocalStackError if it is refused."""
        answer = await self._send("GET", service, path, self._headers(service, role, scope), params=query)
        return must_succeed(answer).json()

    async def post(
        self, service: str, path: str, role: str, scope: str, body: Mapping[str, Any], key: str = ""
    ) -> httpx.Response:
        """Return the answer to a POST request, refusals included."""
        headers = self._headers(service, role, scope) | ({"Idempotency-Key": key} if key else {})
        return await self._send("POST", service, path, headers, json=body)

    async def upload_register(self, street: str, filename: str, register: bytes) -> str:
        """Upload a street's register and return the id of the import."""
        return await self._upload("registration", ("clerk", street), (filename, register), {"street": street})

    async def upload_targets(self, district: str, filename: str, targets: bytes) -> str:
        """Upload a sheet of targets for a district and return the id of the import."""
        data = {"division": district, "kind": "targets"}
        return await self._upload("reporting", ("district", district), (filename, targets), data)

    async def _upload(
        self, service: str, caller: tuple[str, str], file: tuple[str, bytes], data: Mapping[str, str]
    ) -> str:
        headers = self._headers(service, *caller)
        answer = await self._send("POST", service, "/imports", headers, files={"file": file}, data=data)
        import_id: str = must_succeed(answer).json()["import_id"]
        return import_id

    async def _send(
        self, method: str, service: str, path: str, headers: Mapping[str, str], **more: Any
    ) -> httpx.Response:
        try:
            return await self._client.request(method, self._urls[service] + path, headers=headers, **more)
        except httpx.HTTPError as error:
            raise LocalStackError(f"{service} does not answer ({type(error).__name__}); its log says why.") from error

    def _headers(self, service: str, role: str, scope: str) -> dict[str, str]:
        token = self._tokens.setdefault(
            (service, role, scope),
            issue(self._key, services=[service], subject=f"demo-{role}", role=role, division=scope),
        )
        return {"Authorization": f"Bearer {token}"}


@asynccontextmanager
async def open_client(stack: Stack) -> AsyncIterator[Client]:
    """Open a client of a stack's services for a block."""
    async with httpx.AsyncClient(timeout=TIMEOUT, trust_env=False) as client:
        yield Client(stack, client)


def must_succeed(answer: httpx.Response, *allowed: int) -> httpx.Response:
    """Return a successful answer, or one with an allowed status; raise LocalStackError for any other."""
    if answer.is_success or answer.status_code in allowed:
        return answer
    raise LocalStackError(f"The demo was refused at {answer.request.url}: {answer.status_code} {answer.text[:500]}")
