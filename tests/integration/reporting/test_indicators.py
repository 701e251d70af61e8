"""Values of indicators and how divisions stand with targets, on a real MongoDB, asked over HTTP."""

from datetime import date, timedelta
from typing import Any

import pytest

from contracts.archives.archives import Archive, ArchiveOpened
from contracts.envelope import Fact
from contracts.outreach.activities import Activity, ActivityHeld, ActivityKind, ActivityState, Audience, CountedBy
from contracts.outreach.prescriptions import PrescriptionUseCounted
from contracts.registration.stays import StayStarted
from contracts.reporting.figures import Figure, FigureKind, FigureRecorded, figure_id
from contracts.reporting.groups import Group, Setting
from contracts.reporting.targets import Bound, Every, Per, Target, TargetSet, target_id
from tests.support.desk import DISTRICT, Desk
from tests.support.facts import FIRST_DAY, FIRST_MOMENT, PEOPLE, make_stay
from tests.support.samples import sample_of

STREET, TOWN, ELSEWHERE = "320507001", "320507101", "320812001"
YEAR = FIRST_DAY.year


def lives(person: str, street: str = STREET, hukou: str | None = None) -> list[Fact]:
    """Return that somebody came to a street on the first day."""
    return [StayStarted(stay=make_stay(person, street, hukou_division=hukou))]


def archive(person: str, street: str = STREET) -> ArchiveOpened:
    return ArchiveOpened(archive=Archive(person_id=person, district=street[:6], street=street, opened_at=FIRST_MOMENT))


def lecture(number: int, on: date, attendance: int = 20, street: str = STREET) -> ActivityHeld:
    held = Activity(
        activity_id=f"activity-{number}",
        street=street,
        kind=ActivityKind.LECTURE,
        topic="高血压",
        audience=Audience.ELDERLY,
        planned_on=on,
        state=ActivityState.HELD,
        held_on=on,
        attendance=attendance,
        counted_by=CountedBy.HEADS,
    )
    return ActivityHeld(activity=held)


def target(indicator: str, value: float, **more: Any) -> TargetSet:
    told = {"target_id": "", "division": DISTRICT, "since": date(YEAR, 1, 1), "plan": "甲", **more}
    wanted = Target(indicator=indicator, value=value, **told)
    return TargetSet(target=wanted.model_copy(update={"target_id": target_id(wanted)}))


async def test_an_indicator_is_told_with_its_streets_and_with_equal_service_side_by_side(desk: Desk) -> None:
    one, two, three = PEOPLE[:3]
    await desk.hear(lives(one, hukou=DISTRICT), lives(two, hukou="510623"), lives(three, TOWN, hukou="510623"))
    await desk.hear(archive(one), archive(three, TOWN), service="archives")

    found = await desk.tell("/indicators/resident_archive_rate", period=str(YEAR))

    assert (found["numerator"], found["denominator"], found["value"]) == (2, 3, pytest.approx(2 / 3))
    assert (found["since"], found["until"], found["on"]) == (f"{YEAR}-01-01", f"{YEAR}-12-31", "2026-07-01")
    assert found["about"]["formula_zh"].startswith("有未结案档案")
    streets = {part["street"]: (part["numerator"], part["denominator"]) for part in found["streets"]}
    assert streets == {STREET: (1, 2), TOWN: (1, 1)}
    equal = {group: (one["numerator"], one["denominator"]) for group, one in found["equal"].items()}
    assert equal == {"registered": (1, 1), "floating": (1, 2)}
    floating = await desk.tell("/indicators/resident_archive_rate", period=str(YEAR), group="floating")
    assert (floating["numerator"], floating["denominator"]) == (1, 2)


async def test_all_indicators_are_told_at_once_and_of_nobody_there_is_no_rate(desk: Desk) -> None:
    found = {one["indicator"]: one for one in (await desk.tell("/indicators/values", period=str(YEAR)))["indicators"]}

    assert len(found) == len(await desk.tell("/indicators"))
    assert (found["residents"]["numerator"], found["residents"]["value"]) == (0, 0)
    assert (found["archive_rate"]["denominator"], found["archive_rate"]["value"]) == (0, None)
    assert found["lectures"]["equal"] is None
    of_floating = (await desk.tell("/indicators/values", period=str(YEAR), group="floating"))["indicators"]
    assert {one["indicator"] for one in of_floating} == {code for code, one in found.items() if one["equal"]}


