"""What a heading says: the field, whose it is, the unit; and where the headings of a sheet stand."""

import pytest

from services.archives.intake.rounds import VOCABULARY as OF_ROUNDS
from services.registration.intake.columns import COLUMNS
from services.registration.intake.columns import VOCABULARY as OF_REGISTERS
from services.runtime.sheets.files import Sheet, SheetError
from services.runtime.sheets.headings import Header, find_headings, letter_of, read_header
from services.runtime.sheets.meanings import Vocabulary, read_heading, tidy_heading

PERSON = ["黄艳", "310110197910263751", "2026-04-02"]
NEEDED = ["姓名", "身份证号码", "来本地日期"]


def header_of(*rows: list[str], merged: tuple[tuple[tuple[int, int], tuple[int, int]], ...] = ()) -> Header:
    sheet = Sheet("", list(rows), merged)
    candidate = find_headings(sheet, OF_REGISTERS)
    assert candidate is not None
    return read_header(sheet, OF_REGISTERS, candidate)


@pytest.mark.parametrize(
    "written",
    [
        *(
            "姓名",
            " 姓 名 ",
            "姓\n名",
            "姓　名",
            "*姓名",
            "姓名*",
            "＊姓名",
            "★姓名",
            "姓名：",
            "姓名。",
            "\ufeff姓名",
            "【姓名】",
        ),
        *("1、姓名", "1.姓名", "1．姓名", "1 姓名", "（1）姓名", "(一)姓名", "一、姓名", "①姓名", "⑴姓名", "12、姓名"),
        *(
            "姓名（必填）",
            "姓名(必填项)*",
            "姓名【必填】",
            "姓名〔本人〕",
            "姓名（本人）",
            "姓名(文本，必填)",
            "姓名（请填写全名）",
        ),
        *(
            "姓名（如：张三、李四）",
            "本人姓名",
            "流动人口姓名",
            "人员 姓名",
            "姓名 Name",
            "姓名/Name",
            "姓名（Name）",
            "Name",
            "NAME",
        ),
        *("Full Name", "full_name", "＜姓名＞"),
    ],
)
def test_a_name_is_a_name_however_it_is_dressed(written: str) -> None:
    assert read_heading(written, OF_REGISTERS) == ("name", None)


@pytest.mark.parametrize(
    ("written", "field"),
    [
        ("姓名（拼音）", None),
        ("姓名(Pinyin)", None),
        ("姓名（英文）", None),
        ("姓名（曾用名）", None),
        ("姓名（户主）", None),
        ("户主姓名", None),
        ("姓名（蒙文）", None),
        ("身份证号（户主）", "household_document_number"),
        ("身份证号〔监护人〕", "guardian_document_number"),
        ("证件类型(户主)", "household_document_type"),
        ("身份证号（本人）", "document_number"),
        ("证件号码（18位）", "document_number"),
        ("证件号码（身份证号）", "document_number"),
        ("证件号码（其他证件）", None),
        ("电话（房东）", None),
        ("房东电话", None),
        ("电话＜房东＞", None),
        ("电话（必填，房东）", None),
        ("联系电话（儿子或女儿）", None),
        ("联系电话(家属/朋友)", None),
        ("Phone (landlord)", None),
        ("Phone (owner)", None),
        ("Phone (emergency contact)", None),
        ("联系电话（紧急联系人）", None),
        ("联系电话（手机）", "phone"),
        ("联系电话（11位，必填）", "phone"),
        ("联系电话（邻居）", None),
        ("来本地日期（上次）", None),
        ("来本地日期（农历）", None),
        ("来本地日期（农历/公历）", None),
        ("来本地日期（公历）", "arrived_on"),
        ("来本地日期（年月日）", "arrived_on"),
        ("来本地日期(yyyy-mm-dd)", "arrived_on"),
        ("来本地日期（如2026-03-01）", "arrived_on"),
        ("来本地日期（预计）", None),
        ("出生日期(阴历)", None),
        ("来苏日期", "arrived_on"),
        ("来沪时间", "arrived_on"),
        ("离苏日期", "left_on"),
        ("离开日期", "left_on"),
        ("离开日期（计划）", None),
        ("预计返回日期", "returning_on"),
        ("户籍地址", "hukou_address"),
        ("现居住地址（原）", None),
        ("原居住地址", None),
        ("现居住地址（小区、楼栋、门牌号）", "address"),
        ("住所类型（租赁房屋、自购房、单位内部）", "dwelling"),
        ("与户主关系（配偶、子女、父母）", "relationship"),
        ("残疾（是/否）", "disabled"),
        ("性别（男、女）", "sex"),
        ("性别（户主）", None),
        ("Date of birth", "birth"),
        ("ID number", "document_number"),
        ("Arrival date", "arrived_on"),
        ("曾用名", None),
        ("血型", None),
        ("", None),
        ("（）", None),
        ("（必填）", None),
    ],
)
def test_a_heading_says_whose_and_which(written: str, field: str | None) -> None:
    assert read_heading(written, OF_REGISTERS).name == field


