"""Stays as facts of registration: who lives where, from when to when; never a name, number, phone or address."""

from datetime import date
from enum import StrEnum
from hashlib import sha256
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from contracts.envelope import Fact, Moment, PersonId
from contracts.reference.divisions import DistrictCode, StreetCode
from contracts.reference.identity import Sex


class StayState(StrEnum):
    """What is held of a stay: `open` (a resident), `contested` (it may be over), `ended`, `retracted`."""

    OPEN = "open"
    CONTESTED = "contested"
    ENDED = "ended"
    RETRACTED = "retracted"


class Ending(StrEnum):
    """How a stay came to its end. The first two were said by people, the others follow from what is known.

    `departed`: the office declared the departure (流出申报). `confirmed`: the office confirmed another's notice.
    `by_default`: nobody answered the notice in time, or before the person died elsewhere. `died`: the person died.
    """

    DEPARTED = "departed"
    CONFIRMED = "confirmed"
    BY_DEFAULT = "by_default"
    DIED = "died"


class Contest(StrEnum):
    """Why a stay does not count: a `newer_stay` is known elsewhere, or the person had `died` before it started."""

    NEWER_STAY = "newer_stay"
    DIED = "died"


class DestinationKind(StrEnum):
    """Where a person went: a division that can be named, abroad, or nobody knows."""

    DIVISION = "division"
    EXTERNAL = "external"
    UNKNOWN = "unknown"


class Category(StrEnum):
    """What an office reports of a person beside age and sex: disabled 残疾, left-behind 留守, hardship 特困."""

    DISABLED = "disabled"
    LEFT_BEHIND = "left_behind"
    HARDSHIP = "hardship"


class Stay(BaseModel):
    """One person's living in one street from a day on, as a half-open interval [started_on, ended_on).

    `stay_id` is natural: the same person, street and first day are the same stay; a later correction of the day keeps
    it. `origin` (where the person came from), `destination` (where the person went) and `hukou_division` (where the
    household is registered) are GB/T 2260 codes or None where the office could not say. `recorded_at` is when the
    arrival was recorded. `returning_on` is when a seasonal worker said to be back. `trace_lost_on` is the day from
    which a departure without arrival counts as lost (失访). People who arrived in one report share `household_id`;
    `guardian_id` names whose number a child without one is registered under. The person of an `unverified` stay was
    registered by a supervisor under a number that fails its check, and is never matched by itself. `registration_due`
    is the last day on which the arrival is registered in time, None where a hotel, hospital or school registers it.
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
    contest: Contest | None = None
    ending: Ending | None = None
    destination_kind: DestinationKind | None = None
    returning_on: date | None = None
    trace_lost_on: date | None = None
    categories: tuple[Category, ...] = ()
    household_id: str | None = None
    relationship: str | None = None
    guardian_id: PersonId | None = None
    unverified: bool = False
    registration_due: date | None = None

    @property
    def district(self) -> DistrictCode:
        """Return the district that writes this stay."""
        return self.street[:6]


def stay_id(person_id: str, street: str, started_on: date) -> str:
    """Return the id of a stay, derived from its person, street and first day (32 hexadecimal digits)."""
    return sha256(f"{person_id}|{street}|{started_on.isoformat()}".encode()).hexdigest()[:32]


class StayFact(Fact):
    """A fact of the stream `stay/<stay_id>`, written by the stay's district."""

    stay: Stay

    @property
    def stream(self) -> str:
        """Return the stream of the stay."""
        return f"stay/{self.stay.stay_id}"

    @property
    def division(self) -> str:
        """Return the street of the stay."""
        return self.stay.street

    @property
    def person_id(self) -> str:
        """Return the id of the person who stays."""
        return self.stay.person_id


class StayStarted(StayFact):
    """A person came to live in a street; the office registered the arrival."""

    TYPE: ClassVar[str] = "registration.stay_started.v1"


class StayContested(StayFact):
    """A newer stay elsewhere became known: until it is settled the person does not count as a resident here."""

    TYPE: ClassVar[str] = "registration.stay_contested.v1"


class StayReaffirmed(StayFact):
    """The reason to contest, or to end by default, went away: the person counts as a resident here again."""

    TYPE: ClassVar[str] = "registration.stay_reaffirmed.v1"


class StayEnded(StayFact):
    """The person left on `ended_on`; `ending` says how that is known."""

    TYPE: ClassVar[str] = "registration.stay_ended.v1"


class StayRetracted(StayFact):
    """The arrival was registered by mistake; the stay never was."""

    TYPE: ClassVar[str] = "registration.stay_retracted.v1"


class StayCorrected(StayFact):
    """The office corrected what it had reported: dates, origin, purpose, dwelling, destination."""

    TYPE: ClassVar[str] = "registration.stay_corrected.v1"


class StayRelocated(StayFact):
    """The person moved inside the street: another community, grid or dwelling; the street counts as before."""

    TYPE: ClassVar[str] = "registration.stay_relocated.v1"


class StayTraceLost(StayFact):
    """The person left and arrived nowhere in time: lost (失访) until an arrival somewhere is known."""

    TYPE: ClassVar[str] = "registration.stay_trace_lost.v1"


class StayTraceFound(StayFact):
    """A person who counted as lost arrived somewhere, or died."""

    TYPE: ClassVar[str] = "registration.stay_trace_found.v1"


STAY_FACTS: tuple[type[StayFact], ...] = (
    StayStarted,
    StayContested,
    StayReaffirmed,
    StayEnded,
    StayRetracted,
    StayCorrected,
    StayRelocated,
    StayTraceLost,
    StayTraceFound,
)
