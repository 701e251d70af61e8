"""Read a person's document: their own, or the guardian's with a child's birth and order."""

import re
from datetime import date
from typing import Annotated

from pydantic import AfterValidator, StringConstraints

from contracts.reference.divisions import Divisions
from contracts.reference.identity import Document, DocumentType, guarded_number, plain_name
from services.registration.intake import fields
from services.registration.intake.fields import refuse
from services.registration.intake.refusals import RefusalCode
from services.runtime.bodies import Body

LONGEST_TYPED = 1000

_FORCED = re.compile(r'\s*=\s*"(?P<text>[^"]*)"\s*')
"""A number that a .csv file protects from being changed by a spreadsheet: ="001"."""


def _unwrap(text: str) -> str:
    """Return the text within ="...", any other text as it is."""
    return found["text"] if '"' in text and (found := _FORCED.fullmatch(text)) else text


Typed = Annotated[str, StringConstraints(max_length=LONGEST_TYPED), AfterValidator(_unwrap)]


class DocumentReport(Body):
    """A person's document, as typed.

    A child without a document has the document type `guardian`, with the guardian's number (and type, if it is no ID
    card), the child's day of birth and, for twins, the birth order.
    """

    tells_who = True
    document_type: Typed = ""
    document_number: Typed = ""
    birth: Typed = ""
    guardian_document_type: Typed = ""
    guardian_document_number: Typed = ""
    birth_order: Typed = ""


def read_document(report: DocumentReport, today: date, divisions: Divisions, *, trusted: bool = True) -> Document:
    """Return the document of the reported person; a number that is not `trusted` may fail its check."""
    if not report.document_type.strip():
        refuse(RefusalCode.MISSING, "document_type")
    document_type = fields.read_document_type(report.document_type)
    if document_type is DocumentType.GUARDIAN:
        return _read_guarded(report, today, divisions, trusted)
    if not report.document_number.strip():
        refuse(RefusalCode.MISSING, "document_number")
    return fields.read_document_number(document_type, report.document_number, divisions, trusted=trusted)


def keep_apart(document: Document, street: str, name: str) -> Document:
    """Return a document with an untrusted number, which matches only the same name in the same street."""
    return document._replace(apart=f"{street}:{plain_name(name)}")


def _read_guarded(report: DocumentReport, today: date, divisions: Divisions, trusted: bool) -> Document:
    """Return the document that identifies a child without one: the guardian's, with the child's birth and order."""
    guardian = _read_guardian(report, divisions, trusted)
    if not report.birth.strip():
        refuse(RefusalCode.MISSING, "birth", "a document of this kind doesn't say it")
    birth = fields.read_day("birth", report.birth, today)
    guardian_birth = fields.birth_in_document(guardian)
    if trusted and guardian_birth is not None and guardian_birth >= birth:
        refuse(RefusalCode.BIRTH_MISMATCH, "birth", "born before the guardian")
    return Document(DocumentType.GUARDIAN, guarded_number(guardian, birth, fields.read_birth_order(report.birth_order)))


def _read_guardian(report: DocumentReport, divisions: Divisions, trusted: bool) -> Document:
    """Return the guardian's document; its number may be in the column of the child's number."""
    in_childs_place = report.document_number.strip() and not report.guardian_document_number.strip()
    field = "document_number" if in_childs_place else "guardian_document_number"
    number = getattr(report, field)
    if not number.strip():
        refuse(RefusalCode.MISSING, field)
    document_type = fields.read_document_type(report.guardian_document_type or "id_card", "guardian_document_type")
    if document_type is DocumentType.GUARDIAN:
        refuse(RefusalCode.BAD_DOCUMENT_TYPE, "guardian_document_type")
    return fields.read_document_number(document_type, number, divisions, field, trusted=trusted)