@pytest.mark.parametrize(
    ("written", "field", "unit"),
    [
        ("体重", "weight_kg", None),
        ("体重（必填）", "weight_kg", None),
        ("体重(kg)", "weight_kg", ("kg", 1)),
        ("体重（公斤）", "weight_kg", ("公斤", 1)),
        ("体重(kg，必填)", "weight_kg", ("kg", 1)),
        ("体重(斤)", "weight_kg", ("斤", 0.5)),
        ("体重＜市斤＞", "weight_kg", ("市斤", 0.5)),
        ("体重斤", "weight_kg", ("斤", 0.5)),
        ("体重／斤", "weight_kg", ("斤", 0.5)),
        ("体重（单位：斤）", "weight_kg", ("斤", 0.5)),
        ("体重（按斤）", "weight_kg", ("斤", 0.5)),
        ("体重（以斤计）", "weight_kg", ("斤", 0.5)),
        ("体重（如130斤）", "weight_kg", ("斤", 0.5)),
        ("体重（如65.5）", "weight_kg", None),
        ("体重（磅）", "weight_kg", ("磅", 0.45359237)),
        ("体重(石)", "weight_kg", ("石", None)),
        ("体重（上次）", None, None),
        ("日吸烟量(包)", "smokes_a_day", ("包", None)),
        ("日吸烟量（支/天）", "smokes_a_day", ("支/天", 1)),
        ("心率（次/15秒）", "heart_rate", ("次/15秒", 4)),
        ("心率（次/分）", "heart_rate", ("次/分", 1)),
        ("血压(kPa)", "pressure", ("kPa", None)),
        ("血压（收缩压/舒张压）", "pressure", ("收缩压/舒张压", 1)),
        ("空腹血糖(mg/dL)", "fasting_glucose", ("mg/dL", None)),
        ("空腹血糖（mmol/L）", "fasting_glucose", ("mmol/L", 1)),
        ("血糖（餐后2小时）", "fasting_glucose", ("餐后2小时", None)),
        ("随访方式（门诊/家庭/电话）", "mode", None),
        ("下次随访日期", "next_on", None),
        ("随访日期（上次）", None, None),
        ("人员编号（32位）", "person", None),
    ],
)
def test_a_unit_is_the_fields_own_or_is_told(written: str, field: str | None, unit: tuple[str, float | None]) -> None:
    assert read_heading(written, OF_ROUNDS) == (field, unit)


