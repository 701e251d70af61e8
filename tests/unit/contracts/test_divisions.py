"""Codes, scopes and names of divisions, in a small table of the demo's districts and in made ones."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from contracts.reference.division_tables import DivisionsError
from contracts.reference.divisions import DistrictCode, Divisions, Scope, StreetCode, covers, district_of
from tests.support.divisions import TWO_DISTRICTS
from tests.support.registers import NOWHERE, ORIGINS

DEMO = Divisions.load(TWO_DISTRICTS)


@pytest.mark.parametrize(
    ("scope", "code", "within"),
    [
        ("", "320507001", True),
        ("32", "320507001", True),
        ("320507", "320507001", True),
        ("320507001", "320507001", True),
        ("320507001", "320507002", False),
        ("320812", "320507001", False),
        ("320507001", "320507", False),
    ],
)
def test_a_scope_covers_what_begins_with_it(scope: str, code: str, within: bool) -> None:
    assert covers(scope, code) is within


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (DistrictCode, ["320507"], ["32050", "3205070", "32050a", "３２０５０７", "320507\n"]),
        (StreetCode, ["320507001"], ["320507", "3205070011", "320507-01"]),
        (
            Scope,
            ["", "32", "3205", "320507", "320507001"],
            ["3", "320", "32050", "3205070", "32050700", "*", "3205070012"],
        ),
    ],
)
def test_codes_are_checked_by_their_pattern(kind: Any, good: list[str], bad: list[str]) -> None:
    check: TypeAdapter[str] = TypeAdapter(kind)
    for code in good:
        assert check.validate_python(code) == code
    for code in bad:
        with pytest.raises(ValidationError):
            check.validate_python(code)


def test_the_demo_has_two_districts_with_all_their_streets() -> None:
    assert {district_of(street) for street in DEMO.streets()} == {"320507", "320812"}
    assert len(DEMO.streets("320507")) == 13
    assert len(DEMO.streets("320812")) == 17
    assert DEMO.streets("320507001") == ("320507001",)
    assert DEMO.streets("31") == ()


def test_a_division_is_called_by_its_own_name_and_by_its_full_name() -> None:
    assert DEMO.name("320507001") == "元和街道"
    assert DEMO.full_name("320507001") == "江苏省苏州市相城区元和街道"
    assert DEMO.full_name("310110") == "上海市杨浦区"
    assert DEMO.full_name("320500") == DEMO.full_name("3205") == "江苏省苏州市"
    assert DEMO.name("320000") == "江苏省"
    assert DEMO.full_name("999999") == DEMO.name("999999") == "999999"


def test_a_code_is_known_or_not() -> None:
    assert DEMO.has("320507")
    assert DEMO.has("320500")
    assert not DEMO.has("320599")
    assert DEMO.is_street("320812008")
    assert not DEMO.is_street("320812")
    assert not DEMO.is_street("320812999")


@pytest.mark.parametrize(("code", "text"), ORIGINS.items())
def test_an_origin_is_found_alone_and_before_an_address(code: str, text: str) -> None:
    assert DEMO.find(text) == code
    assert DEMO.find(f" {text}　幸福路223号") == code
    assert DEMO.full_name(code) == text


@pytest.mark.parametrize("text", [*NOWHERE, "", " ", "境外", "苏", "中山路1号", "上海路3号", "幸福路1号", "的上海市"])
def test_what_is_no_division_is_not_found(text: str) -> None:
    assert DEMO.find(text) is None


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("上海市", "31"),
        ("上海", "31"),
        ("上海杨浦", "310110"),
        ("上海市市辖区杨浦区", "310110"),
        ("江苏省苏州市", "3205"),
        ("江苏省昆山市", "320583"),
        ("江苏昆山", "320583"),
        ("昆山市张浦镇", "320583"),
        ("贵州威宁", "520526"),
        ("贵州省威宁县", "520526"),
        ("江苏省苏州市相城区元和街道嘉元路1号", "320507001"),
        ("苏州市元和街道", "320507001"),
        ("江苏省苏州市某某区", "3205"),
    ],
)
def test_levels_and_endings_may_be_left_out(text: str, code: str) -> None:
    assert DEMO.find(text) == code


def test_a_name_that_could_mean_two_is_found_only_below_its_parent() -> None:
    twins = Divisions.of(
        [
            ("11", "北京市"),
            ("1101", "市辖区"),
            ("110105", "朝阳区"),
            ("22", "吉林省"),
            ("2201", "长春市"),
            ("220104", "朝阳区"),
        ]
    )

    assert twins.find("朝阳区") is None
    assert twins.find("北京市朝阳区") == "110105"
    assert twins.find("吉林省朝阳区") == twins.find("长春市朝阳区") == "220104"


def test_divisions_can_not_be_changed() -> None:
    with pytest.raises(TypeError):
        DEMO.names["320507"] = "x"  # type: ignore[index]  # what must fail
    with pytest.raises(AttributeError):
        DEMO.names = {}  # type: ignore[misc]  # what must fail


def test_a_folder_of_tables_is_loaded(tmp_path: Path) -> None:
    for table, lines in {
        "provinces": "code,name\n11,北京市\n",
        "cities": "code,name,provinceCode\n1101,市辖区,11\n",
        "areas": '\ufeffcode,name,cityCode\n110101,"东城区",1101\n',
        "streets": 'code,name,areaCode\n110101001,"东华门街道",110101\n',
    }.items():
        (tmp_path / f"{table}.csv").write_text(lines, encoding="utf-8")

    loaded = Divisions.load(tmp_path)

    assert loaded.full_name("110101001") == "北京市东城区东华门街道"
    assert loaded.find("北京市东城区东华门街道1号") == "110101001"


@pytest.mark.parametrize(
    "broken", ["", "name,code\n北京市,11\n", "code,name\n1,北京市\n", "code,name\n11\n", "code,name\nxx,北京市\n"]
)
def test_a_table_that_can_not_be_used_is_named(tmp_path: Path, broken: str) -> None:
    for table in ("provinces", "cities", "areas", "streets"):
        (tmp_path / f"{table}.csv").write_text("code,name\n", encoding="utf-8")
    (tmp_path / "areas.csv").write_text(broken, encoding="utf-8")

    with pytest.raises(DivisionsError, match=r"areas\.csv"):
        Divisions.load(tmp_path)


def test_a_folder_without_tables_is_named(tmp_path: Path) -> None:
    with pytest.raises(DivisionsError, match=r"provinces\.csv"):
        Divisions.load(tmp_path)
