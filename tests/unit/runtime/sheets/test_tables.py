"""A file as a whole: which sheets are read, which are named, and that every row is in one count."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.registration.intake.columns import ROW_RULES, VOCABULARY
from services.runtime.sheets import tables
from services.runtime.sheets.files import MAX_PEOPLE, SheetError
from services.runtime.sheets.tables import Tables, place_of, read_tables, row_of, table_of
from tests.support.sheets import Page, write_csv, write_pages

HEADINGS = ["序号", "姓名", "证件类型", "证件号码", "来本地日期"]
PERSON = ["1", "黄艳", "居民身份证", "310110197910263751", "2026-04-02"]


def read(*pages: Page, charts: tuple[str, ...] = ()) -> Tables:
    return read_tables(write_pages(*pages, charts=charts), "a.xlsx", VOCABULARY, ROW_RULES)


def outcome_of(*pages: Page) -> tuple[str, Tables | None]:
    try:
        return "", read(*pages)
    except SheetError as error:
        return error.code, None


def error_of(*pages: Page) -> SheetError:
    with pytest.raises(SheetError) as raised:
        read(*pages)
    return raised.value


def test_every_visible_sheet_of_like_headings_is_read_and_the_others_are_named() -> None:
    found = read(
        Page([HEADINGS, PERSON], "去年", state="hidden"),
        Page([["填表说明"], ["姓名：按身份证填写"]], "说明"),
        Page([["某社区登记表"], HEADINGS, PERSON, ["合计"]], "一社区"),
        Page([], "空表"),
        Page([HEADINGS[::-1], PERSON[::-1]], "二社区"),
        Page([HEADINGS], "三社区"),
        Page([["社区", "人数"], ["一社区", 1]], "统计"),
        Page([HEADINGS, PERSON], "参数", state="very hidden"),
        charts=("图",),
    )

    assert [(sheet.sheet, sheet.skipped, sheet.heading_rows) for sheet in found.sheets] == [
        ("去年", "hidden", ()),
        ("参数", "hidden", ()),
        ("说明", "no_headings", ()),
        ("一社区", None, (2,)),
        ("空表", "no_headings", ()),
        ("二社区", None, (1,)),
        ("三社区", None, (1,)),
        ("统计", "no_headings", ()),
    ]
    assert [(table.name, table.people) for table in found.read] == [
        ("一社区", [(3, PERSON)]),
        ("二社区", [(2, PERSON[::-1])]),
        ("三社区", []),
    ]
    assert [(row.sheet, row.row, row.reason) for row in found.ignored] == [("一社区", 4, "footer")]


def test_a_sheet_with_people_whose_headings_went_wrong_refuses_the_file_and_is_named() -> None:
    wrong = [*HEADINGS[:4], "来的那天"]

    error = error_of(Page([HEADINGS, PERSON], "一社区"), Page([wrong, PERSON], "二社区"))

    assert error.code == "missing_column"
    assert error.detail.startswith("二社区：缺 missing：来本地日期/离开日期")
    assert "来的那天" in error.detail
    assert [sheet.skipped for sheet in read(Page([HEADINGS, PERSON]), Page([wrong])).sheets] == [None, "no_headings"]


def test_what_is_wrong_with_the_only_sheet_names_no_sheet() -> None:
    assert error_of(Page([HEADINGS[:4], PERSON[:4]], "一社区")).detail.startswith("缺 missing")


@pytest.mark.parametrize("headings", [["姓名"], ["姓名", "来的那天"], ["身份证号"], ["证件号码", "电话"], ["离开日期"]])
def test_where_a_needed_column_stands_the_headings_were_found(headings: list[str]) -> None:
    assert error_of(Page([["登记表"], headings, ["x"] * len(headings)])).code == "missing_column"


@pytest.mark.parametrize("lines", [[], [["说明"]], [PERSON], [["社区", "人数"]]])
def test_where_none_stands_there_are_no_headings(lines: list[list[Any]]) -> None:
    assert error_of(Page(lines)).code == "no_header_row"


def test_only_people_count_towards_the_most_that_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "MAX_PEOPLE", 3)
    prefilled = ["9", "", "居民身份证", "", ""]
    lines = [HEADINGS, *[PERSON] * 3, *[prefilled] * 50, *[[""] * 5] * 1000, ["合计"]]

    for data, name in ((write_pages(Page(lines)), "a.xlsx"), (write_csv(lines), "a.csv")):
        found = read_tables(data, name, VOCABULARY, ROW_RULES)
        assert (len(found.read[0].people), found.blank, len(found.ignored)) == (3, 50, 1)
    assert (
        error_of(Page([HEADINGS, *[PERSON] * 2], "一"), Page([HEADINGS, *[PERSON] * 2], "二")).code == "too_many_rows"
    )


def test_fifty_thousand_people_and_any_empty_lines_behind_them_are_taken() -> None:
    csv = write_csv([HEADINGS, *[PERSON] * MAX_PEOPLE]) + b",,,,\r\n" * 300_000

    found = read_tables(csv, "a.csv", VOCABULARY, ROW_RULES)

    assert (len(found.read[0].people), found.blank) == (50_000, 0)


@pytest.mark.parametrize("table", [0, 1, 30])
@pytest.mark.parametrize("number", [1, 1_048_576])
def test_a_place_tells_table_and_row(table: int, number: int) -> None:
    assert (table_of(place_of(table, number)), row_of(place_of(table, number))) == (table, number)


CELLS = st.one_of(
    st.just(""),
    st.sampled_from([*HEADINGS, *PERSON, " ", "合计", "小计量仪表厂", "填表人：", "身份证", "房东", "类型", "号码"]),
    st.integers(0, 60_000),
    st.text(st.characters(codec="utf-8", exclude_categories=["C"]), max_size=5),
)
PAGES = st.builds(
    Page,
    st.lists(st.lists(CELLS, max_size=6), max_size=10),
    state=st.sampled_from(["visible", "visible", "hidden", "very hidden"]),
)
MERGES = st.tuples(st.integers(0, 9), st.integers(0, 8), st.integers(1, 3), st.integers(0, 2))


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(pages=st.lists(PAGES, max_size=3), area=MERGES, at=st.integers(0, 4))
def test_all_rows_of_any_workbook_are_people_blank_or_ignored(
    pages: list[Page], area: tuple[int, int, int, int], at: int
) -> None:
    row, column, down, right = area
    lines = [*[[str(number)] for number in range(at)], HEADINGS, PERSON, ["2", "王芳", "", "E1234567", ""]]
    good = Page(lines, merged=[(row, column, row + down, column + right)])
    code, found = outcome_of(good, *pages)
    if found is None:
        assert code in {"missing_column", "columns_clash"}
        return

    told = {sheet.sheet: sheet for sheet in found.sheets}
    names = [f"Sheet{number}" for number in range(1, len(pages) + 2)]
    assert sorted(told) == sorted(names)
    for name, page in zip(names[1:], pages, strict=True):
        assert (told[name].skipped == "hidden") == (page.state != "visible")
    for table in found.read:
        assert not told[table.name].skipped
        numbers = [number for number, _ in table.people] + [row.number for row in table.ignored]
        assert len(numbers) == len(set(numbers))
        assert min(numbers, default=table.header.last + 1) > table.header.last
    assert sum(table.blank for table in found.read) == found.blank
    assert len(found.ignored) == sum(len(table.ignored) for table in found.read)
