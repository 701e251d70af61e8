"""Registers in and refused rows out, to the row: made ones, hostile files and, where they are there, two real ones."""

import json
import zipfile
from collections import Counter
from collections.abc import Mapping
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter  # type: ignore[import-untyped]  # ships no types
from python_calamine import CalamineWorkbook

from contracts.reference.divisions import Divisions
from contracts.reference.identity import person_id
from services.registration.intake.checks import check_arrival
from services.registration.intake.columns import COLUMNS
from services.registration.intake.refusals import Refusal, RefusalCode
from services.registration.intake.registers import FILE_ADVICE, Register, read_register, write_refused
from services.runtime.sheets import files, tables
from services.runtime.sheets.files import SheetError
from services.runtime.sheets.tables import row_of
from tests.support.registers import AS_OF, FORMULAS, make_register

REAL = Path(__file__).parents[4] / "../shared/data/registers"
DIVISIONS = Divisions.load()
STREET = "320507001"
KINDS = ["xlsx", "csv-utf8", "csv-utf8-bom", "csv-gb18030", "csv-semicolon"]
REASONS_OF_THE_REAL_ONES = {
    *("id_checksum", "birth_mismatch", "sex_mismatch", "missing"),
    *("future_date", "bad_date", "bad_name", "bad_document_type"),
}
HEADER = ["序号", "姓名", "性别", "证件类型", "证件号码", "来本地日期"]
PERSON = ["1", "黄艳", "男", "居民身份证", "310110197910263751", "2026-04-02"]

with_real = pytest.mark.skipif(not REAL.is_dir(), reason="the real registers are not in this checkout")


def outcomes_of(register: Register, *, street: str = STREET, today: date = AS_OF) -> dict[int, str | Refusal]:
    """Decide each row: a refusal, a duplicate of an accepted row, or its origin."""
    seen: set[tuple[str, date]] = set()
    outcomes: dict[int, str | Refusal] = {}
    for row in register.rows:
        checked = check_arrival(row.arrival, street=street, today=today, divisions=DIVISIONS)
        if isinstance(checked, Refusal):
            outcomes[row.place] = checked
            continue
        who = (person_id(b"key", checked.document_type, checked.document_number), checked.started_on)
        origin = DIVISIONS.full_name(checked.origin) if checked.origin else "unresolved"
        outcomes[row.place] = "duplicate" if who in seen else origin
        seen.add(who)
    return outcomes


def told_like(expected: Mapping[str, Any], register: Register, outcomes: Mapping[int, str | Refusal]) -> dict[str, Any]:
    """Tell the outcomes in the words of an expectation."""
    reasons = Counter(outcome.code.value for outcome in outcomes.values() if isinstance(outcome, Refusal))
    kept = Counter(outcome for outcome in outcomes.values() if isinstance(outcome, str))
    duplicate = kept.pop("duplicate", 0)
    return {
        "street": expected["street"],
        "as_of": expected["as_of"],
        "rows": register.total - len(register.ignored),
        "accepted": kept.total(),
        "refused": reasons.total(),
        "duplicate": duplicate,
        "blank": register.blank,
        "refused_by_reason": dict(reasons),
        "accepted_by_origin": dict(kept),
    }


def refusals_of(register: Register) -> list[tuple[int, Refusal]]:
    return [(number, found) for number, found in outcomes_of(register).items() if isinstance(found, Refusal)]


def workbook(*sheets: list[list[Any]]) -> bytes:
    file = BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True}) as book:
        for lines in sheets:
            sheet = book.add_worksheet()
            for row, cells in enumerate(lines):
                sheet.write_row(row, 0, cells)
    return file.getvalue()


def package(sheet_data: str, **extra: bytes) -> bytes:
    """Make an .xlsx around hand-written sheet data."""
    file = BytesIO()
    with zipfile.ZipFile(BytesIO(workbook([["x"]]))) as good, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        for name in good.namelist():
            made.writestr(name, good.read(name))
        for name, content in extra.items():
            made.writestr(f"xl/{name}.xml", content)
    return _with_sheet(file.getvalue(), sheet_data)


