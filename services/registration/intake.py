"""What people typed becomes a checked arrival or departure, or a refusal: the same at every door."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated, NamedTuple, Self
from unicodedata import normalize

from pydantic import BaseModel, ConfigDict, Field, model_validator

from contracts.divisions import Divisions
from contracts.identity import Document, DocumentType, Sex, guardian_in
from contracts.registration import Category, DestinationKind
from contracts.transfers import AnswerState, RejectionReason
from services.registration import fields
from services.registration.documents import LONGEST_TYPED, DocumentReport, Typed, keep_apart, read_document
from services.registration.fields import refuse
from services.registration.refusals import ADVICE, Refusal, RefusalCode, ReportRefusedError, advise
from services.registration.vocabulary import (
    DWELLINGS,
    ETHNIC_CODES,
    HAZARDS,
    HEAD,
    PURPOSES,
    RELATIONSHIPS,
    SELF_OR_HEAD,
    Dwelling,
    Hazard,
    Purpose,
    tidy,
)

__all__ = [
    "ADVICE",
    "LONGEST_TYPED",
    "Arrival",
    "ArrivalReport",
    "Departure",
    "DepartureReport",
    "HouseholdReport",
    "NoticeReply",
    "Override",
    "Refusal",
    "RefusalCode",
    "advise",
    "check_arrival",
    "check_departure",
    "check_household",
]

LONGEST_KEPT = 300
MOST_MEMBERS = 30

_INHERITED = ("arrived_on", "address", "community", "grid", "dwelling", "origin")


class Override(BaseModel):
    """A supervisor's approval of a number that fails its check, or that somebody else has too, and why."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    reason: Typed


class ArrivalReport(DocumentReport):
    """One line of an office's arrivals register, as typed."""

    name: Typed = ""
    sex: Typed = ""
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
    disabled: Typed = ""
    left_behind: Typed = ""
    hardship: Typed = ""
    relationship: Typed = ""
    household_document_type: Typed = ""
    household_document_number: Typed = ""
    note: Typed = ""
    override: Override | None = None


class HouseholdReport(ArrivalReport):
    """An arrival with whoever arrived along: each member inherits day, address and origin where it says nothing else.

    A child without a document is the head's where it names no guardian.
    """

    members: Annotated[tuple[ArrivalReport, ...], Field(max_length=MOST_MEMBERS)] = ()


class DepartureReport(DocumentReport):
    """What an office says about a person who left, as typed.

    With `household` everybody of the household in the street left too, but for who is `staying`; children without a
    document always follow their guardian, unless they are staying. Who was registered `unverified` is found by number
    and name.
    """

    left_on: Typed = ""
    destination: Typed = ""
    reason: Typed = ""
    returning_on: Typed = ""
    household: bool = False
    staying: Annotated[tuple[DocumentReport, ...], Field(max_length=MOST_MEMBERS)] = ()
    name: Typed = ""
    unverified: bool = False


