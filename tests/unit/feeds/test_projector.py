"""Every stay that feeds hears is an entry of its district's feed, and readers wake when there is something new."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from contracts.envelope import Fact
from contracts.facts import HEARD_BY
from contracts.registration.stays import StayStarted
from services.feeds import projector
from services.feeds.domain.entries import make_entry
from services.feeds.tail import Tail
from services.runtime.mongo import Document
from tests.support.facts import EventList, envelop, make_stay
from tests.support.samples import sample_of

HEARD = HEARD_BY["feeds"]
DATABASE = object()


class Feeds:
    """Takes the place of the pages in the database, and appends each event once."""

    def __init__(self) -> None:
        self.appended: list[tuple[str, list[str]]] = []
        self.known: set[str] = set()

    async def append(self, database: object, district: str, entries: Sequence[Document]) -> int:
        assert database is DATABASE
        self.appended.append((district, [entry["id"] for entry in entries]))
        new = {entry["id"] for entry in entries} - self.known
        self.known |= new
        return len(new)


class Readers(Tail):
    """Counts how often readers are woken."""

    def __init__(self) -> None:
        super().__init__()
        self.woken = 0

    def wake(self) -> None:
        self.woken += 1


@pytest.fixture
def feeds(monkeypatch: pytest.MonkeyPatch) -> Feeds:
    made = Feeds()
    monkeypatch.setattr(projector, "append", made.append)
    return made


async def hear(readers: Readers, events: EventList) -> None:
    service: Any = SimpleNamespace(database=DATABASE)
    await projector.hear(service, readers, events)


def started(street: str) -> EventList:
    return envelop([StayStarted(stay=make_stay(street=street))])


@pytest.mark.parametrize("kind", HEARD, ids=lambda kind: kind.__name__)
async def test_every_fact_that_is_heard_is_an_entry_of_its_districts_feed(kind: type[Fact], feeds: Feeds) -> None:
    event, readers = sample_of(kind), Readers()

    await hear(readers, [event])

    assert feeds.appended == [("320507", [event.id])]
    assert make_entry(event)["type"] == kind.TYPE
    assert readers.woken == 1


async def test_a_batch_goes_to_the_feed_of_each_district_in_the_order_it_came(feeds: Feeds) -> None:
    here, next_door, elsewhere = started("320507001"), started("320507002"), started("320812001")

    await hear(Readers(), [*next_door, *elsewhere, *here])

    assert feeds.appended == [("320507", [next_door[0].id, here[0].id]), ("320812", [elsewhere[0].id])]


async def test_what_is_heard_again_wakes_nobody(feeds: Feeds) -> None:
    readers = Readers()
    await hear(readers, started("320507001"))

    await hear(readers, started("320507001"))

    assert readers.woken == 1
    assert len(feeds.appended) == 2, "whether it is new is for the feed to say"
