"""What feeds has of its own beside the runtime: the feed that readers wait at."""

from dataclasses import dataclass

from services.feeds.tail import Tail
from services.runtime.service import Service


@dataclass(frozen=True)
class Feed:
    """The feeds service as its doors see it."""

    service: Service
    tail: Tail
    pseudonym_key: bytes