class Arrival(NamedTuple):
    """A checked arrival.

    The first group says who and is to be sealed; the second may go into facts; the third is what few reports have.
    `origin` and `hukou_division` are six digits (a province or city filled up with noughts) or None;
    `ethnic_group` is the two digits of GB/T 3304 or None, `relationship` those of GB/T 4761; warnings are stable codes
    such as `bad_phone`. `apart` is set, and the person unverified, where a supervisor approved a number.
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
        """Give what the person is known by."""
        return Document(self.document_type, self.document_number, self.apart)

    @property
    def unverified(self) -> bool:
        """Say that the number is not to be trusted."""
        return bool(self.apart)


class NoticeReply(BaseModel):
    """What an office says to a notice: received, paired, verified, confirmed (`left_on`) or rejected (`reason`).

    `version` is that of the answer which the office looked at, 0 where there was none.
    """

    state: AnswerState
    version: Annotated[int | None, Field(ge=0)] = None
    left_on: date | None = None
    reason: RejectionReason | None = None

    @model_validator(mode="after")
    def _reason_for_rejecting(self) -> Self:
        if (self.state is AnswerState.REJECTED) != (self.reason is not None):
            raise ValueError("a rejection has a reason, nothing else has")
        return self


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
        """Give what the person is known by."""
        return Document(self.document_type, self.document_number, self.apart)


@dataclass(frozen=True, slots=True)
class _Circumstances:
    """What a report is checked against, besides itself."""

    street: str
    today: date
    divisions: Divisions
    approver: str | None
    head: Document | None = None


def check_arrival(
    report: ArrivalReport,
    *,
    street: str,
    today: date,
    divisions: Divisions,
    approver: str | None = None,
) -> Arrival | Refusal:
    """Check a typed arrival; the first thing wrong of what is missing, name, document, birth, sex and day.

    `approver` is the supervisor who reports it, the only one to approve a number that fails its check.
    """
    try:
        return _arrival(report, _Circumstances(street, today, divisions, approver))
    except ReportRefusedError as refused:
        return refused.refusal


def check_household(
    report: HouseholdReport,
    *,
    street: str,
    today: date,
    divisions: Divisions,
    approver: str | None = None,
) -> list[Arrival] | Refusal:
    """Check the arrival of a person and of everybody along, the head first; one refused member refuses them all."""
    try:
        return _household(report, _Circumstances(street, today, divisions, approver))
    except ReportRefusedError as refused:
        return refused.refusal


def check_departure(report: DepartureReport, *, street: str, today: date, divisions: Divisions) -> Departure | Refusal:
    """Check a typed departure; the first thing wrong of what is missing, document and day."""
    try:
        return _departure(report, street, today, divisions)
    except ReportRefusedError as refused:
        return refused.refusal


def _household(report: HouseholdReport, around: _Circumstances) -> list[Arrival]:
    """Read the head, then each member with what the head's report says for all."""
    first = _arrival(report, around)
    if not report.members:
        return [first]
    if first.head is None:
        first = first._replace(head=first.document, relationship=first.relationship or HEAD)
    arrivals = [first]
    for place, member in enumerate(report.members):
        with _naming(f"members.{place}"):
            arrival = _arrival(_inherit(member, report), replace(around, head=first.head))
            if any(known.document == arrival.document for known in arrivals):
                refuse(RefusalCode.NAMED_TWICE, "document_number")
            arrivals.append(arrival)
    return arrivals


def _inherit(member: ArrivalReport, report: ArrivalReport) -> ArrivalReport:
    """Fill in what a member leaves to the report."""
    said: dict[str, object] = {
        field: getattr(report, field) for field in _INHERITED if not getattr(member, field).strip()
    }
    if _is_guarded(member) and not (member.guardian_document_number + member.document_number).strip():
        said |= {
            "guardian_document_type": report.document_type,
            "guardian_document_number": report.document_number,
            "override": member.override or report.override,
        }
    return member.model_copy(update=said)


@contextmanager
def _naming(place: str) -> Iterator[None]:
    """Name the member whose field is wrong."""
    try:
        yield
    except ReportRefusedError as error:
        refused = error.refusal
        raise ReportRefusedError(refused.code, f"{place}.{refused.field}", refused.detail) from error


def _arrival(report: ArrivalReport, around: _Circumstances) -> Arrival:
    """Read a report field by field."""
    warnings: list[str] = []
    street = fields.read_street(around.street, around.today, around.divisions, warnings)
    _check_lengths(report, "hukou_address", "phone", "address", "community", "grid", "employer", "note")
    _check_override(report.override, around.approver)
    numbered = () if _is_guarded(report) else ("document_number",)
    _check_present(report, "name", "document_type", *numbered, "arrived_on")
    name = fields.read_name(report.name)
    document = read_document(report, around.today, trusted=report.override is None)
    guardian = None
    if report.override is not None:
        document = keep_apart(document, street, name)
    elif document.document_type is DocumentType.GUARDIAN:
        guardian = guardian_in(document.number)
    birth = fields.read_birth(report.birth, document, around.today)
    sex = fields.read_sex(report.sex, document, warnings)
    started_on = fields.read_day("arrived_on", report.arrived_on, around.today)
    if started_on < birth:
        warnings.append("arrived_before_birth")
    purpose = fields.read_word(PURPOSES, report.purpose, "unknown_purpose", warnings)
    dwelling = fields.read_word(DWELLINGS, report.dwelling, "unknown_dwelling", warnings)
    relationship = fields.read_word(RELATIONSHIPS, report.relationship, "unknown_relationship", warnings)
    return Arrival(
        document_type=document.document_type,
        document_number=document.number,
        apart=document.apart,
        guardian=guardian,
        head=around.head or _read_head(report, document, relationship, warnings),
        name=name,
        phone=fields.read_phone(report.phone, warnings),
        address=report.address.strip(),
        hukou_address=report.hukou_address.strip(),
        employer=report.employer.strip(),
        note=report.note.strip(),
        override_reason=report.override.reason.strip() if report.override else "",
        approved_by=around.approver or "" if report.override else "",
        street=street,
        started_on=started_on,
        birth=birth,
        sex=sex,
        ethnic_group=fields.read_word(ETHNIC_CODES, report.ethnic_group, "unknown_ethnic_group", warnings),
        hukou_division=fields.read_hukou(report.hukou_division, report.hukou_address, around.divisions, warnings),
        origin=fields.read_origin(report.origin, around.divisions, warnings),
        purpose=purpose,
        dwelling=dwelling,
        hazard=fields.read_word(HAZARDS, report.hazard, "unknown_hazard", warnings),
        community=normalize("NFKC", report.community).strip() or None,
        grid=tidy(report.grid) or None,
        categories=_read_categories(report, warnings),
        relationship=relationship,
        warnings=tuple(warnings),
    )


