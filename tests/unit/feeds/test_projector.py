"""Every stay that feeds hears is kept once for its district, and subscriptions become rows."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from contracts.envelope import Fact
from contracts.facts import HEARD_BY
from contracts.feeds.feeds import FEEDS, TOLD_FACTS, FeedName
from contracts.feeds.subscriptions import SUBSCRIPTION_FACTS, Subscription, SubscriptionRevoked
from contracts.registration.stays import StayStarted
from contracts.reporting.publications import IndicatorsPublished
from services.feeds import projector
from services.feeds.domain.entries import make_entries
from services.feeds.views.pages import Ends
from services.runtime.mongo import Document, Row
from tests.support.facts import EventList, envelop, make_stay
from tests.support.samples import sample_of

DATABASE = object()


class Kept:
    """Takes the place of the database, and keeps each event once."""

    def __init__(self) -> None:
        self.appended: list[tuple[str, str, list[str]]] = []
        self.closed: list[tuple[str, str]] = []
        self.rows: list[Row] = []

    async def append(
        self, database: object, feed: FeedName, district: str, entries: Sequence[Document], ends: Ends
    ) -> int:
        assert database is DATABASE
        assert ends == {}
        self.appended.append((feed, district, [entry["id"] for entry in entries]))
        return len(entries)

    async def close(self, database: object, audience: str, fact: str) -> None:
        assert database is DATABASE
        self.closed.append((audience, fact))

    async def write_rows(self, database: object, rows: Any) -> None:
        assert database is DATABASE
        self.rows.extend(rows)


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> Kept:
    made = Kept()
    monkeypatch.setattr(projector, "append", made.append)
    monkeypatch.setattr(projector, "close", made.close)
    monkeypatch.setattr(projector, "write_rows", made.write_rows)
    return made


async def hear(events: EventList, served: str = "32") -> None:
    service: Any = SimpleNamespace(database=DATABASE, serves=lambda district: district.startswith(served))
    await projector.hear(service, {}, events)


def started(street: str) -> EventList:
    return envelop([StayStarted(stay=make_stay(street=street))])


def test_what_some_feed_tells_and_subscriptions_are_all_that_is_heard() -> None:
    assert set(HEARD_BY["feeds"]) == {*TOLD_FACTS, *SUBSCRIPTION_FACTS}


MANY = (FeedName.TRANSFERS, FeedName.INDICATORS)
ONE_END = [(name, fact) for name, kind in FEEDS.items() if name not in MANY for fact in kind.facts]


@pytest.mark.parametrize(("feed", "kind"), ONE_END, ids=lambda value: getattr(value, "__name__", None))
async def test_every_fact_that_is_told_is_kept_for_its_district_and_is_no_row(
    feed: FeedName, kind: type[Fact], kept: Kept
) -> None:
    event = sample_of(kind)

    await hear([event])

    assert kept.appended == [(feed, event.division[:6], [event.id])]
    assert kept.rows == []


@pytest.mark.parametrize("kind", FEEDS[FeedName.TRANSFERS].facts, ids=lambda kind: kind.__name__)
async def test_a_notice_is_kept_for_each_of_its_ends_that_is_served(kind: type[Fact], kept: Kept) -> None:
    event = sample_of(kind)
    both = {entry.district for entry in make_entries(event)}

    await hear([event], served="")
    await hear([event], served=event.division[:6])

    assert len(both) == 2
    assert {district for _, district, _ in kept.appended[:2]} == both
    assert [district for _, district, _ in kept.appended[2:]] == [event.division[:6]]


async def test_every_number_that_is_published_is_kept_by_itself_in_its_order(kept: Kept) -> None:
    event = sample_of(IndicatorsPublished)

    await hear([event])

    ids = [f"{event.id}:{order}" for order, _ in enumerate(event.data.publication.values)]
    assert len(ids) > 1
    assert kept.appended == [("indicators", "320507", ids)]


async def test_what_is_taken_back_is_closed_by_the_fact_that_says_so(kept: Kept) -> None:
    event = sample_of(SubscriptionRevoked)

    await hear([event])

    assert kept.closed == [(event.data.subscription.subscription_id, event.id)]


@pytest.mark.parametrize("kind", SUBSCRIPTION_FACTS, ids=lambda kind: kind.__name__)
async def test_every_fact_of_a_subscription_is_its_row_and_is_told_to_nobody(kind: type[Fact], kept: Kept) -> None:
    event = sample_of(kind)

    await hear([event])

    (row,) = kept.rows
    assert kept.appended == []
    assert (row.collection, row.sequence) == ("subscriptions", event.sequence)
    assert Subscription.model_validate({"subscription_id": row.id, **row.fields}) == event.data.subscription


async def test_a_batch_goes_to_each_district_in_the_order_it_came(kept: Kept) -> None:
    here, next_door, elsewhere = started("320507001"), started("320507002"), started("320812001")

    await hear([*next_door, *elsewhere, *here])

    assert kept.appended == [
        ("stays", "320507", [next_door[0].id, here[0].id]),
        ("stays", "320812", [elsewhere[0].id]),
    ]