async def test_periods_are_years_quarters_months_and_days(desk: Desk) -> None:
    days = [date(2026, 3, 31), date(2026, 4, 1), date(2026, 6, 30), date(2026, 7, 1)]
    await desk.hear(*(lecture(number, day) for number, day in enumerate(days)), service="outreach")

    async def count(**period: str) -> float:
        return float((await desk.tell("/indicators/lectures", **period))["value"])

    assert await count(period="2026") == 4
    assert await count(period="2026Q2") == 2
    assert await count(period="2026-03") == 1
    assert await count(**{"from": "2026-03-31", "to": "2026-04-01"}) == 2


async def test_what_outreach_does_is_counted(desk: Desk) -> None:
    use = sample_of(PrescriptionUseCounted).data
    again = PrescriptionUseCounted(use=use.use.model_copy(update={"patients": 50, "given": 45, "month": "2026-02"}))
    await desk.hear([use, again], service="outreach")

    setting = again.use.setting
    found = await desk.tell(f"/indicators/prescription_use_rate_{setting}", period="2026Q1")

    assert (found["numerator"], found["denominator"]) == (45, 50)


@pytest.mark.parametrize(
    ("path", "params", "status", "code"),
    [
        ("/indicators/happiness", {"period": "2026"}, 404, "unknown_indicator"),
        ("/indicators/lectures", {"period": "2027"}, 422, "bad_period"),
        ("/indicators/lectures", {}, 422, "bad_period"),
        ("/indicators/lectures", {"from": "2026-01-01"}, 422, "bad_period"),
        ("/indicators/lectures", {"from": "2026-01-02", "to": "2026-01-01"}, 422, "bad_period"),
        ("/indicators/lectures", {"period": "2026", "from": "2026-01-01", "to": "2026-01-02"}, 422, "bad_period"),
        ("/indicators/lectures", {"period": "2026Q5"}, 422, "malformed"),
        ("/indicators/lectures", {"period": "2026", "group": "floating"}, 422, "not_of_group"),
        ("/indicators/residents", {"period": "2026", "group": "pupils"}, 422, "not_of_group"),
        ("/indicators/lectures", {"period": "2026", "division": "320507999"}, 422, "unknown_division"),
        ("/indicators/lectures", {"period": "2026", "division": "320812"}, 403, "outside_your_division"),
    ],
)
async def test_what_can_not_be_told_is_refused(
    desk: Desk, path: str, params: dict[str, str], status: int, code: str
) -> None:
    answer = await desk.ask(path, **params)

    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_a_yearly_figure_and_an_estimate_are_denominators_that_say_where_they_are_from(desk: Desk) -> None:
    await desk.hear(lives(PEOPLE[0]))
    before = await desk.tell("/indicators/archive_rate_by_population", period="2026")
    named = figure_id(DISTRICT, 2026, FigureKind.POPULATION, Group.EVERYONE)
    told = Figure(
        figure_id=named, division=DISTRICT, year=2026, kind=FigureKind.POPULATION, value=2000, origin="统计年鉴"
    )

    await desk.hear(FigureRecorded(figure=told), service="reporting")

    found = await desk.tell("/indicators/archive_rate_by_population", period="2026")
    assert (before["denominator"], before["value"], before["origin"]) == (None, None, None)
    assert (found["denominator"], found["value"], found["origin"]) == (2000, 0, "统计年鉴 2026")
    estimated = await desk.tell("/indicators/elderly_managed_rate_estimated", period="2026")
    assert (estimated["denominator"], estimated["about"]["source"], estimated["streets"]) == (200, "estimate", [])


async def test_plans_that_contradict_one_another_stand_differently_with_the_same_value(desk: Desk) -> None:
    await desk.hear(*(lives(person) for person in PEOPLE[:2]))
    await desk.hear(archive(PEOPLE[0]), service="archives")
    wanted = [("乙", 0.5, Every.QUARTER), ("丙", 0.6, Every.QUARTER)]
    targets = [target("resident_archive_rate", value, plan=plan, every=every) for plan, value, every in wanted]
    await desk.hear(*targets, service="reporting")

    found = (await desk.tell("/targets/standings", on="2026-03-31"))["standings"]

    stood = {one["target"]["plan"]: (one["standing"], one["value"], one["since"], one["until"]) for one in found}
    assert stood == {
        "乙": ("achieved", 0.5, "2026-01-01", "2026-03-31"),
        "丙": ("missed", 0.5, "2026-01-01", "2026-03-31"),
    }


