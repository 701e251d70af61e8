"""What registration says: who stays where, from when to when. No name, number, phone or address is ever in a fact."""

from datetime import date
from enum import StrEnum
from hashlib import sha256
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from contracts.divisions import DistrictCode, StreetCode
from contracts.envelope import Fact, Moment, PersonId
from contracts.identity import Sex


class StayState(StrEnum):
    """What is held of a stay: `open` (a resident), `contested` (a newer one is known), `ended`, `retracted`."""

    OPEN = "open"
    CONTESTED = "contested"
    ENDED = "ended"
    RETRACTED = "retracted"


class Stay(BaseModel):
    """One person's living in one street from a day on, as a half-open interval [started_on, ended_on).

    `stay_id` is natural: the same person, street and first day are the same stay. `origin` (where the person came
    from), `destination` (where the person went) and `hukou_division` (where the household is registered) are GB/T 2260
    codes or None where the office could not say. `recorded_at` is when the arrival was recorded.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    stay_id: str
    person_id: PersonId
    street: StreetCode
    started_on: date
    recorded_at: Moment
    birth: date | None = None
    sex: Sex = Sex.UNKNOWN
    hukou_division: str | None = None
    origin: str | None = None
    purpose: str | None = None
    dwelling: str | None = None
    hazard: str | None = None
    community: str | None = None
    grid: str | None = None
    state: StayState = StayState.OPEN
    ended_on: date | None = None
    destination: str | None = None
    contested_by: str | None = None

    @property
    def district(self) -> DistrictCode:
        """Name the district that writes this stay."""
        return self.street[:6]


def stay_id(person_id: str, street: str, started_on: date) -> str:
    """Name a stay after its person, street and first day (32 hexadecimal digits)."""
    return sha256(f"{person_id}|{street}|{started_on.isoformat()}".encode()).hexdigest()[:32]


class StayFact(Fact):
    """A fact of the stream `stay/<stay_id>`, written by the stay's district."""

    stay: Stay

    @property
    def stream(self) -> str:
        """Name the stay's stream."""
        return f"stay/{self.stay.stay_id}"

    @property
    def division(self) -> str:
        """Name the stay's street."""
        return self.stay.street

    @property
    def person_id(self) -> str:
        """Name who stays."""
        return self.stay.person_id


class StayStarted(StayFact):
    """A person came to live in a street; the office registered the arrival."""

    TYPE: ClassVar[str] = "registration.stay_started.v1"


class StayContested(StayFact):
    """A newer stay elsewhere became known: until it is settled the person does not count as a resident here."""

    TYPE: ClassVar[str] = "registration.stay_contested.v1"


class StayReaffirmed(StayFact):
    """The reason to contest went away: the person counts as a resident here again."""

    TYPE: ClassVar[str] = "registration.stay_reaffirmed.v1"


class StayEnded(StayFact):
    """The person left on `ended_on`: declared by the office, or confirmed after the stay was contested."""

    TYPE: ClassVar[str] = "registration.stay_ended.v1"


class StayRetracted(StayFact):
    """The arrival was registered by mistake; the stay never was."""

    TYPE: ClassVar[str] = "registration.stay_retracted.v1"


STAY_FACTS: tuple[type[StayFact], ...] = (
    StayStarted,
    StayContested,
    StayReaffirmed,
    StayEnded,
    StayRetracted,
)
