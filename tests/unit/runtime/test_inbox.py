"""Whom the inbox believes: each fact of the service that it belongs to, none of its own districts from elsewhere."""

from collections.abc import Sequence
from typing import Any

import pytest
from pymongo.errors import AutoReconnect

from contracts.envelope import Event, render
from contracts.facts import by_type
from contracts.registration.stays import STAY_FACTS, StayStarted
from services.runtime import inbox as inbox_module
from services.runtime.delivery import Delivery
from services.runtime.inbox import FORGED, Inbox
from tests.support.facts import STREETS, deliver, make_stay

KEY = "registration.stay_started.v1.320507"
EVENT = deliver(StayStarted(stay=make_stay()), 1)
SECOND = deliver(StayStarted(stay=make_stay(day=1)), 1)
ELSEWHERE = deliver(StayStarted(stay=make_stay(street=STREETS[2])), 1)


class Taken:
    """What an inbox applied and set aside of the messages that it was handed."""

    def __init__(self, own: Sequence[str] = ()) -> None:
        self.applied: list[str] = []
        self.parked: list[str] = []
        taken: Any = self
        self.inbox = Inbox(by_type(STAY_FACTS), self.apply, taken, own)

    async def apply(self, events: Sequence[Event[Any]]) -> None:
        self.applied += [event.id for event in events]

    async def park(self, _: Delivery, reason: str) -> None:
        self.parked.append(reason)

    async def take(self, *events: Event[Any], user: str | None = "registration", **more: Any) -> str | None:
        body = f"[{','.join(render(event) for event in events)}]".encode()
        return await self.inbox.handle(Delivery("queue", body, **{"routing_key": KEY, "user_id": user, **more}))


async def test_what_its_speaker_says_is_applied() -> None:
    taken = Taken()

    assert await taken.take(EVENT, SECOND) is None
    assert taken.applied == [EVENT.id, SECOND.id]


@pytest.mark.parametrize("key", [KEY, "any.other.key"], ids=["by its key", "event by event"])
@pytest.mark.parametrize("user", ["archives", None])
async def test_what_another_says_is_forged_under_whatever_key(key: str, user: str | None) -> None:
    taken = Taken()

    assert await taken.take(EVENT, user=user, routing_key=key) == FORGED
    assert taken.applied == []


async def test_of_several_under_an_unknown_key_each_forged_one_is_parked() -> None:
    taken = Taken()

    assert await taken.take(EVENT, SECOND, user="archives", routing_key="any.other.key") is None
    assert (taken.applied, taken.parked) == ([], [FORGED, FORGED])


@pytest.mark.parametrize(
    ("own", "event", "refused"),
    [
        (("320507",), EVENT, True),
        (("320507",), ELSEWHERE, False),
        (("320812",), EVENT, False),
        ((), EVENT, True),
        ((), ELSEWHERE, True),
    ],
    ids=["ours", "theirs", "not ours", "all are ours", "all"],
)
async def test_another_broker_says_nothing_of_the_own_districts(
    own: tuple[str, ...], event: Event[Any], refused: bool
) -> None:
    taken, at_home = Taken(own), Taken(own)

    assert await taken.take(event, federated=True) == (FORGED if refused else None)
    assert taken.applied == ([] if refused else [event.id])
    assert await at_home.take(event) is None


@pytest.mark.parametrize(("spare", "reason"), [(0, None), (-1, "larger than 16 MiB")])
async def test_a_message_may_be_as_large_as_the_limit(
    spare: int, reason: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox_module, "MAX_MESSAGE_BYTES", len(f"[{render(EVENT)}]".encode()) + spare)

    assert await Taken().take(EVENT) == reason


async def test_what_can_not_be_applied_is_set_aside_alone_and_nothing_while_mongodb_is_away() -> None:
    class Unlucky(Taken):
        async def apply(self, events: Sequence[Event[Any]]) -> None:
            if any(event.id == SECOND.id for event in events):
                raise ValueError("can't be written")
            await super().apply(events)

    class Away(Taken):
        async def apply(self, _: Sequence[Event[Any]]) -> None:
            raise AutoReconnect("gone")

    unlucky, away = Unlucky(), Away()

    assert await unlucky.take(EVENT, SECOND) is None
    assert (unlucky.applied, unlucky.parked) == ([EVENT.id], ["could not be applied: ValueError"])
    assert await unlucky.take(SECOND) == "could not be applied: ValueError"
    with pytest.raises(AutoReconnect):
        await away.take(EVENT)
    assert away.parked == []
