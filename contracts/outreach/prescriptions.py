"""Prescriptions of health education 健康教育处方 as facts of outreach, and how much institutions use them."""

from datetime import date
from enum import StrEnum
from hashlib import sha256
from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, StringConstraints

from contracts.envelope import Fact, PersonId
from contracts.reference.divisions import StreetCode

Month = Annotated[str, StringConstraints(pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])$")]
"""A month, e.g. `2026-03`."""


class PrescriptionSetting(StrEnum):
    """Where a prescription is given: 门诊, 病区, 入户, 活动现场."""

    OUTPATIENT = "outpatient"
    WARD = "ward"
    HOME = "home"
    ACTIVITY = "activity"


class WithdrawalReason(StrEnum):
    """Why a prescription is withdrawn: it was somebody else's, of another topic or day, or was not given at all."""

    WRONG_PERSON = "wrong_person"
    WRONG_CONTENT = "wrong_content"
    NOT_GIVEN = "not_given"


class Prescription(BaseModel):
    """A prescription of health education that a person was given: written advice for the person's own health.

    `prescription_id` is natural: a street or institution gives a person one of a topic on a day. `given_by` is an
    account, never a name. A prescription that was withdrawn never was; `turn` counts those of the same that were.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    prescription_id: str
    street: StreetCode
    person_id: PersonId
    topic: str
    given_on: date
    setting: PrescriptionSetting
    given_by: str
    institution_id: str | None = None
    material_id: str | None = None
    turn: int = 0
    withdrawn: WithdrawalReason | None = None


def prescription_id(giver: str, person_id: str, topic: str, given_on: date, turn: int = 0) -> str:
    """Return the id of what an institution, or a street, gave somebody about a topic on a day (32 hex digits)."""
    named = f"{giver}|{person_id}|{''.join(topic.split())}|{given_on.isoformat()}|{turn}"
    return sha256(f"prescription|{named}".encode()).hexdigest()[:32]


class PrescriptionFact(Fact):
    """A fact of the stream `prescription/<prescription_id>`."""

    prescription: Prescription

    @property
    def stream(self) -> str:
        """Return the stream of the prescription."""
        return f"prescription/{self.prescription.prescription_id}"

    @property
    def division(self) -> str:
        """Return the street in which it was given."""
        return self.prescription.street

    @property
    def person_id(self) -> str:
        """Return the id of the person for whom it is."""
        return self.prescription.person_id


class PrescriptionGiven(PrescriptionFact):
    """Somebody was given a prescription of health education."""

    TYPE: ClassVar[str] = "outreach.prescription_given.v1"


class PrescriptionWithdrawn(PrescriptionFact):
    """A prescription was recorded by mistake."""

    TYPE: ClassVar[str] = "outreach.prescription_withdrawn.v1"


class PrescriptionUse(BaseModel):
    """How many patients an institution had in a month, and how many of them got a prescription of health education.

    `use_id` is natural: an institution counts each setting once a month; counting again replaces the numbers.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    use_id: str
    street: StreetCode
    institution_id: str
    setting: PrescriptionSetting
    month: Month
    patients: int
    given: int


def use_id(institution: str, setting: PrescriptionSetting, month: str) -> str:
    """Return the id of the use of prescriptions in an institution's setting in a month (32 hexadecimal digits)."""
    return sha256(f"prescription_use|{institution}|{setting}|{month}".encode()).hexdigest()[:32]


class PrescriptionUseCounted(Fact):
    """An institution counted its patients and prescriptions of a month; a fact of `prescription_use/<use_id>`."""

    TYPE: ClassVar[str] = "outreach.prescription_use_counted.v1"

    use: PrescriptionUse

    @property
    def stream(self) -> str:
        """Return the stream of the use in that month."""
        return f"prescription_use/{self.use.use_id}"

    @property
    def division(self) -> str:
        """Return the street of the institution."""
        return self.use.street


PRESCRIPTION_FACTS: tuple[type[PrescriptionFact], ...] = (PrescriptionGiven, PrescriptionWithdrawn)
PRESCRIPTION_USE_FACTS: tuple[type[Fact], ...] = (PrescriptionUseCounted,)
