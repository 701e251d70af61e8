"""Document numbers and person ids, as GB 11643 and the offices' keyboards have them."""

from collections.abc import Callable
from datetime import date

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from contracts.reference.identity import (
    ETHNIC_GROUPS,
    Document,
    DocumentType,
    NumberProblem,
    Sex,
    birth_in,
    carries_birth,
    guarded_number,
    guardian_in,
    household_id,
    likeness,
    normalise_number,
    number_problem,
    person_id,
    read_number,
    sex_in,
)
from tests.support.registers import full_width, id_number

KEY = bytes(range(32))
CARD = DocumentType.ID_CARD

numbers = st.builds(
    id_number,
    st.sampled_from(("110105", "320507", "440524", "659001")),
    st.dates(date(1900, 1, 1), date(2026, 11, 20)),
    st.integers(1, 999),
)
typing = st.sampled_from(
    (
        str,
        str.lower,
        full_width,
        lambda number: f" {number[:6]} {number[6:14]}　{number[14:]}\t",
        lambda number: "\ufeff'" + number,
        lambda number: full_width(number.lower()) + "\u00a0",
    )
)


@pytest.mark.parametrize("number", ["11010519491231002X", "440524188001010014"])
def test_the_standards_own_numbers_are_right(number: str) -> None:
    assert number_problem(CARD, number) is None


def test_birth_and_sex_are_read_from_the_number() -> None:
    assert birth_in("11010519491231002X") == date(1949, 12, 31)
    assert sex_in("11010519491231002X") is Sex.FEMALE
    assert sex_in("440524188001010014") is Sex.MALE


@given(numbers, typing)
def test_a_number_survives_however_it_was_typed(number: str, typed: Callable[[str], str]) -> None:
    assert normalise_number(CARD, typed(number)) == number
    assert number_problem(CARD, number) is None


@given(numbers, st.integers(0, 17), st.sampled_from("0123456789"))
def test_one_wrong_digit_is_found(number: str, place: int, digit: str) -> None:
    assume(number[place] != digit)

    wrong = number[:place] + digit + number[place + 1 :]
    assume(wrong[14:17] != "000")

    assert number_problem(CARD, wrong) is NumberProblem.CHECKSUM


@given(numbers, st.integers(0, 15))
def test_two_neighbours_swapped_are_found(number: str, place: int) -> None:
    assume(number[place] != number[place + 1])

    wrong = number[:place] + number[place + 1] + number[place] + number[place + 2 :]

    assert number_problem(CARD, wrong) is NumberProblem.CHECKSUM


@given(st.dates(date(1900, 1, 1), date(1999, 12, 31)), st.integers(1, 999), typing)
def test_fifteen_digits_and_eighteen_are_one_person(born: date, order: int, typed: Callable[[str], str]) -> None:
    modern = id_number("520526", born, order)
    legacy = modern[:6] + modern[8:17]

    assert normalise_number(CARD, typed(legacy)) == modern
    assert person_id(KEY, CARD, legacy) == person_id(KEY, CARD, typed(modern))


@given(st.text() | st.text("0123456789EHMXx() Ｘ１", min_size=5, max_size=20))
def test_any_text_is_normalised_and_judged_and_a_right_number_stays_as_it_is(text: str) -> None:
    for document_type in DocumentType:
        once = normalise_number(document_type, text)
        assert number_problem(document_type, once) or normalise_number(document_type, once) == once


@pytest.mark.parametrize(
    ("number", "problem"),
    [
        ("11010519491231002", NumberProblem.LENGTH),
        ("", NumberProblem.LENGTH),
        ("3.20507E+17", NumberProblem.LENGTH),
        ("1101051949123100XX", NumberProblem.CHARACTERS),
        ("١١٠١٠٥١٩٤٩١٢٣١٠٠٢٣", NumberProblem.CHARACTERS),
        ("110105194912310021", NumberProblem.CHECKSUM),
    ],
)
def test_a_wrong_number_has_a_clear_reason(number: str, problem: NumberProblem) -> None:
    assert number_problem(CARD, number) is problem


def test_a_day_that_never_was_is_a_reason_of_its_own() -> None:
    digits = "11010519490230002"
    number = next(
        digits + check for check in "0123456789X" if number_problem(CARD, digits + check) is not NumberProblem.CHECKSUM
    )

    assert number_problem(CARD, number) is NumberProblem.BIRTH


