"""Every form of a report: read back, what it has is what the report says, and no cell of it is a formula."""

import csv
import json
import re
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import jsonschema  # type: ignore[import-untyped]  # ships no types
import pytest
from docx import Document
from fhir.resources.R4B.bundle import Bundle
from python_calamine import CalamineWorkbook

from contracts.reporting.reports import ReportForm
from services.reporting.domain.contents import HIDDEN, show, values_of
from services.reporting.domain.suppression import suppress
from services.reporting.domain.templates import TEMPLATES
from services.reporting.exports.forms import FORMS
from services.reporting.exports.marks import ACROSS, split
from services.reporting.exports.uploads import MappingError, read_mapping, write_upload
from tests.support.reports import STREETS, composed, signed

SAID = composed()
PUBLISHED = suppress(SAID)
FORMULA = "320507004"
"""The street whose name is a formula."""

# https://docs.dhis2.org/en/develop/using-the-api/dhis-core-version-master/data.html#webapi_data_values_bulk
CODE = {"type": "string", "minLength": 1, "maxLength": 50}
DATA_VALUE_SET: dict[str, Any] = {
    "type": "object",
    "required": ["dataSet", "period", "orgUnit", "dataValues"],
    "additionalProperties": False,
    "properties": {
        "dataSet": CODE,
        "completeDate": {"type": "string", "format": "date"},
        "period": {"type": "string", "pattern": r"^[0-9]{4}(?:(?:0[1-9]|1[0-2])|Q[1-4])?$"},
        "orgUnit": CODE,
        "attributeOptionCombo": CODE,
        "dataValues": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["dataElement", "value"],
                "additionalProperties": False,
                "properties": {
                    **dict.fromkeys(("dataElement", "orgUnit", "categoryOptionCombo"), CODE),
                    "period": {"type": "string"},
                    "value": {"type": "string", "pattern": r"^[0-9]+(?:\.[0-9]+)?$"},
                    "comment": {"type": "string"},
                },
            },
        },
    },
}


def write(form: ReportForm, *, published: bool = False) -> bytes:
    return FORMS[form].write(signed(PUBLISHED if published else SAID, published=published))


def sheets(content: bytes) -> dict[str, list[list[Any]]]:
    book = CalamineWorkbook.from_filelike(BytesIO(content))
    return {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}


def lines(content: bytes, encoding: str) -> list[list[str]]:
    return list(csv.reader(StringIO(content.decode(encoding), newline="")))


@pytest.mark.parametrize("template", TEMPLATES)
def test_each_template_is_written_in_each_of_its_forms(template: str) -> None:
    said = composed(template)

    for form in TEMPLATES[template].forms:
        assert FORMS[form].write(signed(said))
        assert FORMS[form].write(signed(suppress(said), published=True))


def test_a_workbook_has_a_sheet_for_each_table_with_numbers_as_numbers_and_a_chart() -> None:
    content = write(ReportForm.XLSX)

    told = sheets(content)

    assert list(told) == [table.code for table in SAID.tables]
    rows = {row[0]: row for row in told["flow"][4:]}
    assert rows["320507001"][1:6] == ["元和街道", 96, 78, 84, 1]
    assert rows["320507"][2] == sum(rows[street][2] for street in STREETS)
    with ZipFile(BytesIO(content)) as parts:
        charts = [name for name in parts.namelist() if name.startswith("xl/charts/chart")]
        drawn = parts.read(charts[0]).decode()
    assert len(charts) == 2
    assert "flow!$C$5:$C$9" in drawn


def test_no_cell_of_a_workbook_is_a_formula() -> None:
    with ZipFile(BytesIO(write(ReportForm.XLSX))) as parts:
        written = [parts.read(name).decode() for name in parts.namelist() if "worksheets/sheet" in name]

    assert written
    assert not [sheet for sheet in written if re.search(r"<f[ >/]", sheet)]


@pytest.mark.parametrize(("form", "encoding"), [(ReportForm.CSV, "utf-8-sig"), (ReportForm.CSV_GB18030, "gb18030")])
def test_comma_separated_values_are_the_same_in_both_encodings_and_begin_no_formula(
    form: ReportForm, encoding: str
) -> None:
    content = write(form)

    rows = lines(content, encoding)

    assert content.startswith(b"\xef\xbb\xbf") is (form is ReportForm.CSV)
    assert rows == lines(write(ReportForm.CSV), "utf-8-sig")
    assert [row[1] for row in rows if row and row[0] == FORMULA] == ["'=1+1"] * len(SAID.tables)
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@"))]


def test_a_document_tells_in_words_what_its_tables_have() -> None:
    said = composed("work_summary")

    document = Document(BytesIO(FORMS[ReportForm.DOCX].write(signed(said))))

    texts = [paragraph.text for paragraph in document.paragraphs]
    total = said.tables[0].lines[-1].cells[0]
    assert f"相城区在住人口{total}人" in " ".join(texts)
    assert not [text for text in texts if "{" in text]
    first = [[cell.text for cell in row.cells] for row in document.tables[0].rows]
    assert first[1] == ["元和街道", *map(show, said.tables[0].lines[0].cells, said.tables[0].columns)]
    assert "加盖公章：district-2（2026-04-04）" in " ".join(texts)


