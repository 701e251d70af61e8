"""What plans demand of an institution in a year, and whether it did it: counts and longest gaps, each explained.

A count wants so many different things in each window of months. A gap wants one thing after another without too long a
time between: lectures by calendar months, so that one month without is found, the changes of a board by days.
"""

from calendar import monthrange
from collections.abc import Iterable, Iterator, Mapping, Sequence
from csv import DictReader
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from pathlib import Path

from contracts.outreach.boards import Board
from contracts.outreach.institutions import Institution, InstitutionKind
from services.outreach.domain.boards import Gap, due_on, find_gaps


class Shape(StrEnum):
    """The two shapes of rule: at least so many, or never too long without."""

    COUNT = "count"
    GAP = "gap"


class Subject(StrEnum):
    """What a rule looks at: 印刷资料种类, 音像资料种类, 宣传栏, 宣传栏更换, 咨询义诊, 讲座, 活动, 信息稿件."""

    PRINTED_KINDS = "printed_kinds"
    AUDIOVISUAL_KINDS = "audiovisual_kinds"
    BOARDS = "boards"
    BOARD_CHANGES = "board_changes"
    CONSULTATIONS = "consultations"
    LECTURES = "lectures"
    ACTIVITIES = "activities"
    ARTICLES = "articles"


class State(StrEnum):
    """How it stands with a rule: met for good, missed for good, or still open."""

    MET = "met"
    OPEN = "open"
    MISSED = "missed"


