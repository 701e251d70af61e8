"""HTTP in: plays of audio-visual works."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter
from pydantic import Field

from contracts.outreach.audiovisuals import AudiovisualKind, Play, work_id
from services.outreach.api.dependencies import InstitutionId, Reader, Worker, street_of
from services.outreach.commands.audiovisuals import record_play
from services.outreach.commands.institutions import NoInstitutionHereError, must_be_in
from services.outreach.domain.audiovisuals import PlayedInFutureError
from services.outreach.domain.ids import id_from
from services.outreach.views.audiovisuals import list_plays
from services.runtime.bodies import Body, Day
from services.runtime.parameters import Cause, Division, ServiceHere, Street
from services.runtime.problems import refuses

router = APIRouter(tags=["audio-visual"])

Minutes = Annotated[int, Field(ge=1, le=1440 * 366, description="in all, not of one play")]


class PlayRequest(Body):
    """An audio-visual work that was played."""

    street: Street
    kind: AudiovisualKind
    topic: str = Field(min_length=1, max_length=200, description="what it is about; the same topic is the same work")
    played_on: date
    times: int = Field(ge=1, le=10_000)
    minutes: Minutes
    institution_id: InstitutionId = None
    activity_id: str | None = Field(default=None, max_length=64)


@router.post(
    "/plays",
    status_code=201,
    summary="Record that an audio-visual work was played 播放音像资料",
    responses=refuses(PlayedInFutureError, NoInstitutionHereError, outside_your_division=403, unknown_street=422),
)
async def post_play(body: PlayRequest, service: ServiceHere, caller: Worker, cause: Cause) -> Play:
    """Record how often and how long a video, audio, spot or screen was played on a day."""
    street = street_of(service, caller, body.street)
    await must_be_in(service, street, body.institution_id)
    made = {**body.model_dump(), "street": street}
    play = Play(play_id=id_from("play", cause), work_id=work_id(body.kind, body.topic), **made)
    return await record_play(service, play, cause)


@router.get("/plays", summary="Plays of audio-visual works", responses=refuses(outside_your_division=403))
async def get_plays(service: ServiceHere, caller: Reader, division: Division, since: Day, until: Day) -> list[Play]:
    """List the plays of a division in a period (both days included, at most 1,000)."""
    caller.must_cover(division)
    return await list_plays(service.database, service.areas(division), since, until)
