"""How divisions stand with targets: who has to reach one, of whom and where the value is, and in which period."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from contracts.reporting.groups import Group, Setting
from contracts.reporting.targets import Every, Per, Target, target_id
from services.reporting.domain.days import number_of
from services.reporting.domain.figures import Figures
from services.reporting.domain.periods import Period
from services.reporting.domain.person import Contribution
from services.reporting.domain.standings import Stand, periods_of, stand
from services.reporting.domain.targets import Standing
from services.reporting.domain.values import Counted, Place
from tests.support.counting import numbers_from

STREET, TOWN = "320507001", "320507101"
PLACE = Place("320507", {"320507": ["320507"], STREET: [STREET], TOWN: [TOWN]})
TODAY = date(2026, 7, 1)


def target(value: float = 1, **more: Any) -> Target:
    told = {"indicator": "residents", "division": "320507", "since": date(2026, 1, 1), "plan": "甲", **more}
    wanted = Target(target_id="", value=value, **told)
    return wanted.model_copy(update={"target_id": target_id(wanted)})


def living(people: Mapping[tuple[str, str], int]) -> Counted:
    """Return the numbers of residents by street and slice, since the beginning of the year."""
    since = number_of(date(2026, 1, 1))
    lived = [Contribution("resident", street, told, since, weight=count) for (street, told), count in people.items()]
    return Counted(numbers_from(lived), Figures())


def stands(wanted: Target, people: Mapping[tuple[str, str], int], on: date = date(2026, 6, 30)) -> list[Stand]:
    return list(stand(wanted, PLACE, on, TODAY, living(people)))


FLOATING = {(STREET, "fw"): 3, (STREET, "rw"): 5, (TOWN, "fm"): 1}


def test_a_division_has_to_reach_a_target_as_a_whole_or_each_of_its_streets() -> None:
    (whole,) = stands(target(), FLOATING)
    parts = stands(target(per=Per.STREET), FLOATING)

    assert (whole.division, whole.value.value, whole.served) == ("320507", 9, 4)
    found = {one.division: (one.value.value, one.served) for one in parts}
    assert found == {STREET: (8, 3), TOWN: (1, 1)}


def test_bands_go_by_the_floating_people_who_are_served() -> None:
    few = stands(target(per=Per.STREET, served_from=1, served_below=3), FLOATING)
    many = stands(target(per=Per.STREET, served_from=3), FLOATING)

    assert [one.division for one in few] == [TOWN]
    assert [one.division for one in many] == [STREET]


def test_a_group_is_counted_alone() -> None:
    (registered,) = stands(target(group=Group.REGISTERED), FLOATING)

    assert registered.value.value == 5


def test_streets_are_urban_and_towns_are_rural_and_a_district_itself_is_neither() -> None:
    people = {**FLOATING, ("320507", "uu"): 100}
    (urban,), (rural,) = (stands(target(setting=setting), people) for setting in (Setting.URBAN, Setting.RURAL))

    assert (urban.value.value, rural.value.value) == (8, 1)


def test_what_no_number_tells_is_unmeasured() -> None:
    for wanted in (
        target(setting=Setting.SCHOOL),
        target(group=Group.PUPILS),
        target(per=Per.INSTITUTION),
        target(indicator="lectures", group=Group.FLOATING),
    ):
        (one,) = stands(wanted, FLOATING)
        assert (one.judgement.standing, one.value.value) == (Standing.UNMEASURED, None)


def test_a_period_that_has_not_begun_and_a_day_on_which_a_target_does_not_hold_tell_nothing() -> None:
    over = target(until=date(2026, 3, 31))

    assert stands(target(), FLOATING, on=date(2027, 1, 1)) == []
    assert periods_of(target(), date(2027, 1, 1), TODAY) == []
    assert [len(stands(over, FLOATING, on=day)) for day in (date(2026, 3, 31), date(2026, 4, 1))] == [1, 0]


def test_numbers_are_read_at_the_end_so_far_and_on_the_day_before_the_period() -> None:
    assert periods_of(target(every=Every.QUARTER), TODAY, TODAY) == [
        Period(date(2026, 7, 1), date(2026, 7, 1)),
        Period(date(2026, 6, 30), date(2026, 6, 30)),
    ]
