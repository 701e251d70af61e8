"""Files become sheets of text: hidden sheets, merged cells, serial numbers, forced text, encodings, sizes."""

import socket
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import date, datetime
from io import BytesIO

import pytest

from services.runtime.sheets.files import Book, Number, Rows, SheetError, read_book, write_day
from tests.support.sheets import Page, write_csv, write_pages

HEADINGS = ["姓名", "证件号码", "来本地日期"]
PERSON = ["黄艳", "310110197910263751", "2026-04-02"]


def count_known(rows: Rows) -> int:
    return max((len(set(row) & set(HEADINGS)) for row in rows), default=0)


def book_of(data: bytes, filename: str = "a.xlsx") -> Book:
    return read_book(data, filename, count_known)


def code_of(data: bytes, filename: str = "a.csv") -> str:
    with pytest.raises(SheetError) as raised:
        book_of(data, filename)
    return raised.value.code


def test_hidden_and_very_hidden_sheets_are_named_and_chart_sheets_are_none() -> None:
    pages = [
        Page([PERSON], "去年", state="hidden"),
        Page([HEADINGS], "今年"),
        Page([PERSON], "参数", state="very hidden"),
        Page([], "空"),
    ]

    book = book_of(write_pages(*pages, charts=["图"]))

    assert [(sheet.name, sheet.rows) for sheet in book.sheets] == [("今年", [HEADINGS]), ("空", [])]
    assert book.hidden == ("去年", "参数")


def test_a_merged_cell_holds_for_each_row_that_says_something_itself() -> None:
    lines = [["甲", "地址", "一栋"], ["乙", "", ""], ["", "", ""], ["丙", "另址", ""], ["", "", ""], ["丁", "", ""]]
    page = Page(lines, merged=[(0, 1, 2, 1), (3, 1, 4, 1), (0, 2, 5, 2), (2, 9, 5, 9)])

    [sheet] = book_of(write_pages(page)).sheets

    assert [row[:3] for row in sheet.rows] == [
        ["甲", "地址", "一栋"],
        ["乙", "地址", "一栋"],
        ["", "", ""],
        ["丙", "另址", "一栋"],
        ["", "", ""],
        ["丁", "", "一栋"],
    ]
    assert sheet.spread == {(1, 1), (1, 2), (3, 2), (5, 2)}


def test_a_cell_merged_over_rows_and_columns_holds_in_its_first_column() -> None:
    page = Page([["甲", "地址", "", "x"], ["乙", "", "", "y"]], merged=[(0, 1, 1, 2)])

    [sheet] = book_of(write_pages(page)).sheets

    assert sheet.rows == [["甲", "地址", "", "x"], ["乙", "地址", "", "y"]]


def test_a_merged_number_is_a_number_in_each_row() -> None:
    [sheet] = book_of(write_pages(Page([["甲", 46114], ["乙", ""]], merged=[(0, 1, 1, 1)]))).sheets

    assert [write_day(row[1], from_1904=False) for row in sheet.rows] == ["2026-04-02", "2026-04-02"]


@pytest.mark.parametrize("from_1904", [False, True])
def test_days_are_the_same_in_either_system_of_days(from_1904: bool) -> None:
    day = date(2026, 4, 2)
    serial = (day - (date(1904, 1, 1) if from_1904 else date(1899, 12, 30))).days
    page = Page([[day, datetime.fromisoformat("2026-04-02 08:30"), serial, serial + 0.5, str(serial)]])

    [sheet] = book_of(write_pages(page, from_1904=from_1904)).sheets

    assert sheet.from_1904 == from_1904
    assert [write_day(cell, from_1904=from_1904) for cell in sheet.rows[0]] == [
        *("2026-04-02", "2026-04-02 08:30:00", "2026-04-02", "2026-04-02"),
        str(serial),
    ]


