"""Compliance: counts and longest gaps, what counted, what did not and why, and what must still happen when."""

from calendar import monthrange
from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from contracts.outreach.boards import Board, BoardSetting
from contracts.outreach.institutions import Institution, InstitutionKind
from services.outreach.domain.boards import Gap
from services.outreach.domain.compliance import (
    RULES,
    Boards,
    Done,
    Due,
    Reason,
    Shape,
    State,
    Subject,
    Verdict,
    judge,
    still_due,
)

YEAR = 2026
OVER, MIDDLE = date(2027, 1, 5), date(2026, 7, 10)
STREET = "320507001"
NONE = Boards()


def institution(kind: InstitutionKind = InstitutionKind.HEALTH_CENTRE, **changed: object) -> Institution:
    made = Institution(institution_id="5" * 32, street=STREET, kind=kind, title="卫生中心", opened_on=date(2010, 1, 1))
    return made.model_copy(update=changed)


def lectures(*days: date, reason: Reason | None = None) -> list[Done]:
    return [Done(Subject.LECTURES, f"lecture {day}", day, f"lecture {day}", reason) for day in days]


def monthly(*without: int) -> list[Done]:
    return lectures(*(date(YEAR, month, 15) for month in range(1, 13) if month not in without))


def verdict(
    rule: str, done: Sequence[Done], today: date, boards: Boards = NONE, changed: Mapping[str, object] | None = None
) -> Verdict:
    kind = next(one.kind for one in RULES if one.rule == rule)
    found = judge(institution(kind, **(changed or {})), YEAR, done, boards, today)
    return next(one for one in found if one.rule.rule == rule)


def test_a_lecture_every_month_fails_in_the_month_without_although_there_were_twelve() -> None:
    done = [*monthly(8), *lectures(date(YEAR, 9, 2))]

    count, gap = verdict("centre_lectures", done, OVER), verdict("centre_lecture_gap", done, OVER)

    assert (count.state, count.windows[0].counted) == (State.MET, 12)
    assert gap.state is State.MISSED
    assert gap.gaps == [Gap(date(YEAR, 8, 1), date(YEAR, 8, 31), date(YEAR, 9, 2))]


def test_every_two_months_bears_one_month_without_but_not_two() -> None:
    assert verdict("station_lecture_gap", monthly(2, 4, 6), OVER).state is State.MET
    missed = verdict("station_lecture_gap", monthly(3, 4), OVER)
    assert missed.gaps == [Gap(date(YEAR, 3, 1), date(YEAR, 4, 30), date(YEAR, 5, 15))]


def test_what_must_still_happen_is_told_by_when() -> None:
    done = monthly(*range(7, 13))

    gap, count = verdict("centre_lecture_gap", done, MIDDLE), verdict("centre_lectures", done, MIDDLE)

    assert (gap.state, count.state) == (State.OPEN, State.OPEN)
    assert gap.due == [Due(date(YEAR, month, monthrange(YEAR, month)[1]), 1) for month in range(7, 13)]
    assert count.due == [Due(date(YEAR, 12, 31), 6)]
    assert still_due([gap, count])[0] == (date(YEAR, 7, 31), "centre_lecture_gap", 1)


def test_a_time_without_that_goes_on_is_one_gap() -> None:
    gap = verdict("centre_lecture_gap", lectures(date(YEAR, 2, 3)), MIDDLE)

    assert gap.state is State.MISSED
    assert gap.gaps == [
        Gap(date(YEAR, 1, 1), date(YEAR, 1, 31), date(YEAR, 2, 3)),
        Gap(date(YEAR, 3, 1), date(YEAR, 3, 31), MIDDLE),
    ]


def test_the_last_month_of_a_year_that_is_over_counts_too() -> None:
    gap = verdict("centre_lecture_gap", monthly(12), OVER)

    assert gap.gaps == [Gap(date(YEAR, 12, 1), date(YEAR, 12, 31), date(YEAR, 12, 31))]


def test_what_does_not_count_is_told_with_its_reason() -> None:
    done = [
        *lectures(date(YEAR, 3, 1), reason=Reason.CANCELLED),
        *lectures(date(YEAR, 4, 1), reason=Reason.NOBODY_CAME),
        *lectures(date(YEAR - 1, 12, 31)),
    ]

    found = verdict("centre_lectures", done, OVER)

    assert not found.counted
    assert [one.reason for one in found.not_counted] == [Reason.OTHER_PERIOD, Reason.CANCELLED, Reason.NOBODY_CAME]


def test_kinds_are_counted_once_however_often_they_were_handed_out() -> None:
    done = [Done(Subject.PRINTED_KINDS, str(number), date(YEAR, 5, 1), str(number % 12)) for number in range(40)]

    assert verdict("centre_printed", done, OVER).windows[0].counted == 12


