"""Duties, that is what is due when: a pure function of an archive, its enrolments and entries, a policy and the day.

Every due day follows from what was done and not from who keeps the archive, so that it stays the same when the archive
moves. The day of asking decides only which stage of a programme for children or mothers is the next.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta

from contracts.archives.archives import Archive
from contracts.archives.contents import PhysicalExam, Referral
from contracts.archives.enrolments import Condition, Duty, DutyKind, DutyReason, Enrolment
from contracts.archives.entries import Entry
from contracts.archives.follow_ups import FollowUp
from contracts.reference.calendar import add_months, age_on, day_of
from services.archives.domain.follow_ups import follow_up_duty
from services.archives.domain.policy import POLICY, Policy
from services.archives.domain.stages import childhood_duties, maternal_duties


def find_duties(
    archive: Archive, enrolments: Iterable[Enrolment], entries: Iterable[Entry], today: date, policy: Policy = POLICY
) -> list[Duty]:
    """Return what is due to the person of an archive, soonest first; nothing if the archive is closed."""
    if not archive.is_open:
        return []
    standing = sorted(
        (entry for entry in entries if entry.stands), key=lambda entry: (entry.measured_at, entry.entry_id)
    )
    active = sorted((enrolment for enrolment in enrolments if enrolment.active), key=lambda known: known.condition)
    found = [follow_up_duty(enrolment, standing, archive, policy) for enrolment in active]
    duties = [
        *(duty for duty in found if duty),
        *_exams(archive, active, standing, today, policy),
        *_referral_checks(standing, policy),
        *maternal_duties(standing, today),
        *(childhood_duties(archive.birth, standing, today, policy) if archive.birth else ()),
    ]
    return sorted(duties, key=lambda duty: (duty.due_on, duty.name))


def _exams(
    archive: Archive, active: Sequence[Enrolment], entries: Sequence[Entry], today: date, policy: Policy
) -> Iterator[Duty]:
    """Return the yearly exam: with all auxiliary tests at 65 and over, else for those managed for a chronic disease."""
    exams = [(day_of(entry.measured_at), entry.content) for entry in entries if isinstance(entry.content, PhysicalExam)]
    if archive.birth and age_on(archive.birth, today) >= policy.elderly_age:
        yield _elderly_exam(archive, archive.birth, exams, policy)
    elif managed := [known for known in active if known.condition is not Condition.TUBERCULOSIS]:
        since = max((on for on, _ in exams), default=min(known.enrolled_on for known in managed))
        yield Duty(kind=DutyKind.ANNUAL_EXAM, due_on=add_months(since, policy.exam_months), reason=DutyReason.YEARLY)


def _elderly_exam(archive: Archive, birth: date, exams: Sequence[tuple[date, PhysicalExam]], policy: Policy) -> Duty:
    """Return the exam of 65 and over: the first by the end of the year, an incomplete one to be completed soon."""
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
    """Return a check within two weeks of each referral that has no outcome yet and no later follow-up."""
    for entry in entries:
        if not isinstance(entry.content, Referral) or entry.content.checked_on:
            continue
        on = day_of(entry.measured_at)
        if not any(isinstance(later.content, FollowUp) and day_of(later.measured_at) > on for later in entries):
            due_on = on + timedelta(days=policy.referral_days)
            yield Duty(kind=DutyKind.REFERRAL_CHECK, item=entry.entry_id, due_on=due_on, reason=DutyReason.REFER)