@pytest.mark.parametrize(
    ("cell", "day"),
    [
        (Number("46114"), "2026-04-02"),
        (Number("10000"), "1927-05-18"),
        (Number("9999"), "9999"),
        (Number("2026"), "2026"),
        (Number("2026.11"), "2026.11"),
        (Number("202611"), "202611"),
        (Number("20261118"), "20261118"),
        (Number("3.10110E+17"), "3.10110E+17"),
        (Number("-46114"), "-46114"),
        (Number("99999"), "99999"),
        ("46114", "46114"),
        ("", ""),
    ],
)
def test_a_serial_number_has_five_digits_and_a_number_cell(cell: str, day: str) -> None:
    assert write_day(cell, from_1904=False) == day


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ('="310110197910263751"', "310110197910263751"),
        (' = "0012" ', "0012"),
        ('="说""好"""', '说"好"'),
        ("'310110197910263751", "310110197910263751"),
        ("’310110197910263751", "310110197910263751"),
        ("`13812345678", "13812345678"),
        ("'+8613812345678", "+8613812345678"),
        ("'阿·买", "'阿·买"),
        ("=1+1", "=1+1"),
        ('="a"&"b"', '="a"&"b"'),
        ("==", "=="),
    ],
)
def test_text_is_freed_of_what_programs_put_around_a_number(written: str, meant: str) -> None:
    [sheet] = book_of(write_csv([HEADINGS, [written]]), "a.csv").sheets
    [of_workbook] = book_of(write_pages(Page([HEADINGS, [written]]))).sheets

    assert sheet.rows[1][0] == of_workbook.rows[1][0] == meant
    assert not isinstance(sheet.rows[1][0], Number)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|", "，"])
def test_a_text_is_read_by_the_delimiter_that_gives_headings(encoding: str, delimiter: str) -> None:
    title = ["某街道，登记表；共1人", "", ""]

    [sheet] = book_of(write_csv([title, HEADINGS, [*PERSON[:2], "a,b;c|d\te，f"]], delimiter, encoding), "a.txt").sheets

    assert sheet.rows[1:] == [HEADINGS, [*PERSON[:2], "a,b;c|d\te，f"]]


def test_lines_that_excel_writes_before_and_behind_are_rows_like_others() -> None:
    [sheet] = book_of(b"sep=;\r\n" + write_csv([HEADINGS, PERSON, ["", "", ""]], ";"), "a.csv").sheets

    assert sheet.rows == [["sep=", ""], HEADINGS, PERSON, []]


def test_a_cell_of_several_lines_is_one_cell() -> None:
    [sheet] = book_of(write_csv([["姓\n名", *HEADINGS[1:]], ["黄\n艳", *PERSON[1:]]]), "a.csv").sheets

    assert [row[0] for row in sheet.rows] == ["姓\n名", "黄\n艳"]


@pytest.mark.parametrize(
    ("data", "filename", "code"),
    [
        (b"", "a.csv", "no_header_row"),
        (b"a,b\n1,2\n", "a.csv", "no_header_row"),
        (b"\x00\x01", "a.csv", "not_a_workbook"),
        (b"\xff\xfe\x00", "a.csv", "encoding"),
        (b"<html></html>", "a.xls", "not_a_workbook"),
        (b"PK\x03\x04", "a.csv", "not_a_workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a.csv", "not_a_workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\x22\x00\x02\x00\x01\x00", "a.xls", "not_a_workbook"),
    ],
)
def test_what_is_no_sheet_is_refused_with_its_code(data: bytes, filename: str, code: str) -> None:
    assert code_of(data, filename) == code


def test_advice_names_headings_but_never_sizes() -> None:
    error = SheetError("missing_column", "缺：姓名")

    assert error.advise({"missing_column": "请补上。"}) == "请补上。 缺：姓名"
    assert SheetError("too_large", "9 rows").advise({"too_large": "请拆分。"}) == "请拆分。"


def test_empty_rows_at_the_end_cost_nothing() -> None:
    lines = [HEADINGS, PERSON, *[["", "", ""]] * 200_000]

    [sheet] = book_of(write_csv(lines), "a.csv").sheets

    assert (len(sheet.rows), sheet.rows[1], sheet.rows[-1]) == (200_002, PERSON, [])


# What comes in from elsewhere