def _with_sheet(data: bytes, sheet_data: str) -> bytes:
    namespace = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    xml = f'<worksheet xmlns="{namespace}"><sheetData>{sheet_data}</sheetData></worksheet>'
    file = BytesIO()
    with zipfile.ZipFile(BytesIO(data)) as old, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, xml if name.endswith("sheet1.xml") else old.read(name))
    return file.getvalue()


def error_of(data: bytes, filename: str = "register.xlsx") -> str:
    with pytest.raises(SheetError) as raised:
        read_register(data, filename)
    assert FILE_ADVICE[raised.value.code]
    return raised.value.code


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_made_register_comes_out_to_the_row(kind: str, seed: int) -> None:
    made = make_register(kind=kind, seed=seed, rows=150)

    register = read_register(made.data, made.filename)
    outcomes = outcomes_of(register)

    assert told_like(made.expected, register, outcomes) == made.expected
    for number, outcome in outcomes.items():
        told = outcome.code.value if isinstance(outcome, Refusal) else outcome
        assert made.outcomes[number] == (told if told in (*RefusalCode, "duplicate") else "accepted"), number
    assert {number for number, outcome in made.outcomes.items() if outcome != "blank"} == set(outcomes)


def test_a_made_register_holds_every_refusal_there_is() -> None:
    made = make_register(rows=60, seed=9)

    assert set(made.expected["refused_by_reason"]) == {*REASONS_OF_THE_REAL_ONES, "override_not_allowed"}
    assert made.expected["blank"]
    assert made.expected["duplicate"]
    assert make_register(rows=60, seed=9).expected == made.expected != make_register(rows=60, seed=10).expected


@with_real
@pytest.mark.parametrize("today", [date(2026, 11, 20), date(2026, 11, 22)])
@pytest.mark.parametrize("name", ["320507001-yuanhe-arrivals.xlsx", "320812008-huaihai-arrivals.csv"])
def test_a_real_register_comes_out_to_the_row(name: str, today: date) -> None:
    path = REAL / name
    expected = json.loads((REAL / f"{path.stem}.expected.json").read_text(encoding="utf-8"))

    register = read_register(path.read_bytes(), name)

    outcomes = outcomes_of(register, street=expected["street"], today=today)
    assert told_like(expected, register, outcomes) == expected


@pytest.mark.parametrize("seed", [4, 5])
def test_columns_may_stand_in_any_order(seed: int) -> None:
    made = make_register(seed=seed, rows=80, shuffle_columns=True)

    register = read_register(made.data, made.filename)

    assert told_like(made.expected, register, outcomes_of(register)) == made.expected


def test_headings_have_aliases_and_optional_columns_may_be_missing() -> None:
    headings = ["No.", " 人员 姓名*", "身份证号码（18位）", "流入日期", "手机号"]
    register = read_register(
        workbook([headings, ["1", "黄艳", "310110197910263751", "2026-04-02", "13812345678"]]), "a.xlsx"
    )

    report = register.rows[0].arrival

    assert (report.name, report.document_number, report.arrived_on, report.phone) == (
        *("黄艳", "310110197910263751"),
        *("2026-04-02", "13812345678"),
    )
    assert report.document_type == "居民身份证"
    assert report.sex == ""


def test_columns_of_families_and_people_in_need_are_read() -> None:
    headings = [
        *HEADER,
        "监护人身份证号",
        "双胞胎次序",
        "户主身份证号码",
        "户主关系",
        "是否残疾",
        "是否低保",
        "核准原因",
    ]
    told = ["", "2", "310110197910263751", "长女", "是", "否", "重号"]
    [row] = read_register(workbook([headings, [*PERSON, *told]]), "a.xlsx").rows

    report = row.arrival

    assert (report.guardian_document_number, report.birth_order, report.household_document_number) == tuple(
        told[index] for index in (0, 1, 2)
    )
    assert (report.relationship, report.disabled, report.hardship) == ("长女", "是", "否")
    assert report.override is not None
    assert report.override.reason == "重号"


