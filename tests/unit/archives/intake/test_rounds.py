"""Follow-up sheets as health workers type them: what is read, what is refused and why, and what is never kept."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
import xlsxwriter  # type: ignore[import-untyped]  # ships no types
from hypothesis import given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from contracts.archives.follow_ups import Adherence, DiabetesFollowUp, HypertensionFollowUp, Medication
from contracts.archives.forms import Mode
from services.archives.intake.readings import ADVICE, REASONS, Refusal, Visit, advise, read_visit
from services.archives.intake.rounds import Round, make_entry, read_round, write_refused
from services.runtime.sheets.files import SheetError
from services.runtime.sheets.tables import row_of
from tests.support.sheets import Page, write_csv, write_pages

PERSON = "0123456789abcdef0123456789abcdef"
CODE = "32050700100300001"
TODAY = date(2026, 11, 20)
HEADER = [
    "姓名",
    "人员编号",
    "随访日期",
    "随访方式",
    "收缩压",
    "舌张压",
    "空腹血糖",
    "服药依从性",
    "不良反应",
    "下次随访日期",
    "用药",
]
ROW = ["王芳", PERSON, "2026-11-03", "门诊", 132, 80, "", "规律", "无", "2027/2/3", "缬沙坦、氨氯地平"]


def workbook(*lines: list[Any]) -> bytes:
    file = BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        for number, cells in enumerate(lines):
            sheet.write_row(number, 0, cells)
    return file.getvalue()


def check(**typed: Any) -> Visit | Refusal:
    """Check a row with something typed otherwise, or left out (None)."""
    usual = {"person": PERSON, "followed_on": "2026-11-03", "mode": "家庭", "systolic": "132", "diastolic": "80"}
    return read_visit({name: cell for name, cell in {**usual, **typed}.items() if cell is not None}, TODAY)


def content_of(checked: Visit | Refusal) -> Any:
    assert isinstance(checked, Visit), checked
    return checked.content


def test_a_sheet_below_a_title_is_read_with_the_columns_in_any_order() -> None:
    told = read_round(workbook(["高血压随访登记表"], HEADER, ROW, [""] * 11, ["合计", 1], ROW), "随访.xlsx")

    assert [row.place for row in told.rows] == [3, 6]
    assert told.blank == 1
    assert read_visit(told.rows[0].typed, TODAY) == Visit(
        PERSON,
        date(2026, 11, 3),
        HypertensionFollowUp(
            mode=Mode.FACE_TO_FACE,
            systolic=132,
            diastolic=80,
            adherence=Adherence.REGULAR,
            side_effects=False,
            next_on=date(2027, 2, 3),
            medications=(
                Medication(drug="缬沙坦", adherence=Adherence.REGULAR),
                Medication(drug="氨氯地平", adherence=Adherence.REGULAR),
            ),
        ),
    )


def test_names_and_numbers_of_documents_are_not_kept_wherever_they_were_typed() -> None:
    numbers = ["王芳", "11010519491231002X", "20261103", "门诊", 132, 80, "", "", "电话13812345678", "", "缬沙坦"]

    (row,) = read_round(workbook(HEADER, numbers), "a.xlsx").rows

    assert row.typed["person"] == "*"
    assert row.typed["side_effects"] == "电话*"
    assert row.typed["followed_on"] == "20261103"
    assert "王芳" not in str(row)


@pytest.mark.parametrize("person", ["王芳", "王芳 3幢", "E12345678", "人员3", "一三九六六六六七七七七"])
def test_what_is_no_id_is_not_kept_in_the_column_of_people(person: str) -> None:
    (row,) = read_round(workbook(HEADER, ["", person, *ROW[2:]]), "a.xlsx").rows

    assert row.typed["person"] == "*"
    assert check(person=person) == Refusal("unknown_person", "person")


@pytest.mark.parametrize("typed", ["139 6666 7777", "１３９－６６６６－７７７７", "110105 19491231 002X"])
def test_a_number_in_groups_is_not_kept_either(typed: str) -> None:
    (row,) = read_round(workbook(HEADER, [*ROW[:8], typed, *ROW[9:]]), "a.xlsx").rows

    assert not any(character.isdigit() for character in row.typed["side_effects"])


@pytest.mark.parametrize("person", [PERSON, PERSON.upper(), f" {CODE} ", "３２０５０７００１００３００００１"])
def test_a_person_is_named_by_id_or_archive_code(person: str) -> None:
    checked = check(person=person)

    assert isinstance(checked, Visit)
    assert checked.person in {PERSON, CODE}


@pytest.mark.parametrize(
    ("typed", "mode"),
    [("门诊", "face_to_face"), ("家庭", "face_to_face"), ("电话", "phone"), (" 视频 ", "video"), ("phone", "phone")],
)
def test_the_modes_are_the_plans_own_words(typed: str, mode: str) -> None:
    assert content_of(check(mode=typed)).mode == mode


def test_fasting_glucose_makes_it_a_follow_up_of_diabetes() -> None:
    assert content_of(check(fasting_glucose="6.8")) == DiabetesFollowUp(
        mode=Mode.FACE_TO_FACE, systolic=132, diastolic=80, fasting_glucose=6.8
    )
    assert isinstance(content_of(check(condition="糖尿病", fasting_glucose="6.8")), DiabetesFollowUp)


def test_both_pressures_may_stand_in_one_cell() -> None:
    content = content_of(check(systolic=None, diastolic=None, pressure="152／94"))

    assert (content.systolic, content.diastolic) == (152, 94)


@pytest.mark.parametrize(
    ("typed", "code", "field"),
    [
        ({"person": ""}, "missing", "person"),
        ({"person": "王芳"}, "unknown_person", "person"),
        ({"followed_on": ""}, "missing", "followed_on"),
        ({"followed_on": "11-03"}, "bad_date", "followed_on"),
        ({"followed_on": "2026-11-21"}, "future_date", "followed_on"),
        ({"next_on": "下月"}, "bad_date", "next_on"),
        ({"mode": None}, "missing", "mode"),
        ({"mode": "短信"}, "not_understood", "mode"),
        ({"systolic": None}, "missing", "systolic"),
        ({"systolic": "132.5"}, "not_understood", "systolic"),
        ({"systolic": "13 2 mmHg"}, "not_understood", "systolic"),
        ({"systolic": "900"}, "out_of_range", "systolic"),
        ({"pressure": "132"}, "not_understood", "pressure"),
        ({"condition": "感冒"}, "not_understood", "condition"),
        ({"condition": "高血压", "fasting_glucose": "6.8"}, "not_of_condition", "fasting_glucose"),
        ({"condition": "糖尿病"}, "missing", "fasting_glucose"),
        ({"adherence": "还行"}, "not_understood", "adherence"),
        ({"side_effects": "头晕"}, "not_understood", "side_effects"),
    ],
)
def test_what_can_not_be_a_follow_up_is_refused_with_code_and_field(
    typed: dict[str, Any], code: str, field: str
) -> None:
    assert check(**typed) == Refusal(code, field)


def test_refused_rows_come_back_with_reason_and_advice_and_can_be_read_again() -> None:
    rows = read_round(workbook(HEADER, [*ROW[:3], "短信", *ROW[4:]]), "a.xlsx").rows

    given_back = write_refused(
        [(row, Refusal("not_understood", "mode")) for row in rows], lambda refusal: advise(refusal) or ""
    )

    header, line = CalamineWorkbook.from_filelike(BytesIO(given_back)).get_sheet_by_index(0).to_python()
    assert header[-3:] == ["原因 Reason", "处理办法 What to do", "code"]
    assert line[-3] == f"随访方式：{REASONS['not_understood']}"
    assert line[-2:] == [advise(Refusal("not_understood", "mode")), "not_understood"]
    assert "王芳" not in line
    again = read_round(given_back, "a.xlsx").rows
    assert {**again[0].typed} == {**dict.fromkeys(again[0].typed, ""), **rows[0].typed}


@pytest.mark.parametrize(("data", "code"), [(b"a,b\n1,2", "no_header_row"), (b"PK\x03\x04", "not_a_workbook")])
def test_what_is_no_sheet_is_refused_whole(data: bytes, code: str) -> None:
    with pytest.raises(SheetError) as refused:
        read_round(data, "a.csv")

    assert refused.value.code == code


def test_every_reason_has_advice() -> None:
    assert REASONS.keys() == ADVICE.keys()


def test_the_same_visit_has_the_same_entry_however_often_it_is_handed_in() -> None:
    visit = check()
    assert isinstance(visit, Visit)
    later = datetime(2026, 11, 20, 2, tzinfo=UTC)

    one = make_entry(visit, PERSON, "320507001", "nurse", later)
    same_day = make_entry(visit, PERSON, "320507001", "nurse", datetime(2026, 11, 3, 1, tzinfo=UTC))

    assert one.measured_at == datetime(2026, 11, 3, 4, tzinfo=UTC)
    assert same_day.measured_at == datetime(2026, 11, 3, 1, tzinfo=UTC)
    assert one.entry_id == same_day.entry_id
    assert one.source == "sheet"


NEEDED = ["人员编号", "随访日期", "随访方式", "收缩压", "舒张压"]


def weighed(heading: str, cell: Any, *more: list[Any]) -> Visit | Refusal:
    """Return what a row with a further column says."""
    [row] = read_round(
        workbook([*NEEDED, heading], *more, [PERSON, "2026-11-03", "门诊", 132, 80, cell]), "a.xlsx"
    ).rows
    return read_visit(row.typed, TODAY)


@pytest.mark.parametrize(
    ("heading", "cell", "field", "value"),
    [
        ("体重(斤)", 130, "weight_kg", 65),
        ("体重（单位：斤）", "130", "weight_kg", 65),
        ("体重斤", 130.5, "weight_kg", 65.25),
        ("体重(斤)", "65kg", "weight_kg", 65),
        ("体重(斤)", "65公斤", "weight_kg", 65),
        ("体重（磅）", 143.3, "weight_kg", 65),
        ("体重", "130斤", "weight_kg", 65),
        ("体重(kg)", 65, "weight_kg", 65),
        ("心率（次/15秒）", 18, "heart_rate", 72),
        ("心率(次／分钟)", 72, "heart_rate", 72),
        ("日吸烟量（支）", 5, "smokes_a_day", 5),
        ("日吸烟量(包)", "5支", None, "other_unit"),
        ("日吸烟量(包)", 1, None, "other_unit"),
        ("空腹血糖（mg/dL）", 120, None, "other_unit"),
        ("空腹血糖（餐后2小时）", 8.1, None, "other_unit"),
        ("体重（石）", 1, None, "other_unit"),
        ("血压（kPa）", "17/11", None, "other_unit"),
        ("体重(斤)", "约130", None, "not_understood"),
    ],
)
def test_a_unit_in_a_heading_is_converted_or_refused_with_the_one_wanted(
    heading: str, cell: Any, field: str | None, value: Any
) -> None:
    if value != "other_unit":
        found = weighed(heading, cell)
        assert (found.code if isinstance(found, Refusal) else getattr(found.content, field or "")) == value
        return
    with pytest.raises(SheetError) as refused:
        weighed(heading, cell)
    assert refused.value.code == value
    assert "→" in refused.value.detail


def test_a_column_in_another_unit_that_is_empty_refuses_nothing() -> None:
    assert isinstance(weighed("日吸烟量(包)", ""), Visit)


def test_units_may_stand_in_a_row_of_their_own() -> None:
    found = weighed("体重", 130, ["", "", "", "mmHg", "mmHg", "斤"])

    assert content_of(found).weight_kg == 65


def test_pressures_stand_under_the_heading_of_their_group_with_its_unit() -> None:
    upper, lower = ["人员编号", "随访日期", "随访方式", "血压(mmHg)", ""], ["", "", "", "收缩压", "舒张压"]
    row = [PERSON, "2026-11-03", "门诊", 132, 80]
    page = Page([upper, lower, row], merged=[(0, 3, 0, 4)])

    [read] = read_round(write_pages(page), "a.xlsx").rows

    assert content_of(read_visit(read.typed, TODAY)).systolic == 132
    page.lines[0][3] = "血压（kPa）"
    with pytest.raises(SheetError, match="other_unit"):
        read_round(write_pages(page), "a.xlsx")


def test_a_day_of_the_1904_system_is_the_day_that_was_meant() -> None:
    serial = (date(2026, 11, 3) - date(1904, 1, 1)).days
    page = Page([NEEDED, [PERSON, serial, "门诊", 132, 80], [PERSON, date(2026, 11, 3), "门诊", 132, 80]])

    rows = read_round(write_pages(page, from_1904=True), "a.xlsx").rows

    assert [row.typed["followed_on"] for row in rows] == ["2026-11-03", "2026-11-03"]


WEIGHTS = {
    "": 1,
    "(kg)": 1,
    "（公斤）": 1,
    "(斤)": 0.5,
    "斤": 0.5,
    "【市斤】": 0.5,
    "（按斤）": 0.5,
    "（磅）": 0.45359237,
}
RATES = {"": 1, "（次/分）": 1, "(次/30秒)": 2, "（次/15秒）": 4, "(次/10秒)": 6}


@dataclass(frozen=True)
class Typed:
    """How a worker types a round."""

    weight: str
    rate: str
    days: str
    from_1904: bool
    as_text: bool
    prefilled: int


TYPED = st.builds(
    Typed,
    st.sampled_from(sorted(WEIGHTS)),
    st.sampled_from(sorted(RATES)),
    st.sampled_from(["text", "cell", "serial"]),
    st.booleans(),
    st.booleans(),
    st.integers(0, 2),
)


def round_of(weights: list[int], typed: Typed, order: list[int]) -> Round:
    """Return a round as it is read that has a weight on each day before today, above a footer."""
    epoch = date(1904, 1, 1) if typed.from_1904 and not typed.as_text else date(1899, 12, 30)
    lines: list[list[Any]] = [[*NEEDED, f"体重{typed.weight}", f"心率{typed.rate}", "姓名", "体重（上次）"]]
    for number, weight in enumerate(weights):
        on = TODAY - timedelta(days=number)
        shapes = {"text": on.isoformat(), "cell": on, "serial": (on - epoch).days}
        day = on if typed.as_text else shapes[typed.days]
        lines.append([PERSON, day, "门诊", 132, 80, weight, 72 // RATES[typed.rate], "王芳", 1])
    lines += [["", "", "门诊", *[""] * 6]] * typed.prefilled
    lines = [["随访登记表"], *([cells[place] for place in order] for cells in lines), ["合计", *[""] * 8]]
    if typed.as_text:
        return read_round(write_csv(lines), "a.csv")
    return read_round(write_pages(Page(lines), Page(lines, state="hidden"), from_1904=typed.from_1904), "a.xlsx")


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(80, 200), min_size=1, max_size=4), TYPED, st.permutations(range(9)))
def test_what_a_worker_meant_is_what_is_read(weights: list[int], typed: Typed, order: list[int]) -> None:
    told = round_of(weights, typed, order)

    assert [row_of(row.place) for row in told.rows] == list(range(3, 3 + len(weights)))
    for number, (row, weight) in enumerate(zip(told.rows, weights, strict=True)):
        visit = read_visit(row.typed, TODAY)
        assert isinstance(visit, Visit)
        assert (visit.person, visit.on) == (PERSON, TODAY - timedelta(days=number))
        assert content_of(visit).weight_kg == pytest.approx(weight * WEIGHTS[typed.weight], abs=0.005)
        assert content_of(visit).heart_rate == 72
    assert (told.blank, [row.reason for row in told.ignored]) == (typed.prefilled, ["footer"])
    assert told.total == len(weights) + typed.prefilled + 1
