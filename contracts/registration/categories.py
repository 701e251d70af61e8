"""The groups of people that plans target: children, pupils, women, the elderly, and people reported as in need.

Whether a person belongs to one on a day follows from birth, sex and what was reported, so it is derived, never stored.
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
    """The criteria of a group: ages in completed years from `youngest` to `oldest`, both included, and the rest."""

    youngest: int = 0
    oldest: int = OLDEST
    women_only: bool = False
    hazard_only: bool = False
    reported: Category | None = None

    @property
    def of_any_age(self) -> bool:
        """Return whether age does not matter, so that it need not be known."""
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
"""The reported values for people without a hazard at work: nothing was reported, or it was denied."""


def categories(
    birth: date | None, sex: Sex, hazard: str | None, reported: Collection[Category], day: date
) -> tuple[PersonCategory, ...]:
    """Return the categories that a person belongs to on a day."""
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
    """Return the categories that the person of a stay belongs to on a day."""
    return categories(stay.birth, stay.sex, stay.hazard, stay.categories, day)


def born_between(belonging: Belonging, day: date) -> tuple[date, date]:
    """Return the birthdays of people who have the required age on a day: after the first, up to the second."""
    return add_months(day, -12 * (belonging.oldest + 1)), add_months(day, -12 * belonging.youngest)
