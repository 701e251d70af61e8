"""Every stay that feeds hears is kept once for its district, and subscriptions become rows."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from contracts.envelope import Fact
from contracts.facts import HEARD_BY
from contracts.feeds.subscriptions import SUBSCRIPTION_FACTS, Subscription
from contracts.registration.stays import STAY_FACTS, StayStarted
from services.feeds import projector
from services.feeds.domain.entries import make_entry
from services.runtime.mongo import Document, Row
from tests.support.facts import EventList, envelop, make_stay
from tests.support.samples import sample_of

DATABASE = object()


class Kept:
    """Takes the place of the database, and keeps each event once."""

    def __init__(self) -> None:
        self.appended: list[tuple[str, list[str]]] = []
        self.rows: list[Row] = []

    async def append(self, database: object, district: str, entries: Sequence[Document]) -> int:
        assert database is DATABASE
        self.appended.append((district, [entry["id"] for entry in entries]))
        return len(entries)

    async def write_rows(self, database: object, rows: Any) -> None:
        assert database is DATABASE
        self.rows.extend(rows)


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> Kept:
    made = Kept()
    monkeypatch.setattr(projector, "append", made.append)
    monkeypatch.setattr(projector, "write_rows", made.write_rows)
    return made


async def hear(events: EventList) -> None:
    service: Any = SimpleNamespace(database=DATABASE)
    await projector.hear(service, events)


def started(street: str) -> EventList:
    return envelop([StayStarted(stay=make_stay(street=street))])


def test_stays_and_subscriptions_are_all_that_is_heard() -> None:
    assert HEARD_BY["feeds"] == (*STAY_FACTS, *SUBSCRIPTION_FACTS)


@pytest.mark.parametrize("kind", STAY_FACTS, ids=lambda kind: kind.__name__)
async def test_every_fact_of_a_stay_is_kept_for_its_district_and_is_no_row(kind: type[Fact], kept: Kept) -> None:
    event = sample_of(kind)

    await hear([event])

    assert kept.appended == [("320507", [event.id])]
    assert kept.rows == []
    assert make_entry(event)["type"] == kind.TYPE


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

    assert kept.appended == [("320507", [next_door[0].id, here[0].id]), ("320812", [elsewhere[0].id])]
