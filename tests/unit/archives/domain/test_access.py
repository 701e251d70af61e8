"""Who may read an archive and write to it: by the street that keeps it, custody, and a reason."""

from collections.abc import Callable

import pytest

from contracts.archives.archives import Archive
from contracts.reference.divisions import covers
from contracts.registration.stays import StayState
from services.archives.domain.access import (
    Granted,
    Kept,
    find_keeping_street,
    grant_reading,
    must_keep,
    must_keep_or_serve,
)
from services.archives.domain.errors import NoArchiveError, NoArchiveHereError
from tests.support.facts import FIRST_MOMENT, make_stay

PERSON = "d" * 32
OPENED_AT, MOVED_TO, ELSEWHERE = "320507001", "320507002", "320812008"
ARCHIVE = Archive(person_id=PERSON, district="320507", street=OPENED_AT, opened_at=FIRST_MOMENT)
FIRST = make_stay(PERSON, OPENED_AT, 1)
MOVED = (FIRST, make_stay(PERSON, MOVED_TO, 5))
HELD, HANDED_OVER = Kept("320507", MOVED_TO, held=True), Kept("320507", MOVED_TO, held=False)
THEIRS = Kept("320812", ELSEWHERE, held=True)


def scope(code: str) -> Callable[[str], bool]:
    return lambda division: covers(code, division)


def test_the_keeping_street_is_where_the_person_lives_in_the_district_or_lived_last() -> None:
    left = (*MOVED, make_stay(PERSON, ELSEWHERE, 9))
    mistaken = (FIRST, MOVED[1].model_copy(update={"state": StayState.RETRACTED}))

    assert find_keeping_street(ARCHIVE, [FIRST]) == OPENED_AT
    assert find_keeping_street(ARCHIVE, MOVED) == MOVED_TO
    assert find_keeping_street(ARCHIVE, left) == MOVED_TO
    assert find_keeping_street(ARCHIVE, mistaken) == OPENED_AT
    assert find_keeping_street(ARCHIVE, []) == OPENED_AT


@pytest.mark.parametrize(
    ("caller", "kept", "reason", "granted"),
    [
        (MOVED_TO, [HELD], None, "custodian"),
        ("320507", [HELD], None, "custodian"),
        ("32", [HELD], None, "custodian"),
        ("", [HELD], None, "custodian"),
        (OPENED_AT, [HELD], None, None),
        (OPENED_AT, [HELD], "昏迷送医", "emergency"),
        (f"{MOVED_TO}001", [HELD], None, None),
        (f"{MOVED_TO}001", [HELD], "昏迷送医", "emergency"),
        (ELSEWHERE, [HELD], None, None),
        (ELSEWHERE, [HELD], "昏迷送医", "emergency"),
        (ELSEWHERE, [], "昏迷送医", None),
        (MOVED_TO, [HANDED_OVER, THEIRS], None, "copy"),
        (MOVED_TO, [HANDED_OVER, THEIRS], "昏迷送医", "emergency"),
        (OPENED_AT, [HANDED_OVER, THEIRS], None, None),
        (ELSEWHERE, [HANDED_OVER, THEIRS], None, "custodian"),
    ],
)
def test_who_reads_what(caller: str, kept: list[Kept], reason: str | None, granted: str | None) -> None:
    found = grant_reading(scope(caller), kept, reason)

    assert (found.read_as if found else None) == granted


def test_with_a_reason_one_reads_what_the_district_in_charge_knows() -> None:
    granted = grant_reading(scope(OPENED_AT), [HANDED_OVER, THEIRS], "昏迷送医")

    assert granted == Granted("320812", ELSEWHERE, "emergency")


@pytest.mark.parametrize("caller", [MOVED_TO, "320507", "3205", ""])
def test_the_keeping_street_and_what_covers_it_write(caller: str) -> None:
    must_keep(scope(caller), ARCHIVE, MOVED)

    assert must_keep_or_serve(scope(caller), ARCHIVE, MOVED, None) == MOVED_TO


@pytest.mark.parametrize("caller", [OPENED_AT, f"{MOVED_TO}001", ELSEWHERE, "320812"])
def test_what_others_keep_is_refused_like_what_is_not_there(caller: str) -> None:
    refused = []
    for archive in (ARCHIVE, None):
        with pytest.raises(NoArchiveHereError) as of_keepers:
            must_keep(scope(caller), archive, MOVED)
        with pytest.raises(NoArchiveError) as of_entries:
            must_keep_or_serve(scope(caller), archive, MOVED, None)
        refused.append([(type(one.value), one.value.code, one.value.advice) for one in (of_keepers, of_entries)])

    assert refused[0] == refused[1]


def test_an_entry_for_a_resident_of_another_street_needs_a_reason_and_an_archive() -> None:
    assert must_keep_or_serve(scope(OPENED_AT), ARCHIVE, MOVED, "门诊测量") == MOVED_TO

    with pytest.raises(NoArchiveError):
        must_keep_or_serve(scope(OPENED_AT), None, MOVED, "门诊测量")