def _read_head(
    report: ArrivalReport, document: Document, relationship: str | None, warnings: list[str]
) -> Document | None:
    """Give the head of the household, if the report tells of one: whom it names, or the person."""
    if relationship in SELF_OR_HEAD:
        return document
    return fields.read_head(report.household_document_type, report.household_document_number, warnings)


def _read_categories(report: ArrivalReport, warnings: list[str]) -> tuple[Category, ...]:
    typed = (report.disabled, report.left_behind, report.hardship)
    return fields.read_reported(zip(Category, typed, strict=True), warnings) if any(typed) else ()


def _departure(report: DepartureReport, street: str, today: date, divisions: Divisions) -> Departure:
    """Read a report field by field."""
    if not divisions.is_street(street):
        refuse(RefusalCode.UNKNOWN_STREET, "street")
    warnings = ["division_renamed"] if divisions.successors(street, today) else []
    _check_lengths(report, "reason")
    numbered = () if _is_guarded(report) else ("document_number",)
    _check_present(report, "document_type", *numbered, "left_on", *(("name",) if report.unverified else ()))
    document = read_document(report, today, trusted=not report.unverified)
    if report.unverified:
        document = keep_apart(document, street, fields.read_name(report.name))
    left_on = fields.read_day("left_on", report.left_on, today)
    kind, destination = fields.read_destination(report.destination, divisions)
    if kind is DestinationKind.UNKNOWN:
        warnings.append("unknown_destination")
    return Departure(
        document_type=document.document_type,
        document_number=document.number,
        apart=document.apart,
        street=street,
        left_on=left_on,
        destination_kind=kind,
        destination=destination,
        reason=report.reason.strip(),
        returning_on=fields.read_return(report.returning_on, left_on),
        household=report.household,
        staying=tuple(_read_staying(report, today)),
        warnings=tuple(warnings),
    )


def _read_staying(report: DepartureReport, today: date) -> Iterator[Document]:
    """Give who stays behind; a child without a document is of whoever leaves where no guardian is named."""
    for place, staying in enumerate(report.staying):
        with _naming(f"staying.{place}"):
            said = {}
            if _is_guarded(staying) and not (staying.guardian_document_number + staying.document_number).strip():
                said = {
                    "guardian_document_type": report.document_type,
                    "guardian_document_number": report.document_number,
                }
            yield read_document(staying.model_copy(update=said), today)


def _is_guarded(report: DocumentReport) -> bool:
    return DocumentType.from_label(report.document_type) is DocumentType.GUARDIAN


def _check_override(override: Override | None, approver: str | None) -> None:
    if override is None:
        return
    if approver is None:
        refuse(RefusalCode.OVERRIDE_NOT_ALLOWED, "override")
    if not override.reason.strip():
        refuse(RefusalCode.MISSING, "override")
    if len(override.reason) > LONGEST_KEPT:
        refuse(RefusalCode.TOO_LONG, "override")


def _check_lengths(report: BaseModel, *fields: str) -> None:
    for field in fields:
        if len(getattr(report, field)) > LONGEST_KEPT:
            refuse(RefusalCode.TOO_LONG, field)


def _check_present(report: BaseModel, *fields: str) -> None:
    for field in fields:
        if not getattr(report, field).strip():
            refuse(RefusalCode.MISSING, field)
