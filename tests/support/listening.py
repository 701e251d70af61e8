"""Listening to a service over HTTP: streams of server-sent events, read one by one."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from deploy.local.stack import Stack
from services.runtime.access import issue

SOON = 30.0
"""Seconds that a busy machine may take for what takes one."""


class Stream:
    """An open stream of changes: its events are read one by one, or looked for."""

    def __init__(self, answer: httpx.Response) -> None:
        self.answer = answer
        self.last = ""
        """The id that came last."""
        self._lines = answer.aiter_lines()

    async def next(self) -> dict[str, str] | None:
        """Return the next event that has data; None at the end."""
        fields: dict[str, str] = {}
        async for line in self._lines:
            name, _, value = line.partition(": ")
            if line:
                fields[name] = value
                continue
            self.last = fields.get("id", self.last)
            if "data" in fields:
                return fields
            fields = {}
        return None

    async def open(self) -> "Stream":
        """Wait until it is there: the first that is sent is where to go on from."""
        async for line in self._lines:
            if line.startswith((": ", "id: ")):
                self.last = line.partition(": ")[2]
                return self
        raise AssertionError("it ended before it began")

    async def until(self, topic: str, division: str) -> list[tuple[str, str]]:
        """Return the changes up to one that is waited for."""
        found: list[tuple[str, str]] = []
        async with asyncio.timeout(SOON):
            while (topic, division) not in found:
                event = await self.next()
                assert event is not None
                assert event["event"] == "change"
                told = json.loads(event["data"])
                assert told.keys() == {"topic", "division"}
                found.append((told["topic"], told["division"]))
        return found

    async def heard(self, topic: str, division: str) -> None:
        """Wait until it is told of a change, or to look at everything again."""
        async with asyncio.timeout(SOON):
            while event := await self.next():
                if event["event"] == "again" or json.loads(event["data"]) == {"topic": topic, "division": division}:
                    return
        raise AssertionError("it ended before that was told")

    async def rest(self) -> list[dict[str, str]]:
        """Return all events until it ends."""
        found = []
        async with asyncio.timeout(SOON):
            while event := await self.next():
                found.append(event)
        return found


@asynccontextmanager
async def listening(
    stack: Stack,
    port: int,
    role: str,
    scope: str,
    *,
    last: str = "",
    service: str = "registration",
    lifetime: int = 60,
    path: str = "/changes",
) -> AsyncIterator[Stream]:
    subject = f"{role}/{scope}/{last}"
    token = issue(stack.issuer_jwk(), services=[service], subject=subject, role=role, division=scope, lifetime=lifetime)
    headers = {"Authorization": f"Bearer {token}"} | ({"Last-Event-ID": last} if last else {})
    async with (
        httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=SOON, trust_env=False
        ) as client,
        client.stream("GET", path) as answer,
    ):
        assert answer.status_code == 200, await answer.aread()
        yield await Stream(answer).open()