def test_an_approval_counts_in_a_supervisors_register_alone() -> None:
    wrong = [*PERSON[:4], PERSON[4][:17] + "2", PERSON[5]]
    register = read_register(workbook([[*HEADER, "核准理由"], [*wrong, "派出所证明"], [*wrong, " "]]), "a.xlsx")

    found = [
        check_arrival(row.arrival, street=STREET, today=AS_OF, divisions=DIVISIONS, approver=approver)
        for approver in (None, "chief")
        for row in register.rows
    ]

    assert [one.code if isinstance(one, Refusal) else one.unverified for one in found] == [
        RefusalCode.OVERRIDE_NOT_ALLOWED,
        RefusalCode.ID_CHECKSUM,
        True,
        RefusalCode.ID_CHECKSUM,
    ]


def test_english_field_names_are_headings_too() -> None:
    register = read_register((",".join(COLUMNS) + "\n" + ",".join(COLUMNS) + "\n").encode(), "a.csv")

    assert register.rows == ()
    assert register.headers[0] == tuple(COLUMNS)


def test_every_sheet_that_is_a_register_is_read_and_others_are_named() -> None:
    register = read_register(workbook([["说明"]], [["表"], HEADER, PERSON], [HEADER, PERSON]), "a.xlsx")

    assert [(sheet.sheet, sheet.skipped, sheet.heading_rows) for sheet in register.sheets] == [
        ("Sheet1", "no_headings", ()),
        ("Sheet2", None, (2,)),
        ("Sheet3", None, (1,)),
    ]
    assert [(register.sheet_of(row.place), row_of(row.place)) for row in register.rows] == [
        ("Sheet2", 3),
        ("Sheet3", 2),
    ]


def test_blank_rows_count_footers_and_repeated_headers_are_named_and_empty_ends_are_no_rows() -> None:
    lines = [
        ["登记表"],
        HEADER,
        PERSON,
        ["2", "", " ", "　", "", ""],
        [],
        HEADER,
        PERSON,
        ["本页小计", "2人"],
        ["3"],
        [],
        [],
        ["合计", "2人", "", "", "", "填表人：黄艳"],
        ["填表人：", "黄艳"],
        [],
    ]

    for register in (
        read_register(workbook(lines), "a.xlsx"),
        read_register("\n".join(map(",".join, lines)).encode(), "a.csv"),
    ):
        assert [row.place for row in register.rows] == [3, 7]
        assert (register.blank, register.total) == (3, 9)
        assert [(row.row, row.reason) for row in register.ignored] == [
            *((6, "heading"), (8, "footer"), (12, "footer"), (13, "footer")),
        ]


@pytest.mark.parametrize(("typed", "left"), [("—", False), ("至今", False), (" 无 ", False), ("2026-05-01", True)])
def test_who_is_still_there_has_not_left(typed: str, left: bool) -> None:
    (row,) = read_register(workbook([[*HEADER, "离开日期"], [*PERSON, typed]]), "r.xlsx").rows

    assert row.arrives
    assert (row.departure is not None) is left


def test_a_row_without_a_name_is_a_row() -> None:
    register = read_register(workbook([HEADER, ["1", "", *PERSON[2:]]]), "a.xlsx")

    assert [row.place for row in register.rows] == [2]


