"""What is due when: a pure function of an archive, its enrolments and entries, a policy and the day.

Every due day follows from what was done and not from who keeps the archive, so that a clock goes on unchanged when the
archive moves. The day decides only which stage of a programme for children or mothers is the next.
"""

from calendar import monthrange
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import TypeVar
from zoneinfo import ZoneInfo

from contracts.archives import Archive
from contracts.enrolments import Condition, Duty, DutyKind, DutyReason, Enrolment
from contracts.entries import (
    BloodPressure,
    ChildStage,
    ChildVisit,
    Content,
    DiabetesFollowUp,
    Entry,
    FollowUp,
    HypertensionFollowUp,
    MaternalStage,
    MaternalVisit,
    MentalHealthFollowUp,
    Mode,
    PhysicalExam,
    Referral,
    Stability,
    TuberculosisFollowUp,
    Vaccination,
)
from contracts.vaccines import SCHEDULES, ScheduledDose, schedule_for

SHANGHAI = ZoneInfo("Asia/Shanghai")
ContentT = TypeVar("ContentT", bound=Content)


@dataclass(frozen=True, slots=True)
class Stage:
    """A visit of a programme: when it opens, is due and lapses, in days or months from the programme's first day."""

    opens: int
    due: int
    lapses: int


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules as data: days, months and limits, as the plans and the national standard have them."""

    first_days: int = 14
    uncontrolled_days: int = 14
    controlled_months: int = 3
    plan_months: int = 1
    monthly_grades: frozenset[int] = frozenset()
    face_to_face_a_year: int = 4
    face_to_face_months: int = 3
    exam_months: int = 12
    incomplete_exam_days: int = 30
    elderly_age: int = 65
    systolic_below: int = 140
    systolic_below_elderly: int = 150
    diastolic_below: int = 90
    systolic_urgent: int = 180
    diastolic_urgent: int = 110
    glucose_below: float = 7.0
    glucose_urgent: float = 16.7
    glucose_low: float = 3.9
    tuberculosis_first_days: int = 3
    tuberculosis_intensive_days: int = 60
    tuberculosis_intensive_every: int = 10
    basically_stable_months: int = 1
    referral_days: int = 14
    dead_after_days: int = 365
    offer_days: int = 30
    schedules: Mapping[date, tuple[ScheduledDose, ...]] = field(default_factory=lambda: SCHEDULES)


POLICY = Policy()

CHILD_STAGES: Mapping[ChildStage, Stage] = {
    ChildStage.MONTH_1: Stage(1, 2, 3),
    ChildStage.MONTH_3: Stage(3, 4, 6),
    ChildStage.MONTH_6: Stage(6, 7, 8),
    ChildStage.MONTH_8: Stage(8, 10, 12),
    ChildStage.MONTH_12: Stage(12, 14, 18),
    ChildStage.MONTH_18: Stage(18, 20, 24),
    ChildStage.MONTH_24: Stage(24, 26, 30),
    ChildStage.MONTH_30: Stage(30, 32, 36),
    ChildStage.MONTH_36: Stage(36, 39, 48),
    ChildStage.YEAR_4: Stage(48, 54, 60),
    ChildStage.YEAR_5: Stage(60, 66, 72),
    ChildStage.YEAR_6: Stage(72, 78, 84),
}
"""The visits of a child after the newborn's at home, in months of age."""

NEWBORN = Stage(0, 7, 28)
"""The visit of a newborn at home, in days of age."""

PREGNANCY_STAGES: Mapping[MaternalStage, Stage] = {
    MaternalStage.EARLY: Stage(0, 91, 112),
    MaternalStage.WEEKS_16_20: Stage(112, 146, 147),
    MaternalStage.WEEKS_21_24: Stage(147, 174, 196),
    MaternalStage.WEEKS_28_36: Stage(196, 258, 259),
    MaternalStage.WEEKS_37_40: Stage(259, 286, 308),
}
"""The visits of a pregnancy, in days since the last period."""

BIRTH_STAGES: Mapping[MaternalStage, Stage] = {
    MaternalStage.AFTER_BIRTH: Stage(0, 7, 28),
    MaternalStage.DAY_42: Stage(42, 49, 56),
}
"""The visits of a mother, in days since the birth."""


class Control(StrEnum):
    """What a follow-up found: `urgent` is a matter of the same day."""

    CONTROLLED = "controlled"
    UNCONTROLLED = "uncontrolled"
    URGENT = "urgent"


