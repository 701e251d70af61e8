"""Who goes along: the members of a household, and children without a document with their guardian."""

from collections.abc import Collection, Iterable

from contracts.registration.stays import Stay
from services.registration.domain.stays import LIVING


def who_follows(
    leaving: Stay, stays: Iterable[Stay], *, household: bool = False, staying: Collection[str] = ()
) -> list[Stay]:
    """Choose whose stays in the street end with that of somebody who leaves.

    Children without a document follow their guardian, whoever of those who leave it is; with `household` everybody of
    the household does. Nobody follows who is among `staying` (person ids). The order is that of the stays' ids.
    """
    gone = {leaving.person_id}
    rest = [stay for stay in stays if _may_follow(stay, leaving) and stay.person_id not in staying]
    following: dict[str, Stay] = {}
    if household and leaving.household_id is not None:
        following |= {stay.stay_id: stay for stay in rest if stay.household_id == leaving.household_id}
        gone |= {stay.person_id for stay in following.values()}
    following |= {stay.stay_id: stay for stay in rest if stay.guardian_id in gone}
    return [following[name] for name in sorted(following)]


def _may_follow(stay: Stay, leaving: Stay) -> bool:
    return stay.state in LIVING and stay.street == leaving.street and stay.person_id != leaving.person_id