async def test_what_would_miss_the_target_is_at_risk_with_the_projection_that_says_so(desk: Desk) -> None:
    days = [date(2026, 1, 10) + timedelta(days=20 * number) for number in range(6)]
    await desk.hear(*(lecture(number, day) for number, day in enumerate(days)), service="outreach")
    plans = {"够": 6, "差": 20, "够呛": 11}
    await desk.hear(*(target("lectures", value, plan=plan) for plan, value in plans.items()), service="reporting")

    found = {one["target"]["plan"]: one for one in (await desk.tell("/targets/standings"))["standings"]}

    assert {plan: one["standing"] for plan, one in found.items()} == {
        "够": "achieved",
        "差": "at_risk",
        "够呛": "open",
    }
    assert found["够"]["projection"] is None
    assert found["差"]["projection"] == pytest.approx(6 * 365 / 182)  # 1 July is the 182nd day


async def test_a_street_has_the_target_of_its_band_and_of_its_setting(desk: Desk) -> None:
    people = [lives(person, hukou="510623") for person in PEOPLE[:2]]
    await desk.hear(*people, lives(PEOPLE[2], TOWN, hukou="510623"))
    told = [
        target("residents", 1, plan="少", per=Per.STREET, served_below=2),
        target("residents", 2, plan="多", per=Per.STREET, served_from=2),
        target("residents", 1, plan="镇", setting=Setting.RURAL, bound=Bound.AT_MOST),
        target("residents", 1, plan="校", setting=Setting.SCHOOL),
        target("residents", 1, plan="生", group=Group.PUPILS),
        target("residents", 1, plan="各", per=Per.INSTITUTION),
        target("residents", 2, plan="流", group=Group.FLOATING),
    ]
    await desk.hear(*told, service="reporting")

    found = (await desk.tell("/targets/standings", on="2026-06-30"))["standings"]

    stood = {(one["target"]["plan"], one["division"]): (one["value"], one["served"]) for one in found}
    assert stood == {
        ("少", TOWN): (1, 1),
        ("多", STREET): (2, 2),
        ("镇", DISTRICT): (1, 3),
        ("校", DISTRICT): (None, 3),
        ("生", DISTRICT): (None, 3),
        ("各", DISTRICT): (None, 3),
        ("流", DISTRICT): (3, 3),
    }
    unmeasured = {one["target"]["plan"] for one in found if one["standing"] == "unmeasured"}
    assert unmeasured == {"校", "生", "各"}


async def test_a_target_that_does_not_hold_on_a_day_is_not_told(desk: Desk) -> None:
    told = target("lectures", 1, since=date(2026, 3, 1), until=date(2026, 4, 30), every=Every.ONCE)
    await desk.hear(told, service="reporting")

    for day, number in (("2026-02-28", 0), ("2026-03-01", 1), ("2026-04-30", 1), ("2026-05-01", 0)):
        assert len((await desk.tell("/targets/standings", on=day))["standings"]) == number


async def test_streets_are_assessed_ranked_and_paid_with_each_deduction_explained(desk: Desk) -> None:
    lectures = [lecture(number, date(2026, 4 + number, 9)) for number in range(3)]
    await desk.hear(*lectures, lecture(9, date(2026, 5, 9), street=TOWN), service="outreach")

    found = await desk.tell("/assessments", period="2026Q2")

    one, two = found["streets"]
    assert [(one["street"], one["rank"]), (two["street"], two["rank"])] == [(STREET, 1), (TOWN, 2)]
    marks = {mark["indicator"]: mark for mark in two["marks"]}
    assert (marks["lectures"]["got"], marks["lectures"]["value"]) == (2.5, 1)
    assert "扣2.5分" in marks["lectures"]["why_zh"]
    assert marks["archive_rate"]["got"] is None
    assert "hypertension_standard_rate" not in marks
    assert (one["score"], one["funding"]["share"]) == (100, 1)
    assert (two["score"], two["funding"]["share"]) == (75, 0.8)  # 2.5 and 5 of 10
    rules = await desk.tell("/assessments/rules")
    assert sum(part["points"] for part in rules["parts"]) == 100


async def test_a_clerk_is_not_told_the_assessment(desk: Desk) -> None:
    async with desk.instance.client("reporting", "clerk", STREET) as clerk:
        answer = await clerk.get("/assessments", params={"division": STREET, "period": "2026Q2"})

    assert answer.json()["code"] == "not_your_role"