@dataclass(frozen=True, slots=True)
class Visit:
    """A follow-up for one condition, judged."""

    on: date
    control: Control
    content: FollowUp | BloodPressure

    @property
    def face_to_face(self) -> bool:
        """Say whether the two met."""
        return self.content.mode is Mode.FACE_TO_FACE

    @property
    def agreed_on(self) -> date | None:
        """Give the day that worker and person agreed on for the next one."""
        agreed = self.content.next_on if isinstance(self.content, FollowUp) else None
        return agreed if agreed and agreed > self.on else None

    @property
    def new_complication(self) -> bool:
        """Say whether a complication was new."""
        return isinstance(self.content, FollowUp) and self.content.new_complication


def day_of(moment: datetime) -> date:
    """Give the statutory day of a moment."""
    return moment.astimezone(SHANGHAI).date()


def add_months(day: date, months: int) -> date:
    """Go on by calendar months; the 31st becomes the last day of a shorter month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def age_on(birth: date, day: date) -> int:
    """Count full years; who was born on 29 February is a year older on 1 March of an ordinary year."""
    return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))


def find_duties(
    archive: Archive, enrolments: Iterable[Enrolment], entries: Iterable[Entry], today: date, policy: Policy = POLICY
) -> list[Duty]:
    """List what is owed to the person of an open archive, soonest first."""
    if not archive.is_open:
        return []
    standing = sorted(
        (entry for entry in entries if entry.stands), key=lambda entry: (entry.measured_at, entry.entry_id)
    )
    active = sorted((enrolment for enrolment in enrolments if enrolment.active), key=lambda known: known.condition)
    found = [_follow_up_duty(enrolment, standing, archive, policy) for enrolment in active]
    duties = [
        *(duty for duty in found if duty),
        *_exams(archive, active, standing, today, policy),
        *_referral_checks(standing, policy),
        *_maternal_visits(standing, today),
        *(_childhood(archive.birth, standing, today, policy) if archive.birth else ()),
    ]
    return sorted(duties, key=lambda duty: (duty.due_on, duty.name))


def visits_for(
    condition: Condition, entries: Iterable[Entry], birth: date | None, policy: Policy = POLICY
) -> list[Visit]:
    """List the follow-ups for a condition, oldest first; the newest of several on one day that was as bad as any."""
    by_day: dict[date, Visit] = {}
    for entry in sorted(entries, key=_by_time):
        content, on = entry.content, day_of(entry.measured_at)
        if entry.stands and isinstance(content, FollowUp | BloodPressure) and _is_for(condition, content):
            visit = Visit(on, judge(content, birth, on, policy), content)
            by_day[on] = _worse(by_day.get(on), visit)
    return [by_day[day] for day in sorted(by_day)]


def _by_time(entry: Entry) -> tuple[datetime, str]:
    return entry.measured_at, entry.entry_id


def _worse(one: Visit | None, other: Visit) -> Visit:
    order = list(Control)
    return other if one is None or order.index(other.control) >= order.index(one.control) else one


def _is_for(condition: Condition, content: FollowUp | BloodPressure) -> bool:
    """Say whether a content is a follow-up for a condition; a blood pressure is one if it says how it was done."""
    match condition:
        case Condition.HYPERTENSION:
            taken = isinstance(content, BloodPressure) and content.mode is not None
            return taken or isinstance(content, HypertensionFollowUp)
        case Condition.DIABETES_2:
            return isinstance(content, DiabetesFollowUp)
        case Condition.TUBERCULOSIS:
            return isinstance(content, TuberculosisFollowUp)
        case Condition.SEVERE_MENTAL_DISORDER:
            return isinstance(content, MentalHealthFollowUp)


def judge(content: FollowUp | BloodPressure, birth: date | None, on: date, policy: Policy = POLICY) -> Control:
    """Judge a follow-up by the limits that hold at the person's age."""
    found = {Control.CONTROLLED, *_numbers(content, birth, on, policy)}
    if isinstance(content, FollowUp):
        found |= {Control.UNCONTROLLED} if content.side_effects or content.new_complication else set()
        found |= {Control.URGENT} if content.urgent else set()
    return max(found, key=list(Control).index)


def _numbers(content: FollowUp | BloodPressure, birth: date | None, on: date, policy: Policy) -> Iterator[Control]:
    match content:
        case HypertensionFollowUp() | BloodPressure():
            yield judge_pressure(content.systolic, content.diastolic, birth, on, policy)
        case DiabetesFollowUp():
            yield _judge_glucose(content.fasting_glucose, policy)
            if _reaches(content.systolic, policy.systolic_urgent) or _reaches(
                content.diastolic, policy.diastolic_urgent
            ):
                yield Control.URGENT
        case MentalHealthFollowUp():
            if content.stability is Stability.UNSTABLE or content.risk >= 3:
                yield Control.UNCONTROLLED
        case _:
            return


