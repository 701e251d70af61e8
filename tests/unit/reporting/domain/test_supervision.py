"""Supervision visits: recorded once with findings, reviewed until they are put right, circulated, or withdrawn."""

from datetime import date, timedelta

import pytest

from contracts.reporting.supervision import FollowUp, FollowUpResult, Supervision, SupervisionHeld
from services.reporting.domain.supervision import (
    MOST_FOLLOW_UPS,
    BeforeVisitError,
    SupervisedInFutureError,
    TooManyFollowUpsError,
    UnknownFindingError,
    VisitKnownError,
    VisitWithdrawnError,
    circulate,
    findings_of,
    hold,
    review,
    still_open,
    withdraw,
)
from tests.support.samples import sample_of

VISIT: Supervision = sample_of(SupervisionHeld).data.supervision
DAY, TODAY = VISIT.visited_on, date(2026, 11, 20)
FINDING = VISIT.findings[0].finding_id


def looked(days: int, result: FollowUpResult = FollowUpResult.RECTIFIED) -> FollowUp:
    return FollowUp(on=DAY + timedelta(days=days), result=result)


def change(**changed: object) -> Supervision:
    return VISIT.model_copy(update=changed)


def reviewed(visit: Supervision, *looks: FollowUp) -> Supervision:
    for look in looks:
        fact = review(visit, FINDING, look, TODAY)
        assert fact is not None
        visit = fact.supervision
    return visit


def test_a_visit_is_recorded_once_and_not_otherwise() -> None:
    fact = hold(None, VISIT, TODAY)

    assert fact is not None
    assert hold(fact.supervision, VISIT, TODAY) is None
    assert hold(reviewed(VISIT, looked(1)), VISIT, TODAY) is None
    with pytest.raises(VisitKnownError):
        hold(VISIT, change(supervised_by=("edu-2",)), TODAY)
    with pytest.raises(VisitKnownError):
        hold(VISIT, change(findings=()), TODAY)


def test_a_visit_takes_place_before_it_is_recorded_and_its_findings_are_due_after_it() -> None:
    assert hold(None, VISIT, DAY) is not None
    with pytest.raises(SupervisedInFutureError):
        hold(None, VISIT, DAY - timedelta(days=1))
    due = findings_of(VISIT.supervision_id, [("未更换", DAY - timedelta(days=1))])
    with pytest.raises(BeforeVisitError):
        hold(None, change(findings=due), TODAY)


def test_a_finding_is_open_until_the_last_look_found_it_put_right() -> None:
    partly = reviewed(VISIT, looked(5, FollowUpResult.PARTLY))
    right = reviewed(partly, looked(9))
    wrong_again = reviewed(right, looked(20, FollowUpResult.NOT_RECTIFIED))

    assert [len(still_open(one)) for one in (VISIT, partly, right, wrong_again)] == [1, 1, 0, 1]
    assert right.findings[0].rectified_on == DAY + timedelta(days=9)
    assert review(right, FINDING, looked(9), TODAY) is None


def test_a_look_is_of_a_finding_that_there_is_after_the_visit_and_after_the_last_look() -> None:
    with pytest.raises(UnknownFindingError):
        review(VISIT, "7" * 32, looked(1), TODAY)
    with pytest.raises(BeforeVisitError):
        review(VISIT, FINDING, looked(-1), TODAY)
    with pytest.raises(BeforeVisitError):
        review(reviewed(VISIT, looked(5)), FINDING, looked(4), TODAY)
    with pytest.raises(SupervisedInFutureError):
        review(VISIT, FINDING, looked(1), DAY)


def test_a_finding_is_not_reviewed_without_end() -> None:
    often = reviewed(VISIT, *(looked(day, FollowUpResult.PARTLY) for day in range(MOST_FOLLOW_UPS)))

    with pytest.raises(TooManyFollowUpsError):
        review(often, FINDING, looked(MOST_FOLLOW_UPS), TODAY)


def test_a_visit_is_circulated_once_after_it_took_place() -> None:
    fact = circulate(VISIT, DAY, TODAY)

    assert fact is not None
    assert fact.supervision.circulated_on == DAY
    assert circulate(fact.supervision, TODAY, TODAY) is None
    with pytest.raises(BeforeVisitError):
        circulate(VISIT, DAY - timedelta(days=1), TODAY)
    with pytest.raises(SupervisedInFutureError):
        circulate(VISIT, TODAY + timedelta(days=1), TODAY)


def test_a_withdrawn_visit_has_nothing_open_takes_nothing_more_and_may_be_recorded_anew() -> None:
    fact = withdraw(VISIT)

    assert fact is not None
    assert withdraw(fact.supervision) is None
    assert still_open(fact.supervision) == []
    with pytest.raises(VisitWithdrawnError):
        review(fact.supervision, FINDING, looked(1), TODAY)
    with pytest.raises(VisitWithdrawnError):
        circulate(fact.supervision, DAY, TODAY)
    assert hold(fact.supervision, change(supervised_by=("edu-2",)), TODAY) is not None


def test_each_finding_has_an_id_of_its_own() -> None:
    found = findings_of(VISIT.supervision_id, [("甲", DAY), ("甲", DAY)])

    assert len({one.finding_id for one in found}) == 2
