"""Bulletin boards: put up, changed and taken down; which were not changed in time."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.outreach.boards import Board, BoardIssue, BoardSetting
from contracts.refusals import RefusedError
from services.outreach.domain import boards
from services.outreach.domain.boards import Gap

TODAY = date(2026, 11, 20)
BOARD = Board(
    board_id="b" * 32,
    street="320507001",
    place="社区门口",
    setting=BoardSetting.OUTDOORS,
    area=2.4,
    edition="street_2021",
    installed_on=date(2026, 1, 5),
)
REMOVED = BOARD.model_copy(update={"removed_on": date(2026, 9, 1)})
ISSUE = BoardIssue(
    issue_id="1" * 32,
    board_id=BOARD.board_id,
    street=BOARD.street,
    issue=1,
    theme="结核病防治",
    changed_on=date(2026, 3, 1),
)


def code_of(refused: pytest.ExceptionInfo[RefusedError]) -> str:
    return refused.value.code


def test_a_board_is_put_up_once() -> None:
    fact = boards.install(None, BOARD, TODAY)

    assert fact is not None
    assert fact.board == BOARD
    assert boards.install(BOARD, BOARD, TODAY) is None


def test_a_board_that_was_taken_down_may_be_put_up_again() -> None:
    again = BOARD.model_copy(update={"installed_on": date(2026, 10, 1)})

    fact = boards.install(REMOVED, again, TODAY)

    assert fact is not None
    assert fact.board == again


@pytest.mark.parametrize(
    ("known", "changed", "code"),
    [
        (None, {"installed_on": date(2026, 11, 21)}, "future_date"),
        (None, {"edition": "2077"}, "unknown_edition"),
        (BOARD, {"area": 9.0}, "board_known"),
    ],
)
def test_a_board_that_can_not_be_is_refused(known: Board | None, changed: dict[str, object], code: str) -> None:
    with pytest.raises(RefusedError) as refused:
        boards.install(known, BOARD.model_copy(update=changed), TODAY)

    assert code_of(refused) == code


@pytest.mark.parametrize(
    ("board", "known", "changed", "code"),
    [
        (BOARD, None, {"changed_on": date(2026, 1, 4)}, "no_board_then"),
        (REMOVED, None, {"changed_on": date(2026, 9, 2)}, "no_board_then"),
        (BOARD, None, {"changed_on": date(2026, 11, 21)}, "future_date"),
        (BOARD, ISSUE, {"theme": "控烟"}, "issue_known"),
        (BOARD, ISSUE, {"changed_on": date(2026, 3, 2)}, "issue_known"),
    ],
)
def test_an_issue_that_can_not_be_is_refused(
    board: Board, known: BoardIssue | None, changed: dict[str, object], code: str
) -> None:
    with pytest.raises(RefusedError) as refused:
        boards.post_issue(board, known, ISSUE.model_copy(update=changed), TODAY)

    assert code_of(refused) == code


def test_an_issue_is_posted_once_and_shown_by_its_newest_photo() -> None:
    posted = boards.post_issue(BOARD, None, ISSUE, TODAY)

    assert posted is not None
    shown = boards.show(posted.issue, "4" * 32)
    assert shown is not None
    assert shown.issue.photo_id == "4" * 32
    assert boards.show(shown.issue, "4" * 32) is None
    assert boards.post_issue(BOARD, shown.issue, ISSUE, TODAY) is None, "the photo does not make it another issue"


@pytest.mark.parametrize(
    ("board", "removed_on", "code"),
    [
        (BOARD, date(2026, 11, 21), "future_date"),
        (BOARD, date(2026, 1, 4), "no_board_then"),
        (REMOVED, date(2026, 9, 2), "board_removed"),
    ],
)
def test_a_board_is_not_taken_down_when_it_did_not_stand(board: Board, removed_on: date, code: str) -> None:
    with pytest.raises(RefusedError) as refused:
        boards.remove(board, removed_on, TODAY)

    assert code_of(refused) == code


def test_a_board_is_due_two_months_after_its_last_change_or_one_as_the_edition_says() -> None:
    monthly = BOARD.model_copy(update={"edition": "community_2024"})

    assert boards.due_on(BOARD, None) == date(2026, 3, 5)
    assert boards.due_on(BOARD, date(2026, 8, 31)) == date(2026, 10, 31)
    assert boards.due_on(monthly, date(2026, 1, 31)) == date(2026, 2, 28)
    assert boards.due_on(REMOVED, None) is None


def test_the_time_for_which_nothing_was_changed_is_a_gap() -> None:
    changes = [date(2026, 3, 5), date(2026, 5, 6), date(2026, 7, 1)]

    gaps = boards.find_gaps(BOARD, changes, date(2026, 9, 2))

    assert gaps == [
        Gap(date(2026, 3, 5), date(2026, 5, 5), date(2026, 5, 6)),
        Gap(date(2026, 7, 1), date(2026, 9, 1), date(2026, 9, 2)),
    ]


DAYS = st.dates(date(2026, 1, 5), TODAY)


@given(changes=st.lists(DAYS, max_size=12), until=DAYS)
def test_there_is_a_gap_just_where_some_day_is_too_far_from_the_change_before(changes: list[date], until: date) -> None:
    days = [BOARD.installed_on + timedelta(n) for n in range((until - BOARD.installed_on).days + 1)]
    late = [
        day
        for day in days
        if (due := boards.due_on(BOARD, max((one for one in changes if one < day), default=None))) and day > due
    ]

    gaps = boards.find_gaps(BOARD, changes, until)

    assert late == [day for day in days if any(gap.due_on < day <= gap.until for gap in gaps)]


def test_every_edition_names_its_source() -> None:
    assert all(edition.source and edition.months > 0 for edition in boards.EDITIONS.values())
