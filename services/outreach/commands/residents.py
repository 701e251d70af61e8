"""Who is known here: what is said of a person is taken for those only who live, or lived, where the caller works."""

from contracts.refusals import RefusedError
from services.outreach.views.residents import is_known
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


async def must_be_known(service: Service, person_id: str, division: str) -> None:
    """Raise NotKnownHereError unless somebody of that id lives in a division now or lived there before."""
    if not await is_known(service.database, person_id, service.areas(division)):
        raise NotKnownHereError
