"""The visits of children and mothers by 国家基本公共卫生服务规范（第三版）: the ages and weeks that it names."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest

from contracts.archives.archives import Archive
from contracts.archives.contents import AnyContent, ChildStage, ChildVisit, MaternalStage, MaternalVisit
from contracts.archives.enrolments import Duty, DutyKind
from contracts.archives.entries import Entry
from contracts.reference.calendar import add_months
from services.archives.domain.duties import find_duties
from tests.support.facts import PEOPLE

BORN, BEGUN = date(2026, 1, 20), date(2026, 1, 5)
LAST_CHILD_AGE, LAST_WEEK = 84, 44
"""The months at which a child is not one of 0 to 6 years any more; the weeks after which no pregnancy goes on."""

CHILDREN = {
    # 0~6岁儿童健康管理服务规范: 满月, 3, 6, 8, 12, 18, 24, 30, 36 months, 4, 5, 6 years; the months it has: assumed
    ChildStage.MONTH_1: (1, 1),
    ChildStage.MONTH_3: (3, 1),
    ChildStage.MONTH_6: (6, 1),
    ChildStage.MONTH_8: (8, 2),
    ChildStage.MONTH_12: (12, 2),
    ChildStage.MONTH_18: (18, 2),
    ChildStage.MONTH_24: (24, 2),
    ChildStage.MONTH_30: (30, 2),
    ChildStage.MONTH_36: (36, 3),
    ChildStage.YEAR_4: (4 * 12, 6),
    ChildStage.YEAR_5: (5 * 12, 6),
    ChildStage.YEAR_6: (6 * 12, 6),
}
PREGNANCY = {
    # 孕产妇健康管理服务规范: before week 13, in weeks 16-20, 21-24, 28-36, 37-40
    MaternalStage.EARLY: (0, 12),
    MaternalStage.WEEKS_16_20: (16, 20),
    MaternalStage.WEEKS_21_24: (21, 24),
    MaternalStage.WEEKS_28_36: (28, 36),
    MaternalStage.WEEKS_37_40: (37, 40),
}
AFTER_BIRTH = {
    # 产后访视 within a week, at the latest 28 days after the birth; 产后42天 from that day, assumed: within two weeks
    MaternalStage.AFTER_BIRTH: (0, 7, 28),
    MaternalStage.DAY_42: (42, 49, 56),
}
NEWBORN = (0, 7, 28)
"""新生儿家庭访视 within a week, until the child's 满月 at 28 days."""


def entry(day: date, content: AnyContent) -> Entry:
    at = datetime(day.year, day.month, day.day, 2, tzinfo=UTC)
    name = f"{content.kind}-{day}-{getattr(content, 'stage', '')}"
    return Entry(
        entry_id=name, person_id=PEOPLE[0], street="320507001", measured_at=at, recorded_by="nurse", content=content
    )


def asked(kind: DutyKind, today: date, *entries: Entry, birth: date | None = None) -> Duty | None:
    archive = Archive(
        person_id=PEOPLE[0],
        district="320507",
        street="320507001",
        opened_at=datetime(2026, 1, 1, tzinfo=UTC),
        birth=birth,
    )
    found = [duty for duty in find_duties(archive, [], entries, today) if duty.kind is kind]
    return found[0] if found else None


def child(today: date, *made: ChildStage) -> Duty | None:
    entries = [entry(BORN, ChildVisit(stage=stage)) for stage in (ChildStage.NEWBORN_HOME, *made)]
    return asked(DutyKind.CHILD_VISIT, today, *entries, birth=BORN)


def ages() -> Iterator[tuple[ChildStage, int, int, int]]:
    """Return each visit with the months at which it opens, is due, and the next one opens."""
    following = [opens for opens, _ in CHILDREN.values()][1:]
    for (stage, (opens, months)), lapses in zip(CHILDREN.items(), [*following, LAST_CHILD_AGE], strict=True):
        yield stage, opens, opens + months, lapses


@pytest.mark.parametrize(("stage", "opens", "due", "lapses"), list(ages()), ids=[stage.value for stage in CHILDREN])
def test_a_child_is_seen_at_the_ages_of_the_standard(stage: ChildStage, opens: int, due: int, lapses: int) -> None:
    made = [earlier for earlier, (age, _) in CHILDREN.items() if age < opens]
    last = add_months(BORN, lapses) - timedelta(days=1)

    duty = child(last, *made)
    after = child(last + timedelta(days=1), *made)

    assert duty is not None
    assert duty.item == stage.value
    assert (duty.opens_on, duty.due_on, duty.lapses_on) == tuple(add_months(BORN, age) for age in (opens, due, lapses))
    assert after is None or after.item != stage.value


