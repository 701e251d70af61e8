"""Reports 统计报表 as facts of reporting: drafted, reviewed, approved, sealed, restated, withdrawn."""

from datetime import date
from enum import StrEnum
from hashlib import sha256
from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, StringConstraints

from contracts.envelope import Fact, Moment
from contracts.reference.divisions import DivisionCode

Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
"""SHA-256 of what is kept, by which it is found."""


class ReportState(StrEnum):
    """How far the newest edition of a report is; `withdrawn` says that its draft was given up before it was sealed."""

    DRAFTED = "drafted"
    REVIEWED = "reviewed"
    APPROVED = "approved"
    SEALED = "sealed"
    WITHDRAWN = "withdrawn"


class ReportForm(StrEnum):
    """A form in which a report leaves the house."""

    JSON = "json"
    XLSX = "xlsx"
    CSV = "csv"
    CSV_GB18030 = "csv_gb18030"
    DOCX = "docx"
    PDF = "pdf"
    DHIS2 = "dhis2"
    FHIR = "fhir"
    UPLOAD = "upload"


class Signature(BaseModel):
    """Who brought an edition to a state, in which role, and when; `by` is the account, or `schedule`."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    state: ReportState
    by: str
    role: str
    at: Moment


class ReportFile(BaseModel):
    """One form of a sealed edition: the hash by which it is found and verified, and its size in bytes.

    A `published` one is for others: small counts are suppressed in it.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    form: ReportForm
    published: bool = False
    sha256: Digest
    size: int


class Edition(BaseModel):
    """The numbers of a report as they were known at a moment, and who signed them.

    `heard_at` is up to when facts were heard that count in it. `content` is what is signed: the numbers, their headings
    and texts. Edition 2 and later restate the sealed one before for a `reason`; `differences` name who counts otherwise
    now, and by which facts. Both are kept by their hash. `files` are made when it is sealed, and never changed.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    edition: int
    heard_at: Moment
    content: Digest
    differences: Digest | None = None
    reason: str | None = None
    signatures: tuple[Signature, ...]
    files: tuple[ReportFile, ...] = ()


class Report(BaseModel):
    """A division's report by a template for a period, both days included; the last edition is the newest.

    All editions but the last are sealed. `report_id` is natural: there is one report of each.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    report_id: str
    template: str
    division: DivisionCode
    period: str
    since: date
    until: date
    state: ReportState
    editions: tuple[Edition, ...]

    @property
    def newest(self) -> Edition:
        """Return the edition that is worked on, or was sealed last."""
        return self.editions[-1]

    @property
    def sealed(self) -> tuple[Edition, ...]:
        """Return the editions that are sealed, the oldest first."""
        return tuple(edition for edition in self.editions if edition.files)


def report_id(template: str, division: str, period: str) -> str:
    """Return the id of the report of a division by a template for a period (32 hexadecimal digits)."""
    return sha256(f"report|{template}|{division}|{period}".encode()).hexdigest()[:32]


class ReportFact(Fact):
    """A fact of the stream `report/<report_id>`."""

    report: Report

    @property
    def stream(self) -> str:
        """Return the stream of the report."""
        return f"report/{self.report.report_id}"

    @property
    def division(self) -> str:
        """Return the district or street that reports."""
        return self.report.division


class ReportDrafted(ReportFact):
    """The numbers of the period were worked out, for the first time or anew before anything was sealed."""

    TYPE: ClassVar[str] = "reporting.report_drafted.v1"


class ReportReviewed(ReportFact):
    """The draft was reviewed 科长审核."""

    TYPE: ClassVar[str] = "reporting.report_reviewed.v1"


class ReportApproved(ReportFact):
    """The reviewed draft was approved by whoever answers for it 分管领导审核."""

    TYPE: ClassVar[str] = "reporting.report_approved.v1"


class ReportSealed(ReportFact):
    """The report was sealed 加盖单位公章: from now on its bytes stand."""

    TYPE: ClassVar[str] = "reporting.report_sealed.v1"


class ReportRestated(ReportFact):
    """Another edition of a sealed report was drafted, with what was heard since; it is signed like the first."""

    TYPE: ClassVar[str] = "reporting.report_restated.v1"


class ReportWithdrawn(ReportFact):
    """A draft was given up; a sealed edition before it stands."""

    TYPE: ClassVar[str] = "reporting.report_withdrawn.v1"


REPORT_FACTS: tuple[type[ReportFact], ...] = (
    ReportDrafted,
    ReportReviewed,
    ReportApproved,
    ReportSealed,
    ReportRestated,
    ReportWithdrawn,
)