def judge_pressure(systolic: int, diastolic: int, birth: date | None, on: date, policy: Policy = POLICY) -> Control:
    """Judge a blood pressure: below 140 over 90, from 65 years on below 150 over 90; urgent at 180 or 110."""
    if systolic >= policy.systolic_urgent or diastolic >= policy.diastolic_urgent:
        return Control.URGENT
    elderly = birth is not None and age_on(birth, on) >= policy.elderly_age
    target = policy.systolic_below_elderly if elderly else policy.systolic_below
    return Control.CONTROLLED if systolic < target and diastolic < policy.diastolic_below else Control.UNCONTROLLED


def _judge_glucose(glucose: float, policy: Policy) -> Control:
    if glucose >= policy.glucose_urgent or glucose <= policy.glucose_low:
        return Control.URGENT
    return Control.CONTROLLED if glucose < policy.glucose_below else Control.UNCONTROLLED


def _reaches(value: int | None, limit: int) -> bool:
    return value is not None and value >= limit


_FOLLOW_UPS: Mapping[Condition, DutyKind] = {
    Condition.HYPERTENSION: DutyKind.HYPERTENSION_FOLLOW_UP,
    Condition.DIABETES_2: DutyKind.DIABETES_FOLLOW_UP,
    Condition.TUBERCULOSIS: DutyKind.TUBERCULOSIS_FOLLOW_UP,
    Condition.SEVERE_MENTAL_DISORDER: DutyKind.MENTAL_HEALTH_FOLLOW_UP,
}


def _follow_up_duty(enrolment: Enrolment, entries: Sequence[Entry], archive: Archive, policy: Policy) -> Duty | None:
    """Say when the next follow-up of a condition is due: the soonest of the clocks that run."""
    visits = visits_for(enrolment.condition, entries, archive.birth, policy)
    visits = [visit for visit in visits if visit.on >= enrolment.enrolled_on]
    clocks = _tuberculosis_clocks if enrolment.condition is Condition.TUBERCULOSIS else _chronic_clocks
    running = list(clocks(enrolment, visits, policy))
    if not running:
        return None
    due_on, reason = min(running, key=lambda clock: clock[0])
    return Duty(
        kind=_FOLLOW_UPS[enrolment.condition],
        due_on=due_on,
        reason=reason,
        face_to_face=reason is DutyReason.QUOTA or not enough_face_to_face(visits, due_on.year, policy),
    )


Clock = tuple[date, DutyReason]


def _chronic_clocks(enrolment: Enrolment, visits: Sequence[Visit], policy: Policy) -> Iterator[Clock]:
    if not visits:
        yield enrolment.enrolled_on + timedelta(days=policy.first_days), DutyReason.FIRST
        return
    last = visits[-1]
    yield _next_by_control(visits, policy)
    if enrolment.monthly or enrolment.grade in policy.monthly_grades:
        yield add_months(last.on, policy.plan_months), DutyReason.MONTHLY
    if last.agreed_on:
        yield last.agreed_on, DutyReason.AGREED
    yield _next_face_to_face(enrolment, visits, policy), DutyReason.QUOTA


def _next_by_control(visits: Sequence[Visit], policy: Policy) -> Clock:
    last = visits[-1]
    soon = last.on + timedelta(days=policy.uncontrolled_days)
    if last.control is Control.URGENT:
        return soon, DutyReason.URGENT
    if last.new_complication or needs_referral(visits):
        return soon, DutyReason.REFER
    if last.control is Control.UNCONTROLLED:
        return soon, DutyReason.UNCONTROLLED
    return add_months(last.on, _months_when_controlled(last, policy)), DutyReason.CONTROLLED


def needs_referral(visits: Sequence[Visit]) -> bool:
    """Say whether the last two follow-ups running were both uncontrolled."""
    return len(visits) > 1 and all(visit.control is not Control.CONTROLLED for visit in visits[-2:])


def _months_when_controlled(visit: Visit, policy: Policy) -> int:
    basically = (
        isinstance(visit.content, MentalHealthFollowUp) and visit.content.stability is Stability.BASICALLY_STABLE
    )
    return policy.basically_stable_months if basically else policy.controlled_months


