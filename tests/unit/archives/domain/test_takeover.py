"""Taking over: what an enrolment and an archive bring along when the person moves, and what the own ones keep."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from contracts.archives.archives import (
    Allergy,
    Archive,
    ArchiveClosed,
    ArchiveReopened,
    ArchiveState,
    BasicInformation,
    Closing,
    ClosingReason,
)
from contracts.archives.custody import Receipt
from contracts.archives.enrolments import ChronicEnrolled, Condition, Enrolment, EnrolmentEnded, EnrolmentEnding
from contracts.reference.identity import Sex
from services.archives.domain.known import Known, begin_custody
from services.archives.domain.takeover import (
    close_or_reopen,
    continue_enrolments,
    end_or_resume_enrolments,
    first_day,
    merge,
)
from tests.support.facts import FIRST_MOMENT, PEOPLE, make_stay

HERE, ORIGIN = "320507", "320812"
NOW = FIRST_MOMENT + timedelta(days=40)
THEN = date(2025, 3, 1)


def archive(district: str = HERE, **more: Any) -> Archive:
    told = {"opened_at": FIRST_MOMENT, "street": f"{district}001"}
    return Archive(person_id=PEOPLE[0], district=district, **told | more)


def enrolled(district: str = ORIGIN, **more: Any) -> Enrolment:
    told = {"condition": Condition.HYPERTENSION, "enrolled_on": THEN, "street": f"{district}001"}
    return Enrolment(person_id=PEOPLE[0], district=district, **told | more)


def receipt(*enrolments: Enrolment, **more: Any) -> Receipt:
    told: dict[str, Any] = {"offer_turn": 1, "turn": 2, "accepted": True, "count": 3, "sha256": "0" * 64}
    return Receipt(origin=ORIGIN, answered_at=NOW, enrolments=enrolments, **told | more)


def known(*receipts: Receipt, own: Enrolment | None = None, **more: Any) -> Known:
    mine = more.pop("archive", archive())
    custody = begin_custody(mine).model_copy(update={"receipts": receipts, **more.pop("custody", {})})
    return Known(archive=mine, custody=custody, enrolments={own.condition: own} if own else {}, **more)


def continued(*receipts: Receipt, own: Enrolment | None = None, **more: Any) -> list[Enrolment]:
    return [
        fact.enrolment
        for fact in continue_enrolments(known(*receipts, own=own, **more))
        if isinstance(fact, ChronicEnrolled)
    ]


@pytest.mark.parametrize(
    ("own", "grade"),
    [
        (None, 2),
        (enrolled(HERE, grade=3), 3),
        (enrolled(HERE, grade=0), 0),
        (enrolled(HERE), 2),
        (enrolled(HERE, grade=3, ended_on=THEN, ending=EnrolmentEnding.DECLINED), 2),
    ],
    ids=["none here", "one that runs here", "one of the lowest grade", "one without a grade", "one that was over"],
)
def test_the_grade_of_an_enrolment_travels_unless_one_runs_here_that_has_its_own(
    own: Enrolment | None, grade: int
) -> None:
    [taken] = continued(receipt(enrolled(grade=2)), own=own)

    assert taken.grade == grade


@pytest.mark.parametrize(("here", "there", "first"), [(-9, 0, -9), (9, 0, 0)])
def test_of_two_enrolments_the_earlier_first_day_counts(here: int, there: int, first: int) -> None:
    own = enrolled(HERE, enrolled_on=THEN + timedelta(days=here))

    [taken] = continued(receipt(enrolled(enrolled_on=THEN + timedelta(days=there))), own=own)
    [alone] = continued(
        receipt(enrolled()), own=own.model_copy(update={"ended_on": THEN, "ending": EnrolmentEnding.LOST})
    )

    assert taken.enrolled_on == THEN + timedelta(days=first)
    assert alone.enrolled_on == THEN


@pytest.mark.parametrize(
    ("here", "there", "monthly"), [(True, False, True), (False, True, True), (False, False, False)]
)
def test_a_monthly_plan_of_either_goes_on(here: bool, there: bool, monthly: bool) -> None:
    [taken] = continued(receipt(enrolled(monthly=there)), own=enrolled(HERE, monthly=here))

    assert taken.monthly is monthly


def test_an_enrolment_that_was_handed_over_runs_again_where_it_is_taken_in() -> None:
    handed = enrolled(ended_on=THEN, ending=EnrolmentEnding.HANDED_OVER, handed_to=HERE, handed_turn=1)

    [late] = continued(receipt(), handed_enrolments=(handed,))

    assert late.active
    assert (late.district, late.street, late.taken_over_from, late.turn) == (HERE, f"{HERE}001", ORIGIN, 2)
    assert (late.ending, late.handed_to, late.handed_turn) == (None, None, None)


@pytest.mark.parametrize("change", [{"handed_turn": 7}, {"district": "310110"}])
def test_what_was_handed_over_by_another_offer_is_not_taken_in(change: dict[str, Any]) -> None:
    told: dict[str, Any] = {
        "ended_on": THEN,
        "ending": EnrolmentEnding.HANDED_OVER,
        "handed_to": HERE,
        "handed_turn": 1,
    }
    handed = enrolled(**told).model_copy(update=change)

    assert continued(receipt(), handed_enrolments=(handed,)) == []


@pytest.mark.parametrize(("turn", "count"), [(1, 1), (2, 0), (3, 0)])
def test_an_enrolment_is_taken_in_once(turn: int, count: int) -> None:
    assert len(continued(receipt(enrolled()), own=enrolled(HERE, turn=turn))) == count


def test_a_refused_offer_brings_nothing() -> None:
    assert continued(receipt(enrolled(), accepted=False)) == []


# --- of two archives one


def completed(district: str, hour: int, **basic: Any) -> Archive:
    done = {"basic": BasicInformation(**basic), "completed_at": NOW + timedelta(hours=hour), "completed_by": district}
    return archive(district, **done)


def test_what_is_not_known_here_is_taken_from_there_and_the_rest_stays() -> None:
    born, other = date(1950, 1, 1), date(1951, 1, 1)

    unknown = merge(archive(sex=Sex.UNKNOWN), archive(ORIGIN, sex=Sex.FEMALE, birth=born), NOW, 4)
    known_here = merge(archive(sex=Sex.MALE, birth=other), archive(ORIGIN, sex=Sex.FEMALE, birth=born), NOW, 4)

    assert (unknown.sex, unknown.birth, unknown.turn, unknown.district) == (Sex.FEMALE, born, 4, HERE)
    assert (known_here.sex, known_here.birth) == (Sex.MALE, other)


@pytest.mark.parametrize(("here", "there"), [(5, 1), (1, 5)])
def test_the_later_information_counts_with_all_that_the_earlier_says_besides(here: int, there: int) -> None:
    own = completed(HERE, here, allergies=(Allergy.PENICILLIN,))
    theirs = completed(ORIGIN, there, allergies=(Allergy.SULFONAMIDE,))

    merged = merge(own, theirs, NOW, 1)

    assert merged.basic is not None
    assert set(merged.basic.allergies) == {Allergy.PENICILLIN, Allergy.SULFONAMIDE}
    assert merged.completed_by == (HERE if here > there else ORIGIN)


def test_what_comes_back_replaces_the_copy_that_was_kept() -> None:
    moved = Closing(reason=ClosingReason.MOVED, closed_on=THEN, closed_at=FIRST_MOMENT)
    died = Closing(reason=ClosingReason.DIED, closed_on=THEN, closed_at=FIRST_MOMENT)
    own = completed(HERE, 5, allergies=(Allergy.PENICILLIN,)).model_copy(update={"state": ArchiveState.CLOSED})
    theirs = completed(ORIGIN, 1)

    back = merge(own.model_copy(update={"closing": moved}), theirs, NOW, 1)
    apart = merge(own.model_copy(update={"closing": died}), theirs, NOW, 1)

    assert back.basic == theirs.basic
    assert (back.is_open, back.closing) == (True, None)
    assert apart.basic is not None
    assert apart.basic.allergies == (Allergy.PENICILLIN,)


def test_whoever_had_not_completed_it_takes_what_the_other_has() -> None:
    theirs = completed(ORIGIN, 1, allergies=(Allergy.PENICILLIN,))

    assert merge(archive(), theirs, NOW, 1).basic == theirs.basic
    assert merge(theirs, archive(ORIGIN), NOW, 1).basic == theirs.basic


def test_of_two_codes_the_earlier_stays_and_the_other_is_an_alias_from_its_day() -> None:
    earlier, later = "32050700100100001", "32081200100100002"
    own = archive(code=later, coded_on=THEN + timedelta(days=1))
    theirs = archive(ORIGIN, code=earlier, coded_on=THEN)

    merged = merge(own, theirs, NOW, 1)

    assert (merged.code, merged.coded_on) == (earlier, THEN)
    assert [(alias.code, alias.valid_from) for alias in merged.aliases] == [(later, THEN + timedelta(days=1))]


def test_the_first_day_is_the_earlier_of_both() -> None:
    early = datetime(2020, 1, 1, tzinfo=UTC)

    assert first_day(archive()) == date(2026, 1, 1)
    assert merge(archive(), archive(ORIGIN, opened_at=early), NOW, 1).since == date(2020, 1, 1)
    assert merge(archive(since=THEN), archive(ORIGIN), NOW, 1).since == THEN


# --- what follows for the own archive


CLOSED = Closing(reason=ClosingReason.MOVED, closed_on=THEN, closed_at=NOW)
GONE = {"released": 1, "released_to": ORIGIN, "turn": 3, "filed": receipt()}


def test_a_death_closes_the_archive_and_ends_the_management_on_its_day() -> None:
    died = known(own=enrolled(HERE), died_on=THEN)

    [closing], [ended] = list(close_or_reopen(died, NOW)), list(end_or_resume_enrolments(died))

    assert isinstance(closing, ArchiveClosed)
    assert closing.archive.closing
    assert (closing.archive.closing.reason, closing.archive.closing.closed_on) == (ClosingReason.DIED, THEN)
    assert isinstance(ended, EnrolmentEnded)
    assert (ended.enrolment.ending, ended.enrolment.ended_on) == (EnrolmentEnding.DIED, THEN)


def test_a_hand_over_closes_the_archive_and_ends_the_management_with_its_offer() -> None:
    gone = known(own=enrolled(HERE), custody=GONE)

    [closing], [ended] = list(close_or_reopen(gone, NOW)), list(end_or_resume_enrolments(gone))

    assert isinstance(closing, ArchiveClosed)
    assert closing.archive.closing
    assert (closing.archive.closing.reason, closing.archive.closing.to) == (ClosingReason.MOVED, ORIGIN)
    assert closing.archive.closing.count == 3
    assert isinstance(ended, EnrolmentEnded)
    assert (ended.enrolment.ending, ended.enrolment.handed_to) == (EnrolmentEnding.HANDED_OVER, ORIGIN)
    assert ended.enrolment.handed_turn == 1


def test_nothing_follows_while_the_archive_is_here_and_the_person_lives() -> None:
    here = known(own=enrolled(HERE))

    assert list(close_or_reopen(here, NOW)) == []
    assert list(end_or_resume_enrolments(here)) == []


def test_a_death_that_is_taken_back_opens_the_archive_and_resumes_the_management() -> None:
    died = CLOSED.model_copy(update={"reason": ClosingReason.DIED})
    over = enrolled(HERE, ended_on=THEN, ending=EnrolmentEnding.DIED)
    lives = known(own=over, archive=archive(state=ArchiveState.CLOSED, closing=died))

    [opened], [resumed] = list(close_or_reopen(lives, NOW)), list(end_or_resume_enrolments(lives))

    assert isinstance(opened, ArchiveReopened)
    assert opened.archive.is_open
    assert isinstance(resumed, ChronicEnrolled)
    assert resumed.enrolment.active
    assert list(end_or_resume_enrolments(known(own=over, died_on=THEN))) == []


@pytest.mark.parametrize(
    ("street", "hours", "again"), [("320507001", 1, True), ("320507001", 0, False), ("320812001", 1, False)]
)
def test_a_closed_archive_is_opened_for_whoever_was_registered_here_since(street: str, hours: int, again: bool) -> None:
    home = make_stay(street=street).model_copy(update={"recorded_at": NOW + timedelta(hours=hours)})
    closed = archive(state=ArchiveState.CLOSED, closing=CLOSED)

    found = list(close_or_reopen(known(archive=closed, stays=(home,)), NOW))

    assert bool(found) is again
