"""Whom the plans serve apart: children, pupils, women, the elderly and those whom the office reports as in need.

Belonging follows from birth, sex and the report on a day, so it is worked out where it is asked for and never stored.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from contracts.reference.calendar import add_months, age_on
from contracts.reference.identity import Sex
from contracts.registration.stays import Category, Stay

OLDEST = 150


class PersonCategory(StrEnum):
    """The groups of the plans: 0-6岁儿童, 6-14岁学生, 15-49岁育龄妇女, 65岁以上老人, 职业危害, 残疾, 留守, 特困."""

    CHILDREN_0_6 = "children_0_6"
    PUPILS_6_14 = "pupils_6_14"
    WOMEN_15_49 = "women_15_49"
    ELDERLY_65 = "elderly_65"
    OCCUPATIONAL_HAZARD = "occupational_hazard"
    DISABLED = "disabled"
    LEFT_BEHIND = "left_behind"
    HARDSHIP = "hardship"


@dataclass(frozen=True, slots=True)
class Belonging:
    """Who belongs: ages in completed years, from and including `youngest` up to and including `oldest`."""

    youngest: int = 0
    oldest: int = OLDEST
    women_only: bool = False
    hazard_only: bool = False
    reported: Category | None = None

    @property
    def of_any_age(self) -> bool:
        """Say that the age does not matter, so that it need not be known."""
        return (self.youngest, self.oldest) == (0, OLDEST)


CATEGORIES: Mapping[PersonCategory, Belonging] = {
    PersonCategory.CHILDREN_0_6: Belonging(oldest=6),
    PersonCategory.PUPILS_6_14: Belonging(youngest=6, oldest=14),
    PersonCategory.WOMEN_15_49: Belonging(youngest=15, oldest=49, women_only=True),
    PersonCategory.ELDERLY_65: Belonging(youngest=65),
    PersonCategory.OCCUPATIONAL_HAZARD: Belonging(hazard_only=True),
    PersonCategory.DISABLED: Belonging(reported=Category.DISABLED),
    PersonCategory.LEFT_BEHIND: Belonging(reported=Category.LEFT_BEHIND),
    PersonCategory.HARDSHIP: Belonging(reported=Category.HARDSHIP),
}
NOT_EXPOSED = (None, "none")
"""What a report says of somebody who is not exposed to a hazard at work: nothing, or that it was asked and denied."""


def categories(
    birth: date | None, sex: Sex, hazard: str | None, reported: Collection[Category], day: date
) -> tuple[PersonCategory, ...]:
    """Say to which categories a person belongs on a day."""
    age = age_on(birth, day) if birth is not None else None
    return tuple(
        category
        for category, belonging in CATEGORIES.items()
        if (belonging.of_any_age or (age is not None and belonging.youngest <= age <= belonging.oldest))
        and (sex is Sex.FEMALE or not belonging.women_only)
        and (hazard not in NOT_EXPOSED or not belonging.hazard_only)
        and (belonging.reported is None or belonging.reported in reported)
    )


def categories_of(stay: Stay, day: date) -> tuple[PersonCategory, ...]:
    """Say to which categories the person of a stay belongs on a day."""
    return categories(stay.birth, stay.sex, stay.hazard, stay.categories, day)


def born_between(belonging: Belonging, day: date) -> tuple[date, date]:
    """Give the birthdays (after the first, up to the second) of people who are of that age on a day."""
    return add_months(day, -12 * (belonging.oldest + 1)), add_months(day, -12 * belonging.youngest)