def test_an_assessment_has_the_scores_the_money_and_what_was_deducted_and_what_is_published_has_none_of_it() -> None:
    said = composed("quarterly_assessment")

    document = Document(BytesIO(FORMS[ReportForm.DOCX].write(signed(said))))
    book = sheets(FORMS[ReportForm.XLSX].write(signed(said)))

    scores = {row[0]: row[1:6] for row in book["scores"][4:9]}
    assert scores["320507003"] == ["黄桥街道", 100, 1, 1, "全额拨付"]
    assert scores["320507002"] == ["太平街道", 50, 4, 0, "暂缓拨付，整改后再核"]
    assert [[cell.text for cell in row.cells] for row in document.tables[0].rows][-2][:3] == ["太平街道", "50.0", "4"]
    texts = [paragraph.text for paragraph in document.paragraphs]
    deducted = "太平街道：健康知识讲座次数 2，得5分，扣5分（满分10分，要求不低于3）"
    assert f"{deducted}；健康档案建档率：无数据，不计分。" in texts
    assert "黄桥街道：健康档案建档率：无数据，不计分。" in texts
    for form, is_said in ((ReportForm.JSON, False), (ReportForm.CSV, False), (ReportForm.CSV, True)):
        content = FORMS[form].write(signed(said if is_said else suppress(said), published=not is_said))
        assert ("拨付".encode() in content) is is_said
    assert "scores" not in sheets(FORMS[ReportForm.XLSX].write(signed(suppress(said), published=True)))


def test_a_wide_table_is_split_so_that_it_fits_on_a_page_and_nothing_is_lost() -> None:
    table = composed("annual_returns").tables[2]

    parts = list(split(table))

    assert all(len(part.columns) <= ACROSS for part in parts)
    assert [column for part in parts for column in part.columns] == list(table.columns)
    assert [cell for part in parts for cell in part.lines[0].cells] == list(table.lines[0].cells)


def test_a_print_has_pages_and_is_the_same_whenever_it_is_made() -> None:
    content = write(ReportForm.PDF)

    assert content.startswith(b"%PDF-")
    assert content.count(b"/Type /Page\n") + content.count(b"/Type /Page ") >= 1
    assert content == write(ReportForm.PDF)


@pytest.mark.parametrize("published", [False, True])
def test_a_data_value_set_is_one_by_its_schema_and_has_every_number_that_is_told(published: bool) -> None:
    told = json.loads(write(ReportForm.DHIS2, published=published))

    jsonschema.validate(told, DATA_VALUE_SET)
    assert told["period"] == "202603"
    values = {(one["orgUnit"], one["dataElement"]): one["value"] for one in told["dataValues"]}
    cells = values_of(PUBLISHED if published else SAID)
    assert len(values) == sum(cell not in {None, HIDDEN} for cell in cells.values())
    assert values["320507", "residents.count"] == "678"
    assert (("320507001", "deaths.count") in values) is not published
    assert values["320507001", "residents.count.floating"] == "64"


@pytest.mark.parametrize("published", [False, True])
def test_measure_reports_are_valid_and_say_what_is_masked(published: bool) -> None:
    bundle: Any = Bundle.model_validate_json(write(ReportForm.FHIR, published=published))

    reports = {entry.resource.reporter.identifier.value: entry.resource for entry in bundle.entry}
    assert set(reports) == {*STREETS, "320507"}
    groups = {group.code.coding[0].code: group for group in reports["320507001"].group}
    deaths = groups["deaths"].population[0]
    assert (deaths.count, bool(deaths.count__ext)) == ((None, True) if published else (1, False))
    rate = groups["resident_archive_rate"]
    assert [one.code.coding[0].code for one in rate.population] == ["numerator", "denominator"]
    assert float(rate.measureScore.value) == 0.5


def test_an_upload_has_the_columns_of_the_mapping_in_its_order(tmp_path: Path) -> None:
    mapping = tmp_path / "province.csv"
    mapping.write_text("heading,content\n机构,name\n期别,period\n流动人口,residents.count.floating\n无,unknown.count\n")

    rows = lines(write_upload(signed(SAID), read_mapping(mapping)), "gb18030")

    assert rows[:2] == [["机构", "期别", "流动人口", "无"], ["元和街道", "202603", "64", ""]]


@pytest.mark.parametrize("text", ["heading,content\n机构,\n", "heading,content\n机构,nonsense\n", "a,b\n1,2\n"])
def test_a_mapping_that_is_none_is_refused_with_its_line(text: str, tmp_path: Path) -> None:
    mapping = tmp_path / "province.csv"
    mapping.write_text(text)

    with pytest.raises(MappingError, match="line 2"):
        read_mapping(mapping)


def test_what_is_published_says_so_and_names_nobody_who_signed() -> None:
    rows = lines(write(ReportForm.CSV, published=True), "utf-8-sig")

    below = " ".join(cell for row in rows[-3:] for cell in row)
    assert "不予公布" in below
    assert "district-2" not in below
    assert HIDDEN in [cell for row in rows for cell in row]
