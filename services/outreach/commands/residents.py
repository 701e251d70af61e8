"""Who is known here: what is said of a person is taken for those only who live, or lived, where the caller works."""

from collections.abc import Collection

from contracts.refusals import RefusedError
from services.outreach.views.residents import find_streets_of, is_known
from services.runtime.service import Service


class NotKnownHereError(RefusedError):
    """Nobody with this id was ever registered in the caller's division."""

    code = "not_known_here"
    advice = (
        "您的辖区未登记该人员，请先登记，或只计人数。"
        "Nobody of that id is registered in your division; register the person first, or count heads."
    )
    field = "person_id"
    status = 404


class NotRegisteredHereError(RefusedError):
    """Somebody does not live in the street, as far as is heard here."""

    code = "not_registered_here"
    advice = (
        "该街道没有此人的在住登记，请核对编号或先登记流入。"
        "Nobody of that id lives in the street; check the id, or register the arrival first."
    )
    field = "person_id"
    status = 404


async def must_be_known(service: Service, person_id: str, division: str) -> None:
    """Raise NotKnownHereError unless somebody of that id lives in a division now or lived there before."""
    if not await is_known(service.database, person_id, service.areas(division)):
        raise NotKnownHereError


async def must_live_in(service: Service, street: str, person_ids: Collection[str]) -> None:
    """Raise NotRegisteredHereError unless all people live in a street."""
    found = await find_streets_of(service.database, person_ids, service.areas(street))
    if set(person_ids) - found.keys():
        raise NotRegisteredHereError
