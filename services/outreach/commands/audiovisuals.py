"""Record plays of audio-visual works."""

from contracts.outreach.audiovisuals import Play
from services.outreach.domain.audiovisuals import record
from services.runtime.service import Service


async def record_play(service: Service, play: Play, cause: str) -> Play:
    """Record a play, once however often it is asked for, and return it."""
    await service.journal.record([service.journal.commit(record(play, service.today), causation=cause)])
    return play
