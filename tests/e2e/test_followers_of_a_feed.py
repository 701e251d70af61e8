"""The followers that integrators copy: killed, refused, cut off or told twice, they count what the feed tells, once."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from contracts.feeds.feeds import FeedName
from deploy.local.stack import Stack
from services.feeds.commands.compacting import compact_all
from services.feeds.views import pages
from services.feeds.views.releases import find_progress
from services.feeds.views.snapshots import find_compacted
from services.runtime.access import issue
from tests.support.delivering import Clock
from tests.support.followers import COMMANDS, KILLED, Door, Follower, count
from tests.support.instance import Instance, eventually, running_instance
from tests.support.joining import make_crowd
from tests.support.serving import serving
from tests.support.subscriptions import subscribe

pytestmark = pytest.mark.asyncio(loop_scope="module")

DISTRICT = "320507"
CROWD = make_crowd(4000)
KILLED_AT = (1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3)
"""Before which write each process dies: those of the snapshot, in the file and when it is counted, and of pages."""
FIRST = 200
"""So many are heard of before anybody follows."""
REFUSED, GAP = 3, 4
"""The exit codes of a follower that is refused for good, or sees that a position is missing."""
OLD_SECRET = f"whsec_{'b2xk' * 8}"

Followers = Sequence[Follower]


CLOCK = Clock()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def houniao(stack: Stack) -> AsyncIterator[Instance]:
    async with running_instance(stack, ["feeds"], clock=CLOCK) as instance:
        await pages.append(instance.database("feeds"), FeedName.STAYS, DISTRICT, CROWD[:FIRST])
        yield instance


@pytest_asyncio.fixture(loop_scope="module")
async def followers(request: pytest.FixtureRequest, houniao: Instance, tmp_path: Path) -> AsyncIterator[Followers]:
    """Yield a follower in each language, of a feed that tells something already, by accounts of their own."""
    async with AsyncExitStack() as ending:
        following = [
            await make_follower(houniao, language, tmp_path, request.node.name, ending) for language in COMMANDS
        ]
        await asyncio.gather(*(eventually(partial(find_end, houniao, one)) for one in following))
        yield following


async def make_follower(houniao: Instance, language: str, folder: Path, test: str, ending: AsyncExitStack) -> Follower:
    door = Door(houniao.apps["feeds"])
    await ending.enter_async_context(serving(door, door.port))
    name = f"{language} of {test}"
    follower = Follower(language, door, folder / language, DISTRICT, await subscribe(houniao, name))
    follower.token_file.write_text(token(houniao, name))
    ending.push_async_callback(follower.kill)
    return follower


def token(houniao: Instance, subject: str) -> str:
    key = houniao.stack.issuer_jwk()
    return issue(key, services=["feeds"], subject=subject, role="integrator", division=DISTRICT)


def clinic(houniao: Instance, follower: Follower) -> httpx.AsyncClient:
    """Return a client that signs in as a follower does."""
    transport = httpx.ASGITransport(app=houniao.apps["feeds"])
    signed = {"Authorization": f"Bearer {follower.token_file.read_text()}"}
    return httpx.AsyncClient(transport=transport, base_url="http://feeds", headers=signed, timeout=60)


async def told(houniao: Instance, follower: Follower) -> list[dict[str, Any]]:
    """Return everything that the feed tells a follower."""
    events: list[dict[str, Any]] = []
    async with clinic(houniao, follower) as client:
        while page := (await client.get("/feeds/stays", params={"after": len(events), "limit": 1000})).json():
            events += page
    return events


async def find_end(houniao: Instance, follower: Follower) -> int:
    """Return the last position of a follower's feed."""
    return (await find_progress(houniao.database("feeds"), follower.audience)).end


async def is_told_all(houniao: Instance, follower: Follower) -> bool:
    """Return whether everything that was heard so far is told or waits."""
    database = houniao.database("feeds")
    heard = await pages.find_end(database, FeedName.STAYS, DISTRICT)
    return (await find_progress(database, follower.audience)).read == heard


