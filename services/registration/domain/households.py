"""Find the stays that end along with another's: those of a household, and of children with their guardian."""

from collections.abc import Collection, Iterable

from contracts.registration.stays import Stay
from services.registration.domain.stays import LIVING


def find_accompanying(
    leaving: Stay, stays: Iterable[Stay], *, household: bool = False, staying: Collection[str] = ()
) -> list[Stay]:
    """Return the stays in the street that end along with the stay of a person who leaves, ordered by stay id.

    Children without a document follow a guardian who leaves; with `household` all members of the household leave.
    People among `staying` (person ids) stay.
    """
    gone = {leaving.person_id}
    rest = [stay for stay in stays if _may_accompany(stay, leaving) and stay.person_id not in staying]
    following: dict[str, Stay] = {}
    if household and leaving.household_id is not None:
        following |= {stay.stay_id: stay for stay in rest if stay.household_id == leaving.household_id}
        gone |= {stay.person_id for stay in following.values()}
    following |= {stay.stay_id: stay for stay in rest if stay.guardian_id in gone}
    return [following[stay_id] for stay_id in sorted(following)]


def _may_accompany(stay: Stay, leaving: Stay) -> bool:
    return stay.state in LIVING and stay.street == leaving.street and stay.person_id != leaving.person_id
