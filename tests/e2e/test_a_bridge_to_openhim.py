"""The mediator for OpenHIM: it is known there, and a feed goes through it to a hospital, signed for and told of."""

import asyncio
import os
from collections.abc import AsyncIterator
from datetime import datetime
from functools import partial
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from contracts.feeds.feeds import FeedName
from deploy.local.ports import free_port
from deploy.local.stack import Stack
from services.feeds.views import pages
from tests.support.instance import REPOSITORY, Instance, eventually, running_instance
from tests.support.joining import make_crowd
from tests.support.node import NODE
from tests.support.openhim import PASSWORD, USER, OpenHim
from tests.support.receivers import Receiver, receiving
from tests.support.serving import serving
from tests.support.subscriptions import subscribe

pytestmark = pytest.mark.asyncio(loop_scope="module")

DISTRICT = "320507"
CROWD = make_crowd(300)
MEDIATOR = REPOSITORY / "deploy/integrators/openhim/mediator.mjs"
URN = "urn:mediator:houniao-feed"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def houniao(stack: Stack) -> AsyncIterator[Instance]:
    async with running_instance(stack, ["feeds"]) as instance:
        await pages.append(instance.database("feeds"), FeedName.STAYS, DISTRICT, CROWD)
        yield instance


class Mediating:
    """The mediator as a process, between an OpenHIM and a hospital."""

    def __init__(self, openhim_port: int, folder: Path, hospital: Receiver) -> None:
        self.port, self.secrets = free_port(), folder / "secrets"
        self._folder = folder
        (folder / "password").write_text(PASSWORD)
        self._environment = {
            "PATH": os.environ["PATH"],
            "OPENHIM_URL": f"http://127.0.0.1:{openhim_port}",
            "OPENHIM_USER": USER,
            "OPENHIM_PASSWORD_FILE": "password",
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
            "SECRET_FILE": "secrets",
            "PASS_ON_TO": hospital.url,
        }

    async def __aenter__(self) -> "Mediating":
        with (self._folder / "said").open("wb") as said:
            self._process = await asyncio.create_subprocess_exec(
                NODE, str(MEDIATOR), env=self._environment, cwd=self._folder, stderr=said
            )
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._process.returncode is None, (self._folder / "said").read_text()
        self._process.kill()
        await self._process.wait()


async def test_a_feed_goes_through_a_mediator_that_says_what_it_did(houniao: Instance, tmp_path: Path) -> None:
    openhim, port = OpenHim(), free_port()
    named = await subscribe(houniao, "hospital behind openhim")
    at = f"/subscriptions/{named}/webhook"
    async with (
        serving(openhim.app, port),
        receiving(Receiver(then=[503])) as hospital,
        Mediating(port, tmp_path, hospital) as mediating,
        houniao.client("feeds", "integrator", DISTRICT, "hospital behind openhim") as client,
    ):
        await eventually(partial(is_known, openhim))
        channel = {"url": f"http://127.0.0.1:{port}/houniao/feed"}
        made = (await client.post(at, json=channel)).raise_for_status().json()
        mediating.secrets.write_text(made["secret"])
        end = await eventually(partial(find_delivered, client, at), within=40)
        async with httpx.AsyncClient() as stranger:
            forged = await stranger.post(channel["url"], json=[], headers={"webhook-id": "1"})

    endpoint = {"name": "Houniao feed", "host": "127.0.0.1", "port": mediating.port, "path": "/", "type": "http"}
    assert openhim.mediators[URN]["endpoints"] == [endpoint]
    assert (openhim.refused, forged.status_code) == (0, 401)
    assert all(0 < uptime < 60 for uptime in openhim.heartbeats)
    assert [position for got in hospital.got[1:] for position in got.positions] == list(range(1, end + 1))
    assert hospital.got[0].webhook_id == hospital.got[1].webhook_id
    *_, last, refused = openhim.transactions
    assert (refused["status"], refused["orchestrations"]) == ("Failed", [])
    assert (last["status"], last["x-mediator-urn"], last["properties"]["last"]) == ("Successful", URN, end)
    (passed,) = last["orchestrations"]
    assert (passed["request"]["method"], passed["request"]["path"], passed["response"]["status"]) == (
        *("POST", "/hook"),
        204,
    )
    assert datetime.fromisoformat(passed["request"]["timestamp"]) <= datetime.fromisoformat(
        passed["response"]["timestamp"]
    )
    assert [one["response"]["status"] for one in openhim.transactions].count(502) == 1


async def is_known(openhim: OpenHim) -> bool:
    return bool(openhim.heartbeats)


async def find_delivered(client: httpx.AsyncClient, at: str) -> int | None:
    """Return the end of the feed once all of it is delivered."""
    webhook = (await client.get(at)).json()
    end: int = webhook["end"]
    return end if end and webhook["position"] == end else None
