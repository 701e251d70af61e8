"""HTTP in: list transfers, which are the moves of people, with their state."""

from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel

from services.registration.api.dependencies import Clerk, RegistrationHere
from services.registration.domain.listings import ListedKind
from services.registration.domain.transfers import TERMINAL, Transfer, TransferState
from services.registration.views.transfers import Wanted, list_transfers
from services.runtime.parameters import Division, Paged
from services.runtime.problems import refuses

router = APIRouter(tags=["transfers"])


@dataclass(frozen=True)
class TransferFilter:
    """A filter for transfers: state, the division's side, the person; `overdue` are those past their due day."""

    state: TransferState | None = None
    direction: Literal["leaving", "reaching"] | None = None
    overdue: bool = False
    person: Annotated[str | None, Query(pattern=r"^[0-9a-f]{32}$")] = None

    @property
    def kinds(self) -> tuple[ListedKind, ...]:
        """Return the kinds of listing to search: the division may be where people leave, or which they reach."""
        return (ListedKind(self.direction),) if self.direction else (ListedKind.LEAVING, ListedKind.REACHING)

    @property
    def states(self) -> tuple[TransferState, ...]:
        """Return the states to list; a transfer that is over is never overdue."""
        return tuple(
            state for state in TransferState if self.state in {None, state} and not (self.overdue and state in TERMINAL)
        )


class TransferPage(BaseModel):
    """A page of transfers and the cursor of the next one, if there is one."""

    transfers: list[Transfer]
    cursor: str | None


@router.get("/transfers", summary="Transfers from or to a division", responses=refuses(outside_your_division=403))
async def get_transfers(
    registration: RegistrationHere,
    caller: Clerk,
    division: Division,
    transfer_filter: Annotated[TransferFilter, Depends()],
    page: Paged,
) -> TransferPage:
    """List the transfers from or to a division, in the order of person ids."""
    caller.must_cover(division)
    service = registration.service
    overdue_by = service.today if transfer_filter.overdue else None
    wanted = Wanted(service.areas(division), transfer_filter.kinds, transfer_filter.states, overdue_by)
    found, following = await list_transfers(service.database, wanted, transfer_filter.person, page.cursor, page.limit)
    return TransferPage(transfers=found, cursor=following)
