"""Follow-ups of chronic disease: whether it is controlled, and by when the next one is due."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from contracts.archives.archives import Archive
from contracts.archives.enrolments import Condition, Duty, DutyKind, DutyReason, Enrolment
from contracts.archives.entries import Entry
from contracts.archives.follow_ups import (
    BloodPressure,
    DiabetesFollowUp,
    FollowUp,
    HypertensionFollowUp,
    MentalHealthFollowUp,
    Stability,
    TuberculosisFollowUp,
)
from contracts.archives.forms import Mode
from contracts.reference.calendar import add_months, age_on, day_of
from services.archives.domain.policy import POLICY, Policy


class Control(StrEnum):
    """How well a condition was controlled at a follow-up; `urgent` needs action on the same day."""

    CONTROLLED = "controlled"
    UNCONTROLLED = "uncontrolled"
    URGENT = "urgent"


@dataclass(frozen=True, slots=True)
class Visit:
    """A follow-up for one condition: its day, what was entered, and how well the condition was controlled."""

    on: date
    control: Control
    content: FollowUp | BloodPressure

    @property
    def face_to_face(self) -> bool:
        """Return whether worker and person met."""
        return self.content.mode is Mode.FACE_TO_FACE

    @property
    def agreed_on(self) -> date | None:
        """Return the later day agreed on for the next follow-up; None if none was."""
        agreed = self.content.next_on if isinstance(self.content, FollowUp) else None
        return agreed if agreed and agreed > self.on else None

    @property
    def new_complication(self) -> bool:
        """Return whether a new complication was found."""
        return isinstance(self.content, FollowUp) and self.content.new_complication


def visits_for(
    condition: Condition, entries: Iterable[Entry], birth: date | None, policy: Policy = POLICY
) -> list[Visit]:
    """Return the follow-ups for a condition, oldest first: of each day the worst, of several as bad the newest."""
    by_day: dict[date, Visit] = {}
    for entry in sorted(entries, key=_by_time):
        content, on = entry.content, day_of(entry.measured_at)
        if entry.stands and isinstance(content, FollowUp | BloodPressure) and _is_for(condition, content):
            visit = Visit(on, judge(content, birth, on, policy), content)
            by_day[on] = _worse(by_day.get(on), visit)
    return [by_day[day] for day in sorted(by_day)]


def _by_time(entry: Entry) -> tuple[datetime, str]:
    return entry.measured_at, entry.entry_id


def _worse(earlier: Visit | None, later: Visit) -> Visit:
    order = list(Control)
    return later if earlier is None or order.index(later.control) >= order.index(earlier.control) else earlier


def _is_for(condition: Condition, content: FollowUp | BloodPressure) -> bool:
    """Return whether content is a follow-up for a condition; a blood pressure is one if its mode was entered."""
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
    """Return how well a follow-up's condition was controlled, by the limits for the person's age on the day."""
    found = {Control.CONTROLLED, *_judge_numbers(content, birth, on, policy)}
    if isinstance(content, FollowUp):
        found |= {Control.UNCONTROLLED} if content.side_effects or content.new_complication else set()
        found |= {Control.URGENT} if content.urgent else set()
    return max(found, key=list(Control).index)


def _judge_numbers(
    content: FollowUp | BloodPressure, birth: date | None, on: date, policy: Policy
) -> Iterator[Control]:
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
    """Return how well a blood pressure (mmHg) is controlled.

    The policy asks for less than 140 over 90, from 65 years on less than 150 over 90; 180 or 110 is urgent.
    """
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


def follow_up_duty(enrolment: Enrolment, entries: Sequence[Entry], archive: Archive, policy: Policy) -> Duty | None:
    """Return when the next follow-up of a condition is due: the soonest of its clocks; None if none runs."""
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
"""A day by which a follow-up is due, and the reason."""


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
    """Return whether neither of the last two follow-ups was controlled."""
    return len(visits) > 1 and all(visit.control is not Control.CONTROLLED for visit in visits[-2:])


def _months_when_controlled(visit: Visit, policy: Policy) -> int:
    basically = (
        isinstance(visit.content, MentalHealthFollowUp) and visit.content.stability is Stability.BASICALLY_STABLE
    )
    return policy.basically_stable_months if basically else policy.controlled_months


def _next_face_to_face(enrolment: Enrolment, visits: Sequence[Visit], policy: Policy) -> date:
    """Return the last day for the next meeting if there are to be enough meetings in the year."""
    met = [visit.on for visit in visits if visit.face_to_face]
    next_on = add_months(met[-1] if met else enrolment.enrolled_on, policy.face_to_face_months)
    if enough_face_to_face(visits, next_on.year, policy):
        return add_months(date(next_on.year, 12, 31), policy.face_to_face_months)
    return next_on


def enough_face_to_face(visits: Iterable[Visit], year: int, policy: Policy = POLICY) -> bool:
    """Return whether worker and person met often enough in a calendar year."""
    return count_face_to_face(visits, year) >= policy.face_to_face_a_year


def count_face_to_face(visits: Iterable[Visit], year: int) -> int:
    """Return on how many days of a calendar year worker and person met, whichever district kept the archive."""
    return sum(visit.face_to_face and visit.on.year == year for visit in visits)


def _tuberculosis_clocks(enrolment: Enrolment, visits: Sequence[Visit], policy: Policy) -> Iterator[Clock]:
    """Return the due days of tuberculosis: within 72 hours, then every 10 days for two months, then every month."""
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
