"""Draft, sign, seal, restate and withdraw reports; keep what they consist of, and draft those that are due."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from pydantic import BaseModel

from contracts.refusals import RefusedError
from contracts.reporting.reports import (
    Edition,
    Report,
    ReportFact,
    ReportFile,
    ReportForm,
    ReportState,
    Signature,
    report_id,
)
from services.reporting.commands.composing import compose_now
from services.reporting.commands.counting import Counting, Recounting
from services.reporting.commands.restating import find_differences
from services.reporting.domain import reports
from services.reporting.domain.contents import Content, values_of
from services.reporting.domain.periods import Period
from services.reporting.domain.suppression import suppress
from services.reporting.domain.templates import TEMPLATES, Template, find_template, period_for
from services.reporting.exports.forms import FORMS
from services.reporting.exports.marks import Signed
from services.reporting.exports.uploads import Mapped, write_upload
from services.reporting.views import files
from services.reporting.views.contributions import find_places
from services.reporting.views.reports import find_sealed
from services.runtime.recording import record_decision
from services.runtime.service import Service

LOOK_EVERY = 3600.0
"""Seconds between two looks for reports that are due, and for files that came to nothing."""
GIVEN_UP_AFTER = timedelta(hours=1)
SCHEDULE = "schedule"


class UnknownReportError(RefusedError):
    """There is no such report in the division."""

    code = "not_found"
    advice = "没有该报表。No such report in your division."
    status = 404


class UnknownDivisionError(RefusedError):
    """There is no such district or street."""

    code = "unknown_division"
    advice = "没有该区划代码，请填写现行的区县或街道代码。No such district or street today; check the code."
    field = "division"
    status = 422


@dataclass(frozen=True, slots=True)
class Asked:
    """Which report is asked for."""

    template: Template
    division: str
    period: Period
    name: str

    @property
    def report_id(self) -> str:
        """Return the id of the report."""
        return report_id(self.template.code, self.division, self.name)


@dataclass(frozen=True, slots=True)
class Signer:
    """Who signs, in which role, and the cause of the fact."""

    by: str
    role: str
    cause: str


class SealedFile(BaseModel):
    """Which sealed report a file is, in which edition and form; `newest` is False once it was restated."""

    report_id: str
    template: str
    division: str
    period: str
    edition: int
    form: ReportForm
    published: bool
    newest: bool


def ask(service: Service, template: str, division: str, period: str) -> Asked:
    """Return which report is meant; raise a refusal if there can be none."""
    found = find_template(template)
    days = period_for(found, period, service.today)
    stands = service.divisions.has(division) and service.divisions.successor(division, service.today) == division
    if not stands or len(service.divisions.unpadded(division)) not in {6, 9}:
        raise UnknownDivisionError
    return Asked(found, division, days, period)


async def find(service: Service, known: str) -> Report | None:
    """Return a report from the journal; None if there is none."""
    event = await service.journal.load(_stream(known), ReportFact)
    return event.data.report if event else None


async def draft(service: Service, counting: Counting, asked: Asked, signer: Signer) -> Report:
    """Record a draft with the numbers of now, in place of an earlier draft, and return the report."""
    known = await find(service, asked.report_id)
    if known and known.sealed:
        raise reports.AlreadySealedError
    content = await compose_now(service, counting, asked.template, asked.division, asked.period)
    stream = _stream(asked.report_id)
    edition = await _keep(service, content, stream, 1, _sign(service, signer, ReportState.DRAFTED))
    about, days = (asked.template.code, asked.division, asked.name), (asked.period.since, asked.period.until)

    def decide(fact: ReportFact | None) -> ReportFact:
        return reports.draft(fact.report if fact else None, about, days, edition)

    return await _record(service, stream, decide, signer.cause)


async def sign(service: Service, report: Report, state: ReportState, signer: Signer, content: str) -> Report:
    """Record a signature under a draft, and return the report."""
    signature = _sign(service, signer, state)
    return await _change(service, report, lambda known: reports.sign(known, signature, content), signer.cause)


async def seal(service: Service, report: Report, signer: Signer, content: str, layout: Mapped) -> Report:
    """Make the files of a signed draft, record that it is sealed, and return the report."""
    signature = _sign(service, signer, ReportState.SEALED)
    sealed = reports.sign(report, signature, content).report
    said = await read_content(service, report, report.newest)
    written = await asyncio.to_thread(lambda: list(_write(said, sealed.newest, layout)))
    stream = _stream(report.report_id)
    made = tuple([await _file(service, stream, *one) for one in written])
    return await _change(service, report, lambda known: reports.sign(known, signature, content, made), signer.cause)


async def restate(service: Service, counting: Counting, report: Report, reason: str, signer: Signer) -> Report:
    """Record a draft of another edition with the numbers of now and who counts otherwise, and return the report.

    Raise NothingChangedError if every number is as it was sealed.
    """
    if not report.sealed:
        raise reports.NotSealedError
    before = await read_content(service, report, report.sealed[-1])
    template = find_template(report.template)
    content = await compose_now(service, counting, template, report.division, Period(report.since, report.until))
    if values_of(content) == values_of(before):
        raise reports.NothingChangedError
    found = await find_differences(service, counting, before, content)
    stream = _stream(report.report_id)
    told = await files.store(service.database, found.model_dump_json(indent=1).encode(), stream)
    signature, number = _sign(service, signer, ReportState.DRAFTED), len(report.sealed) + 1
    edition = await _keep(service, content, stream, number, signature)
    edition = edition.model_copy(update={"reason": reason, "differences": told})
    return await _change(service, report, lambda known: reports.restate(known, edition), signer.cause)


async def withdraw(service: Service, report: Report, cause: str) -> Report:
    """Record that a draft was given up, and return the report."""
    return await _change(service, report, reports.withdraw, cause)


async def read_content(service: Service, report: Report, edition: Edition) -> Content:
    """Return what an edition says."""
    return Content.model_validate_json(await read_kept(service, report, edition.content))


async def read_kept(service: Service, report: Report, digest: str) -> bytes:
    """Return what is kept of a report under a hash that a fact names."""
    content = await files.read(service.database, _stream(report.report_id), digest)
    assert content is not None, "a file is stored before the fact that names it"
    return content


async def find_sealed_files(service: Service, digest: str) -> list[SealedFile]:
    """Return which sealed files have a hash."""
    return [
        SealedFile(
            **report.model_dump(include={"report_id", "template", "division", "period"}),
            **file.model_dump(include={"form", "published"}),
            edition=edition.edition,
            newest=edition is report.sealed[-1],
        )
        for report in await find_sealed(service.database, digest)
        for edition in report.sealed
        for file in edition.files
        if file.sha256 == digest
    ]


async def draft_due(service: Service, recounting: Recounting) -> int:
    """Draft for every district the report of the period before, unless there is one; return how many were drafted."""
    counting = await recounting.now()
    places = await find_places(service.database, counting.build, service.areas(""))
    districts = {service.divisions.successor(code, service.today)[:6] for code in places}
    drafted = 0
    for template in TEMPLATES.values():
        for division in sorted(filter(service.serves, districts)):
            asked = ask(service, template.code, division, template.due(service.today))
            if await find(service, asked.report_id) is None:
                await draft(service, counting, asked, Signer(SCHEDULE, SCHEDULE, SCHEDULE))
                drafted += 1
    return drafted


async def sweep(service: Service) -> None:
    """Remove what was stored and no fact came to name."""
    async for file_id, stream, digest in files.find_unnamed(service.database, service.clock() - GIVEN_UP_AFTER):
        if await service.journal.names(stream, digest):
            await files.settle(service.database, stream)
        else:
            await files.remove(service.database, file_id)


async def _keep(service: Service, content: Content, stream: str, number: int, signature: Signature) -> Edition:
    digest = await files.store(service.database, content.model_dump_json(indent=1).encode(), stream)
    return Edition(edition=number, heard_at=content.heard_at, content=digest, signatures=(signature,))


def _write(said: Content, edition: Edition, layout: Mapped) -> Iterator[tuple[ReportForm, bool, bytes]]:
    """Yield each form of a report; a district's also as it is published, a street's would give the others' away."""
    issues = [Signed(said, edition)]
    if len(said.division) == len("320507"):
        issues.append(Signed(suppress(said), edition, published=True))
    for signed in issues:
        for form in find_template(said.template).forms:
            written = write_upload(signed, layout) if form is ReportForm.UPLOAD else FORMS[form].write(signed)
            yield form, signed.published, written


async def _file(service: Service, stream: str, form: ReportForm, published: bool, content: bytes) -> ReportFile:
    digest = await files.store(service.database, content, stream)
    return ReportFile(form=form, published=published, sha256=digest, size=len(content))


def _sign(service: Service, signer: Signer, state: ReportState) -> Signature:
    return Signature(state=state, by=signer.by, role=signer.role, at=service.clock())


async def _change(
    service: Service, report: Report, decide: Callable[[Report], ReportFact | None], cause: str
) -> Report:
    def decide_known(fact: ReportFact | None) -> ReportFact | None:
        return decide(fact.report if fact else report)

    return await _record(service, _stream(report.report_id), decide_known, cause)


async def _record(
    service: Service, stream: str, decide: Callable[[ReportFact | None], ReportFact | None], cause: str
) -> Report:
    """Record what was decided, note that what it names is kept for good, and return the report."""
    fact = await record_decision(service, stream, ReportFact, decide, cause)
    assert fact is not None, "whoever decides on nothing makes a report"
    await files.settle(service.database, stream)
    return fact.report


def _stream(known: str) -> str:
    return f"report/{known}"
