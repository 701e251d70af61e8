"""The rows of the table of deadlines, each against the rule, plan or assumption that it comes from."""

from itertools import product

import pytest

from contracts.registration.notices import NoticeKind, Urgency
from services.registration.deadlines import Period, Policy, Scope, Term, Unit

POLICY = Policy.load()

PADIS = {
    # 全员流动人口信息平台 PADIS: 协查 and 服务管理信息 are received and fed back in so many calendar days
    Urgency.ORDINARY: 30,  # 30日内接收、反馈
    Urgency.URGENT: 30,  # 急: 30日
    Urgency.CRITICAL: 15,  # 紧急: 15日
}
FAST_LANE = 3
"""县（区）内: a street's rule, within three working days, all of them."""

RESIDENCE_PERMITS = (Unit.MONTHS, 6)
"""居住证暂行条例（国务院令第663号）: who lives in a place for half a year."""
LOCAL_REGISTRATION = {Period.REGISTRATION: (Unit.DAYS, 3), Period.VISIT: (Unit.DAYS, 30)}
"""A county's rule: registered within 3 days of arriving; who visits kin for at most 30 days need not be."""
ASSUMED = {Period.TRACE: (Unit.DAYS, 90), Period.COMPLETION: (Unit.DAYS, 15), Period.DOUBLE_ARRIVAL: (Unit.DAYS, 3)}
"""No source: a departure without an arrival is lost, an unanswered arrival is taken as confirmed, two are one."""
REMINDED = {(Scope.BETWEEN_DISTRICTS, Urgency.CRITICAL): 5, Scope.BETWEEN_DISTRICTS: 7, Scope.WITHIN_DISTRICT: 1}
"""Assumed: so many days before a notice is due its addressee is reminded."""


@pytest.mark.parametrize(("kind", "urgency"), list(product(NoticeKind, Urgency)))
def test_notices_between_districts_go_by_padis(kind: NoticeKind, urgency: Urgency) -> None:
    row = POLICY.terms[kind, Scope.BETWEEN_DISTRICTS, urgency]

    remind = REMINDED.get((Scope.BETWEEN_DISTRICTS, urgency), REMINDED[Scope.BETWEEN_DISTRICTS])
    assert row == Term(Unit.DAYS, PADIS[urgency], PADIS[urgency], remind)


@pytest.mark.parametrize(("kind", "urgency"), list(product(NoticeKind, Urgency)))
def test_notices_within_a_district_go_by_the_fast_lane(kind: NoticeKind, urgency: Urgency) -> None:
    row = POLICY.terms[kind, Scope.WITHIN_DISTRICT, urgency]

    assert row == Term(Unit.WORKING_DAYS, FAST_LANE, FAST_LANE, REMINDED[Scope.WITHIN_DISTRICT])


@pytest.mark.parametrize(
    ("period", "row"), [(Period.RESIDENCE, RESIDENCE_PERMITS), *LOCAL_REGISTRATION.items(), *ASSUMED.items()]
)
def test_periods_go_by_their_rule(period: Period, row: tuple[Unit, int]) -> None:
    assert POLICY.terms[period, "", ""] == Term(*row)


def test_no_row_is_without_a_source() -> None:
    told = {Period.RESIDENCE, *LOCAL_REGISTRATION, *ASSUMED}

    assert {name for name, scope, _ in POLICY.terms if not scope} == {period.value for period in told}
    assert len(POLICY.terms) == len(told) + len(NoticeKind) * len(Scope) * len(Urgency)
