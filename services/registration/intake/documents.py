"""Who a report speaks of: a document of one's own, or a guardian's with the child's birth and order."""

from datetime import date
from typing import Annotated

from pydantic import StringConstraints

from contracts.reference.identity import Document, DocumentType, guarded_number, plain_name
from services.registration.intake import fields
from services.registration.intake.fields import refuse
from services.registration.intake.refusals import RefusalCode
from services.runtime.bodies import Body

LONGEST_TYPED = 1000

Typed = Annotated[str, StringConstraints(max_length=LONGEST_TYPED)]


class DocumentReport(Body):
    """What was typed of a person's document.

    A child without one has the document type `guardian`: the guardian's number (and type, if it is no ID card), the
    child's birth and, of twins, its order take its place.
    """

    document_type: Typed = ""
    document_number: Typed = ""
    birth: Typed = ""
    guardian_document_type: Typed = ""
    guardian_document_number: Typed = ""
    birth_order: Typed = ""


def read_document(report: DocumentReport, today: date, *, trusted: bool = True) -> Document:
    """Give the document of whom a report speaks; of one that is not trusted, the number need not pass its check."""
    if not report.document_type.strip():
        refuse(RefusalCode.MISSING, "document_type")
    document_type = fields.read_document_type(report.document_type)
    if document_type is DocumentType.GUARDIAN:
        return _read_guarded(report, today, trusted)
    if not report.document_number.strip():
        refuse(RefusalCode.MISSING, "document_number")
    return Document(document_type, fields.read_document_number(document_type, report.document_number, trusted=trusted))


def keep_apart(document: Document, street: str, name: str) -> Document:
    """Keep a person whose number is not to be trusted apart from everybody but the same name in the same street."""
    return document._replace(apart=f"{street}:{plain_name(name)}")


def _read_guarded(report: DocumentReport, today: date, trusted: bool) -> Document:
    """Give what stands for a child's document."""
    guardian = _read_guardian(report, trusted)
    if not report.birth.strip():
        refuse(RefusalCode.MISSING, "birth", "a document of this kind doesn't say it")
    birth = fields.read_day("birth", report.birth, today)
    told = fields.birth_told_by(guardian)
    if trusted and told is not None and told >= birth:
        refuse(RefusalCode.BIRTH_MISMATCH, "birth", "born before the guardian")
    return Document(DocumentType.GUARDIAN, guarded_number(guardian, birth, fields.read_birth_order(report.birth_order)))


def _read_guardian(report: DocumentReport, trusted: bool) -> Document:
    """Give the guardian's document; its number may stand where the child's would."""
    said = report.document_number.strip() and not report.guardian_document_number.strip()
    field = "document_number" if said else "guardian_document_number"
    number = getattr(report, field)
    if not number.strip():
        refuse(RefusalCode.MISSING, field)
    document_type = fields.read_document_type(report.guardian_document_type or "id_card", "guardian_document_type")
    if document_type is DocumentType.GUARDIAN:
        refuse(RefusalCode.BAD_DOCUMENT_TYPE, "guardian_document_type")
    return Document(document_type, fields.read_document_number(document_type, number, field, trusted=trusted))