def _next_face_to_face(enrolment: Enrolment, visits: Sequence[Visit], policy: Policy) -> date:
    """Say when the two must meet at the latest for there to be enough meetings in the year."""
    met = [visit.on for visit in visits if visit.face_to_face]
    next_on = add_months(met[-1] if met else enrolment.enrolled_on, policy.face_to_face_months)
    if enough_face_to_face(visits, next_on.year, policy):
        return add_months(date(next_on.year, 12, 31), policy.face_to_face_months)
    return next_on


def enough_face_to_face(visits: Iterable[Visit], year: int, policy: Policy = POLICY) -> bool:
    """Say whether the two met often enough in a calendar year."""
    return count_face_to_face(visits, year) >= policy.face_to_face_a_year


def count_face_to_face(visits: Iterable[Visit], year: int) -> int:
    """Count the days of a calendar year on which the two met, whoever kept the archive."""
    return sum(visit.face_to_face and visit.on.year == year for visit in visits)


def _tuberculosis_clocks(enrolment: Enrolment, visits: Sequence[Visit], policy: Policy) -> Iterator[Clock]:
    """Ask for a first visit within 72 hours, then every 10 days for two months, then every month until the end."""
    if not visits:
        yield enrolment.enrolled_on + timedelta(days=policy.tuberculosis_first_days), DutyReason.FIRST
        return
    last = visits[-1]
    if isinstance(last.content, TuberculosisFollowUp) and last.content.treatment_ended:
        return
    if last.control is not Control.CONTROLLED:
        yield _next_by_control(visits, policy)
    if last.agreed_on:
        yield last.agreed_on, DutyReason.AGREED
    intensive_until = enrolment.enrolled_on + timedelta(days=policy.tuberculosis_intensive_days)
    if last.on < intensive_until:
        yield last.on + timedelta(days=policy.tuberculosis_intensive_every), DutyReason.SCHEDULE
    else:
        yield add_months(last.on, policy.plan_months), DutyReason.MONTHLY


def _exams(
    archive: Archive, active: Sequence[Enrolment], entries: Sequence[Entry], today: date, policy: Policy
) -> Iterator[Duty]:
    """Ask for an exam every year: at 65 and over with all auxiliary tests, else of those who are managed."""
    exams = [(day_of(entry.measured_at), entry.content) for entry in entries if isinstance(entry.content, PhysicalExam)]
    if archive.birth and age_on(archive.birth, today) >= policy.elderly_age:
        yield _elderly_exam(archive, archive.birth, exams, policy)
    elif managed := [known for known in active if known.condition is not Condition.TUBERCULOSIS]:
        since = max((on for on, _ in exams), default=min(known.enrolled_on for known in managed))
        yield Duty(kind=DutyKind.ANNUAL_EXAM, due_on=add_months(since, policy.exam_months), reason=DutyReason.YEARLY)


def _elderly_exam(archive: Archive, birth: date, exams: Sequence[tuple[date, PhysicalExam]], policy: Policy) -> Duty:
    """Ask for the exam of 65 and over: the first by the end of the year, an incomplete one to be completed soon."""
    done = [on for on, exam in exams if not exam.missing_tests()]
    yearly = (
        add_months(done[-1], policy.exam_months)
        if done
        else date(max(birth.year + policy.elderly_age, (archive.since or day_of(archive.opened_at)).year), 12, 31)
    )
    if exams and exams[-1][1].missing_tests():
        soon = exams[-1][0] + timedelta(days=policy.incomplete_exam_days)
        if soon < yearly:
            return Duty(kind=DutyKind.ELDERLY_EXAM, due_on=soon, reason=DutyReason.INCOMPLETE)
    return Duty(kind=DutyKind.ELDERLY_EXAM, due_on=yearly, reason=DutyReason.YEARLY)


def _referral_checks(entries: Sequence[Entry], policy: Policy) -> Iterator[Duty]:
    """Ask after each referral within two weeks, unless somebody did: by its outcome, or by a later follow-up."""
    for entry in entries:
        if not isinstance(entry.content, Referral) or entry.content.checked_on:
            continue
        on = day_of(entry.measured_at)
        if not any(isinstance(later.content, FollowUp) and day_of(later.measured_at) > on for later in entries):
            due_on = on + timedelta(days=policy.referral_days)
            yield Duty(kind=DutyKind.REFERRAL_CHECK, item=entry.entry_id, due_on=due_on, reason=DutyReason.REFER)


