"""Facts in, entries out: each event that feeds hears is appended once."""

from collections import defaultdict
from collections.abc import Sequence

from contracts.envelope import Event
from contracts.registration.stays import StayFact
from services.feeds.domain.entries import make_entry
from services.feeds.tail import Tail
from services.feeds.views.pages import append
from services.runtime.mongo import Document
from services.runtime.service import Service


async def hear(service: Service, tail: Tail, events: Sequence[Event[StayFact]]) -> None:
    """Append a batch to the feeds of its districts and wake the readers that wait."""
    by_district: dict[str, list[Document]] = defaultdict(list)
    for event in events:
        by_district[event.division[:6]].append(make_entry(event))
    for district, entries in by_district.items():
        if await append(service.database, district, entries):
            tail.wake()
