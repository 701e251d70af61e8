"""Numbers in free text: those of phones and documents are found however they are typed, days and readings are not."""

import pytest

from contracts.reference.telling import hide_numbers, tells_number, tells_phone_or_card

SOMEBODYS = (
    "13966667777",
    "电话139 6666 7777",
    "139-6666-7777",
    "1396 666 7777",
    "+86 13966667777",
    "１３９６６６６７７７７",
    "一三九六六六六七七七七",
    "0512-6543210",
    "11010519491231002X",
    "110105 19491231 002x",
    "110105-19491231-0021",
    "110105491231002",
    "1 1 0 1 0 5 1 9 4 9 1 2 3 1 0 0 2 X",
)


@pytest.mark.parametrize("text", [*SOMEBODYS, "护照E12345678", "E1234567", "QQ 7654321", "警情202611180012号"])
def test_a_number_that_may_be_somebodys_is_found(text: str) -> None:
    assert tells_number(text)
    assert tells_number(f"据{text}核实")
    assert not any(character.isdigit() for character in hide_numbers(text))


@pytest.mark.parametrize("text", SOMEBODYS)
def test_a_phone_and_an_id_card_are_found_in_codes_too(text: str) -> None:
    assert tells_phone_or_card(text)


@pytest.mark.parametrize(
    "text",
    [
        *("", "高血压日", "柜3-12", "东柜-3", "2026-11-18 电话核实", "2026-11-18至2026-11-20", "20261118"),
        *(
            "血压 120 80 130 85 140 90",
            "二零二六年十一月十八日",
            "10mg 每日2次",
            "第123456号",
            "08:30-17:30",
            "3.5×10^9",
        ),
    ],
)
def test_days_readings_and_short_numbers_stay(text: str) -> None:
    assert not tells_number(text)
    assert hide_numbers(text) == text


@pytest.mark.parametrize("lot", ["20230412", "A20230412", "202307A035", "123456789012", "E12345678"])
def test_a_lot_may_have_any_number_but_of_a_phone_or_an_id_card(lot: str) -> None:
    assert not tells_phone_or_card(lot)