@pytest.mark.parametrize(
    "typed",
    [
        "000000201805020000",
        "000000201805100000",
        "０００００020180502000X",
        *(digit * 18 for digit in "0123456789"),
        *(digit * 15 for digit in "0123456789"),
        "000000",
        "0",
        "123456789012345678",
        "123456789012345",
        "111111190001010000",
        id_number("111111", date(1900, 1, 1), 1),
        id_number("123456", date(1990, 1, 1), 23),
        id_number("320507", date(2018, 5, 2), 0),
        "320507180502000",
    ],
)
def test_a_placeholder_is_nobodys_number_whether_its_check_digit_is_right_or_not(typed: str) -> None:
    document = read_number(CARD, typed)

    assert number_problem(*document[:2]) is NumberProblem.PLACEHOLDER


@given(st.dates(date(1950, 1, 1), date(2026, 11, 20)), st.integers(0, 999))
def test_the_area_000000_is_nobodys(born: date, serial: int) -> None:
    number = id_number("000000", born, serial)

    for written in (number, number[:17] + "0", number[:6] + number[8:17]):
        assert number_problem(*read_number(CARD, written)[:2]) is NumberProblem.PLACEHOLDER
    child = guarded_number(Document(CARD, number), date(2026, 2, 28))
    assert number_problem(DocumentType.GUARDIAN, child) is NumberProblem.PLACEHOLDER


@pytest.mark.parametrize(
    ("document_type", "number"),
    [
        (DocumentType.PASSPORT, "000000000"),
        (DocumentType.PASSPORT, "E00000000"),
        (DocumentType.PASSPORT, "111111111"),
        (DocumentType.HK_MACAO_PERMIT, "H00000000"),
        (DocumentType.TAIWAN_PERMIT, "00000000"),
        (DocumentType.FOREIGN_PERMANENT_RESIDENCE, "USA000000000000"),
        (DocumentType.FOREIGN_PERMANENT_RESIDENCE, id_number("931840", date(1985, 7, 4), 0)),
        (DocumentType.HK_MACAO_TAIWAN_RESIDENCE, id_number("810000", date(1985, 7, 4), 0)),
    ],
)
def test_other_documents_have_placeholders_too(document_type: DocumentType, number: str) -> None:
    assert number_problem(document_type, number) is NumberProblem.PLACEHOLDER


def test_an_abolished_division_is_no_reason_to_refuse() -> None:
    assert number_problem(CARD, id_number("320882", date(1980, 5, 1), 7)) is None


@pytest.mark.parametrize(
    ("document_type", "good", "bad"),
    [
        (
            DocumentType.PASSPORT,
            ["e16661604", "Ｅ16661604", "PA 123 4567", "123456789"],
            ["", "护照", "ABCDEF", "E1", "E1-2!"],
        ),
        (DocumentType.HK_MACAO_PERMIT, ["h12345678", "M1234567801"], ["A12345678", "H1234"]),
        (DocumentType.TAIWAN_PERMIT, ["12345678", "0012345678(B)"], ["1234567", "T12345678"]),
        (DocumentType.FOREIGN_PERMANENT_RESIDENCE, ["usa110000000001"], ["US11", "USA11000000000A"]),
    ],
)
def test_other_documents_have_a_sane_pattern(document_type: DocumentType, good: list[str], bad: list[str]) -> None:
    for typed in good:
        number = normalise_number(document_type, typed)
        assert number_problem(document_type, number) is None, typed
        assert number == number.upper()
        assert not carries_birth(document_type, number)
    for typed in bad:
        assert number_problem(document_type, normalise_number(document_type, typed)) is NumberProblem.PATTERN, typed


def test_a_residence_permit_has_its_own_prefix_and_the_same_check() -> None:
    permit = DocumentType.HK_MACAO_TAIWAN_RESIDENCE
    number = id_number("810000", date(1990, 1, 1), 11)

    assert number_problem(permit, number) is None
    assert number_problem(permit, number[:17] + "#") is NumberProblem.CHARACTERS
    assert number_problem(permit, id_number("320507", date(1990, 1, 1), 11)) is NumberProblem.PREFIX


def test_a_new_permanent_residence_card_follows_the_citizen_number() -> None:
    card = DocumentType.FOREIGN_PERMANENT_RESIDENCE
    number = id_number("911124", date(1981, 3, 3), 8)

    assert number_problem(card, number) is None
    assert carries_birth(card, number)
    assert number_problem(card, number[:17] + ("1" if number[17] == "0" else "0")) is NumberProblem.CHECKSUM


