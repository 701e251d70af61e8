"""The forms of a report: how each is written, of which type it is, and how its file is named."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from contracts.reporting.reports import ReportForm
from services.reporting.exports.dhis2 import write_data_values
from services.reporting.exports.documents import write_document
from services.reporting.exports.fhir import write_measure_reports
from services.reporting.exports.marks import Signed
from services.reporting.exports.prints import write_print
from services.reporting.exports.texts import write_gb18030, write_utf8
from services.reporting.exports.uploads import write_upload
from services.reporting.exports.workbooks import write_workbook


@dataclass(frozen=True, slots=True)
class Form:
    """How a form is written, its media type, and the end of its file's name."""

    write: Callable[[Signed], bytes]
    media_type: str
    suffix: str


def _write_json(signed: Signed) -> bytes:
    return signed.content.model_dump_json(indent=1).encode()


_OFFICE = "application/vnd.openxmlformats-officedocument"

FORMS: Mapping[ReportForm, Form] = {
    ReportForm.JSON: Form(_write_json, "application/json", "json"),
    ReportForm.XLSX: Form(write_workbook, f"{_OFFICE}.spreadsheetml.sheet", "xlsx"),
    ReportForm.CSV: Form(write_utf8, "text/csv; charset=utf-8", "csv"),
    ReportForm.CSV_GB18030: Form(write_gb18030, "text/csv; charset=gb18030", "gb18030.csv"),
    ReportForm.DOCX: Form(write_document, f"{_OFFICE}.wordprocessingml.document", "docx"),
    ReportForm.PDF: Form(write_print, "application/pdf", "pdf"),
    ReportForm.DHIS2: Form(write_data_values, "application/json", "dhis2.json"),
    ReportForm.FHIR: Form(write_measure_reports, "application/fhir+json", "fhir.json"),
    ReportForm.UPLOAD: Form(write_upload, "text/csv; charset=gb18030", "upload.csv"),
}
