"""Duties to children and mothers by age or week: vaccinations, child visits, maternal visits."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import TypeVar

from contracts.archives.contents import ChildStage, ChildVisit, MaternalStage, MaternalVisit, Vaccination
from contracts.archives.enrolments import Duty, DutyKind, DutyReason
from contracts.archives.entries import Entry
from contracts.archives.forms import Content
from contracts.reference.calendar import add_months, day_of
from contracts.reference.vaccines import ScheduledDose, schedule_for
from services.archives.domain.policy import Policy

ContentT = TypeVar("ContentT", bound=Content)


@dataclass(frozen=True, slots=True)
class Stage:
    """A visit of a programme: when it opens, is due and lapses, in days or months since the programme's first day."""

    opens: int
    due: int
    lapses: int


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


def _contents(entries: Iterable[Entry], kind: type[ContentT]) -> Iterator[tuple[date, ContentT]]:
    for entry in entries:
        if isinstance(entry.content, kind):
            yield day_of(entry.measured_at), entry.content


def childhood_duties(birth: date, entries: Sequence[Entry], today: date, policy: Policy) -> Iterator[Duty]:
    """Return the vaccinations and child visits that are due to a child."""
    yield from _vaccinations(birth, entries, today, policy)
    yield from _child_visits(birth, entries, today)


def _vaccinations(birth: date, entries: Sequence[Entry], today: date, policy: Policy) -> Iterator[Duty]:
    """Return the next dose of each vaccine of the schedule that may still be given."""
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
    """Return the next child visit that was not made and can still be made."""
    made = {content.stage for _, content in _contents(entries, ChildVisit)}
    windows = {ChildStage.NEWBORN_HOME: _days(birth, NEWBORN)} | {
        stage: _months(birth, months) for stage, months in CHILD_STAGES.items()
    }
    yield from _next_stage(DutyKind.CHILD_VISIT, windows, made, today)


def maternal_duties(entries: Sequence[Entry], today: date) -> Iterator[Duty]:
    """Return the next visit of the pregnancy that was entered last, or the next one after its birth."""
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
    """Return the first day of the last period, as entered or from the weeks; None if the visit tells neither.

    Weeks count at the first visit only, since later estimates differ by days.
    """
    if visit.last_period_on:
        return visit.last_period_on
    return on - timedelta(weeks=visit.weeks) if visit.weeks and visit.stage is MaternalStage.EARLY else None


Window = tuple[date, date, date]
"""The days on which a visit opens, is due and lapses."""
StageT = TypeVar("StageT", bound=StrEnum)


def _days(first_day: date, stage: Stage) -> Window:
    opens, due, lapses = (first_day + timedelta(days=days) for days in (stage.opens, stage.due, stage.lapses))
    return opens, due, lapses


def _months(first_day: date, stage: Stage) -> Window:
    return add_months(first_day, stage.opens), add_months(first_day, stage.due), add_months(first_day, stage.lapses)


def _next_stage(
    kind: DutyKind, windows: Mapping[StageT, Window], made: Iterable[StageT], today: date
) -> Iterator[Duty]:
    """Return the first visit that was not made and has not lapsed."""
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
