"""Rows below the headings: every one that is not empty is somebody, blank or ignored, whatever stands in it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.archives.intake import rounds
from services.registration.intake.columns import ROW_RULES, VOCABULARY
from services.runtime.sheets.files import Sheet, SheetError
from services.runtime.sheets.headings import Header, find_headings, read_header
from services.runtime.sheets.meanings import Vocabulary
from services.runtime.sheets.rows import FoundRows, RowRules, find_rows

HEADINGS = ["序号", "姓名", "证件类型", "证件号码", "来本地日期", "备注"]
PERSON = ["1", "黄艳", "居民身份证", "310110197910263751", "2026-04-02", ""]


def header_of(sheet: Sheet, vocabulary: Vocabulary = VOCABULARY) -> Header:
    candidate = find_headings(sheet, vocabulary)
    assert candidate is not None
    return read_header(sheet, vocabulary, candidate)


def rows_of(*lines: list[str], headings: list[str] = HEADINGS) -> FoundRows:
    sheet = Sheet("", [headings, *lines])
    return find_rows(sheet, header_of(sheet), ROW_RULES)


def verdict_on(line: list[str], headings: list[str] = HEADINGS) -> str:
    rows = rows_of(line, headings=headings)
    assert len(rows.people) + rows.blank + len(rows.ignored) == 1
    return rows.ignored[0].reason if rows.ignored else "person" if rows.people else "blank"


@pytest.mark.parametrize(
    "first",
    [
        *(
            "合计",
            "小计",
            "总计",
            "合计：3人",
            "共3人",
            "填表人：张三",
            "审核：",
            "备注：",
            "说明：见下",
            "第1页",
            "以下空白",
            "（盖章）",
        ),
        *("小计量仪表厂", "合计信息科技公司", "共享单车公司", "说明书印刷厂", "姓名", "3"),
    ],
)
def test_a_row_with_a_name_and_a_number_is_a_person_whatever_its_first_cell_says(first: str) -> None:
    assert verdict_on([first, *PERSON[1:]]) == "person"
    assert verdict_on([first, *PERSON[1:5], first]) == "person"


@pytest.mark.parametrize(
    "number",
    [
        "310110197910263751",
        "３１０１１０１９７９１０２６３７５１",
        "E12345678",
        "3.10110E+17",
        "H1234567(8)",
        "310110 19791026 3751",
    ],
)
def test_what_may_be_a_number_makes_a_person(number: str) -> None:
    assert verdict_on(["合计", "黄艳", "", number, "", ""]) == "person"


@pytest.mark.parametrize(
    "first",
    [
        *(
            "合计",
            "合 计",
            "合　计：",
            "小计",
            "总计",
            "共计",
            "累计",
            "本页小计",
            "合计：3人",
            "合计 25 人",
            "合计3人，其中男2人",
            "人数合计",
        ),
        *(
            "总人数：25人",
            "共3人",
            "本页共 20 条",
            "共计：3户",
            "填表人：张三",
            "填表人（签字）：",
            "审核人：",
            "负责人签字：",
            "单位（盖章）：",
        ),
        *(
            "某社区居委会（公章）：",
            "主任签字：",
            "联系人：李四",
            "填表日期：2026年11月20日",
            "制表：王五",
            "填报单位（盖章）：",
        ),
        *(
            "说明：以上均已核实",
            "填表说明：一人一行",
            "注：见附表",
            "注意事项：勿改列名",
            "备注：无",
            "以下空白",
            "第1页",
            "第 1 页 共 3 页",
            "— 1 —",
        ),
        *("数据截至2026年11月20日", "以上合计3人"),
    ],
)
def test_a_footer_in_the_first_cell_or_in_place_of_the_name_is_ignored(first: str) -> None:
    assert verdict_on([first, "", "", "", "", ""]) == "footer"
    assert verdict_on(["", first, "", "", "", ""]) == "footer"
    assert verdict_on([first, "3人", "", "", "", "审核人："]) == "footer"
    assert verdict_on([first, "", "", "", ""], headings=HEADINGS[1:]) == "footer"


@pytest.mark.parametrize(
    ("line", "verdict"),
    [
        (HEADINGS, "heading"),
        (["", *HEADINGS[1:]], "heading"),
        (["序 号", "姓　名", "证件\n类型", "*证件号码", "来本地日期：", "备注"], "heading"),
        (["", "姓名", "类型", "号码", "", ""], "heading"),
        (["", "姓名", "证件", "", "来本地", ""], "heading"),
        (["(1)", "(2)", "(3)", "(4)", "(5)", "(6)"], "heading"),
        (["甲", "乙", "1", "2", "3", "4"], "heading"),
        (["", "姓名", "", "", "2026-04-02", ""], "person"),
        (["7", "", "", "", "", ""], "blank"),
        (["7.", "", "居民身份证", "", "", ""], "blank"),
        (["（7）", "", "", "", "", ""], "blank"),
        (["", "", "居民身份证", "", "", ""], "blank"),
        (["本社区新增人员如下", "", "", "", "", ""], "note"),
        (["以上人员均为本社区新增", "", "", "", "", ""], "footer"),
        (["", "黄艳", "", "", "", ""], "person"),
        (["合计", "黄艳", "", "310110197910263751（待核）", "", ""], "person"),
        (["合计", "3人", "", "2026-11-20", "", ""], "footer"),
        (["填表人：", "张三", "", "2026/11/20", "", ""], "footer"),
        (["", "", "", "310110197910263751", "", ""], "person"),
        (["", "", "", "", "2026-04-02", ""], "person"),
        (["", "", "", "", "", "待补"], "person"),
        (["合计信息科技公司", "黄艳", "", "", "", ""], "person"),
    ],
)
def test_each_kind_of_row_is_told_apart(line: list[str], verdict: str) -> None:
    assert verdict_on(line) == verdict


def test_what_a_merged_cell_spreads_over_a_prefilled_row_makes_it_nobody() -> None:
    lines = [HEADINGS, [*PERSON[:5], "一家"], ["2", "", "居民身份证", "", "", "一家"]]
    sheet = Sheet("", lines, spread=frozenset({(2, 5)}))

    rows = find_rows(sheet, header_of(sheet), ROW_RULES)

    assert ([number for number, _ in rows.people], rows.blank) == ([2], 1)


def test_a_text_that_is_merged_across_columns_is_a_note_wherever_it_begins() -> None:
    lines = [HEADINGS, ["", "第二网格", "", "", "", ""], ["", "黄艳", "", "", "", ""], PERSON]
    sheet = Sheet("", lines, merged=(((1, 1), (1, 5)), ((2, 1), (3, 1)), ((3, 1), (3, 2))))

    rows = find_rows(sheet, header_of(sheet), ROW_RULES)

    assert [(row.number, row.reason) for row in rows.ignored] == [(2, "note")]
    assert [number for number, _ in rows.people] == [3, 4]


def test_empty_rows_count_only_between_people_and_blank_ones() -> None:
    rows = rows_of([], PERSON, [], [""], PERSON, ["3"], [], ["合计"], [], [])

    assert ([number for number, _ in rows.people], rows.blank) == ([3, 6], 4)
    assert [(row.number, row.reason) for row in rows.ignored] == [(9, "footer")]


CELLS = st.one_of(
    st.just(""),
    st.sampled_from(
        [*HEADINGS, *PERSON, " ", "　", "\t", "合计", "小计量仪表厂", "填表人：", "共3人", "身份证", "号码"]
    ),
    st.sampled_from(
        [
            "房东",
            "联系电话",
            "电话(房东)",
            "a" * 32,
            "人员编号",
            "随访日期",
            "体重(斤)",
            "130",
            "门诊",
            "E1234567",
            "2026",
        ]
    ),
    st.text(max_size=6),
)
SHEETS = st.lists(st.lists(CELLS, max_size=7), max_size=12)
SPREADS = st.frozensets(st.tuples(st.integers(0, 11), st.integers(0, 6)), max_size=4)


@pytest.mark.parametrize(
    ("vocabulary", "identified", "headings"),
    [
        (VOCABULARY, ROW_RULES, HEADINGS),
        (rounds.VOCABULARY, rounds.ROW_RULES, ["姓名", "人员编号", "随访日期", "随访方式", "体重(斤)"]),
    ],
    ids=["registers", "rounds"],
)
@settings(max_examples=100)
@given(above=SHEETS, below=SHEETS, spread=SPREADS)
def test_every_row_of_any_sheet_is_in_one_count(
    vocabulary: Vocabulary,
    identified: RowRules,
    headings: list[str],
    above: list[list[str]],
    below: list[list[str]],
    spread: frozenset[tuple[int, int]],
) -> None:
    sheet = Sheet("", [*above, headings, *below], spread=spread)
    try:
        header = header_of(sheet, vocabulary)
    except SheetError:
        return

    rows = find_rows(sheet, header, identified)

    people, ignored = [number for number, _ in rows.people], [row.number for row in rows.ignored]
    filled = {n for n, cells in enumerate(sheet.rows, start=1) if n > header.last and any(c.strip() for c in cells)}
    blank = filled - {*people, *ignored}
    last = max([*people, *blank], default=header.last)
    assert len({*people, *ignored}) == len(people) + len(ignored)
    assert {*people, *ignored} <= filled
    assert rows.blank == len(blank) + len(set(range(header.last + 1, last)) - filled)
    columns = {column: name for name, column in header.columns.items()}
    for number in filled:
        cells = sheet.rows[number - 1]
        known = {columns[n]: cell for n, cell in enumerate(cells) if n in columns and cell.strip()}
        assert number in people or not identified.is_person(known)
        own = {columns[n] for n, c in enumerate(cells) if n in columns and c.strip() and (number - 1, n) not in spread}
        assert number not in blank or own <= set(identified.prefilled)
