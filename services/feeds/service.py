"""The parts of feeds beside the runtime."""

from dataclasses import dataclass, field

from services.feeds.tail import Tail
from services.feeds.views.releases import Progress
from services.runtime.service import Service


@dataclass(frozen=True)
class Feed:
    """The feeds service as its commands and its HTTP interface use it."""

    service: Service
    tail: Tail
    pseudonym_key: bytes
    progress: dict[str, Progress] = field(default_factory=dict)
    """How far the feed of each audience was when this process looked last; another process may have gone on with it."""
