"""Decisions on an archive and on management: what may be done while it is open, closed or kept elsewhere."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from contracts.archives.archives import Archive, ArchiveState, BasicInformation, Closing, ClosingReason
from contracts.archives.custody import Custody, Receipt
from contracts.archives.enrolments import Condition, Enrolment, EnrolmentEnding
from contracts.refusals import RefusedError
from contracts.registration.stays import StayState
from services.archives.domain.archives import (
    close,
    complete,
    end_managing,
    enrol,
    must_hold,
    owed_archives,
    reopen_by_hand,
)
from services.archives.domain.errors import (
    AfterDeathError,
    ArchiveClosedError,
    EnrolledError,
    FutureEntryError,
    NoArchiveError,
    NotClosedError,
    NotEnrolledError,
    NotHeldError,
)
from services.archives.domain.known import begin_custody, find_home, find_keeper
from tests.support.facts import FIRST_DAY, FIRST_MOMENT, PEOPLE, STREETS, make_stay

CODE, OTHER_CODE = "32050700100100001", "32050700100100002"
ARCHIVE = Archive(person_id=PEOPLE[0], district="320507", street=STREETS[0], opened_at=FIRST_MOMENT)
CUSTODY = begin_custody(ARCHIVE)
GONE = CUSTODY.model_copy(update={"released": 1})
NOW, TODAY = FIRST_MOMENT, FIRST_DAY


def closed(reason: ClosingReason = ClosingReason.LOST) -> Archive:
    closing = Closing(reason=reason, closed_on=TODAY, closed_at=NOW)
    return ARCHIVE.model_copy(update={"state": ArchiveState.CLOSED, "closing": closing})


def enrolled(**more: Any) -> Enrolment:
    told = {"condition": Condition.HYPERTENSION, "enrolled_on": TODAY, "district": "320507", "street": STREETS[0]}
    return Enrolment(person_id=PEOPLE[0], **told | more)


OVER = enrolled(ended_on=TODAY, ending=EnrolmentEnding.LOST, turn=4)


def test_each_person_has_one_archive_in_each_district() -> None:
    stays = [make_stay(), make_stay(street=STREETS[1]), make_stay(street=STREETS[2]), make_stay(PEOPLE[1])]

    opened = [fact.archive for fact in owed_archives(stays, NOW)]

    assert [(one.person_id, one.street) for one in opened] == [
        (PEOPLE[0], STREETS[0]),
        (PEOPLE[0], STREETS[2]),
        (PEOPLE[1], STREETS[0]),
    ]


def test_the_first_completion_gives_the_code_for_good() -> None:
    first = complete(ARCHIVE, BasicInformation(), CODE, "nurse", NOW).archive
    second = complete(first, BasicInformation(), OTHER_CODE, "doctor", NOW + timedelta(days=3)).archive

    assert (first.code, first.coded_on, first.completed_by) == (CODE, TODAY, "nurse")
    assert (second.code, second.coded_on, second.completed_by) == (CODE, TODAY, "doctor")


@pytest.mark.parametrize(("days", "refused"), [(0, False), (1, True)])
def test_what_happened_lies_in_the_past(days: int, refused: bool) -> None:
    day = TODAY + timedelta(days=days)
    decisions: list[Callable[[], object]] = [
        lambda: close(ARCHIVE, ClosingReason.LOST, day, "nurse", NOW).archive.closing,
        lambda: enrol(None, enrolled(enrolled_on=day), ARCHIVE, NOW).enrolment,
        lambda: end_managing(enrolled(), day, EnrolmentEnding.CURED, NOW).enrolment.ended_on,
    ]
    for decide in decisions:
        if refused:
            with pytest.raises(FutureEntryError):
                decide()
        else:
            assert decide()


@pytest.mark.parametrize(
    "decide",
    [
        lambda: complete(closed(), BasicInformation(), CODE, "nurse", NOW),
        lambda: close(closed(), ClosingReason.LOST, TODAY, "nurse", NOW),
        lambda: enrol(None, enrolled(), closed(), NOW),
    ],
)
def test_nothing_is_done_to_a_closed_archive(decide: Any) -> None:
    with pytest.raises(ArchiveClosedError):
        decide()


@pytest.mark.parametrize(
    ("archive", "custody", "refusal"),
    [
        (closed(), None, None),
        (closed(), CUSTODY, None),
        (closed(), GONE, NotHeldError),
        (closed(ClosingReason.DIED), CUSTODY, AfterDeathError),
        (ARCHIVE, CUSTODY, NotClosedError),
    ],
)
def test_a_closed_archive_is_opened_where_it_is_kept_and_the_person_lives(
    archive: Archive, custody: Custody | None, refusal: type[RefusedError] | None
) -> None:
    if refusal:
        with pytest.raises(refusal):
            reopen_by_hand(archive, custody)
    else:
        assert reopen_by_hand(archive, custody).archive.is_open


def test_only_what_is_kept_here_is_held() -> None:
    assert must_hold(ARCHIVE, CUSTODY) == must_hold(ARCHIVE, None) == ARCHIVE
    with pytest.raises(NotHeldError):
        must_hold(ARCHIVE, GONE)
    with pytest.raises(NoArchiveError):
        must_hold(None, None)


def test_nobody_is_managed_twice_and_who_was_managed_before_goes_on_from_there() -> None:
    assert enrol(None, enrolled(), ARCHIVE, NOW).enrolment.turn == 0
    assert enrol(OVER, enrolled(), ARCHIVE, NOW).enrolment.turn == 4
    with pytest.raises(EnrolledError):
        enrol(enrolled(), enrolled(), ARCHIVE, NOW)


@pytest.mark.parametrize("current", [None, OVER])
def test_who_is_not_managed_is_not_ended(current: Enrolment | None) -> None:
    with pytest.raises(NotEnrolledError):
        end_managing(current, TODAY, EnrolmentEnding.CURED, NOW)


# --- where somebody lives, and who should keep the archive


def test_the_home_is_the_latest_stay_that_counts() -> None:
    old, new = make_stay(), make_stay(street=STREETS[2], day=9)
    typed_later = make_stay(street=STREETS[1], day=9, recorded=5)

    assert find_home([]) is None
    assert find_home([new, old]) == new
    assert find_home([typed_later, new, old]) == typed_later
    assert find_home([old, new.model_copy(update={"state": StayState.RETRACTED})]) == old
    assert find_home([old, new.model_copy(update={"unverified": True})]) == old
    ended = new.model_copy(update={"state": StayState.ENDED})
    assert find_home([old, ended]) == ended


def refusing(origin: str, turn: int, stay_id: str, *, district: str = "320507", accepted: bool = False) -> Custody:
    answer = Receipt(
        origin=origin,
        offer_turn=1,
        turn=turn,
        accepted=accepted,
        answered_at=NOW,
        count=0,
        sha256="0" * 64,
        stay_id=stay_id,
    )
    return begin_custody(ARCHIVE).model_copy(update={"district": district, "receipts": (answer,)})


def test_who_refused_an_archive_for_a_stay_leaves_it_with_the_last_that_offered_it() -> None:
    home = make_stay()
    first, last = refusing("320812", 1, home.stay_id), refusing("310110", 2, home.stay_id)

    assert find_keeper(None, [first]) is None
    assert find_keeper(home, []) == "320507"
    assert find_keeper(home, [first]) == "320812"
    assert find_keeper(home, [first, last]) == find_keeper(home, [last, first]) == "310110"
    assert find_keeper(home, [refusing("320812", 1, "another stay")]) == "320507"
    assert find_keeper(home, [refusing("320812", 1, home.stay_id, accepted=True)]) == "320507"
    assert find_keeper(home, [refusing("320812", 1, home.stay_id, district="310110")]) == "320507"


def test_a_day_of_closing_is_kept() -> None:
    closing = close(ARCHIVE, ClosingReason.LOST, date(2025, 12, 1), "nurse", NOW).archive.closing

    assert closing is not None
    assert (closing.closed_on, closing.closed_by, closing.reason) == (date(2025, 12, 1), "nurse", ClosingReason.LOST)
