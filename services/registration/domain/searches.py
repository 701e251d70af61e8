"""By what people are searched for: their name, their birth and the end of their phone, the number of a document."""

import re
from collections.abc import Iterator
from datetime import date

from contracts.reference.identity import guardian_in, plain_name
from services.registration.domain.identities import Identity

ENDING = 4
"""How many last digits of a phone are asked for."""
_NO_DIGIT = re.compile(r"[^0-9]+")


def by_name(name: str) -> str:
    """Return what a name is found by, the same however it is typed."""
    return f"name:{plain_name(name)}"


def by_birth_and_phone(birth: date, ending: str) -> str:
    """Return what a day of birth together with the last digits of a phone is found by."""
    return f"birth:{birth.isoformat()}:{ending}"


def by_number(number: str) -> str:
    """Return what the normalised number of a document is found by."""
    return f"number:{number}"


def findable_by(identity: Identity) -> Iterator[str]:
    """Yield all by which a person is found; a child without a document also by the number of its guardian."""
    yield by_name(identity.name)
    yield by_number(identity.document_number)
    if guardian := guardian_in(identity.document_number):
        yield by_number(guardian.number)
    ending = _NO_DIGIT.sub("", identity.phone.partition("转")[0])[-ENDING:]
    if identity.birth is not None and len(ending) == ENDING:
        yield by_birth_and_phone(identity.birth, ending)
