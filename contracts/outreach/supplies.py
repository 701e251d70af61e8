"""Supplies 物资 that were issued, as facts of outreach: a counter of things by kind, whatever they are."""

from datetime import date
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from contracts.envelope import Fact
from contracts.reference.divisions import StreetCode


class Supply(BaseModel):
    """So many pieces of a kind of thing that were issued on a day, in a unit such as 盒."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    supply_id: str
    street: StreetCode
    institution_id: str | None = None
    activity_id: str | None = None
    kind: str
    unit: str
    quantity: int
    issued_on: date


class SupplyIssued(Fact):
    """Supplies were issued; the only fact of the stream `supply/<supply_id>`."""

    TYPE: ClassVar[str] = "outreach.supply_issued.v1"

    supply: Supply

    @property
    def stream(self) -> str:
        """Return the stream of the supply."""
        return f"supply/{self.supply.supply_id}"

    @property
    def division(self) -> str:
        """Return the street that issued it."""
        return self.supply.street


SUPPLY_FACTS: tuple[type[Fact], ...] = (SupplyIssued,)