def test_a_person_id_is_32_hexadecimal_digits_and_depends_on_key_type_and_number() -> None:
    known = person_id(KEY, DocumentType.PASSPORT, "E16661604")

    assert len(known) == 32
    assert int(known, 16) > 0
    assert known == person_id(KEY, DocumentType.PASSPORT, " ｅ16661604 ")
    assert known != person_id(bytes(32), DocumentType.PASSPORT, "E16661604")
    assert known != person_id(KEY, DocumentType.HK_MACAO_PERMIT, "E16661604")
    assert known != person_id(KEY, DocumentType.PASSPORT, "E16661605")


def test_a_person_id_never_changes() -> None:
    assert person_id(KEY, CARD, "11010519491231002X") == "101b9c094c6dd7b9e063d97c358ac6f2"


def test_a_permit_taken_for_an_id_card_is_still_the_same_person() -> None:
    number = id_number("830000", date(1990, 1, 1), 11)

    assert person_id(KEY, DocumentType.HK_MACAO_TAIWAN_RESIDENCE, number) == person_id(KEY, CARD, number)


@given(st.dates(date(1930, 1, 1), date(2026, 11, 20)), st.integers(1, 999), typing, st.sampled_from(DocumentType))
def test_a_permanent_residence_card_is_one_under_any_type(
    born: date, serial: int, typed: Callable[[str], str], document_type: DocumentType
) -> None:
    assume(document_type is not DocumentType.GUARDIAN)
    card = Document(DocumentType.FOREIGN_PERMANENT_RESIDENCE, id_number("931840", born, serial))
    written = typed(card.number)

    assert read_number(document_type, written) == card
    assert person_id(KEY, document_type, written) == person_id(KEY, *card)
    child = guarded_number(card, date(2026, 2, 28))
    assert guarded_number(Document(document_type, written), date(2026, 2, 28)) == child
    assert guardian_in(child) == card
    assert normalise_number(DocumentType.GUARDIAN, f"id_card:{card.number}:2026-02-28:1") == child


def test_a_9_number_that_is_no_permanent_residence_card_keeps_its_type() -> None:
    wrong = id_number("931840", date(1985, 7, 4), 1)[:17] + "5"

    assert read_number(CARD, wrong) == Document(CARD, wrong)
    assert number_problem(CARD, wrong) is NumberProblem.CHECKSUM


def test_a_child_without_a_document_is_known_by_its_guardian_its_birth_and_its_order() -> None:
    mother = Document(CARD, id_number("310110", date(1990, 1, 1), 11))
    born = date(2026, 3, 1)
    known = {
        person_id(KEY, DocumentType.GUARDIAN, number)
        for number in (
            guarded_number(mother, born),
            guarded_number(mother, born, 2),
            guarded_number(mother, date(2026, 3, 2)),
            guarded_number(mother._replace(number=id_number("310110", date(1990, 1, 1), 13)), born),
            guarded_number(Document(DocumentType.PASSPORT, "E16661604"), born),
        )
    }

    assert len({*known, person_id(KEY, *mother)}) == 6
    assert guarded_number(mother, born) == f"id_card:{mother.number}:2026-03-01:1"


@given(st.dates(date(1930, 1, 1), date(1999, 12, 31)), st.integers(1, 999), typing, st.integers(1, 9))
def test_a_child_is_the_same_however_the_guardians_number_was_typed(
    born: date, serial: int, typed: Callable[[str], str], order: int
) -> None:
    number = id_number("520526", born, serial)
    child = guarded_number(Document(CARD, number), date(2026, 2, 28), order)

    for written in (typed(number), number[:6] + number[8:17]):
        assert guarded_number(Document(CARD, written), date(2026, 2, 28), order) == child
    assert guarded_number(Document(DocumentType.HK_MACAO_TAIWAN_RESIDENCE, number), date(2026, 2, 28), order) == child
    assert normalise_number(DocumentType.GUARDIAN, typed(child)) == child
    assert number_problem(DocumentType.GUARDIAN, child) is None
    assert not carries_birth(DocumentType.GUARDIAN, child)
    assert guardian_in(child) == Document(CARD, number)


