"""HTTP in: people's moves with their state."""

from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel

from services.registration.api.dependencies import Clerk, Here
from services.registration.domain.listings import ListedKind
from services.registration.domain.transfers import TERMINAL, Transfer, TransferState
from services.registration.views.transfers import Wanted, list_transfers
from services.runtime.parameters import Division, Paged
from services.runtime.problems import refuses

router = APIRouter(tags=["transfers"])


@dataclass(frozen=True)
class TransferFilter:
    """Which transfers: their state, on which side the division is, a person's; `overdue` are those past their day."""

    state: TransferState | None = None
    direction: Literal["leaving", "reaching"] | None = None
    overdue: bool = False
    person: Annotated[str | None, Query(pattern=r"^[0-9a-f]{32}$")] = None

    @property
    def kinds(self) -> tuple[ListedKind, ...]:
        """Say on which side the division may be."""
        return (ListedKind(self.direction),) if self.direction else (ListedKind.LEAVING, ListedKind.REACHING)

    @property
    def states(self) -> tuple[TransferState, ...]:
        """Say in which states they may be; nothing that is over is overdue."""
        return tuple(
            state for state in TransferState if self.state in {None, state} and not (self.overdue and state in TERMINAL)
        )


class TransferPage(BaseModel):
    """A page of transfers and the cursor of the next one, if there is one."""

    transfers: list[Transfer]
    cursor: str | None


@router.get("/transfers", summary="Transfers from or to a division", responses=refuses(outside_your_division=403))
async def get_transfers(
    registration: Here,
    caller: Clerk,
    division: Division,
    which: Annotated[TransferFilter, Depends()],
    page: Paged,
) -> TransferPage:
    """List people's moves with their state, by person."""
    caller.must_cover(division)
    service = registration.service
    overdue_by = service.today if which.overdue else None
    wanted = Wanted(service.areas(division), which.kinds, which.states, overdue_by)
    found, following = await list_transfers(service.database, wanted, which.person, page.cursor, page.limit)
    return TransferPage(transfers=found, cursor=following)
