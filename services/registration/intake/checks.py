"""What people typed becomes a checked arrival or departure, or a refusal: the same at every door."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from datetime import date
from unicodedata import normalize

from pydantic import BaseModel

from contracts.reference.divisions import Divisions
from contracts.reference.identity import Document, DocumentType, guardian_in
from contracts.registration.stays import Category
from services.registration.domain.arrivals import Arrival, Departure
from services.registration.domain.mentions import is_named_after, names_somebody
from services.registration.intake import fields
from services.registration.intake.documents import DocumentReport, keep_apart, read_document
from services.registration.intake.fields import refuse
from services.registration.intake.refusals import Refusal, RefusalCode, ReportRefusedError
from services.registration.intake.reports import ArrivalReport, DepartureReport, HouseholdReport, Override
from services.registration.intake.vocabulary import (
    DWELLINGS,
    ETHNIC_CODES,
    HAZARDS,
    HEAD,
    PURPOSES,
    RELATIONSHIPS,
    SELF_OR_HEAD,
    tidy,
)

LONGEST_KEPT = 300

_INHERITED = ("arrived_on", "address", "community", "grid", "dwelling", "origin")


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
        arrival = _arrival(report, _Circumstances(street, today, divisions, approver))
        _must_name_nobody(arrival, [arrival])
        return arrival
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
        _must_name_nobody(first, [first])
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
    for place, arrival in enumerate(arrivals):
        with _naming(f"members.{place - 1}") if place else nullcontext():
            _must_name_nobody(arrival, arrivals)
    return arrivals


def _must_name_nobody(arrival: Arrival, together: Sequence[Arrival]) -> None:
    """Refuse a community or grid that says who one of those is who arrived together: facts keep it for ever."""
    for field in ("community", "grid"):
        said = getattr(arrival, field)
        telling = ((one.name, one.document_number, one.phone, one.address) for one in together)
        if said and any(is_named_after(said, *told) for told in telling):
            refuse(RefusalCode.NAMES_PERSON, field)


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
    document = read_document(report, around.today, around.divisions, trusted=report.override is None)
    guardian = None
    if report.override is not None:
        document = keep_apart(document, street, name)
    elif document.document_type is DocumentType.GUARDIAN:
        guardian = guardian_in(document.number)
    birth = fields.read_birth(report.birth, document, around.today)
    sex = fields.read_sex(report.sex, document, warnings)
    started_on = fields.read_day("arrived_on", report.arrived_on, around.today)
    _must_be_places(report, street, around)
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
        head=around.head or _read_head(report, document, relationship, around.divisions, warnings),
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


def _must_be_places(report: ArrivalReport, street: str, around: _Circumstances) -> None:
    for field in ("community", "grid"):
        said = getattr(report, field)
        if names_somebody(said) and names_somebody(said, street, around.street, *around.divisions.predecessors(street)):
            refuse(RefusalCode.NAMES_PERSON, field)


def _read_head(
    report: ArrivalReport, document: Document, relationship: str | None, divisions: Divisions, warnings: list[str]
) -> Document | None:
    """Give the head of the household, if the report tells of one: whom it names, or the person."""
    if relationship in SELF_OR_HEAD:
        return document
    return fields.read_head(report.household_document_type, report.household_document_number, divisions, warnings)


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
    document = read_document(report, today, divisions, trusted=not report.unverified)
    if report.unverified:
        document = keep_apart(document, street, fields.read_name(report.name))
    left_on = fields.read_day("left_on", report.left_on, today)
    kind, destination = fields.read_destination(report.destination, divisions, warnings)
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
        staying=tuple(_read_staying(report, today, divisions)),
        warnings=tuple(warnings),
    )


def _read_staying(report: DepartureReport, today: date, divisions: Divisions) -> Iterator[Document]:
    """Give who stays behind; a child without a document is of whoever leaves where no guardian is named."""
    for place, staying in enumerate(report.staying):
        with _naming(f"staying.{place}"):
            said = {}
            if _is_guarded(staying) and not (staying.guardian_document_number + staying.document_number).strip():
                said = {
                    "guardian_document_type": report.document_type,
                    "guardian_document_number": report.document_number,
                }
            yield read_document(staying.model_copy(update=said), today, divisions)


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
