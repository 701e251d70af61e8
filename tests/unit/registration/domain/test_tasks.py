"""From when on a task can be done and until when; and what an office did about a notice on a day."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from contracts.registration.notices import Answer, AnswerState, Notice
from contracts.registration.stays import Contest, DestinationKind, Ending, Stay, StayState
from services.registration.domain.knowledge import Knowledge
from services.registration.domain.tasks import TaskKind, derive_tasks, done_on
from tests.support.facts import FIRST_DAY, PEOPLE, STREETS, make_answer, make_notice, make_stay

NEW = make_stay(PEOPLE[0], STREETS[1], day=5)
OLD = make_stay(PEOPLE[0], STREETS[0]).model_copy(
    update={"state": StayState.CONTESTED, "contest": Contest.NEWER_STAY, "contested_by": NEW.stay_id}
)
SENT_ON, DUE = FIRST_DAY + timedelta(days=10), FIRST_DAY + timedelta(days=40)
MOMENT = datetime(2026, 3, 2, 1, tzinfo=UTC)
DAY, NEXT_DAY = date(2026, 3, 2), date(2026, 3, 3)


def days(notice: Notice, *answers: Answer, stays: tuple[Stay, ...] = (OLD, NEW)) -> dict[TaskKind, Any]:
    tasks = derive_tasks(Knowledge(stays=stays, notices=(notice,), answers=answers))
    return {task.kind: (task.opens_on, task.due) for task in tasks}


def test_what_a_notice_asks_for_can_be_done_from_the_day_it_was_sent() -> None:
    notice = make_notice(NEW, OLD)

    assert days(notice) == {TaskKind.RECEIVE_NOTICE: (SENT_ON, DUE), TaskKind.CHECK_STAY: (SENT_ON, DUE)}
    assert days(notice, make_answer(notice))[TaskKind.ANSWER_NOTICE] == (SENT_ON, DUE)


def test_an_office_is_urged_from_the_day_after_it_was_due() -> None:
    told = days(make_notice(NEW, OLD, escalated=True))

    assert told[TaskKind.URGE_OFFICE] == (DUE + timedelta(days=1), DUE)
    assert told[TaskKind.RECEIVE_NOTICE] == (SENT_ON, DUE)


def test_without_a_notice_a_stay_can_be_checked_at_any_time() -> None:
    [task] = derive_tasks(Knowledge(stays=(OLD, NEW)))

    assert (task.kind, task.opens_on, task.due) == (TaskKind.CHECK_STAY, None, None)


def test_who_is_lost_is_traced_from_the_day_they_count_as_lost() -> None:
    lost_on = date(2026, 5, 1)
    left = make_stay(PEOPLE[0]).model_copy(
        update={
            "state": StayState.ENDED,
            "ended_on": date(2026, 3, 1),
            "ending": Ending.DEPARTED,
            "destination_kind": DestinationKind.UNKNOWN,
            "trace_lost_on": lost_on,
        }
    )

    [task] = derive_tasks(Knowledge(stays=(left,)))

    assert (task.kind, task.opens_on, task.due) == (TaskKind.TRACE_PERSON, lost_on, lost_on)


@pytest.mark.parametrize(
    ("received_at", "answered_at", "kind"),
    [
        (MOMENT, None, TaskKind.RECEIVE_NOTICE),
        (MOMENT, MOMENT + timedelta(hours=2), TaskKind.ANSWER_NOTICE),
        (MOMENT - timedelta(days=3), MOMENT, TaskKind.ANSWER_NOTICE),
        (MOMENT, MOMENT + timedelta(days=3), TaskKind.RECEIVE_NOTICE),
        (MOMENT - timedelta(days=3), MOMENT + timedelta(days=3), None),
    ],
)
def test_of_a_day_the_last_thing_is_told_that_was_done_about_a_notice(
    received_at: datetime, answered_at: datetime | None, kind: TaskKind | None
) -> None:
    answer = make_answer(make_notice(NEW, OLD)).model_copy(
        update={"received_at": received_at, "answered_at": answered_at, "state": AnswerState.VERIFIED}
    )

    done = done_on(answer, DAY)

    assert (done.kind if done else None) == kind
    assert done is None or (done.division, done.street) == (STREETS[0], STREETS[1])


def test_a_day_is_one_in_china() -> None:
    late = make_answer(make_notice(NEW, OLD)).model_copy(update={"received_at": MOMENT.replace(hour=16)})

    assert done_on(late, DAY) is None
    assert done_on(late, NEXT_DAY) is not None
