"""The tables that come along: every division of the country, what became of the abolished ones, and what they cost."""

import tracemalloc
from collections import Counter

import pytest

from contracts.reference.divisions import Area, Divisions, _load_country
from tests.support.divisions import TWO_DISTRICTS
from tests.support.registers import NOWHERE, ORIGINS

COUNTRY = Divisions.load()


def test_every_division_is_there() -> None:
    assert Counter(map(len, COUNTRY.names)) == {2: 31, 4: 342, 6: 2978, 9: 41352}
    assert len(COUNTRY.streets()) == 41352
    assert all(code[:length] in COUNTRY.names for code in COUNTRY.names for length in (2, 4, 6) if length < len(code))


@pytest.mark.parametrize(
    ("code", "unpadded"),
    [("320000", "32"), ("320500", "3205"), ("3205", "3205"), ("320507", "320507"), ("441900", "441900"), ("32", "32")],
)
def test_a_province_or_city_is_told_without_zeros_and_a_city_without_districts_with_them(
    code: str, unpadded: str
) -> None:
    assert COUNTRY.unpadded(code) == unpadded


def test_the_demos_districts_have_the_names_that_tests_know() -> None:
    demo = Divisions.load(TWO_DISTRICTS)

    assert all(COUNTRY.full_name(code) == demo.full_name(code) for code in demo.names)
    assert all(COUNTRY.streets(district) == demo.streets(district) for district in ("320507", "320812"))


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("320507001", "江苏省苏州市相城区元和街道"),
        ("320812008", "江苏省淮安市清江浦区淮海街道"),
        ("110101001", "北京市东城区东华门街道"),
        ("540102002", "西藏自治区拉萨市城关区八廓街道"),
        ("659001001", "新疆维吾尔自治区石河子市新城街道"),
    ],
)
def test_a_street_anywhere_is_known_and_found(code: str, name: str) -> None:
    assert COUNTRY.is_street(code)
    assert COUNTRY.full_name(code) == name
    assert COUNTRY.find(f"{name}1号") == code
    assert code in COUNTRY.streets(code[:4])


def test_every_district_is_found_by_its_full_name() -> None:
    named = [code for code in COUNTRY.names if len(code) == 6 and COUNTRY.find(COUNTRY.full_name(code)) != code]

    # four cities without districts of their own stand in the table twice, as city and as district
    assert named == ["441900", "442000", "460400", "620201"]
    assert {text: COUNTRY.find(text) for text in ORIGINS.values()} == {text: code for code, text in ORIGINS.items()}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("广东省东莞市", "4419"),
        ("四川凉山州", "5134"),
        ("湖北恩施利川市", "422802"),
        ("吉林市昌邑区", "220202"),
        ("贵州威宁", "520526"),
        ("昆山市张浦镇俱进路5号", "320583106"),
        ("重庆市渝中区解放碑街道", "500103003"),
        ("内蒙古呼和浩特市新城区", "150102"),
    ],
)
def test_addresses_across_the_country_are_found(text: str, code: str) -> None:
    assert COUNTRY.find(text) == code


@pytest.mark.parametrize("text", [*NOWHERE, "城区", "桥西区", "中山路1号"])
def test_what_is_nowhere_or_in_several_places_is_not_found(text: str) -> None:
    assert COUNTRY.find(text) is None


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("江苏省苏州市沧浪区", "320508"),
        ("苏州市平江区", "320508"),
        ("苏州金阊区", "320508"),
        ("江苏省吴江市盛泽镇", "320509105"),
        ("江苏省淮安市楚州区", "320803"),
        ("江苏省淮安市清浦区", "320812"),
        ("江苏省洪泽县", "320813"),
        ("北京市密云县", "110118"),
        ("上海市闸北区", "310106"),
        ("河南省许昌县", "411003"),
        ("湖南省宁乡县", "430182"),
    ],
)
def test_districts_that_are_no_more_are_found_as_what_stands(text: str, code: str) -> None:
    assert COUNTRY.find(text) == code


def test_the_streets_of_a_merged_district_go_where_their_names_are() -> None:
    assert COUNTRY.successor("310108013") == "310106019"
    assert COUNTRY.name("310106019") == "大宁路街道"
    assert COUNTRY.needs_choice("320502001")  # 姑苏区 numbers its streets anew
    assert COUNTRY.successor("320502001") == "320508"


def test_a_scope_of_any_length_is_its_codes_and_those_that_went_over() -> None:
    assert COUNTRY.areas("") == (Area(""),)
    assert COUNTRY.areas("32") == (Area("32"),)
    assert COUNTRY.areas("320507") == (Area("320507"),)
    assert COUNTRY.areas("320812") == (Area("320812"), Area("320802"), Area("320811"))
    assert COUNTRY.areas("3701") == (Area("3701"), Area("371202"), Area("371203"))


def test_whoever_asks_again_gets_the_same() -> None:
    assert Divisions.load() is COUNTRY


def test_the_country_takes_little_memory_whoever_looks_for_names_in_it() -> None:
    tracemalloc.start()
    try:
        country = _load_country.__wrapped__()
        loaded, _ = tracemalloc.get_traced_memory()
        for code in country.names:
            if len(code) == 6:
                country.find(f"{country.full_name(code)}某某街道")
        looked, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert loaded < 12_000_000
    assert looked - loaded < 4_000_000
