"""Publish the numbers of sealed editions: once each and in order, whenever it is heard that one was sealed."""

from collections.abc import Mapping

from contracts.reporting.publications import IndicatorsPublished, PublicationFact, publication_stream
from contracts.reporting.reports import Edition, Report
from services.reporting.commands.reports import find, read_kept
from services.reporting.domain.contents import Content
from services.reporting.domain.publishing import publish, published_file
from services.runtime.recording import record_decision
from services.runtime.service import Service


async def publish_sealed(service: Service, sealed: Mapping[str, str]) -> None:
    """Record the numbers of every sealed edition of reports unless they are recorded; `sealed` has each one's cause.

    It goes by the own journal: what another instance sealed, that one publishes.
    """
    for report_id, cause in sealed.items():
        if (report := await find(service, report_id)) is not None:
            for edition in report.sealed:
                await _publish(service, report, edition, cause)


async def _publish(service: Service, report: Report, edition: Edition, cause: str) -> None:
    """Record the numbers of an edition as its published file tells them; a street's report has none."""
    file = published_file(edition)
    if file is None:
        return
    content = Content.model_validate_json(await read_kept(service, report, file.sha256))

    def decide(fact: PublicationFact | None) -> IndicatorsPublished | None:
        return publish(fact.publication if fact else None, report, edition, content)

    await record_decision(service, publication_stream(report.report_id), PublicationFact, decide, cause)
