"""Facts in: each event of a stay is kept once, to be told; subscriptions become rows."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import assert_never

from contracts.envelope import Event, narrow
from contracts.feeds.subscriptions import SubscriptionFact
from contracts.registration.stays import StayFact
from services.feeds.domain.entries import make_entry
from services.feeds.views.pages import append
from services.feeds.views.subscriptions import subscription_row
from services.runtime.mongo import Document, Row, write_rows
from services.runtime.service import Service

Heard = StayFact | SubscriptionFact


async def hear(service: Service, events: Sequence[Event[Heard]]) -> None:
    """Append what a batch says of stays to the pages of their districts, and write the rows of subscriptions."""
    by_district: dict[str, list[Document]] = defaultdict(list)
    for event in events:
        for entry in entries(event):
            by_district[event.division[:6]].append(entry)
    for district, found in by_district.items():
        await append(service.database, district, found)
    await write_rows(service.database, (row for event in events for row in changes(event)))


def entries(event: Event[Heard]) -> Iterator[Document]:
    """Yield the entry of an event that is to be told."""
    if isinstance(event.data, StayFact):
        yield make_entry(narrow(event, StayFact))


def changes(event: Event[Heard]) -> Iterator[Row]:
    """Yield the rows that an event writes."""
    match event.data:
        case StayFact():
            return
        case SubscriptionFact(subscription=subscription):
            yield subscription_row(subscription, event.sequence)
        case never:
            assert_never(never)