def _contents(entries: Iterable[Entry], kind: type[ContentT]) -> Iterator[tuple[date, ContentT]]:
    for entry in entries:
        if isinstance(entry.content, kind):
            yield day_of(entry.measured_at), entry.content


def _childhood(birth: date, entries: Sequence[Entry], today: date, policy: Policy) -> Iterator[Duty]:
    yield from _vaccinations(birth, entries, today, policy)
    yield from _child_visits(birth, entries, today)


def _vaccinations(birth: date, entries: Sequence[Entry], today: date, policy: Policy) -> Iterator[Duty]:
    """Ask for the next dose of each vaccine of the schedule, as long as it may be given."""
    given: dict[tuple[str, int], date] = {}
    for on, content in _contents(entries, Vaccination):
        given.setdefault((content.vaccine, content.dose), on)
    following: set[str] = set()
    for dose in schedule_for(birth, policy.schedules):
        if (dose.vaccine, dose.dose) in given or dose.vaccine in following:
            continue
        following.add(dose.vaccine)
        duty = _dose_duty(dose, birth, given.get((dose.vaccine, dose.dose - 1)))
        if duty.lapses_on and today < duty.lapses_on and duty.due_on < duty.lapses_on:
            yield duty


def _dose_duty(dose: ScheduledDose, birth: date, before: date | None) -> Duty:
    due_on = add_months(birth, dose.due_months)
    return Duty(
        kind=DutyKind.VACCINATION,
        item=f"{dose.vaccine}-{dose.dose}",
        due_on=max(due_on, before + timedelta(days=dose.gap_days)) if before else due_on,
        reason=DutyReason.SCHEDULE,
        face_to_face=True,
        catch_up_on=add_months(birth, dose.catch_up_months),
        lapses_on=add_months(birth, dose.until_months),
    )


def _child_visits(birth: date, entries: Sequence[Entry], today: date) -> Iterator[Duty]:
    """Ask for the next visit that was not made and can still be made."""
    made = {content.stage for _, content in _contents(entries, ChildVisit)}
    windows = {ChildStage.NEWBORN_HOME: _days(birth, NEWBORN)} | {
        stage: _months(birth, months) for stage, months in CHILD_STAGES.items()
    }
    yield from _next_stage(DutyKind.CHILD_VISIT, windows, made, today)


def _maternal_visits(entries: Sequence[Entry], today: date) -> Iterator[Duty]:
    """Ask for the next visit of the pregnancy that was entered last, or after the birth."""
    visits = list(_contents(entries, MaternalVisit))
    pregnancies = [begun for visit in visits if (begun := _begun_on(*visit))]
    if not pregnancies:
        return
    begun = max(pregnancies)
    own = [content for on, content in visits if begun <= on]
    if any(content.ended_on for content in own):
        return
    made = {content.stage for content in own}
    born = max((content.delivered_on for content in own if content.delivered_on), default=None)
    stages, first_day = (BIRTH_STAGES, born) if born else (PREGNANCY_STAGES, begun)
    windows = {stage: _days(first_day, days) for stage, days in stages.items()}
    yield from _next_stage(DutyKind.MATERNAL_VISIT, windows, made, today)


def _begun_on(on: date, visit: MaternalVisit) -> date | None:
    """Date a pregnancy by the last period; by weeks only at its first visit, since later estimates differ by days."""
    if visit.last_period_on:
        return visit.last_period_on
    early = visit.weeks is not None and visit.stage is MaternalStage.EARLY
    return on - timedelta(weeks=visit.weeks) if early and visit.weeks else None


Window = tuple[date, date, date]
StageT = TypeVar("StageT", bound=StrEnum)


def _days(first_day: date, stage: Stage) -> Window:
    opens, due, lapses = (first_day + timedelta(days=days) for days in (stage.opens, stage.due, stage.lapses))
    return opens, due, lapses


def _months(first_day: date, stage: Stage) -> Window:
    return add_months(first_day, stage.opens), add_months(first_day, stage.due), add_months(first_day, stage.lapses)


def _next_stage(
    kind: DutyKind, windows: Mapping[StageT, Window], made: Iterable[StageT], today: date
) -> Iterator[Duty]:
    done = set(made)
    for stage, (opens, due, lapses) in windows.items():
        if stage not in done and today < lapses:
            yield Duty(
                kind=kind,
                item=stage.value,
                due_on=due,
                reason=DutyReason.SCHEDULE,
                face_to_face=True,
                opens_on=opens,
                lapses_on=lapses,
            )
            return