def test_cells_become_what_their_office_would_have_typed() -> None:
    file = BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True, "default_date_format": "yyyy-mm-dd hh:mm"}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["姓名", "证件号码", "来本地日期", "出生日期", "联系电话", "备注"])
        sheet.write_row(1, 0, ["黄艳", 520526850414750, date(2026, 4, 2), 46344, 13812345678, 1.5])
        sheet.write_row(2, 0, ["黄艳", 310110197910263751, "", "", "", True])

    first, second = read_register(file.getvalue(), "a.xlsx").rows

    assert first.cells == ("黄艳", "520526850414750", "2026-04-02", "2026-11-18", "13812345678", "1.5")
    # a spreadsheet keeps 15 digits only: a rounded number must not pass for somebody else's
    assert second.cells == ("黄艳", "3.10110E+17", "", "", "", "是")


def test_a_text_table_is_read_in_every_encoding_and_delimiter() -> None:
    text = "\r\n".join([";".join(HEADER), ";".join(PERSON)])
    for encoding in ("utf-8", "utf-8-sig", "gb18030", "utf-16"):
        for delimiter in (",", ";", "\t"):
            register = read_register(text.replace(";", delimiter).encode(encoding), "a.csv")
            assert register.rows[0].cells == tuple(PERSON), (encoding, delimiter)


def test_a_cell_longer_than_any_field_is_refused_and_not_cut() -> None:
    register = read_register(workbook([[*HEADER, "备注"], [*PERSON, "长" * 5000]]), "a.xlsx")

    assert [refusal.code.value for _, refusal in refusals_of(register)] == ["too_long"]
    assert len(register.rows[0].cells[-1]) == 5000


def test_the_progress_of_an_import_is_known_up_front() -> None:
    made = make_register(rows=90, seed=6)

    register = read_register(made.data, made.filename)

    assert len(register.rows) + register.blank == 90 == register.total - len(register.ignored)


@pytest.mark.parametrize("kind", ["xlsx", "csv-gb18030"])
def test_refused_rows_come_back_with_reason_and_advice(kind: str) -> None:
    made = make_register(rows=120, seed=7, kind=kind)
    register = read_register(made.data, made.filename)
    refusals = refusals_of(register)

    sheet = CalamineWorkbook.from_filelike(BytesIO(write_refused(register, refusals))).get_sheet_by_index(0)
    header, *lines = sheet.to_python()

    assert header == [*register.headers[0], "原因 Reason", "处理办法 What to do", "code"]
    cells = {row.place: list(row.cells) for row in register.rows}
    for line, (number, refusal) in zip(lines, refusals, strict=True):
        assert line[: len(register.headers[0])] == (cells[number] + [""] * 20)[: len(register.headers[0])]
        assert line[-1] == refusal.code.value
        assert str(line[-3]).startswith(COLUMNS[refusal.field])
        assert line[-2]


def test_no_cell_of_the_refused_rows_is_a_formula_or_a_link() -> None:
    people = [[*PERSON[:1], name, *PERSON[2:]] for name in (*FORMULAS, "http://x.example/=1")]
    register = read_register("\n".join(map("\t".join, [HEADER, *people])).encode(), "a.csv")

    written = write_refused(register, refusals_of(register))

    with zipfile.ZipFile(BytesIO(written)) as parts:
        sheet = parts.read("xl/worksheets/sheet1.xml")
        assert b"<f>" not in sheet
        assert b"hyperlink" not in sheet
        assert b'state="frozen"' in sheet
    assert [row.arrival.name for row in read_register(written, "refused.xlsx").rows] == [person[1] for person in people]


def test_a_corrected_workbook_of_refused_rows_is_taken_in_and_does_not_grow() -> None:
    made = make_register(rows=120, seed=8)
    register = read_register(made.data, made.filename)
    written = write_refused(register, refusals_of(register))

    again = read_register(written, "refused.xlsx")

    assert [found.code for _, found in refusals_of(again)] == [found.code for _, found in refusals_of(register)]
    assert read_register(write_refused(again, refusals_of(again)), "refused.xlsx").headers[0] == again.headers[0]
    rows = CalamineWorkbook.from_filelike(BytesIO(written)).get_sheet_by_index(0).to_python()
    columns = {
        heading: rows[0].index(heading)
        for heading in ("姓名", "性别", "证件类型", "证件号码", "出生日期", "来本地日期", "核准理由")
    }
    for row in rows[1:]:
        for heading, cell in zip(columns, ["黄艳", "", "身份证", PERSON[4], "", PERSON[5], ""], strict=True):
            row[columns[heading]] = cell
    corrected = read_register(workbook(rows), "corrected.xlsx")
    assert refusals_of(corrected) == []


