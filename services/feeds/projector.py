"""Facts in: each event that some feed tells of is kept once for each that does; subscriptions become rows."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, assert_never, get_args

from contracts.envelope import Event
from contracts.feeds.feeds import FeedName
from contracts.feeds.subscriptions import SubscriptionFact, SubscriptionRevoked
from contracts.registration.notices import ANSWER_FACTS, NOTICE_FACTS
from services.feeds.domain.entries import ToldFact, make_entries
from services.feeds.views.pages import Ends, append
from services.feeds.views.releases import close
from services.feeds.views.subscriptions import subscription_row
from services.runtime.changes import Topics
from services.runtime.mongo import Document, Row, write_rows
from services.runtime.service import Service

EVERYWHERE = (*NOTICE_FACTS, *ANSWER_FACTS)
"""The facts that are heard from all districts, not only from those served: each of two districts tells of a notice."""

Heard = ToldFact | SubscriptionFact

TOPICS: Topics = {SubscriptionFact: ("subscriptions",), **dict.fromkeys(get_args(ToldFact), ())}
"""What is read otherwise once a fact was heard; of feeds nothing is told here: audiences hear when it is their time."""


async def hear(service: Service, ends: Ends, events: Sequence[Event[Any]]) -> None:
    """Append what a batch says to the pages of feeds and districts, write subscriptions, close what is taken back.

    `ends` is where pages ended when this process looked last.
    """
    pages: dict[tuple[FeedName, str], list[Document]] = defaultdict(list)
    for event in events:
        if not isinstance(event.data, SubscriptionFact):
            for feed, district, kept in make_entries(event):
                if service.serves(district):
                    pages[feed, district].append(kept)
    for place, found in pages.items():
        await append(service.database, *place, found, ends)
    await write_rows(service.database, (row for event in events for row in changes(event)))
    for event in events:
        if isinstance(event.data, SubscriptionRevoked):
            await close(service.database, event.data.subscription.subscription_id, event.id)


def changes(event: Event[Heard]) -> Iterator[Row]:
    """Yield the rows that an event writes."""
    if isinstance(event.data, SubscriptionFact):
        yield subscription_row(event.data.subscription, event.sequence)
    elif not isinstance(event.data, ToldFact):
        assert_never(event.data)
