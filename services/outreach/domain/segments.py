"""Whom a segment means: its criteria, what of it stays can't tell, and the audiences as segments."""

from collections.abc import Mapping
from datetime import date

from contracts.outreach.activities import Audience
from contracts.outreach.segments import HealthGroup, Segment
from contracts.reference.calendar import age_on
from contracts.refusals import RefusedError
from contracts.registration.categories import CATEGORIES, NOT_EXPOSED, OLDEST, PersonCategory, categories_of
from contracts.registration.stays import Stay, StayState

GROUPS: Mapping[HealthGroup, tuple[PersonCategory, ...]] = {
    HealthGroup.AT_RISK: (PersonCategory.OCCUPATIONAL_HAZARD,),
    HealthGroup.KEY: tuple(one for one in CATEGORIES if one is not PersonCategory.OCCUPATIONAL_HAZARD),
}
"""What stays tell of the groups: exposed at work is at risk; children, women, the old and those in need are key."""

AUDIENCES: Mapping[Audience, Segment] = {
    Audience.EVERYONE: Segment(),
    Audience.CHILDREN: Segment(categories=(PersonCategory.CHILDREN_0_6,)),
    Audience.PUPILS: Segment(categories=(PersonCategory.PUPILS_6_14,)),
    Audience.WOMEN: Segment(categories=(PersonCategory.WOMEN_15_49,)),
    Audience.ELDERLY: Segment(categories=(PersonCategory.ELDERLY_65,)),
    Audience.HAZARD_WORKERS: Segment(categories=(PersonCategory.OCCUPATIONAL_HAZARD,)),
}
"""The audiences, each as the segment that it is."""


class GroupNotKnownError(RefusedError):
    """What outreach hears does not tell who is in the group."""

    code = "group_not_known"
    advice = (
        "现有信息不能区分健康、亚健康人群，请按年龄、职业危害或人群类别选择。"
        "Nothing that is heard here tells who is healthy or sub-healthy; choose by age, hazard at work or category."
    )
    field = "group"
    status = 422


class AgesTurnedError(RefusedError):
    """Nobody is at least as old and at most as old as that."""

    code = "ages_turned"
    advice = "最小年龄大于最大年龄，请更正。The youngest age is above the oldest; correct one of them."
    field = "youngest"
    status = 422


def must_be_known(segment: Segment) -> None:
    """Raise GroupNotKnownError or AgesTurnedError if nobody can tell, or nobody can be, whom a segment means."""
    if segment.group is not None and segment.group not in GROUPS:
        raise GroupNotKnownError
    if segment.youngest > segment.oldest:
        raise AgesTurnedError


def of_any_age(segment: Segment) -> bool:
    """Return whether age does not matter, so that it need not be known."""
    return (segment.youngest, segment.oldest) == (0, OLDEST)


def any_of(segment: Segment) -> list[tuple[PersonCategory, ...]]:
    """Return the sets of categories of each of which a person is in one: those named, and those of the group."""
    wanted = [segment.categories] if segment.categories else []
    return wanted if segment.group is None else [*wanted, GROUPS[segment.group]]


def belongs(segment: Segment, stay: Stay, day: date) -> bool:
    """Return whether the person of a stay is a resident whom a segment means on a day."""
    age = age_on(stay.birth, day) if stay.birth is not None else None
    categories = categories_of(stay, day)
    return (
        stay.state is StayState.OPEN
        and (of_any_age(segment) or (age is not None and segment.youngest <= age <= segment.oldest))
        and segment.sex in (None, stay.sex)
        and all(any(one in categories for one in wanted) for wanted in any_of(segment))
        and (not segment.origins or (stay.origin or "").startswith(segment.origins))
        and (not segment.communities or stay.community in segment.communities)
        and (not segment.dwellings or stay.dwelling in segment.dwellings)
        and (not segment.hazards or stay.hazard in segment.hazards)
        and (stay.hazard not in NOT_EXPOSED or not segment.exposed)
    )
