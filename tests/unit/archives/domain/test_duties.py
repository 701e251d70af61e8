"""Duties: what is due when follows from what was done, whoever keeps the archive and whenever it is asked."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.archives.archives import Archive, ArchiveState
from contracts.archives.contents import (
    AnyContent,
    ChildStage,
    ChildVisit,
    MaternalStage,
    MaternalVisit,
    PhysicalExam,
    Referral,
    Vaccination,
)
from contracts.archives.enrolments import Condition, Duty, DutyKind, DutyReason, Enrolment, EnrolmentEnding
from contracts.archives.entries import Entry, EntryState
from contracts.archives.follow_ups import (
    BloodPressure,
    DiabetesFollowUp,
    HypertensionFollowUp,
    MentalHealthFollowUp,
    Stability,
    TuberculosisFollowUp,
)
from contracts.archives.forms import Finding, Mode, Strip
from contracts.reference.calendar import add_months, age_on
from contracts.reference.vaccines import SCHEDULES, Vaccine
from services.archives.domain.duties import find_duties
from services.archives.domain.follow_ups import Control, count_face_to_face, judge_pressure, visits_for
from services.archives.domain.policy import Policy
from tests.support.facts import PEOPLE

TODAY = date(2026, 11, 20)
ENROLLED = date(2026, 1, 10)
PATIENT = settings(max_examples=80, deadline=None)


def archive(birth: date | None = date(1975, 3, 1), **more: Any) -> Archive:
    opened_at = datetime(2026, 1, 5, tzinfo=UTC)
    return Archive(person_id=PEOPLE[0], district="320507", street="320507001", opened_at=opened_at, birth=birth, **more)


def entry(day: date, content: AnyContent, **more: Any) -> Entry:
    return Entry(
        entry_id=more.pop("entry_id", f"{content.kind}-{day}"),
        person_id=PEOPLE[0],
        street=more.pop("street", "320507001"),
        measured_at=datetime(day.year, day.month, day.day, 2, tzinfo=UTC),
        recorded_by="nurse",
        content=content,
        **more,
    )


def enrolled(condition: Condition = Condition.HYPERTENSION, **more: Any) -> Enrolment:
    told = {"enrolled_on": ENROLLED, "district": "320507", "street": "320507001"}
    return Enrolment(person_id=PEOPLE[0], condition=condition, **told | more)


def pressure(day: date, systolic: int = 130, diastolic: int = 80, mode: Mode = Mode.FACE_TO_FACE, **more: Any) -> Entry:
    return entry(day, HypertensionFollowUp(mode=mode, systolic=systolic, diastolic=diastolic, **more))


def glucose(day: date, found: float) -> Entry:
    return entry(day, DiabetesFollowUp(mode=Mode.FACE_TO_FACE, fasting_glucose=found))


def due(kind: DutyKind, *entries: Entry, of: Archive | None = None, to: Enrolment | None = None) -> Duty | None:
    """Find the one duty of a kind."""
    known = find_duties(of or archive(), [to or enrolled()], entries, TODAY)
    found = [duty for duty in known if duty.kind is kind]
    assert len(found) <= 1
    return found[0] if found else None


def when(*entries: Entry, **more: Any) -> tuple[date, DutyReason]:
    """Return when the follow-up of hypertension is due and why."""
    found = due(DutyKind.HYPERTENSION_FOLLOW_UP, *entries, **more)
    assert found
    return found.due_on, found.reason


# --- hypertension


def test_the_first_follow_up_is_due_two_weeks_after_enrolling() -> None:
    assert when() == (date(2026, 1, 24), DutyReason.FIRST)


def test_a_controlled_pressure_is_seen_again_within_three_months() -> None:
    assert when(pressure(date(2026, 4, 10))) == (date(2026, 7, 10), DutyReason.CONTROLLED)


def test_a_first_uncontrolled_pressure_is_seen_again_within_two_weeks() -> None:
    assert when(pressure(date(2026, 4, 10), 150)) == (date(2026, 4, 24), DutyReason.UNCONTROLLED)


@pytest.mark.parametrize("more", [{"side_effects": True}, {"adherence": "none", "side_effects": True}])
def test_side_effects_bring_the_next_follow_up_forward(more: dict[str, Any]) -> None:
    assert when(pressure(date(2026, 4, 10), **more)) == (date(2026, 4, 24), DutyReason.UNCONTROLLED)


def test_two_uncontrolled_pressures_running_are_referred() -> None:
    twice = (pressure(date(2026, 4, 10), 150), pressure(date(2026, 4, 22), 142))

    assert when(*twice) == (date(2026, 5, 6), DutyReason.REFER)


def test_a_new_complication_is_referred_at_once() -> None:
    assert when(pressure(date(2026, 4, 10), new_complication=True))[1] is DutyReason.REFER


@pytest.mark.parametrize(("systolic", "diastolic"), [(180, 80), (120, 110), (179, 109)])
def test_180_or_110_is_urgent(systolic: int, diastolic: int) -> None:
    found = when(pressure(date(2026, 4, 10), systolic, diastolic))

    assert found[0] == date(2026, 4, 24)
    assert (found[1] is DutyReason.URGENT) is (systolic >= 180 or diastolic >= 110)


@pytest.mark.parametrize(
    ("born", "systolic", "control"),
    [
        (date(1961, 4, 11), 145, Control.UNCONTROLLED),
        (date(1961, 4, 10), 145, Control.CONTROLLED),
        (date(1961, 4, 10), 150, Control.UNCONTROLLED),
        (None, 145, Control.UNCONTROLLED),
        (None, 139, Control.CONTROLLED),
    ],
)
def test_the_target_is_150_from_the_65th_birthday_on(born: date | None, systolic: int, control: Control) -> None:
    assert judge_pressure(systolic, 85, born, date(2026, 4, 10)) is control


def test_phone_calls_alone_do_not_put_off_a_meeting() -> None:
    calls = [pressure(date(2026, month, 10), mode=Mode.PHONE) for month in (2, 4)]
    met = pressure(date(2026, 1, 20))

    found = due(DutyKind.HYPERTENSION_FOLLOW_UP, met, *calls)

    assert found
    assert (found.due_on, found.reason, found.face_to_face) == (date(2026, 4, 20), DutyReason.QUOTA, True)


def test_after_four_meetings_a_year_calls_are_enough_until_the_next() -> None:
    met = [pressure(date(2026, month, 10)) for month in (1, 2, 3, 4)]
    call = pressure(date(2026, 7, 1), mode=Mode.VIDEO)

    found = due(DutyKind.HYPERTENSION_FOLLOW_UP, *met, call)

    assert found
    assert (found.due_on, found.reason, found.face_to_face) == (date(2026, 10, 1), DutyReason.CONTROLLED, False)


def test_a_monthly_plan_asks_every_month() -> None:
    found = when(pressure(date(2026, 1, 31)), to=enrolled(monthly=True))

    assert found == (date(2026, 2, 28), DutyReason.MONTHLY)


def test_a_graded_policy_asks_the_grade_every_month() -> None:
    policy = Policy(monthly_grades=frozenset({3}))

    found = find_duties(archive(), [enrolled(grade=3)], [pressure(date(2026, 4, 10))], TODAY, policy)

    assert found[0].due_on == date(2026, 5, 10)


def test_an_agreed_day_counts_if_it_is_sooner() -> None:
    sooner = pressure(date(2026, 4, 10), next_on=date(2026, 5, 1))
    later = pressure(date(2026, 4, 10), next_on=date(2027, 5, 1))

    assert when(sooner) == (date(2026, 5, 1), DutyReason.AGREED)
    assert when(later) == (date(2026, 7, 10), DutyReason.CONTROLLED)


def test_a_blood_pressure_counts_as_a_follow_up_if_it_says_how_it_was_taken() -> None:
    taken = entry(date(2026, 4, 10), BloodPressure(systolic=150, diastolic=80, mode=Mode.FACE_TO_FACE))
    silent = entry(date(2026, 4, 10), BloodPressure(systolic=150, diastolic=80))

    assert when(taken)[1] is DutyReason.UNCONTROLLED
    assert when(silent)[1] is DutyReason.FIRST


def test_what_was_voided_or_came_before_enrolling_counts_for_nothing() -> None:
    voided = pressure(date(2026, 4, 10)).model_copy(update={"state": EntryState.VOIDED})

    assert when(voided, pressure(date(2025, 12, 1))) == (date(2026, 1, 24), DutyReason.FIRST)


# --- the other conditions


@pytest.mark.parametrize(
    ("found", "days", "reason"),
    [
        (6.9, None, DutyReason.CONTROLLED),
        (7.0, 14, DutyReason.UNCONTROLLED),
        (16.7, 14, DutyReason.URGENT),
        (3.9, 14, DutyReason.URGENT),
        (4.0, None, DutyReason.CONTROLLED),
    ],
)
def test_fasting_glucose_sets_the_clock_of_diabetes(found: float, days: int | None, reason: DutyReason) -> None:
    seen = date(2026, 4, 10)

    duty = due(DutyKind.DIABETES_FOLLOW_UP, glucose(seen, found), to=enrolled(Condition.DIABETES_2))

    assert duty
    assert (duty.due_on, duty.reason) == (seen + timedelta(days=days) if days else date(2026, 7, 10), reason)


def test_tuberculosis_is_visited_within_72_hours_then_every_ten_days_then_monthly() -> None:
    known = enrolled(Condition.TUBERCULOSIS)

    def seen(*days: date, ended: bool = False) -> Duty | None:
        content = TuberculosisFollowUp(mode=Mode.FACE_TO_FACE, treatment_ended=ended)
        return due(DutyKind.TUBERCULOSIS_FOLLOW_UP, *(entry(day, content) for day in days), to=known)

    found = [seen(), seen(date(2026, 1, 12)), seen(date(2026, 1, 12), date(2026, 3, 20))]

    assert [duty and duty.due_on for duty in found] == [date(2026, 1, 13), date(2026, 1, 22), date(2026, 4, 20)]
    assert seen(date(2026, 7, 1), ended=True) is None


@pytest.mark.parametrize(
    ("stability", "due_on"),
    [
        (Stability.STABLE, date(2026, 7, 10)),
        (Stability.BASICALLY_STABLE, date(2026, 5, 10)),
        (Stability.UNSTABLE, date(2026, 4, 24)),
    ],
)
def test_stability_sets_the_clock_of_a_severe_mental_disorder(stability: Stability, due_on: date) -> None:
    content = MentalHealthFollowUp(mode=Mode.FACE_TO_FACE, stability=stability)
    known = enrolled(Condition.SEVERE_MENTAL_DISORDER)

    duty = due(DutyKind.MENTAL_HEALTH_FOLLOW_UP, entry(date(2026, 4, 10), content), to=known)

    assert duty
    assert duty.due_on == due_on


def test_a_referral_is_asked_after_until_somebody_did() -> None:
    referral = entry(date(2026, 4, 10), Referral(reason="血压高", to="district_hospital"))
    checked = referral.content.model_copy(update={"checked_on": date(2026, 4, 20)})

    asked = due(DutyKind.REFERRAL_CHECK, referral)

    assert asked
    assert asked.due_on == date(2026, 4, 24)
    assert due(DutyKind.REFERRAL_CHECK, referral.model_copy(update={"content": checked})) is None
    assert due(DutyKind.REFERRAL_CHECK, referral, pressure(date(2026, 4, 18))) is None


# --- exams

WHOLE = PhysicalExam(
    haemoglobin=130, white_cells=6, platelets=200, urine_protein=Strip.NEGATIVE, urine_glucose=Strip.NEGATIVE,
    alt=20, ast=20, bilirubin=10, creatinine=60, urea=5, fasting_glucose=5, cholesterol=5, triglycerides=1,
    low_density_cholesterol=3, high_density_cholesterol=1, electrocardiogram=Finding.NORMAL,
    abdominal_ultrasound=Finding.NORMAL,
)  # fmt: skip


def test_the_elderly_have_an_exam_by_the_end_of_the_year_and_then_every_year() -> None:
    old = archive(birth=date(1950, 6, 1))

    first = find_duties(old, [], [], TODAY)
    after = find_duties(old, [], [entry(date(2026, 5, 5), WHOLE)], TODAY)

    assert [(duty.kind, duty.due_on) for duty in first] == [(DutyKind.ELDERLY_EXAM, date(2026, 12, 31))]
    assert [duty.due_on for duty in after] == [date(2027, 5, 5)]


def test_an_exam_of_the_elderly_that_lacks_tests_is_to_be_completed_soon() -> None:
    lacking = WHOLE.model_copy(update={"creatinine": None, "electrocardiogram": None})

    (found,) = find_duties(archive(birth=date(1950, 6, 1)), [], [entry(date(2026, 5, 5), lacking)], TODAY)

    assert lacking.missing_tests() == ("kidney", "electrocardiogram")
    assert (found.due_on, found.reason) == (date(2026, 6, 4), DutyReason.INCOMPLETE)


def test_who_is_managed_has_an_exam_every_year_and_nobody_else_below_65() -> None:
    exam = due(DutyKind.ANNUAL_EXAM)

    assert exam
    assert exam.due_on == date(2027, 1, 10)
    assert find_duties(archive(), [], [], TODAY) == []


# --- children and mothers


def vaccinations(birth: date, today: date, *given: tuple[Vaccine, int, date]) -> dict[str, Duty]:
    entries = [entry(day, Vaccination(vaccine=vaccine, dose=dose)) for vaccine, dose, day in given]
    found = find_duties(archive(birth=birth), [], entries, today)
    return {duty.item: duty for duty in found if duty.kind is DutyKind.VACCINATION}


def test_a_newborn_is_due_the_first_dose_of_every_vaccine() -> None:
    found = vaccinations(date(2026, 11, 20), TODAY)

    assert found["HepB-1"].due_on == found["BCG-1"].due_on == TODAY
    assert found["DTaP-1"].due_on == date(2027, 1, 20)
    assert found["MPSV-AC-1"].due_on == date(2029, 11, 20)
    assert "HepB-2" not in found


def test_the_next_dose_keeps_its_distance_from_the_one_before() -> None:
    late = vaccinations(date(2026, 1, 20), TODAY, (Vaccine.HEPATITIS_B, 1, date(2026, 11, 10)))

    assert late["HepB-2"].due_on == date(2026, 12, 8)
    assert late["HepB-2"].catch_up_on == date(2026, 4, 20)


def test_what_may_no_longer_be_given_is_not_asked_for() -> None:
    at_two, at_four = vaccinations(date(2024, 11, 20), TODAY), vaccinations(date(2022, 11, 20), TODAY)
    at_seven = vaccinations(date(2019, 11, 20), TODAY)

    assert "BCG-1" in at_two
    assert "MPSV-A-1" not in at_two
    assert "BCG-1" not in at_four
    assert at_seven == {}


def test_children_born_since_2025_follow_the_newer_schedule() -> None:
    assert vaccinations(date(2024, 12, 31), TODAY)["DTaP-1"].due_on == date(2025, 3, 31)
    assert vaccinations(date(2025, 1, 1), TODAY)["DTaP-1"].due_on == date(2025, 3, 1)


@pytest.mark.parametrize("doses", SCHEDULES.values())
def test_a_schedule_names_each_dose_once_and_in_order(doses: Any) -> None:
    named = [(dose.vaccine, dose.dose) for dose in doses]

    assert len(set(named)) == len(named)
    for dose in doses:
        assert dose.due_months < dose.catch_up_months <= dose.until_months
        assert dose.dose == 1 or (dose.vaccine, dose.dose - 1) in named


def test_a_child_is_asked_for_the_next_visit_that_can_still_be_made() -> None:
    born = date(2025, 11, 5)
    made = entry(date(2026, 11, 10), ChildVisit(stage=ChildStage.MONTH_12))

    def visits(*entries: Entry) -> list[tuple[str, date]]:
        found = find_duties(archive(birth=born), [], entries, TODAY)
        return [(duty.item, duty.due_on) for duty in found if duty.kind is DutyKind.CHILD_VISIT]

    assert visits() == [("month_12", date(2027, 1, 5))]
    assert visits(made) == [("month_18", date(2027, 7, 5))]


def test_a_pregnancy_asks_for_its_visits_and_a_birth_for_those_after_it() -> None:
    begun = date(2026, 6, 1)
    early = entry(date(2026, 8, 1), MaternalVisit(stage=MaternalStage.EARLY, last_period_on=begun))
    birth = MaternalVisit(stage=MaternalStage.WEEKS_37_40, delivered_on=date(2026, 11, 10))
    lost = MaternalVisit(stage=MaternalStage.WEEKS_16_20, ended_on=date(2026, 10, 1))

    def visits(*entries: Entry) -> list[tuple[str, date]]:
        found = find_duties(archive(), [], entries, TODAY)
        return [(duty.item, duty.due_on) for duty in found if duty.kind is DutyKind.MATERNAL_VISIT]

    assert visits(early) == [("weeks_21_24", date(2026, 11, 22))]
    assert visits(early, entry(date(2026, 11, 10), birth)) == [("after_birth", date(2026, 11, 17))]
    assert visits(early, entry(date(2026, 10, 2), lost)) == []


# --- laws


@st.composite
def histories(draw: st.DrawFn) -> list[Entry]:
    days = draw(st.lists(st.integers(0, 400), max_size=12))
    entries = []
    for number, day in enumerate(days):
        content = HypertensionFollowUp(
            mode=draw(st.sampled_from(Mode)),
            systolic=draw(st.sampled_from((120, 145, 155, 185))),
            diastolic=draw(st.sampled_from((80, 95, 115))),
            side_effects=draw(st.booleans()),
        )
        on, street = ENROLLED + timedelta(days=day), draw(st.sampled_from(("320507001", "320812001")))
        entries.append(entry(on, content, entry_id=f"entry-{number}", street=street))
    return entries


@PATIENT
@given(histories(), st.randoms(), st.integers(0, 300))
def test_the_order_of_entries_and_the_day_of_asking_change_no_follow_up(
    entries: list[Entry], chance: Any, later: int
) -> None:
    shuffled = list(entries)
    chance.shuffle(shuffled)

    one = find_duties(archive(), [enrolled()], entries, TODAY)
    other = find_duties(archive(), [enrolled()], [*shuffled, *shuffled], TODAY + timedelta(days=later))

    assert one == other


@PATIENT
@given(histories())
def test_a_follow_up_is_due_after_the_last_one_and_within_three_months(entries: list[Entry]) -> None:
    visits = visits_for(Condition.HYPERTENSION, entries, None)
    last = visits[-1].on if visits else ENROLLED

    found = due(DutyKind.HYPERTENSION_FOLLOW_UP, *entries)

    assert found
    assert found.due_on <= add_months(last, 3)
    if not visits or visits[-1].face_to_face:
        assert found.due_on > last
    if visits and visits[-1].control is not Control.CONTROLLED:
        assert found.due_on <= last + timedelta(days=14)


@PATIENT
@given(histories())
def test_whoever_does_what_is_asked_meets_at_least_four_times_in_a_whole_year(entries: list[Entry]) -> None:
    known, year = [pressure(ENROLLED), *entries], 2028
    while (found := due(DutyKind.HYPERTENSION_FOLLOW_UP, *known)) and found.due_on.year <= year:
        mode = Mode.FACE_TO_FACE if found.face_to_face else Mode.PHONE
        on = max(found.due_on, max(entry.measured_at.date() for entry in known) + timedelta(days=1))
        known.append(pressure(on, mode=mode))

    visits = visits_for(Condition.HYPERTENSION, known, None)

    assert count_face_to_face(visits, year) >= 4


@PATIENT
@given(histories(), histories())
def test_nobody_counts_a_meeting_twice(one: list[Entry], other: list[Entry]) -> None:
    both = {known.entry_id: known for known in (*one, *other)}
    visits = visits_for(Condition.HYPERTENSION, [*both.values(), *both.values()], None)

    met = {known.measured_at.date() for known in both.values() if known.content.mode is Mode.FACE_TO_FACE}  # type: ignore[union-attr]  # follow-ups alone

    assert sum(count_face_to_face(visits, year) for year in (2026, 2027)) <= len(met)


@PATIENT
@given(histories(), st.dates(date(1930, 1, 1), TODAY))
def test_nothing_is_owed_where_an_archive_is_closed_and_no_follow_up_where_management_ended(
    entries: list[Entry], birth: date
) -> None:
    ended = enrolled(ended_on=TODAY, ending=EnrolmentEnding.CURED)

    closed = find_duties(archive(birth=birth, state=ArchiveState.CLOSED), [enrolled()], entries, TODAY)
    unmanaged = find_duties(archive(birth=birth), [ended], entries, TODAY)

    assert closed == []
    assert DutyKind.HYPERTENSION_FOLLOW_UP not in {duty.kind for duty in unmanaged}


@PATIENT
@given(st.dates(date(1950, 1, 1), date(2020, 1, 1)), st.integers(0, 30))
def test_a_birthday_makes_a_year_older(birth: date, years: int) -> None:
    birthday = add_months(birth, 12 * years)

    assert age_on(birth, birthday + timedelta(days=1)) == years
    assert age_on(birth, birthday - timedelta(days=1)) == years - 1
