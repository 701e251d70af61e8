"""HTTP in: archives that other districts offer are listed and refused."""

from fastapi import APIRouter
from pydantic import Field

from contracts.archives.custody import Custody
from contracts.archives.measures import Words
from services.archives.api.dependencies import Reader, Supervisor
from services.archives.api.reading import must_keep
from services.archives.commands.custody import NothingOfferedError, refuse_offer
from services.archives.commands.recording import Change
from services.archives.domain.errors import NoArchiveHereError
from services.archives.views.archives import HandOverPage, list_offers, list_receipts
from services.runtime.bodies import Body
from services.runtime.parameters import Cause, District, Paged, PersonId, ServiceHere, Street
from services.runtime.problems import refuses

router = APIRouter(tags=["archives"])


class RefusalRequest(Body):
    """Why an archive that is offered is not ours."""

    street: Street
    reason: Words = Field(min_length=2)


@router.get("/custody/offers", summary="Archives offered to a district", responses=refuses(outside_your_division=403))
async def get_offers(service: ServiceHere, caller: Reader, district: District) -> list[Custody]:
    """List what other districts offer and was not handed over yet."""
    caller.must_cover(district)
    return await list_offers(service.database, district)


@router.get(
    "/custody/receipts", summary="Archives that were handed over 交接记录", responses=refuses(outside_your_division=403)
)
async def get_receipts(service: ServiceHere, caller: Reader, district: District, page: Paged) -> HandOverPage:
    """List what a district took in or refused and what others took of it, with checksums, the newest first.

    A page is of at most `limit` people.
    """
    caller.must_cover(district)
    return await list_receipts(service.database, district, page.cursor, page.limit)


@router.post(
    "/custody/{person_id}/refusal",
    summary="Refuse an archive that is offered",
    responses=refuses(NoArchiveHereError, NothingOfferedError, outside_your_division=403, conflict=409),
)
async def post_refusal(
    person_id: PersonId, body: RefusalRequest, service: ServiceHere, caller: Supervisor, cause: Cause
) -> Custody:
    """Refuse the archive of a person who is not ours; the origin goes on keeping it."""
    await must_keep(service, caller, person_id, body.street)
    change = Change(caller.subject, cause)
    return await refuse_offer(service, person_id, body.street[:6], body.reason, change)