def test_quarters_are_each_counted_for_themselves() -> None:
    days = [date(YEAR, month, 3) for month in (1, 2, 4, 4, 8)]
    done = [Done(Subject.ARTICLES, str(number), day, str(number)) for number, day in enumerate(days)]

    found = verdict("centre_articles", done, date(YEAR, 8, 20))

    states = [State.MET, State.MET, State.OPEN, State.OPEN]
    assert [window.state for window in found.windows] == states
    assert found.state is State.OPEN
    assert found.due == [Due(date(YEAR, 9, 30), 1), Due(date(YEAR, 12, 31), 2)]
    assert verdict("centre_articles", done, OVER).state is State.MISSED


def board(name: str, **changed: object) -> Board:
    made = Board(
        board_id=name,
        street=STREET,
        place=name,
        setting=BoardSetting.OUTDOORS,
        area=2.4,
        edition="street_2021",
        installed_on=date(YEAR - 1, 12, 20),
    )
    return made.model_copy(update=changed)


def test_boards_count_if_they_stand_and_are_large_enough() -> None:
    boards = Boards([board("a"), board("b", area=1.9), board("c", removed_on=date(YEAR, 3, 1))])

    found = verdict("centre_boards", [], OVER, boards)

    assert (found.state, found.windows[0].counted) == (State.MISSED, 1)
    assert {one.id: one.reason for one in found.not_counted} == {"b": Reason.TOO_SMALL, "c": Reason.REMOVED}


def test_a_board_that_is_changed_late_is_a_gap_by_days() -> None:
    changes = {"a": [date(YEAR, 2, 18), date(YEAR, 4, 20), date(YEAR, 6, 19)]}

    found = verdict("centre_board_changes", [], MIDDLE, Boards([board("a")], changes))

    assert found.gaps == [Gap(date(YEAR, 2, 18), date(YEAR, 4, 18), date(YEAR, 4, 20))]
    assert found.due == [Due(date(YEAR, 8, 19), 1)]
    assert [one.on for one in found.counted] == changes["a"]


def test_nothing_is_owed_before_it_opened_or_after_it_closed() -> None:
    done = lectures(date(YEAR, 5, 20), date(YEAR, 6, 20))
    opened = {"opened_on": date(YEAR, 5, 10), "closed_on": date(YEAR, 7, 5)}

    assert verdict("centre_lecture_gap", done, OVER, NONE, opened).state is State.MET
    assert not judge(institution(opened_on=date(YEAR + 1, 1, 1)), YEAR, [], Boards(), OVER)
    assert not judge(institution(closed_on=date(YEAR - 1, 1, 1)), YEAR, [], Boards(), OVER)


def test_every_rule_has_a_source_and_can_be_judged() -> None:
    assert all(rule.source and (rule.minimum or rule.shape is Shape.GAP) for rule in RULES)
    for kind in InstitutionKind:
        found = judge(institution(kind), YEAR, [], Boards(), MIDDLE)
        assert [one.rule for one in found] == [rule for rule in RULES if rule.kind is kind]


@given(
    days=st.lists(st.dates(date(YEAR, 1, 1), date(YEAR, 12, 31)), max_size=20),
    rule=st.sampled_from(["centre_lecture_gap", "station_lecture_gap"]),
    today=st.dates(date(YEAR, 1, 1), OVER),
)
def test_a_gap_is_missed_if_as_many_whole_months_in_a_row_are_empty(days: list[date], rule: str, today: date) -> None:
    happened = [day for day in days if day <= today]
    found = verdict(rule, lectures(*sorted(set(happened))), today)

    months = found.rule.months
    full = {day.month for day in happened}
    over = [month for month in range(1, 13) if date(YEAR, month, monthrange(YEAR, month)[1]) < today]
    runs = [set(range(first, first + months)) for first in range(1, 14 - months)]
    assert (found.state is State.MISSED) == any(run <= set(over) and not run & full for run in runs)
    assert all(gap.due_on < gap.until or gap.until == date(YEAR, 12, 31) for gap in found.gaps)


@given(days=st.lists(st.dates(date(YEAR, 1, 1), date(YEAR, 6, 30)), max_size=9), today=st.dates(MIDDLE, OVER))
def test_whatever_is_still_due_is_enough(days: list[date], today: date) -> None:
    rule = "centre_lecture_gap"
    done = lectures(*sorted(set(days)))
    before = verdict(rule, done, today)
    later = [due.by for due in before.due]

    after = verdict(rule, [*done, *lectures(*later)], OVER + timedelta(days=400))

    assert [gap for gap in after.gaps if gap.due_on >= today] == []