@pytest.mark.parametrize(
    ("number", "problem"),
    [
        ("", NumberProblem.PATTERN),
        ("11010519491231002X", NumberProblem.PATTERN),
        ("guardian:id_card:1:2026-03-01:1", NumberProblem.PATTERN),
        ("id_card:11010519491231002X:2026-03-01:0", NumberProblem.PATTERN),
        ("id_card:11010519491231002X:2026-02-30:1", NumberProblem.BIRTH),
        ("id_card:11010519491231002X:20260301:1", NumberProblem.BIRTH),
        ("id_card:110105194912310021:2026-03-01:1", NumberProblem.CHECKSUM),
        ("passport:??:2026-03-01:1", NumberProblem.PATTERN),
    ],
)
def test_a_childs_number_is_checked_part_by_part(number: str, problem: NumberProblem) -> None:
    assert number_problem(DocumentType.GUARDIAN, number) is problem


@pytest.mark.parametrize("label", ["监护人", "随监护人", "无证件（随监护人）", "无证件(随监护人)", "guardian"])
def test_offices_name_a_child_without_a_document_in_many_ways(label: str) -> None:
    assert DocumentType.from_label(label) is DocumentType.GUARDIAN


def test_who_is_kept_apart_is_nobody_else() -> None:
    number = "11010519491231002X"
    ids = {person_id(KEY, CARD, number, apart) for apart in ("", "320507001:黄艳", "320507001:黄燕", "320507002:黄艳")}

    assert len(ids) == 4


def test_a_household_is_its_heads_in_its_street() -> None:
    assert household_id(KEY, "a" * 32, "320507001") == household_id(KEY, "a" * 32, "320507001")
    assert (
        len(
            {
                household_id(key, head, street)
                for key in (KEY, bytes(32))
                for head in ("a" * 32, "b" * 32)
                for street in ("320507001", "320507002")
            }
        )
        == 8
    )


def test_people_are_alike_when_name_birth_sex_and_hukou_are() -> None:
    born = date(1990, 1, 1)
    known = likeness(KEY, "阿依·买买提", born, Sex.FEMALE, "310110")

    for written in ("阿依•买买提", " 阿依买买提 ", "阿依・买买提", "阿 依·买买提"):
        assert likeness(KEY, written, born, Sex.FEMALE, "310110") == known
    others = {
        likeness(KEY, "阿依·买买", born, Sex.FEMALE, "310110"),
        likeness(KEY, "阿依·买买提", date(1990, 1, 2), Sex.FEMALE, "310110"),
        likeness(KEY, "阿依·买买提", born, Sex.MALE, "310110"),
        likeness(KEY, "阿依·买买提", born, Sex.FEMALE, None),
        likeness(bytes(32), "阿依·买买提", born, Sex.FEMALE, "310110"),
    }
    assert len({known, *others}) == 6
    assert likeness(KEY, "O'Neil-Smith", born, Sex.MALE, None) == likeness(KEY, "ONEIL SMITH", born, Sex.MALE, None)


@pytest.mark.parametrize(
    ("text", "sex"),
    [
        ("男", Sex.MALE),
        (" 女 ", Sex.FEMALE),
        ("1", Sex.MALE),
        ("２", Sex.FEMALE),
        ("0", Sex.UNKNOWN),
        ("9", Sex.UNSPECIFIED),
        ("Female", Sex.FEMALE),
        ("未说明", Sex.UNSPECIFIED),
        ("男女", None),
        ("", None),
        ("3", None),
    ],
)
def test_a_sex_is_read_from_label_or_code(text: str, sex: Sex | None) -> None:
    assert Sex.from_label(text) is sex


def test_a_document_type_is_read_from_label_or_code() -> None:
    assert DocumentType.from_label("居民身份证") is CARD
    assert DocumentType.from_label(" 护 照 ") is DocumentType.PASSPORT
    assert DocumentType.from_label("taiwan_permit") is DocumentType.TAIWAN_PERMIT
    assert DocumentType.from_label("学生证") is None
    assert DocumentType.from_label("????") is None


def test_the_ethnic_groups_stand_in_the_order_of_the_standard() -> None:
    assert len(set(ETHNIC_GROUPS)) == 56
    assert [ETHNIC_GROUPS[code - 1] for code in (1, 3, 6, 7, 15, 56)] == [
        "汉族",
        "回族",
        "苗族",
        "彝族",
        "土家族",
        "基诺族",
    ]