@pytest.mark.parametrize(
    ("group", "written", "field"),
    [
        ("证件", "类型", "document_type"),
        ("证件信息", "号码", "document_number"),
        ("监护人", "身份证号码", "guardian_document_number"),
        ("监护人信息", "证件号码", "guardian_document_number"),
        ("监护人", "姓名", None),
        ("儿童", "姓名", "name"),
        ("本人", "联系电话", "phone"),
        ("基本信息", "姓名", "name"),
        ("1、基本信息", "（2）姓名", "name"),
        ("基本信息（户主）", "姓名", None),
        ("基本信息（本人）", "姓名", "name"),
        ("离开信息", "时间", "left_on"),
        ("房东", "联系电话", None),
        ("房东（必填）", "联系电话", None),
        ("其他信息", "备注", "note"),
        ("其他联系人", "联系电话", None),
        ("联系电话", "（必填）", "phone"),
    ],
)
def test_a_heading_is_read_under_that_of_its_group(group: str, written: str, field: str | None) -> None:
    assert read_heading(written, OF_REGISTERS, group).name == field


def test_the_heading_of_a_group_tells_the_unit_of_its_columns() -> None:
    assert read_heading("收缩压", OF_ROUNDS, "血压（kPa）") == ("systolic", ("kPa", None))
    assert read_heading("舒张压", OF_ROUNDS, "血压(mmHg)") == ("diastolic", ("mmHg", 1))


@pytest.mark.parametrize("above", [0, 1, 12])
def test_headings_stand_below_any_title(above: int) -> None:
    header = header_of(*[["登记表"]] * above, NEEDED, PERSON)

    assert (header.last, header.rows, header.columns) == (
        above + 1,
        1,
        {"name": 0, "document_number": 1, "arrived_on": 2},
    )


def test_headings_of_two_rows_are_joined_and_can_be_read_again_as_one() -> None:
    upper = ["基本信息", "", "证件", "", "离开信息", "", "房东", "", "来本地日期"]
    lower = ["姓名", "性别", "类型", "号码", "时间", "去向", "姓名", "联系电话", ""]
    merged = tuple(((0, column), (0, column + 1)) for column in (0, 2, 4, 6))

    for areas in (merged, ()):
        header = header_of(upper, lower, ["黄艳"], merged=areas)

        assert header.rows == 2
        assert header.columns == {
            "name": 0,
            "sex": 1,
            "document_type": 2,
            "document_number": 3,
            "left_on": 4,
            "destination": 5,
            "arrived_on": 8,
        }
        again = header_of(list(header.cells))
        assert (again.rows, again.columns) == (1, header.columns)
        assert [column.heading for column in header.mapped if column.field is None] == ["房东姓名", "房东联系电话"]


def test_a_group_that_says_whose_counts_even_if_each_heading_below_it_is_known() -> None:
    upper, lower = ["", "", "", "房东", "其他"], [*NEEDED, "联系电话", "备注"]

    header = header_of(upper, lower, [*PERSON, "13812345678", ""])

    assert header.columns == {"name": 0, "document_number": 1, "arrived_on": 2, "note": 4}


@pytest.mark.parametrize(
    "above",
    [
        ["出租房屋流动人口登记表"],
        ["房东"],
        ["填报单位：某街道", "", "", "填表人：张三"],
        ["填报单位", "某街道", "", "填表人"],
        ["", "", "", "审核人："],
    ],
)
@pytest.mark.parametrize("merged", [False, True])
def test_what_stands_above_a_form_is_no_group(above: list[str], merged: bool) -> None:
    areas = (((0, 0), (0, 4)),) if merged and len(above) == 1 else ()

    header = header_of(above, [*NEEDED, "联系电话", "备注"], [*PERSON, "13812345678", ""], merged=areas)

    assert header.columns == {"name": 0, "document_number": 1, "arrived_on": 2, "phone": 3, "note": 4}


def test_a_second_row_may_hold_the_units() -> None:
    for unit in ("斤", "(斤)", "单位：斤"):
        sheet = Sheet(
            "", [["人员编号", "随访日期", "体重", "用药"], ["", "", unit, ""], ["a" * 32, "2026-11-03", "130", ""]]
        )
        candidate = find_headings(sheet, OF_ROUNDS)
        assert candidate is not None

        header = read_header(sheet, OF_ROUNDS, candidate)

        assert (header.last, header.units) == (2, {"weight_kg": "斤"})