@pytest.mark.parametrize(
    ("data", "filename"),
    [
        (b"", "a.xlsx"),
        (b"hello", "a.xlsx"),
        (b"hello", "a.xls"),
        (b"<html><table>", "a.xls"),
        (b"PK\x03\x04" + bytes(100), "a.xlsx"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "a.xls"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "a.csv"),
        (",".join(HEADER).encode() + b'\n"' + b"x" * 200_000 + b'"', "a.csv"),
    ],
)
def test_what_is_no_workbook_is_said_to_be_none(data: bytes, filename: str) -> None:
    assert error_of(data, filename) == "not_a_workbook"


def test_other_packages_and_broken_ones_are_no_workbooks() -> None:
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        made.writestr("word/document.xml", "<w/>")
    good = workbook([HEADER, PERSON])

    assert error_of(file.getvalue()) == "not_a_workbook"
    assert error_of(good[: len(good) // 2]) == "not_a_workbook"
    assert error_of(package('<row><c r="A1" t="s"><v>99</v></c></row></wrong>')) == "not_a_workbook"


def test_a_workbook_is_known_by_its_content() -> None:
    assert read_register(workbook([HEADER, PERSON]), "register.csv").total == 1
    assert read_register(",".join(HEADER).encode(), "register").total == 0


@pytest.mark.parametrize(
    "data", [workbook([["说明"]]), workbook([PERSON, PERSON]), b"hello", b"", "序号,性别,证件类型".encode()]
)
def test_a_file_without_a_header_row_is_said_to_have_none(data: bytes) -> None:
    assert error_of(data, "a.csv") == "no_header_row"


def test_bytes_of_no_known_encoding_are_said_so() -> None:
    assert error_of(b"\x80\xff\xff,\x81", "a.csv") == "encoding"


def test_a_package_that_would_fill_the_memory_is_too_large() -> None:
    assert error_of(package("", zeros=bytes(60_000_000))) == "too_large"


def test_a_few_cells_far_apart_do_not_fill_the_memory() -> None:
    corners = '<row r="1"><c r="A1"><v>1</v></c></row><row r="{0}"><c r="{1}{0}"{2}><v>2</v></c></row>'

    assert error_of(package(corners.format(1048576, "XFD", ""))) == "too_large"
    assert error_of(package(corners.format(40000, "XFD", ""))) == "too_large"
    assert (
        error_of(package("<row>" + "<c><v>1</v></c>" * 9000 + "</row>" + "<row><c><v>1</v></c></row>" * 900))
        == "too_large"
    )
    assert error_of(package('<row r="1048576"><c r="XFD1048576" s="1"/></row>')) == "no_header_row"


def test_too_many_bytes_or_rows_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "MAX_PEOPLE", 10)

    many = [HEADER, *[PERSON] * 11]

    assert error_of(workbook(many)) == "too_many_rows"
    assert error_of("\n".join(map(",".join, many)).encode(), "a.csv") == "too_many_rows"
    monkeypatch.setattr(files, "MAX_BYTES", 100)
    assert error_of(workbook(many)) == "too_large"


def test_every_error_says_what_to_do() -> None:
    assert set(FILE_ADVICE) == {
        *("not_a_workbook", "no_header_row", "missing_column", "columns_clash", "other_unit"),
        *("too_large", "too_many_rows", "encoding"),
    }
