"""Decisions about entries: what is recorded, corrected and voided, what is refused, and that the history proves it."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.archives.archives import Archive, Closing, ClosingReason
from contracts.archives.contents import PhysicalExam
from contracts.archives.custody import Custody
from contracts.archives.entries import Entry, EntryState
from contracts.archives.follow_ups import BloodPressure
from services.archives.domain.entries import TYPING_LATITUDE, correct_entry, must_be_version, record_entry, void_entry
from services.archives.domain.errors import (
    AfterDeathError,
    ArchiveClosedError,
    BeforeBirthError,
    FutureEntryError,
    NoArchiveError,
    OtherKindError,
    StaleVersionError,
    VoidedError,
)
from tests.support.facts import FIRST_DAY, FIRST_MOMENT, PEOPLE

NOW = FIRST_MOMENT + timedelta(days=1)
ARCHIVE = Archive(person_id=PEOPLE[0], district="320507", street="320507001", opened_at=FIRST_MOMENT)
HELD = Custody(person_id=PEOPLE[0], district="320507", street="320507001")
HANDED_OVER = HELD.model_copy(update={"released": 0, "released_to": "320812"})


def entry() -> Entry:
    return Entry(
        entry_id="entry-1",
        person_id=PEOPLE[0],
        street="320507001",
        measured_at=FIRST_MOMENT,
        recorded_by="nurse",
        content=BloodPressure(systolic=120, diastolic=80),
    )


def corrected(standing: Entry, systolic: int) -> Entry:
    content = BloodPressure(systolic=systolic, diastolic=80)
    return correct_entry(standing, content, standing.measured_at, "nurse", "typo", NOW).entry


@given(st.lists(st.integers(60, 250), max_size=5), st.booleans())
def test_whoever_holds_a_later_version_works_out_the_hash_of_an_earlier_one(values: list[int], void: bool) -> None:
    versions = [entry()]
    for value in values:
        versions.append(corrected(versions[-1], value))
    if void:
        versions.append(void_entry(versions[-1], "nurse", "wrong person", NOW).entry)

    last = Entry.model_validate_json(versions[-1].model_dump_json())

    assert [last.digest(number) for number, _ in enumerate(versions, start=1)] == [
        version.digest(version.version) for version in versions
    ]


def closed(reason: ClosingReason) -> Archive:
    return ARCHIVE.model_copy(update={"closing": Closing(reason=reason, closed_on=FIRST_DAY, closed_at=FIRST_MOMENT)})


def measured(at: datetime) -> Entry:
    return entry().model_copy(update={"measured_at": at})


@pytest.mark.parametrize(
    ("custody", "out_of_custody"),
    [(None, False), (HELD, False), (HANDED_OVER, True)],
    ids=["never offered", "held", "handed over"],
)
def test_an_entry_is_recorded_now_and_says_whether_the_archive_was_handed_over(
    custody: Custody | None, out_of_custody: bool
) -> None:
    recorded = record_entry(ARCHIVE, custody, entry(), NOW).entry

    assert recorded == entry().model_copy(update={"recorded_at": NOW, "out_of_custody": out_of_custody})


def test_without_an_archive_nothing_is_entered() -> None:
    with pytest.raises(NoArchiveError):
        record_entry(None, None, entry(), NOW)


@pytest.mark.parametrize("reason", [ClosingReason.MOVED, ClosingReason.LOST, ClosingReason.MISTAKEN])
def test_a_closed_archive_takes_nothing_from_who_holds_it(reason: ClosingReason) -> None:
    with pytest.raises(ArchiveClosedError):
        record_entry(closed(reason), HELD, entry(), NOW)

    assert record_entry(closed(reason), HANDED_OVER, entry(), NOW).entry.out_of_custody


def test_what_was_done_before_a_death_is_entered_after_it_and_nothing_later() -> None:
    died_on = FIRST_DAY
    archive = closed(ClosingReason.DIED)

    assert record_entry(archive, HELD, measured(FIRST_MOMENT), NOW, died_on).entry.stands
    with pytest.raises(AfterDeathError):
        record_entry(archive, HELD, measured(FIRST_MOMENT + timedelta(days=1)), NOW, died_on)


def test_nothing_was_done_before_the_birth() -> None:
    newborn = ARCHIVE.model_copy(update={"birth": FIRST_DAY})

    assert record_entry(newborn, None, measured(FIRST_MOMENT), NOW).entry.stands
    with pytest.raises(BeforeBirthError):
        record_entry(newborn, None, measured(FIRST_MOMENT - timedelta(days=1)), NOW)


def test_nothing_was_done_in_the_future_but_by_a_clock_that_is_a_little_fast() -> None:
    fast, wrong = NOW + TYPING_LATITUDE, NOW + TYPING_LATITUDE + timedelta(seconds=1)

    assert record_entry(ARCHIVE, None, measured(fast), NOW).entry.stands
    assert correct_entry(entry(), entry().content, fast, "nurse", "typo", NOW).entry.stands
    with pytest.raises(FutureEntryError):
        record_entry(ARCHIVE, None, measured(wrong), NOW)
    with pytest.raises(FutureEntryError):
        correct_entry(entry(), entry().content, wrong, "nurse", "typo", NOW)


def test_a_correction_says_who_when_and_why_and_keeps_what_was_said_before() -> None:
    content = BloodPressure(systolic=125, diastolic=80)

    standing = correct_entry(entry(), content, FIRST_MOMENT, "doctor", "typo", NOW).entry

    assert (standing.state, standing.content, standing.version) == (EntryState.CORRECTED, content, 2)
    assert (standing.recorded_by, standing.recorded_at, standing.reason) == ("doctor", NOW, "typo")
    assert standing.earlier == (entry().as_earlier(),)


def test_what_is_voided_counts_no_more_and_is_changed_no_more() -> None:
    voided = void_entry(entry(), "nurse", "wrong person", NOW).entry

    assert not voided.stands
    assert voided.content == entry().content
    with pytest.raises(VoidedError):
        void_entry(voided, "nurse", "wrong person", NOW)
    with pytest.raises(VoidedError):
        corrected(voided, 125)


def test_an_entry_of_one_kind_is_not_corrected_to_another() -> None:
    with pytest.raises(OtherKindError):
        correct_entry(entry(), PhysicalExam(), FIRST_MOMENT, "nurse", "typo", NOW)


def test_who_looked_at_an_earlier_version_changes_nothing_and_who_named_none_may() -> None:
    must_be_version(2, 2)
    must_be_version(2, None)

    with pytest.raises(StaleVersionError):
        must_be_version(2, 1)
