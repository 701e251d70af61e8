"""The figures of messages: quiet hours by the clock in China, the next day, growing pauses."""

from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.outreach.messages import Topic
from contracts.reference.calendar import day_of
from services.outreach.domain.messaging import FILE, Policy

POLICY = Policy.load()
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  # hypothesis takes naive bounds


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-11-20T{text}+08:00")


@pytest.mark.parametrize(
    ("moment", "quiet"),
    [
        ("20:59:59", False),
        ("21:00:00", True),
        ("23:59:59", True),
        ("00:00:00", True),
        ("07:59:59", True),
        ("08:00:00", False),
    ],
)
def test_nobody_is_disturbed_at_night_in_china(moment: str, quiet: bool) -> None:
    assert POLICY.is_quiet(at(moment)) is quiet
    assert POLICY.is_quiet(at(moment).astimezone(UTC)) is quiet


@given(moment=MOMENTS)
def test_the_end_of_quiet_hours_is_not_quiet_and_not_long_after(moment: datetime) -> None:
    end = POLICY.end_of_quiet(moment)

    assert not POLICY.is_quiet(end)
    assert moment <= end <= moment + timedelta(hours=11)


@given(moment=MOMENTS)
def test_the_next_day_is_the_next_in_china_and_not_quiet(moment: datetime) -> None:
    following = POLICY.next_day(moment)

    assert day_of(following) == day_of(moment) + timedelta(days=1)
    assert not POLICY.is_quiet(following)


@given(attempts=st.integers(1, 60), chance=st.floats(0, 1))
def test_pauses_grow_up_to_a_limit(attempts: int, chance: float) -> None:
    pause = POLICY.pause(attempts, chance).total_seconds()

    assert POLICY.first_pause / 2 <= pause <= POLICY.longest_pause
    assert pause <= POLICY.pause(attempts, 1.0).total_seconds()


def test_another_file_gives_other_figures(tmp_path: Path) -> None:
    file = tmp_path / "messages.toml"
    file.write_text(FILE.read_text(encoding="utf-8").replace('"21:00"', '"12:00"').replace('"08:00"', '"14:00"'))

    policy = Policy.load(file)

    assert (policy.quiet_from, policy.quiet_until) == (time(12), time(14))
    assert policy.is_quiet(at("13:00:00"))
    assert not policy.is_quiet(at("23:00:00"))


def test_every_topic_has_days_until_it_is_too_late() -> None:
    assert POLICY.expires.keys() == set(Topic)