@contextmanager
def listening() -> Iterator[tuple[int, list[object]]]:
    """Note whoever connects to a port, which is given with the notes."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        called: list[object] = []
        yield server.getsockname()[1], called
        with suppress(BlockingIOError):
            called.append(server.accept()[1])


def with_part(name: str, change: Callable[[bytes], bytes]) -> bytes:
    """Return a workbook with one of its parts changed, or a new one."""
    came, went = BytesIO(write_pages(Page([HEADINGS, PERSON]))), BytesIO()
    with zipfile.ZipFile(came) as package, zipfile.ZipFile(went, "w", zipfile.ZIP_DEFLATED) as changed:
        for member in package.namelist():
            changed.writestr(member, change(package.read(member)) if member == name else package.read(member))
        if name not in package.namelist():
            changed.writestr(name, change(b""))
    return went.getvalue()


def declared(dtd: str, used: str = "&x;") -> Callable[[bytes], bytes]:
    """Return what puts a declaration into a part, and uses the entity in place of somebody's name."""

    def change(part: bytes) -> bytes:
        at = part.index(b"?>") + 2
        return part[:at] + dtd.encode() + part[at:].replace("黄艳".encode(), used.encode())

    return change


LAUGHS = "".join(f'<!ENTITY x{n} "{f"&x{n - 1};" * 10}">' for n in range(1, 10))
SHARED, SHEET = "xl/sharedStrings.xml", "xl/worksheets/sheet1.xml"


@pytest.mark.parametrize(
    "part", [SHARED, SHEET, "xl/workbook.xml", "xl/_rels/workbook.xml.rels", "[Content_Types].xml"]
)
@pytest.mark.parametrize(
    "dtd",
    [
        '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE a [<!ENTITY x SYSTEM "http://127.0.0.1:{port}/">]>',
        '<!DOCTYPE a [<!ENTITY % x SYSTEM "http://127.0.0.1:{port}/"> %x;]>',
        '<!DOCTYPE a SYSTEM "http://127.0.0.1:{port}/a.dtd">',
        f'<!DOCTYPE a [<!ENTITY x0 "ha">{LAUGHS}<!ENTITY x "&x9;">]>',
        "<!doctype a>",
    ],
    ids=["file", "address", "parameter", "external", "laughs", "small letters"],
)
def test_a_workbook_that_declares_entities_is_refused_and_asks_nobody(part: str, dtd: str) -> None:
    with listening() as (port, called):
        assert code_of(with_part(part, declared(dtd.replace("{port}", str(port)))), "a.xlsx") == "not_a_workbook"

    assert called == []


def test_entities_in_another_encoding_are_refused_too() -> None:
    def change(part: bytes) -> bytes:
        text = declared('<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>')(part).decode()
        return text.replace("UTF-8", "UTF-16").encode("utf-16")

    assert code_of(with_part(SHARED, change), "a.xlsx") == "not_a_workbook"


@pytest.mark.parametrize(
    "target", ["http://127.0.0.1:{port}/a.xlsx", "file://127.0.0.1:{port}/a", "//127.0.0.1:{port}/a"]
)
def test_links_of_a_workbook_to_elsewhere_are_not_followed(target: str) -> None:
    kinds = ("externalLinkPath", "hyperlink", "image", "oleObject", "attachedTemplate")
    with listening() as (port, called):
        links = "".join(
            f'<Relationship Id="{kind}" TargetMode="External" Target="{target.replace("{port}", str(port))}" '
            f'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/{kind}"/>'
            for kind in kinds
        )
        book = book_of(
            with_part("xl/_rels/workbook.xml.rels", lambda part: part.replace(b"</Rel", f"{links}</Rel".encode(), 1))
        )

    assert [sheet.rows for sheet in book.sheets] == [[HEADINGS, PERSON]]
    assert called == []


def test_a_part_that_packs_itself_is_not_unpacked_again() -> None:
    packed = zlib.compress(bytes(50_000_000))
    for _ in range(3):
        packed = zlib.compress(packed)

    assert [sheet.rows for sheet in book_of(with_part("xl/media/a.zip", lambda _: packed)).sheets] == [
        [HEADINGS, PERSON]
    ]
