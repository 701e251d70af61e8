"""Audio-visual works 音像资料 and their plays as facts of outreach."""

from datetime import date
from enum import StrEnum
from hashlib import sha256
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from contracts.envelope import Fact
from contracts.reference.divisions import StreetCode


class AudiovisualKind(StrEnum):
    """The kinds of audio-visual work: 视频, 音频, 公益广告, 电子屏."""

    VIDEO = "video"
    AUDIO = "audio"
    SPOT = "spot"
    SCREEN = "screen"


class Play(BaseModel):
    """A work was played: `times` on a day, `minutes` in all.

    `work_id` is natural: the same kind and topic are the same work, wherever it is played.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    play_id: str
    work_id: str
    street: StreetCode
    institution_id: str | None = None
    kind: AudiovisualKind
    topic: str
    played_on: date
    times: int
    minutes: int
    activity_id: str | None = None


def work_id(kind: AudiovisualKind, topic: str) -> str:
    """Return the id of a work, derived from its kind and topic (32 hexadecimal digits)."""
    return sha256(f"work|{kind}|{''.join(topic.split())}".encode()).hexdigest()[:32]


class PlayRecorded(Fact):
    """A work was played; the only fact of the stream `play/<play_id>`."""

    TYPE: ClassVar[str] = "outreach.play_recorded.v1"

    play: Play

    @property
    def stream(self) -> str:
        """Return the stream of the play."""
        return f"play/{self.play.play_id}"

    @property
    def division(self) -> str:
        """Return the street in which it was played."""
        return self.play.street


PLAY_FACTS: tuple[type[Fact], ...] = (PlayRecorded,)
