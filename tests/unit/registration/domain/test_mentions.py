"""Which typed texts go with a person's identity: theirs, also misspelt or broken, and nobody else's."""

import json
from datetime import date

import pytest

from contracts.reference.identity import Document, DocumentType, guarded_number
from services.registration.domain.identities import Identity
from services.registration.domain.mentions import decode, is_named_after, mentions, names_somebody

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


@pytest.mark.parametrize(
    ("place", "tells"),
    [
        *(("第7社区", False), ("320507001003", False), ("320507001003012", False), ("320507011003", False)),
        *(
            ("320508001003", True),
            ("32050719800101", True),
            ("320507198001010018", True),
            ("12网格139 6666 7777", True),
        ),
    ],
)
def test_a_place_has_no_number_but_a_code_of_its_own_district(place: str, tells: bool) -> None:
    assert names_somebody(place, "320507001") is tells


@pytest.mark.parametrize(
    "place", ["李小满", "李 小 满家", "李小满(户主)", NUMBER, "138-0000-1111", "采莲路１号", "近采莲路1号李家"]
)
def test_a_place_named_after_the_person_is_found(place: str) -> None:
    assert is_named_after(place, "李小满", NUMBER, "13800001111", "采莲路1号")


@pytest.mark.parametrize("place", ["李庄社区", "李庄新村", "采莲社区", "第1社区", "采莲社区李庄组"])
def test_a_place_that_is_called_like_the_person_is_a_place(place: str) -> None:
    assert not is_named_after(place, "李庄", NUMBER, "13800001111", "采莲社区")


def test_a_name_in_latin_letters_is_a_word_of_its_own() -> None:
    assert is_named_after("with Li", "LI", "E12345678", "", "")
    assert not is_named_after("Lilac Garden", "Li", "E12345678", "", "")
