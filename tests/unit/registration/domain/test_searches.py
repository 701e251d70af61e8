"""What people are found by: however a name is spaced, a child by its guardian's number, and nothing that is missing."""

from datetime import date

import pytest

from contracts.reference.identity import Document, DocumentType, guarded_number
from services.registration.domain.identities import Identity
from services.registration.domain.searches import by_birth_and_phone, by_name, by_number, findable_by

BIRTH = date(1980, 1, 1)
NUMBER = "36098119800101001X"


def identity(**changes: object) -> Identity:
    known = {"name": "李小满", "document_type": DocumentType.ID_CARD, "document_number": NUMBER, "birth": BIRTH}
    return Identity.model_validate({**known, **changes})


def test_a_name_is_found_however_it_is_typed() -> None:
    assert by_name("李 小满") in findable_by(identity())
    assert by_name("ＬＩ xiaoman") in findable_by(identity(name="Li Xiaoman"))
    assert by_name("李小") not in findable_by(identity())


@pytest.mark.parametrize("phone", ["13812345678", "138-1234-5678", "+86 138 1234 5678", "051212345678转123"])
def test_birth_and_the_end_of_the_phone_are_found_together(phone: str) -> None:
    assert by_birth_and_phone(BIRTH, "5678") in findable_by(identity(phone=phone))


@pytest.mark.parametrize("changes", [{"phone": ""}, {"phone": "678"}, {"phone": "13812345678", "birth": None}])
def test_without_either_a_person_is_found_by_name_and_number_alone(changes: dict[str, object]) -> None:
    assert list(findable_by(identity(**changes))) == [by_name("李小满"), by_number(NUMBER)]


def test_a_child_without_a_document_is_found_by_the_number_of_its_guardian() -> None:
    number = guarded_number(Document(DocumentType.ID_CARD, NUMBER), date(2024, 5, 1))
    child = identity(document_type=DocumentType.GUARDIAN, document_number=number)

    assert by_number(NUMBER) in findable_by(child)
