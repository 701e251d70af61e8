"""Segments: whom they mean, and what of them nothing that is heard can tell."""

from datetime import date

import pytest

from contracts.outreach.activities import Audience
from contracts.outreach.segments import HealthGroup, Segment
from contracts.refusals import RefusedError
from contracts.registration.categories import PersonCategory
from services.outreach.domain.segments import AUDIENCES, belongs, must_be_known
from tests.support.facts import make_stay

TODAY = date(2026, 11, 20)


def test_every_audience_that_an_activity_may_address_has_people_who_belong_to_it() -> None:
    assert AUDIENCES.keys() == set(Audience)


@pytest.mark.parametrize("group", [HealthGroup.HEALTHY, HealthGroup.SUB_HEALTHY])
def test_who_is_healthy_is_nothing_that_stays_tell(group: HealthGroup) -> None:
    with pytest.raises(RefusedError) as refused:
        must_be_known(Segment(group=group))

    assert (refused.value.code, refused.value.field) == ("group_not_known", "group")


def test_nobody_is_older_than_the_oldest() -> None:
    with pytest.raises(RefusedError) as refused:
        must_be_known(Segment(youngest=40, oldest=39))

    assert refused.value.code == "ages_turned"


def test_an_exposed_worker_is_at_risk_and_a_child_is_of_a_key_group() -> None:
    worker, child = make_stay(hazard="dust"), make_stay(birth=date(2022, 1, 1))

    assert belongs(Segment(group=HealthGroup.AT_RISK), worker, TODAY)
    assert not belongs(Segment(group=HealthGroup.AT_RISK), child, TODAY)
    assert belongs(Segment(group=HealthGroup.KEY), child, TODAY)


def test_everything_named_must_apply_and_of_several_values_one() -> None:
    stay = make_stay(birth=date(1950, 1, 1), origin="340102", community="003")
    segment = Segment(categories=(PersonCategory.ELDERLY_65, PersonCategory.DISABLED), origins=("34",))

    assert belongs(segment, stay, TODAY)
    assert not belongs(segment.model_copy(update={"communities": ("001",)}), stay, TODAY)
