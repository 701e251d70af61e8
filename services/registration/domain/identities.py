"""Who a person is: what is sealed, and nowhere else."""

from datetime import date

from pydantic import BaseModel, ConfigDict

from contracts.reference.identity import DocumentType, Sex


class Identity(BaseModel):
    """Who a person is, as last reported; never leaves registration.

    Of an unverified person it says who approved the number, and why.
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
