"""Care 关怀帮扶 as facts of outreach: cases of people in need, visits with help, pairing, how they were closed."""

from datetime import date
from enum import StrEnum
from hashlib import sha256
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from contracts.envelope import Fact, PersonId
from contracts.reference.divisions import StreetCode


class CareNeed(StrEnum):
    """Why somebody is cared for: 特困, 残疾, 留守老人, 留守妇女, 留守儿童, 返乡."""

    HARDSHIP = "hardship"
    DISABLED = "disabled"
    LEFT_BEHIND_ELDERLY = "left_behind_elderly"
    LEFT_BEHIND_WOMAN = "left_behind_woman"
    LEFT_BEHIND_CHILD = "left_behind_child"
    RETURNEE = "returnee"


class CloseReason(StrEnum):
    """Why a case was closed: the need is met, help was declined, the person moved away or died, opened by mistake."""

    NEED_MET = "need_met"
    DECLINED = "declined"
    MOVED_AWAY = "moved_away"
    DIED = "died"
    MISTAKEN = "mistaken"


class Help(BaseModel):
    """Help given on a visit: its kind by the table of kinds, and how much in the unit of that kind, money in fen."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    kind: str
    quantity: int


class Visit(BaseModel):
    """Somebody of the street, known by a staff number, saw the person, and what help was given."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    visit_id: str
    visited_on: date
    visited_by: str
    help: tuple[Help, ...] = ()
    activity_id: str | None = None
    withdrawn: bool = False
    """Whether it was recorded by mistake: it stays, and counts nowhere."""


class Pairing(BaseModel):
    """Who stands by the person 结对: an educator, volunteer or colleague by staff number, or an institution."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    paired_on: date
    staff: str | None = None
    institution_id: str | None = None


class Spell(BaseModel):
    """The days from which and until which a case was open before it was opened again, and why it was closed."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    opened_on: date
    closed_on: date
    close_reason: CloseReason


class CareCase(BaseModel):
    """A person in need whom a street cares for, and the members of the household by their ids.

    `case_id` is natural: the same person and need in the same street are the same case, which may be opened again.
    `visits` are in order of their days, those before it was opened again included; `earlier` are its former spells.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    case_id: str
    street: StreetCode
    person_id: PersonId
    household: tuple[PersonId, ...] = ()
    need: CareNeed
    opened_on: date
    visits: tuple[Visit, ...] = ()
    pairing: Pairing | None = None
    closed_on: date | None = None
    close_reason: CloseReason | None = None
    earlier: tuple[Spell, ...] = ()

    @property
    def made(self) -> tuple[Visit, ...]:
        """Return the visits that were not recorded by mistake."""
        return tuple(visit for visit in self.visits if not visit.withdrawn)

    @property
    def last_seen_on(self) -> date:
        """Return the day of the last visit, or that on which the case was opened if there was none since."""
        return max([self.opened_on, *(visit.visited_on for visit in self.made)])


def case_id(street: str, person_id: str, need: CareNeed) -> str:
    """Return the id of a case, derived from its street, person and need (32 hexadecimal digits)."""
    return sha256(f"care_case|{street}|{person_id}|{need}".encode()).hexdigest()[:32]


class CareCaseFact(Fact):
    """A fact of the stream `care_case/<case_id>`."""

    case: CareCase

    @property
    def stream(self) -> str:
        """Return the stream of the case."""
        return f"care_case/{self.case.case_id}"

    @property
    def division(self) -> str:
        """Return the street that cares."""
        return self.case.street

    @property
    def person_id(self) -> str:
        """Return the id of the person who is cared for."""
        return self.case.person_id


class CareCaseOpened(CareCaseFact):
    """A street began to care for somebody, or began again."""

    TYPE: ClassVar[str] = "outreach.care_case_opened.v1"


class CareCaseVisited(CareCaseFact):
    """Somebody saw the person, and perhaps gave help."""

    TYPE: ClassVar[str] = "outreach.care_case_visited.v1"


class CareVisitWithdrawn(CareCaseFact):
    """A visit had been recorded by mistake."""

    TYPE: ClassVar[str] = "outreach.care_visit_withdrawn.v1"


class CareCasePaired(CareCaseFact):
    """Somebody else, or an institution, stands by the person from now on."""

    TYPE: ClassVar[str] = "outreach.care_case_paired.v1"


class CareCaseClosed(CareCaseFact):
    """The case was closed, with a reason."""

    TYPE: ClassVar[str] = "outreach.care_case_closed.v1"


CARE_FACTS: tuple[type[CareCaseFact], ...] = (
    CareCaseOpened,
    CareCaseVisited,
    CareVisitWithdrawn,
    CareCasePaired,
    CareCaseClosed,
)
