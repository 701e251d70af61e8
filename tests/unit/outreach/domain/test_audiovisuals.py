"""Plays of audio-visual works."""

from datetime import date

import pytest

from contracts.outreach.audiovisuals import AudiovisualKind, PlayRecorded, work_id
from services.outreach.domain.audiovisuals import PlayedInFutureError, record
from tests.support.samples import sample_of

PLAY = sample_of(PlayRecorded).data.play


def test_a_play_is_recorded_on_its_day_and_not_before() -> None:
    assert record(PLAY, PLAY.played_on).play == PLAY
    with pytest.raises(PlayedInFutureError):
        record(PLAY, date(2026, 4, 6))


def test_the_same_topic_of_the_same_kind_is_the_same_work() -> None:
    assert work_id(AudiovisualKind.VIDEO, "高血压 防治") == work_id(AudiovisualKind.VIDEO, "高血压防治")
    assert work_id(AudiovisualKind.AUDIO, "高血压防治") != work_id(AudiovisualKind.VIDEO, "高血压防治")
