"""Who goes along when somebody leaves: a household that says so, and children without a document in any case."""

from collections.abc import Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from contracts.registration.stays import Stay, StayState
from services.registration.domain.households import find_accompanying
from services.registration.domain.stays import LIVING
from tests.support.facts import STREETS, make_stay

MOTHER, FATHER, BABY, GRANNY, LODGER = (letter * 32 for letter in "abcde")
HOME = "f" * 32


def stay(person: str, street: str = STREETS[0], **more: Any) -> Stay:
    return make_stay(person, street, **{"household_id": HOME, **more})


mother = stay(MOTHER)
father = stay(FATHER)
baby = stay(BABY, guardian_id=MOTHER)
granny = stay(GRANNY, STREETS[1])
lodger = stay(LODGER, household_id=None)
ALL = (mother, father, baby, granny, lodger)


def people(following: Sequence[Stay]) -> set[str]:
    return {stay.person_id for stay in following}


def test_a_child_without_a_document_follows_its_guardian_and_nobody_else() -> None:
    assert people(find_accompanying(mother, ALL)) == {BABY}
    assert people(find_accompanying(father, ALL)) == set()


def test_a_household_leaves_its_street_together() -> None:
    assert people(find_accompanying(father, ALL, household=True)) == {MOTHER, BABY}
    assert people(find_accompanying(lodger, ALL, household=True)) == set()


def test_a_child_of_another_household_follows_the_member_who_is_its_guardian() -> None:
    apart = baby.model_copy(update={"household_id": None})

    assert people(find_accompanying(father, (mother, father, apart), household=True)) == {MOTHER, BABY}


def test_who_is_named_as_staying_stays() -> None:
    assert people(find_accompanying(mother, ALL, staying=[BABY])) == set()
    assert people(find_accompanying(father, ALL, household=True, staying=[MOTHER])) == {BABY}


def test_who_left_already_does_not_leave_again() -> None:
    gone = father.model_copy(update={"state": StayState.ENDED})

    assert people(find_accompanying(mother, (gone, baby), household=True)) == {BABY}


family = st.lists(
    st.builds(
        stay,
        st.sampled_from((MOTHER, FATHER, BABY, GRANNY)),
        st.sampled_from(STREETS[:2]),
        household_id=st.sampled_from((None, HOME, "0" * 32)),
        guardian_id=st.sampled_from((None, MOTHER, FATHER)),
        state=st.sampled_from(StayState),
        day=st.integers(0, 3),
    ),
    max_size=8,
    unique_by=lambda stay: stay.stay_id,
)


@given(family, st.booleans(), st.sets(st.sampled_from((FATHER, BABY))), st.randoms())
def test_followers_live_in_the_street_follow_for_a_reason_and_do_not_depend_on_order(
    stays: list[Stay], household: bool, staying: set[str], chance: object
) -> None:
    following = find_accompanying(mother, stays, household=household, staying=staying)
    shuffled = list(stays)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]  # Hypothesis's own Random

    assert find_accompanying(mother, shuffled, household=household, staying=staying) == following
    for one in following:
        assert one.state in LIVING
        assert one.street == mother.street
        assert one.person_id not in {MOTHER, *staying}
        assert one.guardian_id is not None or (household and one.household_id == HOME)
    if not household:
        assert all(one.guardian_id == MOTHER for one in following)
