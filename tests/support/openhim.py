"""An OpenHIM: the API with which mediators register, and the channel that leads to one, as its core has them."""

import json
import re
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

Json = dict[str, Any]

USER, PASSWORD = "houniao@example.org", "口令 of a user"
SIGNED_IN = "Basic " + b64encode(f"{USER}:{PASSWORD}".encode()).decode()
SEMVER = re.compile(r"\d+\.\d+\.\d+")
STATUSES = {"Successful", "Completed", "Completed with error(s)", "Failed"}
PER_HOP = {"host", "authorization"}
"""Headers that OpenHIM does not hand on."""


@dataclass
class OpenHim:
    """What it knows of mediators, and the transactions of its channel."""

    mediators: dict[str, Json] = field(default_factory=dict)
    heartbeats: list[float] = field(default_factory=list)
    transactions: list[Json] = field(default_factory=list)
    refused: int = 0

    @property
    def app(self) -> Starlette:
        """Return its API and its router."""
        return Starlette(
            routes=[
                Route("/mediators", self._register, methods=["POST"]),
                Route("/mediators/{urn}/heartbeat", self._hear, methods=["POST"]),
                Route("/{path:path}", self._route, methods=["POST"]),
            ]
        )

    async def _register(self, request: Request) -> Response:
        if not self._is_signed_in(request):
            return Response(status_code=401)
        mediator = await request.json()
        if wrong := list(_wrong(mediator)):
            return JSONResponse(wrong, 400)
        self.mediators[mediator["urn"]] = mediator
        return Response(status_code=201)

    async def _hear(self, request: Request) -> Response:
        if not self._is_signed_in(request):
            return Response(status_code=401)
        if request.path_params["urn"] not in self.mediators:
            return Response(status_code=404)
        told = await request.json()
        if not isinstance(told.get("uptime"), int | float):
            return Response(status_code=400)
        self.heartbeats.append(told["uptime"])
        return Response(status_code=200)

    def _is_signed_in(self, request: Request) -> bool:
        signed_in = request.headers.get("authorization") == SIGNED_IN
        self.refused += not signed_in
        return signed_in

    async def _route(self, request: Request) -> Response:
        """Lead a request to the mediator whose channel it is, and answer as that says."""
        channels = [channel for one in self.mediators.values() for channel in one["defaultChannelConfig"]]
        channel = next(
            one
            for one in channels
            if re.search(one["urlPattern"], request.url.path) and request.method in one["methods"]
        )
        (route,) = [one for one in channel["routes"] if one["primary"]]
        headers = {name: value for name, value in request.headers.items() if name not in PER_HOP}
        async with httpx.AsyncClient(base_url=f"http://{route['host']}:{route['port']}") as client:
            answer = await client.post(route["path"], content=await request.body(), headers=headers)
        assert answer.headers["content-type"] == "application/json+openhim"
        transaction = json.loads(answer.content)
        assert transaction["status"] in STATUSES
        self.transactions.append(transaction)
        return Response(transaction["response"]["body"], transaction["response"]["status"])


def _wrong(mediator: Json) -> Iterator[str]:
    """Yield what keeps OpenHIM from taking a mediator."""
    if not mediator.get("urn"):
        yield "URN is required"
    if not SEMVER.fullmatch(mediator.get("version", "")):
        yield "Version is required. Must be in SemVer form x.y.z"
    if not mediator.get("name"):
        yield "name is required"
    if not mediator.get("endpoints"):
        yield "At least 1 endpoint is required"
    for channel in mediator["defaultChannelConfig"]:
        if not {"name", "urlPattern", "routes"} <= set(channel):
            yield "a channel has a name, a pattern and routes"
