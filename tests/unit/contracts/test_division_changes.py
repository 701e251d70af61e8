"""Divisions that were renamed, merged and split: what stands in their place, who sees what was theirs."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.reference.division_tables import Change, DivisionsError
from contracts.reference.divisions import Area, Divisions
from tests.support.divisions import TWO_DISTRICTS

DEMO = Divisions.load(TWO_DISTRICTS)
BEFORE, MERGED = date(2016, 7, 6), date(2016, 7, 7)

NAMES = {
    "41": "某省",
    "4101": "某市",
    "410102": "东城区",
    "410102001": "河东街道",
    "410102002": "河西街道",
    "410102003": "河中街道",
    "410103": "西城区",
    "410103001": "山南街道",
    "410103005": "山北街道",
    "4102": "邻市",
    "410202": "邻区",
    "410202001": "邻街道",
}
CHANGES = """code,name,until,successors
410104,南城区,2010-01-01,410102
410105,北城区,2012-01-01,410102 410103
410105005,山北街道,2012-01-01,410103005
410104009,河口街道,2010-01-01,410103001
410102004,河畔街道,2015-01-01,410102001 410102003
410102009,湾街道,2018-01-01,410202001
410106,中城区,2008-01-01,410104
410103001,山下街道,2013-01-01,410103001
410107,远郊县,2020-01-01,410108
410108,远郊区,2021-01-01,410202
"""


def write(folder: Path, changes: str, names: Mapping[str, str] = NAMES) -> Path:
    tables = {2: "provinces", 4: "cities", 6: "areas", 9: "streets"}
    for length, table in tables.items():
        lines = [f"{code},{name}\n" for code, name in names.items() if len(code) == length]
        (folder / f"{table}.csv").write_text("code,name\n" + "".join(lines), encoding="utf-8")
    (folder / "changes.csv").write_text(changes, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Divisions:
    return Divisions.load(write(tmp_path_factory.mktemp("divisions"), CHANGES))


@pytest.mark.parametrize("old", ["320802", "320811"])
def test_the_demo_knows_what_became_of_qinghe_and_qingpu(old: str) -> None:
    assert DEMO.successor(old) == "320812"
    assert DEMO.successor(f"{old}001") == "320812001"
    assert DEMO.stands(old, BEFORE)
    assert not DEMO.stands(old, MERGED)
    assert DEMO.stands("320812", MERGED)
    assert set(DEMO.predecessors("320812")) == {"320802", "320811"}
    assert DEMO.areas("320812") == (Area("320812"), Area("320802"), Area("320811"))


def test_old_codes_stay_readable(made: Divisions) -> None:
    assert DEMO.full_name("320811") == "江苏省淮安市清浦区"
    assert DEMO.name("320811") == "清浦区"
    assert DEMO.full_name("320803") == "江苏省淮安市淮安区"
    assert made.full_name("410105005") == "某省某市北城区山北街道"
    assert made.full_name("410105777") == "410105777"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("江苏省淮安市楚州区", "320803"),
        ("淮安楚州", "320803"),
        ("淮安市楚州区镇淮楼路1号", "320803"),
        ("江苏省淮安市清浦区", "320812"),
        ("清河区", "320812"),
        ("江苏省淮安市清浦区城南街道", "320812001"),
        ("江苏省淮安市清江浦区城南街道", "320812001"),
        ("江苏省淮安市淮安区", "320803"),
    ],
)
def test_former_names_are_found(text: str, code: str) -> None:
    assert DEMO.find(text) == code


def test_former_names_are_found_as_they_stood_on_a_day() -> None:
    assert DEMO.find("江苏省淮安市清浦区", BEFORE) == "320811"
    assert DEMO.find("江苏省淮安市清浦区", MERGED) == "320812"


def test_the_name_of_a_split_division_gives_its_own_code(made: Divisions) -> None:
    assert made.find("某市北城区") == "410105"
    assert made.find("某市东城区河畔街道") == "410102004"
    assert made.find("某市北城区山北街道") == "410103005"


def test_a_name_in_use_wins_over_a_former_one() -> None:
    rows = [("41", "某省"), ("4101", "某市"), ("410102", "城关区"), ("410103", "新区")]
    divisions = Divisions.of(rows, [Change("410104", "城关区", date(2010, 1, 1), ("410103",))])

    assert divisions.find("某市城关区") == "410102"


def test_a_name_that_two_bear_is_not_that_of_a_third_which_bore_it() -> None:
    rows = [
        *(("41", "某省"), ("4101", "某市"), ("410102", "城关区"), ("410103", "新区")),
        *(("4102", "邻市"), ("410202", "城关区"), ("4103", "远市"), ("410302", "旧区")),
    ]
    divisions = Divisions.of(rows, [Change("410302", "城关区", date(2010, 1, 1), ("410302",))])

    assert divisions.find("城关区") is None
    assert divisions.find("某省城关区") == "41"
    assert divisions.find("远市城关区") == "410302"


def test_a_renamed_division_stands_under_its_code(made: Divisions) -> None:
    assert made.stands("410103001", date(2020, 1, 1))
    assert made.successors("410103001") == ()
    assert made.name("410103001") == "山南街道"
    assert made.find("某市西城区山下街道") == made.find("某市西城区山南街道") == "410103001"


@pytest.mark.parametrize(
    ("code", "successors"),
    [
        ("410102", ()),
        ("410102001", ()),
        ("999999", ()),
        ("999999001", ()),
        ("410104", ("410102",)),
        ("410106", ("410102",)),  # over 410104
        ("410105", ("410102", "410103")),
        ("410104001", ("410102001",)),  # by its digits
        ("410106001", ("410102001",)),  # by its digits, twice
        ("410104009", ("410103001",)),  # as listed, not where its district went
        ("410106009", ("410103001",)),  # by its digits, then as listed
        ("410104077", ("410102",)),  # no street 410102077
        ("410105005", ("410103005",)),
        ("410105001", ("410102", "410103")),  # of a split district and not listed
        ("410102004", ("410102001", "410102003")),
        ("410104004", ("410102001", "410102003")),  # by its digits, then split
        ("410107001", ("410202001",)),  # by its digits through a district that has gone too
        ("410107002", ("410202",)),
    ],
)
def test_what_stands_in_the_place_of_a_code(made: Divisions, code: str, successors: tuple[str, ...]) -> None:
    assert made.successors(code) == successors
    assert made.standing(code) == (successors or (code,))
    assert made.successor(code) == (successors or (code,))[0]


def test_a_change_is_in_force_from_its_day_on(made: Divisions) -> None:
    assert made.successors("410104", date(2009, 12, 31)) == ()
    assert made.successors("410104", date(2010, 1, 1)) == ("410102",)
    assert made.successors("410106", date(2008, 1, 1)) == ("410104",)
    assert made.successors("410106001", date(2010, 1, 1)) == ("410102001",)
    assert made.stands("410104", date(2009, 12, 31))
    assert not made.stands("410104", date(2010, 1, 1))
    assert not made.stands("999999")


@pytest.mark.parametrize(
    ("code", "needed"),
    [("410102001", False), ("410104", False), ("410104001", False), ("410105", True), ("410104077", True)],
)
def test_a_clerk_chooses_after_a_split_and_where_the_street_is_not_known(
    made: Divisions, code: str, needed: bool
) -> None:
    assert made.needs_choice(code) is needed


def test_what_was_split_overlaps_each_of_its_successors(made: Divisions) -> None:
    assert made.overlap("410102004", "410102003")
    assert made.overlap("410102001", "410102004")
    assert made.overlap("410104001", "410102001")
    assert made.overlap("410102001", "410102001")
    assert not made.overlap("410102001", "410102002")
    assert not made.overlap("410102004", "410102001", date(2014, 12, 31))


def test_predecessors_are_listed_or_kept_by_digits(made: Divisions) -> None:
    assert set(made.predecessors("410102001")) == {"410102004", "410104004", "410106004", "410104001", "410106001"}
    assert set(made.predecessors("410103001")) == {"410104009", "410106009"}
    assert set(made.predecessors("410103")) == {"410105"}
    assert made.predecessors("410202002") == ("410108002", "410107002")
    assert set(made.predecessors("410202001")) == {"410102009", "410108001", "410107001"}
    assert made.predecessors("4101") == ()


@pytest.mark.parametrize(
    ("scope", "code", "covered"),
    [
        ("410102", "410104001", True),  # merged into it
        ("410102", "410104077", True),  # wherever in the district it may be now
        ("410102", "410104009", False),  # listed as going elsewhere
        ("410103", "410104009", True),
        ("410102", "410105001", True),  # split and not listed: it is the first one's
        ("410103", "410105001", False),
        ("410103", "410105005", True),
        ("410102001", "410102004", True),  # split: the first one's
        ("410102003", "410102004", False),
        ("410102", "410102009", False),  # a street that went to another city
        ("4101", "410102009", False),
        ("4102", "410102009", True),
        ("410102001", "410104001", True),
        ("410102001", "410104002", False),
        ("410104", "410104001", True),  # a scope that was abolished keeps what was its own
        ("410104", "410102001", False),
        ("410104", "410104009", False),  # but not what went elsewhere
        ("410105", "410105001", True),
        ("410105", "410105005", False),
        ("410102", "410104", True),
        ("410103", "410105", False),
        ("", "410104001", True),
        ("41", "410104001", True),
        ("410202", "410107001", True),
    ],
)
def test_who_covers_what_stands_in_a_codes_place_covers_the_code(
    made: Divisions, scope: str, code: str, covered: bool
) -> None:
    assert made.covers(scope, code) is covered
    assert any(code in area for area in made.areas(scope)) is covered


def test_before_a_change_everything_is_covered_as_it_was(made: Divisions) -> None:
    before = date(2007, 12, 31)

    assert made.covers("410102", "410102009", before)
    assert not made.covers("410102", "410104001", before)
    assert made.areas("410102", before) == (Area("410102"),)


MADE = Divisions.of(
    NAMES.items(),
    [
        Change(code, name, date.fromisoformat(until), tuple(successors.split()))
        for code, name, until, successors in (line.split(",") for line in CHANGES.splitlines()[1:])
    ],
)

PATIENT = settings(deadline=None)
DISTRICTS = sorted({code[:6] for code in NAMES if len(code) > 5})
SCOPES = st.sampled_from(["", "41", "4101", "4102", *DISTRICTS, "410104", "410105", "410107"])
STREETS = st.builds("4101{:02d}{:03d}".format, st.integers(1, 9), st.integers(0, 12))
DAYS = st.none() | st.dates(date(2007, 1, 1), date(2022, 1, 1))


@PATIENT
@given(SCOPES | STREETS, SCOPES | STREETS, DAYS)
def test_areas_hold_exactly_the_codes_that_are_covered(scope: str, code: str, on: date | None) -> None:
    assert any(code in area for area in MADE.areas(scope, on)) is MADE.covers(scope, code, on)


@pytest.mark.parametrize("on", [None, date(2009, 12, 31), date(2015, 1, 1), date(2020, 6, 1)])
def test_whoever_covers_a_division_covers_all_that_it_covers(on: date | None) -> None:
    codes = [f"4101{district:02d}{street:03d}" for district in range(2, 9) for street in range(12)]
    districts = ["", "41", "4101", *DISTRICTS, "410104", "410105", "410106", "410107", "410108"]
    covered = {
        scope: {code for code in (*districts, *codes) if MADE.covers(scope, code, on)} for scope in (*districts, *codes)
    }

    for within in covered.values():
        for division in within:
            assert covered[division] <= within


@PATIENT
@given(STREETS, DAYS)
def test_what_stands_in_a_codes_place_stands(code: str, on: date | None) -> None:
    assert all(MADE.successors(successor, on) == () for successor in MADE.successors(code, on))


@PATIENT
@given(STREETS)
def test_whatever_became_a_code_is_among_its_predecessors(code: str) -> None:
    for successor in MADE.successors(code):
        assert len(successor) == 6 or code in MADE.predecessors(successor)


@PATIENT
@given(STREETS, DAYS)
def test_at_most_one_district_that_stands_covers_a_street(code: str, on: date | None) -> None:
    districts = ["410102", "410103", "410202"]

    covering = [district for district in districts if MADE.covers(district, code, on)]

    assert covering == [district for district in districts if MADE.successor(code, on).startswith(district)]


def test_a_folder_without_changes_has_none(tmp_path: Path) -> None:
    (write(tmp_path, "") / "changes.csv").unlink()

    divisions = Divisions.load(tmp_path)

    assert divisions.successors("410104001") == ()
    assert not divisions.is_street("410104001")
    assert divisions.areas("410102") == (Area("410102"),)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ("", "first line"),
        ("code,name\n", "first line"),
        ("410104,南城区,2010-01-01\n", "line 2"),
        ("410104,南城区,2010/01/01,410102\n", "line 2"),
        ("410104,,2010-01-01,410102\n", "line 2: no name"),
        ("410104,南城区,2010-01-01,\n", "line 2: no name, or no codes"),
        ("410104,南城区,2010-01-01,410102001\n", "line 2: no name, or no codes"),
        ("4103,旧市,2010-01-01,4101\n", "line 2: no name, or no codes"),
        ("410104,南城区,2010-01-01,41010x\n", "line 2: no name, or no codes"),
        ("410104,南城区,2010-01-01,410102\n410106,中城区,2010-01-01,410199\n", "line 3: there is no 410199"),
        ("410104,南城区,2010-01-01,410104\n", "line 2: there is no 410104"),
        (
            "410104,南城区,2010-01-01,410102\n410104,南区,2011-01-01,410103\n",
            "line 3: 410104 is abolished in line 2",
        ),
        (
            "410104,甲区,2010-01-01,410106\n410105,乙区,2010-01-01,410102\n410106,丙区,2010-01-01,410104\n",
            "line 2: round in a circle, 410104 to 410106 to 410104|410106 to 410104 to 410106",
        ),
        (
            "410104,甲区,2010-01-01,410102\n410102001,河东街道,2020-01-01,410104001\n410104001,甲街道,2010-01-01,410102001\n",
            "line 3: round in a circle",
        ),
    ],
)
def test_changes_that_can_not_be_used_are_refused_by_line(tmp_path: Path, changes: str, complaint: str) -> None:
    header = "" if not changes or changes.startswith("code") else "code,name,until,successors\n"

    with pytest.raises(DivisionsError, match=rf"^changes\.csv.*(?:{complaint})"):
        Divisions.load(write(tmp_path, header + changes))


def test_a_circle_that_only_digits_close_is_refused(tmp_path: Path) -> None:
    names = {**NAMES, "410102006": "河上街道", "410104006": "城南街道"}
    changes = "code,name,until,successors\n410104,南城区,2010-01-01,410102\n"

    assert Divisions.load(write(tmp_path, changes, names)).successors("410104006") == ("410102006",)
    with pytest.raises(DivisionsError, match="line 3: round in a circle"):
        Divisions.load(write(tmp_path, changes + "410102006,河上街道,2020-01-01,410104006\n", names))
