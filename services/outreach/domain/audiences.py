"""The criteria of each audience."""

from contracts.outreach.activities import Audience
from contracts.registration.categories import CATEGORIES, Belonging, PersonCategory

AUDIENCES: dict[Audience, Belonging] = {
    Audience.EVERYONE: Belonging(),
    Audience.CHILDREN: CATEGORIES[PersonCategory.CHILDREN_0_6],
    Audience.PUPILS: CATEGORIES[PersonCategory.PUPILS_6_14],
    Audience.WOMEN: CATEGORIES[PersonCategory.WOMEN_15_49],
    Audience.ELDERLY: CATEGORIES[PersonCategory.ELDERLY_65],
    Audience.HAZARD_WORKERS: CATEGORIES[PersonCategory.OCCUPATIONAL_HAZARD],
}
