"""Check typed reports: return an arrival or departure, or a refusal; the same over HTTP, over AMQP and in registers."""

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
"""The most characters of a free text."""

_INHERITED = ("arrived_on", "address", "community", "grid", "dwelling", "origin")


@dataclass(frozen=True, slots=True)
class _Circumstances:
    """What a report is checked against; `head` is the head of the household, if it is known from another report."""

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
    """Return a typed arrival as checked; a refusal for the first error among absences, name, document, birth, sex, day.

    `approver` is the reporting supervisor, None for anybody else: only a supervisor may approve a number that fails its
    check.
    """
    try:
        arrival = _read_arrival(report, _Circumstances(street, today, divisions, approver))
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
    """Return the checked arrivals of a household, the head first; the refusal of one member refuses them all."""
    try:
        return _read_household(report, _Circumstances(street, today, divisions, approver))
    except ReportRefusedError as refused:
        return refused.refusal


def check_departure(report: DepartureReport, *, street: str, today: date, divisions: Divisions) -> Departure | Refusal:
    """Return a typed departure as checked; a refusal for the first error among absences, document and day."""
    try:
        return _read_departure(report, street, today, divisions)
    except ReportRefusedError as refused:
        return refused.refusal


def _read_household(report: HouseholdReport, context: _Circumstances) -> list[Arrival]:
    """Return the arrival of the head, then of each member with the fields inherited from the head's report."""
    first = _read_arrival(report, context)
    if not report.members:
        _must_name_nobody(first, [first])
        return [first]
    if first.head is None:
        first = first._replace(head=first.document, relationship=first.relationship or HEAD)
    arrivals = [first]
    for place, member in enumerate(report.members):
        with _prefixing_field(f"members.{place}"):
            arrival = _read_arrival(_inherit(member, report), replace(context, head=first.head))
            if any(known.document == arrival.document for known in arrivals):
                refuse(RefusalCode.NAMED_TWICE, "document_number")
            arrivals.append(arrival)
    for place, arrival in enumerate(arrivals):
        with _prefixing_field(f"members.{place - 1}") if place else nullcontext():
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
    """Return a member's report with its empty fields filled in from the household's report."""
    inherited: dict[str, object] = {
        field: getattr(report, field) for field in _INHERITED if not getattr(member, field).strip()
    }
    if _is_guarded(member) and not (member.guardian_document_number + member.document_number).strip():
        inherited |= {
            "guardian_document_type": report.document_type,
            "guardian_document_number": report.document_number,
            "override": member.override or report.override,
        }
    return member.model_copy(update=inherited)


@contextmanager
def _prefixing_field(place: str) -> Iterator[None]:
    """Prefix the field of a refusal with the place of the member that it is about."""
    try:
        yield
    except ReportRefusedError as error:
        refused = error.refusal
        raise ReportRefusedError(refused.code, f"{place}.{refused.field}", refused.detail) from error


def _read_arrival(report: ArrivalReport, context: _Circumstances) -> Arrival:
    """Return the arrival of a person, read field by field: the order decides which error refuses the report."""
    warnings: list[str] = []
    street = fields.read_street(context.street, context.today, context.divisions, warnings)
    _check_form(report, context.approver)
    name = fields.read_name(report.name)
    document, guardian = _read_documents(report, street, name, context)
    birth = fields.read_birth(report.birth, document, context.today)
    sex = fields.read_sex(report.sex, document, warnings)
    started_on = _read_first_day(report, birth, context.today, warnings)
    _must_be_places(report, street, context)
    purpose = fields.read_word(PURPOSES, report.purpose, "unknown_purpose", warnings)
    dwelling = fields.read_word(DWELLINGS, report.dwelling, "unknown_dwelling", warnings)
    relationship, head = _read_place_in_household(report, document, context, warnings)
    return Arrival(
        document_type=document.document_type,
        document_number=document.number,
        apart=document.apart,
        guardian=guardian,
        head=head,
        name=name,
        phone=fields.read_phone(report.phone, warnings),
        address=report.address.strip(),
        hukou_address=report.hukou_address.strip(),
        employer=report.employer.strip(),
        note=report.note.strip(),
        override_reason=report.override.reason.strip() if report.override else "",
        approved_by=context.approver or "" if report.override else "",
        street=street,
        started_on=started_on,
        birth=birth,
        sex=sex,
        ethnic_group=fields.read_word(ETHNIC_CODES, report.ethnic_group, "unknown_ethnic_group", warnings),
        hukou_division=fields.read_hukou(report.hukou_division, report.hukou_address, context.divisions, warnings),
        origin=fields.read_origin(report.origin, context.divisions, warnings),
        purpose=purpose,
        dwelling=dwelling,
        hazard=fields.read_word(HAZARDS, report.hazard, "unknown_hazard", warnings),
        community=normalize("NFKC", report.community).strip() or None,
        grid=tidy(report.grid) or None,
        categories=_read_categories(report, warnings),
        relationship=relationship,
        warnings=tuple(warnings),
    )


