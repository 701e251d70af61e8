"""What people typed becomes a checked arrival or departure, or a refusal: the same at every door."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated
from unicodedata import normalize

from pydantic import BaseModel, ConfigDict, StringConstraints

from contracts.divisions import Divisions
from contracts.identity import DocumentType, Sex
from contracts.registration import DestinationKind
from services.registration import fields
from services.registration.fields import refuse
from services.registration.refusals import ADVICE, Refusal, RefusalCode, ReportRefusedError
from services.registration.vocabulary import (
    DWELLINGS,
    ETHNIC_CODES,
    HAZARDS,
    PURPOSES,
    Dwelling,
    Hazard,
    Purpose,
    tidy,
)

__all__ = [
    "ADVICE",
    "Arrival",
    "ArrivalReport",
    "Departure",
    "DepartureReport",
    "Refusal",
    "RefusalCode",
    "check_arrival",
    "check_departure",
]

LONGEST_TYPED = 1000
LONGEST_KEPT = 300

Typed = Annotated[str, StringConstraints(max_length=LONGEST_TYPED)]


class ArrivalReport(BaseModel):
    """One line of an office's arrivals register, as typed."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: Typed = ""
    sex: Typed = ""
    document_type: Typed = ""
    document_number: Typed = ""
    birth: Typed = ""
    ethnic_group: Typed = ""
    hukou_division: Typed = ""
    hukou_address: Typed = ""
    phone: Typed = ""
    address: Typed = ""
    community: Typed = ""
    grid: Typed = ""
    dwelling: Typed = ""
    arrived_on: Typed = ""
    origin: Typed = ""
    purpose: Typed = ""
    employer: Typed = ""
    hazard: Typed = ""
    note: Typed = ""


class DepartureReport(BaseModel):
    """What an office says about a person who left, as typed."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    document_type: Typed = ""
    document_number: Typed = ""
    left_on: Typed = ""
    destination: Typed = ""
    reason: Typed = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A checked arrival. The first group says who and is to be sealed; the second may go into facts.

    `origin` and `hukou_division` are six digits (a province or city filled up with noughts) or None;
    `ethnic_group` is the two digits of GB/T 3304 or None; warnings are stable codes such as `bad_phone`.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """A checked departure; `destination` is a district (6 digits) or a street (9), or None."""

    document_type: DocumentType
    document_number: str
    street: str
    left_on: date
    destination_kind: DestinationKind
    destination: str | None
    reason: str
    warnings: tuple[str, ...]


def check_arrival(report: ArrivalReport, *, street: str, today: date, divisions: Divisions) -> Arrival | Refusal:
    """Check a typed arrival; the first thing wrong of what is missing, name, document, birth, sex and day."""
    try:
        return _arrival(report, street, today, divisions)
    except ReportRefusedError as refused:
        return refused.refusal


def check_departure(report: DepartureReport, *, street: str, today: date, divisions: Divisions) -> Departure | Refusal:
    """Check a typed departure; the first thing wrong of what is missing, document and day."""
    try:
        return _departure(report, street, today, divisions)
    except ReportRefusedError as refused:
        return refused.refusal


def _arrival(report: ArrivalReport, street: str, today: date, divisions: Divisions) -> Arrival:
    """Read a report field by field."""
    _check_street(street, divisions)
    _check_lengths(report, "hukou_address", "phone", "address", "community", "grid", "employer", "note")
    _check_present(report, "name", "document_type", "document_number", "arrived_on")
    name = fields.read_name(report.name)
    document_type = fields.read_document_type(report.document_type)
    number = fields.read_document_number(document_type, report.document_number)
    warnings: list[str] = []
    birth = fields.read_birth(report.birth, document_type, number, today)
    sex = fields.read_sex(report.sex, document_type, number, warnings)
    started_on = fields.read_day("arrived_on", report.arrived_on, today)
    if started_on < birth:
        warnings.append("arrived_before_birth")
    return Arrival(
        document_type=document_type,
        document_number=number,
        name=name,
        phone=fields.read_phone(report.phone, warnings),
        address=report.address.strip(),
        hukou_address=report.hukou_address.strip(),
        employer=report.employer.strip(),
        note=report.note.strip(),
        street=street,
        started_on=started_on,
        birth=birth,
        sex=sex,
        ethnic_group=fields.read_word(ETHNIC_CODES, report.ethnic_group, "unknown_ethnic_group", warnings),
        hukou_division=fields.read_hukou(report.hukou_division, report.hukou_address, divisions, warnings),
        origin=fields.read_origin(report.origin, divisions, warnings),
        purpose=fields.read_word(PURPOSES, report.purpose, "unknown_purpose", warnings),
        dwelling=fields.read_word(DWELLINGS, report.dwelling, "unknown_dwelling", warnings),
        hazard=fields.read_word(HAZARDS, report.hazard, "unknown_hazard", warnings),
        community=normalize("NFKC", report.community).strip() or None,
        grid=tidy(report.grid) or None,
        warnings=tuple(warnings),
    )


def _departure(report: DepartureReport, street: str, today: date, divisions: Divisions) -> Departure:
    """Read a report field by field."""
    _check_street(street, divisions)
    _check_lengths(report, "reason")
    _check_present(report, "document_type", "document_number", "left_on")
    document_type = fields.read_document_type(report.document_type)
    kind, destination = fields.read_destination(report.destination, divisions)
    return Departure(
        document_type=document_type,
        document_number=fields.read_document_number(document_type, report.document_number),
        street=street,
        left_on=fields.read_day("left_on", report.left_on, today),
        destination_kind=kind,
        destination=destination,
        reason=report.reason.strip(),
        warnings=("unknown_destination",) if kind is DestinationKind.UNKNOWN else (),
    )


def _check_street(street: str, divisions: Divisions) -> None:
    if not divisions.is_street(street):
        refuse(RefusalCode.UNKNOWN_STREET, "street")


def _check_lengths(report: BaseModel, *fields: str) -> None:
    for field in fields:
        if len(getattr(report, field)) > LONGEST_KEPT:
            refuse(RefusalCode.TOO_LONG, field)


def _check_present(report: BaseModel, *fields: str) -> None:
    for field in fields:
        if not getattr(report, field).strip():
            refuse(RefusalCode.MISSING, field)
