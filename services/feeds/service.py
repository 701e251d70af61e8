"""The parts of feeds beside the runtime."""

from dataclasses import dataclass

from services.feeds.tail import Tail
from services.runtime.service import Service


@dataclass(frozen=True)
class Feed:
    """The feeds service as its commands and its HTTP interface use it."""

    service: Service
    tail: Tail
    pseudonym_key: bytes
