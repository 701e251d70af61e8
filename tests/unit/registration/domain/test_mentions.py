"""Which typed texts go with a person's identity: theirs, also misspelt or broken, and nobody else's."""

import json
from datetime import date

import pytest

from contracts.reference.identity import Document, DocumentType, guarded_number
from services.registration.domain.identities import Identity
from services.registration.domain.mentions import decode, mentions

NUMBER, OTHER_NUMBER = "11010519491231002X", "440524188001010014"
PERSON = Identity(name="李小满", document_type=DocumentType.ID_CARD, document_number=NUMBER, phone="13800001111")


@pytest.mark.parametrize(
    "text",
    [
        f"李小满\n居民身份证\n{NUMBER}",
        "１１０１０５　１９４９１２３１　００２ｘ",
        f"王伟\n{NUMBER}",
        "李小满\n居民身份证\n110105194912310021",
        "李 小 满\n\n",
        "李小满\n身份证\n110105491231002",
        f'{{"name": "李小满", "document_number": "{NUMBER[:-1]}"',
        json.dumps({"name": "李小满"}),
    ],
)
def test_a_text_with_the_number_or_with_the_name_and_no_other_number_is_the_persons(text: str) -> None:
    assert mentions(decode(text.encode()), PERSON)


@pytest.mark.parametrize(
    "text",
    [
        "",
        f"李小满\n居民身份证\n{OTHER_NUMBER}",
        "李小满意\n居民身份证\n1",
        "王伟\n13800001111",
        f'{{"name": "李小满", "document_number": "{OTHER_NUMBER}"}}',
    ],
)
def test_a_namesakes_and_a_strangers_text_is_not(text: str) -> None:
    assert not mentions(decode(text.encode()), PERSON)


def test_a_message_in_the_other_encoding_is_read() -> None:
    assert mentions(decode("李小满".encode("gb18030")), PERSON)


def test_characters_beyond_the_basic_plane_are_read_out_of_json() -> None:
    rare = PERSON.model_copy(update={"name": "李𠮷"})

    assert mentions(decode(json.dumps({"name": "李𠮷"}).encode()), rare)


def test_who_has_no_number_is_not_found_everywhere() -> None:
    assert not mentions("王伟\n1", PERSON.model_copy(update={"document_number": ""}))
    assert not mentions("王伟\n1", PERSON.model_copy(update={"name": ""}))


def test_a_child_is_found_beside_its_guardians_number_and_by_its_name_alone() -> None:
    guardian = Document(DocumentType.ID_CARD, OTHER_NUMBER)
    child = PERSON.model_copy(
        update={"document_number": guarded_number(guardian, date(2024, 5, 1)), "document_type": DocumentType.GUARDIAN}
    )

    assert mentions(f"李小满\n{OTHER_NUMBER}", child)
    assert not mentions(f"李小满\n{NUMBER}", child)
    assert not mentions(f"王伟\n{OTHER_NUMBER}", child)
