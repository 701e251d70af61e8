"""The identity of a person, which is stored only sealed, and what a further report of the person changes in it."""

from datetime import date
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict

from contracts.reference.identity import DocumentType, Sex, plain_name


class Identity(BaseModel):
    """The identity of a person, as reported: the name as first reported or corrected; it never leaves registration.

    `openid` is the person's at the official account 微信公众号. For an unverified person, `approved_by` approved the
    document number for `override_reason`.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    document_type: DocumentType
    document_number: str
    phone: str = ""
    address: str = ""
    hukou_address: str = ""
    employer: str = ""
    email: str = ""
    openid: str = ""
    birth: date | None = None
    sex: Sex = Sex.UNKNOWN
    hukou_division: str | None = None
    override_reason: str = ""
    approved_by: str = ""


class MaskedIdentity(BaseModel):
    """Who a person is, as far as it takes to tell people in a list apart: masked name, sex, year of birth."""

    model_config = ConfigDict(frozen=True)

    person_id: str
    name: str
    sex: Sex
    birth_year: int | None


CONTACT_DETAILS = ("phone", "address", "hukou_address", "employer", "hukou_division")
"""What changes in a life; a report that is not older than what is recorded replaces it, an empty field never does."""
INBORN = ("birth", "sex", "document_type")
"""What does not change; a report fills in what was unknown and never replaces what is recorded."""
APPROVAL = ("override_reason", "approved_by")
"""How the person's number was approved first; later approvals stand with the facts they led to."""
_LONG_ENOUGH = 3
"""Characters of a name from which on its last one is shown."""
_EMPTY = frozenset({"", None, Sex.UNKNOWN, Sex.UNSPECIFIED})


class TakenIn(NamedTuple):
    """What is recorded of a person after a report, and since which day; the fields updated and those that differ."""

    identity: Identity
    as_of: date
    updated: tuple[str, ...] = ()
    differs: tuple[str, ...] = ()
    name_differs: bool = False


def take_in(recorded: Identity | None, as_of: date | None, reported: Identity, reported_on: date) -> TakenIn:
    """Return what is recorded after a report of an arrival on a day; `as_of` is the newest day reported so far.

    An empty field never replaces a filled one. Contact details are replaced by a report that is not older. The name
    stays as it is recorded, birth and sex too once they are known: what a report says differently of them `differs`.
    A report under another name changes nothing: it may be about somebody whose number was mistyped.
    """
    if recorded is None:
        return TakenIn(reported, reported_on)
    said = tuple(field for field in (*CONTACT_DETAILS, *INBORN) if _says_otherwise(recorded, reported, field))
    if plain_name(recorded.name) != plain_name(reported.name):
        return TakenIn(recorded, as_of or reported_on, differs=said, name_differs=True)
    is_current = as_of is None or reported_on >= as_of
    updated = tuple(
        field for field in said if getattr(recorded, field) in _EMPTY or (is_current and field in CONTACT_DETAILS)
    )
    approval = (field for field in APPROVAL if not getattr(recorded, field))
    changes = {field: getattr(reported, field) for field in (*updated, *approval)}
    return TakenIn(
        recorded.model_copy(update=changes),
        max(as_of or reported_on, reported_on),
        updated,
        tuple(field for field in said if field not in updated),
    )


def mask(person_id: str, identity: Identity) -> MaskedIdentity:
    """Return who a person is, masked."""
    return MaskedIdentity(
        person_id=person_id,
        name=mask_name(identity.name),
        sex=identity.sex,
        birth_year=identity.birth.year if identity.birth else None,
    )


def mask_name(name: str) -> str:
    """Return a name of which the first and the last character alone are seen, of two the first: 李*满, 王*."""
    if len(name) < _LONG_ENOUGH:
        return name[:1] + "*"
    return name[0] + "*" * (len(name) - 2) + name[-1]


def is_another_child(recorded: Identity, reported: Identity) -> bool:
    """Return whether a report under a guardian's document means another child than the one recorded under it."""
    if reported.document_type is not DocumentType.GUARDIAN:
        return False
    sexes = {recorded.sex, reported.sex}
    return plain_name(recorded.name) != plain_name(reported.name) or sexes == {Sex.MALE, Sex.FEMALE}


def _says_otherwise(recorded: Identity, reported: Identity, field: str) -> bool:
    value = getattr(reported, field)
    return value not in _EMPTY and value != getattr(recorded, field)