def test_a_newborn_is_visited_at_home_within_a_week_and_until_28_days() -> None:
    days = [BORN + timedelta(days=day) for day in NEWBORN]

    duty = asked(DutyKind.CHILD_VISIT, days[-1] - timedelta(days=1), birth=BORN)
    after = asked(DutyKind.CHILD_VISIT, days[-1], birth=BORN)

    assert duty is not None
    assert after is not None
    assert (duty.item, [duty.opens_on, duty.due_on, duty.lapses_on]) == (ChildStage.NEWBORN_HOME.value, days)
    assert after.item == ChildStage.MONTH_1.value


def pregnant(*visits: MaternalVisit) -> list[Entry]:
    first = MaternalVisit(stage=MaternalStage.EARLY, last_period_on=BEGUN)
    days = (BEGUN + timedelta(days=60 + number) for number in range(9))
    return [entry(next(days), content) for content in (first, *visits)]


@pytest.mark.parametrize("stage", list(PREGNANCY)[1:])
def test_a_pregnancy_is_seen_in_the_weeks_of_the_standard(stage: MaternalStage) -> None:
    stages = list(PREGNANCY)
    first, last = PREGNANCY[stage]
    following = stages[stages.index(stage) + 1 :]
    until = PREGNANCY[following[0]][0] if following else LAST_WEEK
    opens, due, lapses = (
        BEGUN + timedelta(weeks=first),
        BEGUN + timedelta(weeks=last, days=6),
        BEGUN + timedelta(weeks=until),
    )
    made = pregnant(*(MaternalVisit(stage=earlier) for earlier in stages[1 : stages.index(stage)]))

    duty = asked(DutyKind.MATERNAL_VISIT, lapses - timedelta(days=1), *made)
    after = asked(DutyKind.MATERNAL_VISIT, lapses, *made)

    assert duty is not None
    assert (duty.item, duty.opens_on, duty.due_on, duty.lapses_on) == (stage.value, opens, due, lapses)
    assert (after.item if after else None) == (following[0].value if following else None)


def test_a_pregnancy_is_entered_before_its_13th_week_is_over_and_until_the_second_visit() -> None:
    later = entry(BEGUN + timedelta(days=20), MaternalVisit(stage=MaternalStage.WEEKS_37_40, last_period_on=BEGUN))

    duty = asked(DutyKind.MATERNAL_VISIT, BEGUN + timedelta(weeks=16, days=-1), later)
    after = asked(DutyKind.MATERNAL_VISIT, BEGUN + timedelta(weeks=16), later)

    assert duty is not None
    assert (duty.item, duty.opens_on, duty.due_on) == ("early", BEGUN, BEGUN + timedelta(weeks=13))
    assert duty.lapses_on == BEGUN + timedelta(weeks=16)
    assert after is not None
    assert after.item == MaternalStage.WEEKS_16_20.value


@pytest.mark.parametrize("stage", AFTER_BIRTH)
def test_a_mother_is_seen_on_the_days_of_the_standard(stage: MaternalStage) -> None:
    born = BEGUN + timedelta(weeks=39)
    birth = MaternalVisit(stage=MaternalStage.WEEKS_37_40, delivered_on=born)
    made = [MaternalVisit(stage=MaternalStage.AFTER_BIRTH)] if stage is MaternalStage.DAY_42 else []
    days = [born + timedelta(days=day) for day in AFTER_BIRTH[stage]]

    duty = asked(DutyKind.MATERNAL_VISIT, days[-1] - timedelta(days=1), *pregnant(birth, *made))
    after = asked(DutyKind.MATERNAL_VISIT, days[-1], *pregnant(birth, *made))

    assert duty is not None
    assert (duty.item, [duty.opens_on, duty.due_on, duty.lapses_on]) == (stage.value, days)
    assert after is None or after.item != stage.value


def test_the_weeks_of_a_first_visit_tell_when_a_pregnancy_began_and_those_of_later_ones_do_not() -> None:
    on = BEGUN + timedelta(weeks=10)
    early = entry(on, MaternalVisit(stage=MaternalStage.EARLY, weeks=10))
    later = entry(on, MaternalVisit(stage=MaternalStage.WEEKS_16_20, weeks=10))

    duty = asked(DutyKind.MATERNAL_VISIT, on, early)

    assert duty is not None
    assert duty.opens_on == BEGUN + timedelta(weeks=16)
    assert asked(DutyKind.MATERNAL_VISIT, on, later) is None


def test_a_visit_on_the_day_on_which_a_pregnancy_began_is_one_of_it_and_those_before_are_not() -> None:
    first = MaternalVisit(stage=MaternalStage.EARLY, last_period_on=BEGUN)
    before = entry(BEGUN - timedelta(days=1), MaternalVisit(stage=MaternalStage.WEEKS_16_20))

    duty = asked(DutyKind.MATERNAL_VISIT, BEGUN, entry(BEGUN, first), before)

    assert duty is not None
    assert duty.item == MaternalStage.WEEKS_16_20.value
