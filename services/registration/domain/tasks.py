"""What an office has to do, derived from transfers, stays and conflicts."""

from collections.abc import Iterator
from datetime import date, timedelta
from enum import StrEnum

from pydantic import BaseModel

from contracts.envelope import Moment
from contracts.reference.calendar import day_of
from contracts.reference.divisions import district_of
from contracts.registration.notices import Answer, AnswerState, NoticeKind, Urgency
from contracts.registration.stays import Stay, StayState
from services.registration.domain.knowledge import Knowledge

A_DAY = timedelta(days=1)


class TaskKind(StrEnum):
    """What an office has to do: about a notice, a stay, a conflict, somebody expected, somebody lost, a name.

    `urge_office` 督办 is a district's own: an office of its has let the day of a notice pass. `name_differs` follows
    from reports, not from facts: the office reported a person under another name than the one recorded.
    """

    RECEIVE_NOTICE = "receive_notice"
    ANSWER_NOTICE = "answer_notice"
    CHECK_STAY = "check_stay"
    RESOLVE_CONFLICT = "resolve_conflict"
    EXPECT_ARRIVAL = "expect_arrival"
    TRACE_PERSON = "trace_person"
    URGE_OFFICE = "urge_office"
    NAME_DIFFERS = "name_differs"


class Task(BaseModel):
    """One thing for an office (9 digits) or a district (6) to do, from `opens_on` until `due`, where these are known.

    It can be done on every day between them, and is late after the last one. `since` is the day from which names
    differ; other tasks do not say it.
    """

    kind: TaskKind
    division: str
    person_id: str
    opens_on: date | None = None
    due: date | None = None
    urgent: bool = False
    escalated: bool = False
    stay_id: str | None = None
    notice_id: str | None = None
    conflict_id: str | None = None
    street: str | None = None
    since: date | None = None


class DoneTask(BaseModel):
    """What an office did about a notice on a day: it received it or answered it, with the state of the answer since."""

    kind: TaskKind
    division: str
    person_id: str
    notice_id: str
    stay_id: str | None
    street: str
    state: AnswerState
    done_at: Moment


def done_on(answer: Answer, day: date) -> DoneTask | None:
    """Return what an office did about a notice on a day, the last if it did several things; None if it did nothing."""
    done = ((TaskKind.ANSWER_NOTICE, answer.answered_at), (TaskKind.RECEIVE_NOTICE, answer.received_at))
    for kind, moment in done:
        if moment is not None and day_of(moment) == day:
            return DoneTask(
                kind=kind,
                division=answer.answerer,
                person_id=answer.person_id,
                notice_id=answer.notice_id,
                stay_id=answer.about,
                street=answer.sender,
                state=answer.state,
                done_at=moment,
            )
    return None


def derive_tasks(known: Knowledge) -> list[Task]:
    """Return the tasks of all offices about a person, those due first ahead."""
    found = [*_notice_tasks(known), *_stay_tasks(known), *_conflict_tasks(known)]
    return sorted(found, key=_task_order)


def _task_order(task: Task) -> tuple[object, ...]:
    """Return the sort key of a task: the due day first; ids make the order total."""
    ids = (task.stay_id or "", task.notice_id or "", task.conflict_id or "")
    return task.due or date.max, task.division, task.kind, *ids


def _notice_tasks(known: Knowledge) -> Iterator[Task]:
    for notice in known.notices:
        if known.due(notice) is None:
            continue
        received = notice.notice_id in known.answers_by_notice
        kind = TaskKind.ANSWER_NOTICE if received else TaskKind.RECEIVE_NOTICE
        expected = notice.kind is NoticeKind.DEPARTURE and not known.is_met(notice)
        task = Task(
            kind=TaskKind.EXPECT_ARRIVAL if expected else kind,
            division=notice.addressee,
            person_id=notice.person_id,
            opens_on=day_of(notice.sent_at),
            due=notice.answer_due if received else notice.receipt_due,
            urgent=notice.urgency is not Urgency.ORDINARY,
            escalated=notice.escalated,
            stay_id=notice.about,
            notice_id=notice.notice_id,
            street=notice.sender,
        )
        yield task
        if notice.escalated and notice.addressee != district_of(notice.addressee):
            urging = {
                "kind": TaskKind.URGE_OFFICE,
                "division": district_of(notice.addressee),
                "opens_on": task.due + A_DAY if task.due else None,
            }
            yield task.model_copy(update={**urging, "street": notice.addressee})


def _stay_tasks(known: Knowledge) -> Iterator[Task]:
    for stay in known.claims:
        if stay.state is StayState.CONTESTED:
            rival = known.stays_by_id.get(stay.contested_by or "")
            notice = known.notice(NoticeKind.ARRIVAL, stay.contested_by or "", stay.stay_id)
            days = (day_of(notice.sent_at), notice.answer_due) if notice else (None, None)
            yield _about_stay(TaskKind.CHECK_STAY, stay, days, rival.street if rival else None)
        if stay.trace_lost_on is not None:
            yield _about_stay(TaskKind.TRACE_PERSON, stay, (stay.trace_lost_on, stay.trace_lost_on), None)
        elif known.is_taken_back(stay):
            yield _about_stay(TaskKind.CHECK_STAY, stay, (None, None), stay.destination)


def _about_stay(kind: TaskKind, stay: Stay, days: tuple[date | None, date | None], street: str | None) -> Task:
    opens_on, due = days
    return Task(
        kind=kind,
        division=stay.street,
        person_id=stay.person_id,
        opens_on=opens_on,
        due=due,
        stay_id=stay.stay_id,
        street=street,
    )


def _conflict_tasks(known: Knowledge) -> Iterator[Task]:
    for conflict in known.conflicts:
        if conflict.open:
            for street in sorted({street for street in conflict.streets if street.startswith(conflict.district)}):
                yield Task(
                    kind=TaskKind.RESOLVE_CONFLICT,
                    division=street,
                    person_id=conflict.person_id,
                    urgent=True,
                    conflict_id=conflict.conflict_id,
                )
