"""Who looked at an older version changes nothing: each version is the number of facts of its stream."""

import pytest

from contracts.registration.stays import StayStarted
from services.registration.commands.recording import must_be_current
from services.registration.domain.errors import StaleError
from tests.support.facts import deliver, make_stay


@pytest.mark.parametrize("version", [2, None])
def test_who_saw_the_newest_version_or_names_none_may_change_it(version: int | None) -> None:
    must_be_current(deliver(StayStarted(stay=make_stay()), 2), version)


@pytest.mark.parametrize("version", [0, 1, 3])
def test_who_saw_another_version_is_told_the_newest(version: int) -> None:
    with pytest.raises(StaleError) as refused:
        must_be_current(deliver(StayStarted(stay=make_stay()), 2), version)

    assert refused.value.version == 2


def test_of_what_is_not_recorded_yet_the_version_is_none_of_all() -> None:
    must_be_current(None, 0)

    with pytest.raises(StaleError):
        must_be_current(None, 1)
