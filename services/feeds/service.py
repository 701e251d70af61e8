"""The parts of feeds beside the runtime."""

from dataclasses import dataclass, field

from services.feeds.channels.receivers import Receivers
from services.feeds.tail import Tail
from services.feeds.vault import Vault
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
    stream_seconds: float = 300
    """How long a feed is sent as it is told, before its reader comes again."""


@dataclass(frozen=True)
class Delivering:
    """What webhooks need beside the runtime: the vault of their secrets, the way to receivers, and when to look."""

    service: Service
    vault: Vault
    receivers: Receivers
    tail: Tail
