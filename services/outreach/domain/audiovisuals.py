"""Pure decisions on plays of audio-visual works."""

from datetime import date

from contracts.outreach.audiovisuals import Play, PlayRecorded
from contracts.refusals import RefusedError


class PlayedInFutureError(RefusedError):
    """The day on which a work was played lies in the future."""

    code = "future_date"
    advice = "播放日期不能晚于今天。The day it was played must not lie in the future; correct it."
    field = "played_on"


def record(play: Play, today: date) -> PlayRecorded:
    """Return the fact that a work was played; raise PlayedInFutureError if the day lies in the future."""
    if play.played_on > today:
        raise PlayedInFutureError
    return PlayRecorded(play=play)