def _check_form(report: ArrivalReport, approver: str | None) -> None:
    """Refuse an arrival with an overlong text, an override that is not allowed, or an empty required field."""
    _check_lengths(report, "hukou_address", "phone", "address", "community", "grid", "employer", "note")
    _check_override(report.override, approver)
    numbered = () if _is_guarded(report) else ("document_number",)
    _check_present(report, "name", "document_type", *numbered, "arrived_on")


def _read_documents(
    report: ArrivalReport, street: str, name: str, context: _Circumstances
) -> tuple[Document, Document | None]:
    """Return the document of the person, and that of the guardian of a child without one, else None."""
    document = read_document(report, context.today, context.divisions, trusted=report.override is None)
    if report.override is not None:
        return keep_apart(document, street, name), None
    is_guarded = document.document_type is DocumentType.GUARDIAN
    return document, guardian_in(document.number) if is_guarded else None


def _read_first_day(report: ArrivalReport, birth: date, today: date, warnings: list[str]) -> date:
    """Return the day of the arrival, with a warning if it lies before the day of birth."""
    started_on = fields.read_day("arrived_on", report.arrived_on, today)
    if started_on < birth:
        warnings.append("arrived_before_birth")
    return started_on


def _must_be_places(report: ArrivalReport, street: str, context: _Circumstances) -> None:
    """Refuse a community or grid that has a number or a text that may be somebody's."""
    for field in ("community", "grid"):
        typed = getattr(report, field)
        if names_somebody(typed):
            streets = (street, context.street, *context.divisions.predecessors(street))
            if names_somebody(typed, *streets):
                refuse(RefusalCode.NAMES_PERSON, field)


def _read_place_in_household(
    report: ArrivalReport, document: Document, context: _Circumstances, warnings: list[str]
) -> tuple[str | None, Document | None]:
    """Return the relationship to the head of the household, and the head's document; None for what is unknown."""
    relationship = fields.read_word(RELATIONSHIPS, report.relationship, "unknown_relationship", warnings)
    if context.head is not None:
        return relationship, context.head
    if relationship in SELF_OR_HEAD:
        return relationship, document
    number = report.household_document_number
    return relationship, fields.read_head(report.household_document_type, number, context.divisions, warnings)


def _read_categories(report: ArrivalReport, warnings: list[str]) -> tuple[Category, ...]:
    typed = (report.disabled, report.left_behind, report.hardship)
    return fields.read_reported(zip(Category, typed, strict=True), warnings) if any(typed) else ()


def _read_departure(report: DepartureReport, street: str, today: date, divisions: Divisions) -> Departure:
    """Return the departure of a person, read field by field: the order decides which error refuses the report."""
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
    """Yield the documents of those who stay behind; an unnamed guardian of a child is the person who leaves."""
    for place, staying in enumerate(report.staying):
        with _prefixing_field(f"staying.{place}"):
            guardian = {}
            if _is_guarded(staying) and not (staying.guardian_document_number + staying.document_number).strip():
                guardian = {
                    "guardian_document_type": report.document_type,
                    "guardian_document_number": report.document_number,
                }
            yield read_document(staying.model_copy(update=guardian), today, divisions)


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