class Reason(StrEnum):
    """Why something does not count: 已取消, 未登记开展, 尚未到期, 无人参加, 未发放, 面积不足, 已拆除, 不在本期."""

    CANCELLED = "cancelled"
    NOT_HELD = "not_held"
    AHEAD = "ahead"
    NOBODY_CAME = "nobody_came"
    NOT_HANDED_OUT = "not_handed_out"
    TOO_SMALL = "too_small"
    REMOVED = "removed"
    OTHER_PERIOD = "other_period"


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule for a kind of institution: `minimum` in each window of `months`, or at most `months` without.

    A board counts from `area` m2 on; its changes follow the edition of the board itself.
    """

    rule: str
    kind: InstitutionKind
    subject: Subject
    shape: Shape
    minimum: int
    months: int
    area: float
    edition: str
    source: str


@dataclass(frozen=True, slots=True)
class Done:
    """Something that an institution did, or had: on which day, what it was one of, and why it does not count, if so."""

    subject: Subject
    id: str
    on: date
    one_of: str
    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class Boards:
    """The boards of an institution, and the days on which each was changed."""

    boards: Sequence[Board] = ()
    changes: Mapping[str, Sequence[date]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Window:
    """A part of the year in which so many are wanted, and how many there were; both days included."""

    since: date
    until: date
    wanted: int
    counted: int
    state: State


@dataclass(frozen=True, slots=True)
class Due:
    """What must still happen: so many by a day."""

    by: date
    number: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """How an institution stands with a rule, and why: what counted, what did not, what is still due."""

    rule: Rule
    state: State
    windows: Sequence[Window] = ()
    gaps: Sequence[Gap] = ()
    due: Sequence[Due] = ()
    counted: Sequence[Done] = ()
    not_counted: Sequence[Done] = ()


def _read() -> Sequence[Rule]:
    with Path(__file__).with_suffix(".csv").open(encoding="utf-8", newline="") as file:
        return [
            Rule(
                row["rule"],
                InstitutionKind(row["kind"]),
                Subject(row["subject"]),
                Shape(row["shape"]),
                int(row["minimum"] or 0),
                int(row["months"] or 0),
                float(row["area"] or 0),
                row["edition"],
                row["source"],
            )
            for row in DictReader(file)
        ]


RULES = _read()


def judge(institution: Institution, year: int, done: Sequence[Done], boards: Boards, today: date) -> list[Verdict]:
    """Return how an institution stands with each rule for its kind in a year, as of a day.

    It owes nothing before it opened or after it closed. An empty list means that no rule is for its kind, or that it
    was not open in that year.
    """
    since = max(date(year, 1, 1), institution.opened_on)
    until = min(date(year, 12, 31), institution.closed_on or date.max)
    if since > until:
        return []
    span = (since, until)
    rules = [rule for rule in RULES if rule.kind is institution.kind]
    return [_judge(rule, span, [*done, *_standing(rule, boards, span, today)], boards, today) for rule in rules]


def still_due(verdicts: Iterable[Verdict]) -> list[tuple[date, str, int]]:
    """Return what must still happen, the nearest first: (by which day, rule, how many)."""
    return sorted((due.by, verdict.rule.rule, due.number) for verdict in verdicts for due in verdict.due)


def _judge(rule: Rule, span: tuple[date, date], done: Sequence[Done], boards: Boards, today: date) -> Verdict:
    if rule.subject is Subject.BOARD_CHANGES:
        return _judge_boards(rule, span, boards, today)
    since, until = span
    ours = sorted((one for one in done if one.subject is rule.subject), key=lambda one: (one.on, one.id))
    counted = [one for one in ours if one.reason is None and since <= one.on <= until]
    others = [
        one if one.reason else Done(one.subject, one.id, one.on, one.one_of, Reason.OTHER_PERIOD)
        for one in ours
        if one not in counted
    ]
    judged = _judge_count if rule.shape is Shape.COUNT else _judge_gap
    return judged(rule, span, counted, others, today)


def _judge_count(
    rule: Rule, span: tuple[date, date], counted: Sequence[Done], others: Sequence[Done], today: date
) -> Verdict:
    windows = list(_windows(rule, span, counted, today))
    due = [
        Due(window.until, window.wanted - window.counted)
        for window in windows
        if window.state is State.OPEN and window.counted < window.wanted
    ]
    return Verdict(rule, _worst(window.state for window in windows), windows, (), due, counted, others)


def _windows(rule: Rule, span: tuple[date, date], counted: Sequence[Done], today: date) -> Iterator[Window]:
    """Yield the windows of a rule that lie in a span, at least in part."""
    year = span[0].year
    for month in range(1, 13, rule.months):
        since, until = date(year, month, 1), _last_day(year, month + rule.months - 1)
        if until < span[0] or since > span[1]:
            continue
        number = len({one.one_of for one in counted if since <= one.on <= until})
        end = min(until, span[1])
        state = State.MET if number >= rule.minimum else State.MISSED if end < today else State.OPEN
        yield Window(max(since, span[0]), end, rule.minimum, number, state)


def _judge_gap(
    rule: Rule, span: tuple[date, date], counted: Sequence[Done], others: Sequence[Done], today: date
) -> Verdict:
    since, until = span
    gaps: list[Gap] = []
    last = _month_of(since) - 1
    for one in counted:
        if _month_of(one.on) - last > rule.months:
            gaps.append(_gap(last, rule.months, one.on))
        last = _month_of(one.on)
    over = min(until, today - timedelta(days=1))
    if _end_of(last + rule.months) <= over:
        gaps.append(_gap(last, rule.months, min(until, today)))  # one, however long nothing has happened since
    while (next_due := _end_of(last + rule.months)) <= over:
        last += rule.months
    due = [] if today > until else list(_following(last, rule.months, until))
    state = State.MISSED if gaps else State.OPEN if due and next_due <= until else State.MET
    return Verdict(rule, state, (), gaps, due, counted, others)


def _judge_boards(rule: Rule, span: tuple[date, date], boards: Boards, today: date) -> Verdict:
    since, until = span
    gaps: list[Gap] = []
    due: list[Due] = []
    counted: list[Done] = []
    for board in boards.boards:
        days = sorted(boards.changes.get(board.board_id, ()))
        found = find_gaps(board, days, min(until, today))
        gaps += [gap for gap in found if gap.until >= since]
        counted += [Done(Subject.BOARD_CHANGES, board.board_id, day, "") for day in days if since <= day <= until]
        by = due_on(board, max((day for day in days if day <= today), default=None))
        if by and today <= by <= until:
            due.append(Due(by, 1))
    state = State.MISSED if gaps else State.OPEN if due else State.MET
    return Verdict(rule, state, (), sorted(gaps, key=lambda gap: gap.since), due, counted)


def _standing(rule: Rule, boards: Boards, span: tuple[date, date], today: date) -> Iterator[Done]:
    """Yield the boards of an institution: those that stand at the end of the span, or today, count if large enough."""
    if rule.subject is not Subject.BOARDS:
        return
    end = min(span[1], today)
    for board in boards.boards:
        reason = None
        if board.removed_on and board.removed_on <= end:
            reason = Reason.REMOVED
        elif board.area < rule.area:
            reason = Reason.TOO_SMALL
        yield Done(Subject.BOARDS, board.board_id, max(board.installed_on, span[0]), board.board_id, reason)


def _worst(states: Iterable[State]) -> State:
    found = set(states)
    return next((state for state in (State.MISSED, State.OPEN) if state in found), State.MET)


def _following(last: int, months: int, until: date) -> Iterator[Due]:
    """Yield by when one thing after another is due after a month, up to a day."""
    while (by := _end_of(last := last + months)) <= until:
        yield Due(by, 1)


def _gap(last: int, months: int, until: date) -> Gap:
    return Gap(date((last + 1) // 12, (last + 1) % 12 + 1, 1), _end_of(last + months), until)


def _month_of(day: date) -> int:
    """Return the number of a day's month, counted from the year 0."""
    return day.year * 12 + day.month - 1


def _end_of(month: int) -> date:
    """Return the last day of a month by its number."""
    return _last_day(month // 12, month % 12 + 1)


def _last_day(year: int, month: int) -> date:
    return date(year, month, monthrange(year, month)[1])