def test_a_row_of_people_is_never_taken_for_headings() -> None:
    prefilled = ["", "身份证", "", ""]
    header = header_of(["姓名", "证件类型", "证件号码", "来本地日期"], prefilled, ["黄艳", "身份证", *PERSON[1:]])

    assert (header.last, header.rows, header.columns["document_number"]) == (1, 1, 2)
    assert find_headings(Sheet("", [["黄艳", "身份证", *PERSON[1:]]]), OF_REGISTERS) is None


def test_a_day_beside_the_headings_does_not_hide_them() -> None:
    assert header_of([*NEEDED, "制表日期2026-11-20"], PERSON).last == 1


def error_of(*rows: list[str]) -> tuple[str, str]:
    with pytest.raises(SheetError) as raised:
        header_of(*rows)
    return raised.value.code, raised.value.detail


@pytest.mark.parametrize(
    ("second", "named"),
    [
        ("联系电话", "C 联系电话、D 联系电话"),
        ("手机号", "C 联系电话、D 手机号"),
        ("联系电话（本人）", "D 联系电话(本人)"),
    ],
)
def test_two_columns_of_one_field_are_refused_naming_both_unless_one_is_empty(second: str, named: str) -> None:
    headings = ["姓名", "身份证号码", "联系电话", second, "来本地日期"]
    filled = ["黄艳", PERSON[1], "138", "139", "2026-04-02"]

    code, detail = error_of(headings, filled)

    assert code == "columns_clash"
    assert named in detail
    assert header_of(headings, [*filled[:3], " ", filled[4]]).columns["phone"] == 2
    assert header_of(headings, [*filled[:2], "", *filled[3:]], headings).columns["phone"] == 3


def test_a_needed_column_that_is_missing_is_named_with_what_was_not_understood() -> None:
    code, detail = error_of(["姓名", "身份证号码", "来本地日其", "血型"], PERSON)

    assert code == "missing_column"
    assert "缺 missing：来本地日期/离开日期" in detail
    assert "来本地日其（似 来本地日期）" in detail
    assert "血型" in detail


def test_what_an_error_or_the_mapping_repeats_holds_no_long_number() -> None:
    _, detail = error_of(["姓名", "身份证号码", "电话13812345678", "长" * 99], ["黄艳", "x", "y", "z"])

    assert "13812345678" not in detail
    assert "长" * 31 not in detail


def test_every_column_is_shown_with_its_letter_and_what_it_was_read_as() -> None:
    header = header_of(["序号", *NEEDED, "备住", "", "", "房东姓名"], ["1", *PERSON, "", "x", "", "钱某"])

    assert [(one.column, one.heading, one.field, one.resembles) for one in header.mapped] == [
        ("A", "序号", None, None),
        ("B", "姓名", "name", None),
        ("C", "身份证号码", "document_number", None),
        ("D", "来本地日期", "arrived_on", None),
        ("E", "备住", None, "备注"),
        ("F", "", None, None),
        ("H", "房东姓名", None, None),
    ]


def test_columns_have_the_letters_that_spreadsheet_programs_give_them() -> None:
    assert [letter_of(column) for column in (0, 25, 26, 51, 52, 701, 702)] == ["A", "Z", "AA", "AZ", "BA", "ZZ", "AAA"]


def test_every_usual_heading_is_understood_as_its_field() -> None:
    assert {name: read_heading(usual, OF_REGISTERS).name for name, usual in COLUMNS.items()} == {n: n for n in COLUMNS}
    assert {n: read_heading(usual, OF_ROUNDS).name for n, usual in OF_ROUNDS.usual.items()} == {
        n: n for n in OF_ROUNDS.usual
    }


@pytest.mark.parametrize("vocabulary", [OF_REGISTERS, OF_ROUNDS])
def test_no_heading_stands_for_two_fields(vocabulary: Vocabulary) -> None:
    for name, usual in vocabulary.usual.items():
        for heading in (usual, *vocabulary.other.get(name, "").split()):
            assert vocabulary.field_of(tidy_heading(heading)) == name, heading
