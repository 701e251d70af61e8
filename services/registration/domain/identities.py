"""The identity of a person, which is stored only sealed."""

from datetime import date

from pydantic import BaseModel, ConfigDict

from contracts.reference.identity import DocumentType, Sex


class Identity(BaseModel):
    """The identity of a person, as last reported; it never leaves registration.

    For an unverified person, `approved_by` approved the document number for `override_reason`.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    document_type: DocumentType
    document_number: str
    phone: str = ""
    address: str = ""
    hukou_address: str = ""
    employer: str = ""
    birth: date | None = None
    sex: Sex = Sex.UNKNOWN
    hukou_division: str | None = None
    override_reason: str = ""
    approved_by: str = ""