async def has_all(houniao: Instance, follower: Follower) -> Counter[str]:
    """Wait until a follower counted what the feed tells, no more and no less, and return it."""

    async def has() -> Counter[str] | None:
        if follower.position != await find_end(houniao, follower):
            return None
        counts = count(await told(houniao, follower))
        return counts if await follower.counted() == counts else None

    counts: Counter[str] = await eventually(has, within=30, every=0.1)
    return counts


async def hear_more(houniao: Instance, people: int = 10) -> None:
    """Let feeds hear of some more of the crowd."""
    database = houniao.database("feeds")
    heard = await pages.find_end(database, FeedName.STAYS, DISTRICT)
    await pages.append(database, FeedName.STAYS, DISTRICT, CROWD[heard : heard + people])


async def ends_while_more_is_heard(houniao: Instance, follower: Follower) -> int:
    """Return the exit code of a follower that is told more and more until it ends."""
    ended = asyncio.create_task(follower.ends())
    while not ended.done():
        await hear_more(houniao)
        await asyncio.wait([ended], timeout=0.5)
    return await ended


async def test_whoever_is_killed_where_it_is_about_to_write_counts_each_event_once(
    houniao: Instance, followers: Followers
) -> None:
    async def follow(follower: Follower) -> int:
        for write in KILLED_AT:
            await follower.start(killed_at=write)
            assert await ends_while_more_is_heard(houniao, follower) == KILLED, follower.said
        await follower.start()
        return sum((await has_all(houniao, follower)).values())

    assert min(await asyncio.gather(*map(follow, followers))) > FIRST // 2


async def test_a_download_that_broke_off_is_gone_on_with_also_after_a_kill(
    houniao: Instance, followers: Followers
) -> None:
    async def follow(follower: Follower) -> None:
        follower.door.breaks_off_after, follower.door.then_hangs_after = 300, 200
        await follower.start()
        await eventually(partial(follower.has_of_snapshot, 500))
        await follower.kill()
        await follower.start()

        await has_all(houniao, follower)
        parts = [part for asked, _, part in follower.door.asked if asked == "GET /feeds/stays/snapshot/content"]
        assert parts == ["bytes=0-", "bytes=300-", "bytes=500-"]

    await asyncio.gather(*map(follow, followers))


async def test_what_passes_is_waited_for_and_a_token_that_is_over_is_not_sent_again(
    houniao: Instance, followers: Followers
) -> None:
    async def follow(follower: Follower) -> None:
        good = follower.token_file.read_text()
        follower.token_file.write_text("over")
        follower.door.answers = [(503, {}, {}), (429, {"Retry-After": "1"}, {"code": "too_many_waiting"})]
        await follower.start()
        await eventually(partial(follower.says, "the token is over"))
        await asyncio.sleep(1.5)  # more than the time after which it would ask again
        asked = [sent for _, sent, _ in follower.door.asked]
        follower.token_file.write_text(good)

        await has_all(houniao, follower)
        assert asked == ["Bearer over"] * 3

    await asyncio.gather(*map(follow, followers))


async def test_where_the_feed_is_compacted_the_snapshot_takes_the_place_of_everything(
    houniao: Instance, followers: Followers
) -> None:
    async def begin(follower: Follower) -> None:
        await follower.start()
        await has_all(houniao, follower)
        await follower.kill()

    async def is_compacted(follower: Follower) -> bool:
        """Compact, and return whether somebody has to begin again."""
        await compact_all(houniao.apps["feeds"].state.feed, timedelta())
        return await find_compacted(houniao.database("feeds"), follower.audience) > (follower.position or 0)

    await asyncio.gather(*map(begin, followers))
    while any([await find_end(houniao, one) == one.position for one in followers]):
        await hear_more(houniao)
    await asyncio.gather(*(eventually(partial(is_told_all, houniao, one)) for one in followers))
    counts = [count(await told(houniao, one)) for one in followers]
    for one in followers:
        await eventually(partial(is_compacted, one))
        await one.start()

    assert [
        await counted_after(one, sum(all_of.values())) for one, all_of in zip(followers, counts, strict=True)
    ] == counts
    asked = [asked for asked, _, _ in followers[0].door.asked]
    assert asked.count("POST /feeds/stays/snapshot") == 2


