"""Checked arrivals and departures, and the last day to register an arrival in time."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from contracts.reference.identity import Document, DocumentType, Sex
from contracts.registration.stays import Category, DestinationKind
from services.registration.deadlines import Policy


class Purpose(StrEnum):
    """Why a person stays (居住事由)."""

    LABOUR = "labour"
    FARMING = "farming"
    TRADE = "trade"
    SERVICE = "service"
    DOMESTIC_WORK = "domestic_work"
    BUSINESS_TRIP = "business_trip"
    STUDY = "study"
    TREATMENT = "treatment"
    JOINING_KIN = "joining_kin"
    VISITING_KIN = "visiting_kin"
    TOURISM = "tourism"
    OTHER = "other"


class Dwelling(StrEnum):
    """What a person lives in (住所类型)."""

    RENTED = "rented"
    OWNED = "owned"
    HOUSEHOLD = "household"
    EMPLOYER = "employer"
    BUILDING_SITE = "building_site"
    HOTEL = "hotel"
    BOAT = "boat"
    OTHER = "other"


class Hazard(StrEnum):
    """What a person is exposed to at work (接触职业危害因素); `none` was asked and denied."""

    NONE = "none"
    DUST = "dust"
    NOISE = "noise"
    BENZENES = "benzenes"
    CHEMICALS = "chemicals"
    HEAVY_METALS = "heavy_metals"
    HEAT = "heat"
    RADIATION = "radiation"
    BIOLOGICAL = "biological"
    OTHER = "other"


class Arrival(NamedTuple):
    """A checked arrival.

    The first group of fields identifies the person and is to be sealed; the second may go into facts; few reports have
    the third. `origin` and `hukou_division` are six digits (a province or city padded with zeros) or None;
    `ethnic_group` is the two digits of GB/T 3304 or None, `relationship` those of GB/T 4761; warnings are stable codes
    such as `bad_phone`. `apart` is set, and the person unverified, if a supervisor approved a number.
    """

    document_type: DocumentType
    document_number: str
    name: str
    phone: str
    address: str
    hukou_address: str
    employer: str
    note: str

    street: str
    started_on: date
    birth: date
    sex: Sex
    ethnic_group: str | None
    hukou_division: str | None
    origin: str | None
    purpose: Purpose | None
    dwelling: Dwelling | None
    hazard: Hazard | None
    community: str | None
    grid: str | None
    warnings: tuple[str, ...]

    apart: str = ""
    guardian: Document | None = None
    head: Document | None = None
    override_reason: str = ""
    approved_by: str = ""
    categories: tuple[Category, ...] = ()
    relationship: str | None = None

    @property
    def document(self) -> Document:
        """Return the document that identifies the person."""
        return Document(self.document_type, self.document_number, self.apart)

    @property
    def unverified(self) -> bool:
        """Return whether the document number failed its check and a supervisor approved it."""
        return bool(self.apart)


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """A checked departure; `destination` is a district (6 digits) or a street (9), or None."""

    document_type: DocumentType
    document_number: str
    apart: str = ""
    street: str
    left_on: date
    destination_kind: DestinationKind
    destination: str | None
    reason: str
    returning_on: date | None = None
    household: bool = False
    staying: tuple[Document, ...] = ()
    warnings: tuple[str, ...]

    @property
    def document(self) -> Document:
        """Return the document that identifies the person."""
        return Document(self.document_type, self.document_number, self.apart)


_KIN = frozenset({Purpose.VISITING_KIN, Purpose.JOINING_KIN})
_REGISTERED_BY_HOST = frozenset({Purpose.TREATMENT, Purpose.STUDY})


def registration_due(deadlines: Policy, started_on: date, purpose: str | None, dwelling: str | None) -> date | None:
    """Return the last day to register an arrival in time; None if a hotel, hospital or school registers it.

    A visit to kin need not be registered, so the days count from its last day as a visit.
    """
    if dwelling == Dwelling.HOTEL or purpose in _REGISTERED_BY_HOST:
        return None
    if dwelling == Dwelling.HOUSEHOLD and purpose in _KIN:
        return deadlines.registration_due(deadlines.visit_ends_on(started_on))
    return deadlines.registration_due(started_on)