async def counted_after(follower: Follower, position: int) -> Counter[str]:
    """Return what a follower counted as soon as it is at a position."""

    async def is_there() -> bool:
        return follower.position == position

    await eventually(is_there, within=30)
    return await follower.counted()


async def test_where_a_position_is_missing_nothing_behind_it_is_taken(houniao: Instance, followers: Followers) -> None:
    async def follow(follower: Follower) -> None:
        await follower.start()
        before = sum((await has_all(houniao, follower)).values())
        await follower.kill()
        follower.door.left_out = missing = before + 2
        await follower.start()

        assert await ends_while_more_is_heard(houniao, follower) == GAP
        assert f"position {missing + 1} follows {missing - 1}" in follower.said
        assert before <= sum((await follower.counted()).values()) < missing
        follower.door.left_out = None
        await follower.start()
        await has_all(houniao, follower)

    await asyncio.gather(*map(follow, followers))


async def test_whose_subscription_is_over_or_taken_back_stops_and_keeps_what_it_has(
    houniao: Instance, followers: Followers
) -> None:
    async def follow(follower: Follower) -> Counter[str]:
        await follower.start()
        counts = await has_all(houniao, follower)
        await follower.kill()
        return counts

    async def is_refused(follower: Follower, code: str) -> None:
        await follower.start()
        assert await follower.ends() == REFUSED
        assert code in follower.said

    counts = await asyncio.gather(*map(follow, followers))
    CLOCK.ahead = timedelta(days=2 * 365)
    await asyncio.gather(*(is_refused(one, "subscription_expired") for one in followers))
    CLOCK.ahead = timedelta()
    async with houniao.client("feeds", "district", DISTRICT) as office:
        for one in followers:
            reason = {"reason": "协议已终止"}
            (await office.post(f"/subscriptions/{one.audience}/revocation", json=reason)).raise_for_status()
    await asyncio.gather(*(is_refused(one, "not_subscribed") for one in followers))

    assert [await one.counted() for one in followers] == counts


async def test_whoever_receives_takes_what_is_signed_once_and_reads_what_did_not_come(
    houniao: Instance, followers: Followers
) -> None:
    async def follow(follower: Follower) -> None:
        await follower.start("receive")
        before = await eventually(follower.has_begun)
        async with clinic(houniao, follower) as client:
            at = f"/subscriptions/{follower.audience}/webhook"
            while await find_end(houniao, follower) < before + 3:
                await hear_more(houniao)
            later = {"url": f"http://127.0.0.1:{follower.port}/", "after": before + 2}
            made = (await client.post(at, json=later)).raise_for_status().json()
            follower.secret_file.write_text(f"{OLD_SECRET}\n{made['secret']}\n")
            await has_all(houniao, follower)
            await follower.kill()
            await follower.start("receive")
            (await client.post(f"{at}/redelivery", json={"after": 0})).raise_for_status()
            await eventually(partial(is_delivered, client, at), within=30)

        await has_all(houniao, follower)
        forged = [{"position": before + 10**6, "type": "feeds.stay_ended.v2", "data": {}}]
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{follower.port}") as stranger:
            answers = [await stranger.post("/", json=forged, headers=signed) for signed in (*forgeries(), {})]
        assert {answer.status_code for answer in answers} == {401}
        assert b" 413 " in await send_too_much(follower.port)
        await has_all(houniao, follower)

    await asyncio.gather(*map(follow, followers))


def forgeries() -> tuple[dict[str, str], ...]:
    """Return headers that nobody signed with."""
    signed = {"webhook-id": "1", "webhook-timestamp": str(int(time.time())), "webhook-signature": "v1,AAAA"}
    return signed, {**signed, "webhook-signature": "v1"}, {**signed, "webhook-timestamp": "soon"}


async def send_too_much(port: int) -> bytes:
    """Return how a receiver answers whoever says that five megabytes are coming."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"POST / HTTP/1.1\r\nHost: hook\r\nContent-Length: 5000000\r\n\r\n")
    async with asyncio.timeout(10):
        line = await reader.readline()
    writer.close()
    return line


async def is_delivered(client: httpx.AsyncClient, at: str) -> bool:
    """Return whether a webhook has nothing left to deliver."""
    webhook = (await client.get(at)).json()
    return bool(webhook["position"] == webhook["end"])
