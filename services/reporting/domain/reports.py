"""Pure decisions on reports: drafted, reviewed, approved and sealed in this order, restated, withdrawn."""

from collections.abc import Mapping
from datetime import date

from contracts.refusals import RefusedError
from contracts.reporting.reports import (
    Edition,
    Report,
    ReportApproved,
    ReportDrafted,
    ReportFact,
    ReportFile,
    ReportRestated,
    ReportReviewed,
    ReportSealed,
    ReportState,
    ReportWithdrawn,
    Signature,
    report_id,
)


class AlreadySealedError(RefusedError):
    """The report is sealed: its bytes stand, and what is new goes into another edition."""

    code = "report_sealed"
    advice = (
        "报表已盖章，不能再改；如有补报，请更正为新的一版。The report is sealed; restate it if there is something new."
    )


class OutOfOrderError(RefusedError):
    """The step is not the next one."""

    code = "out_of_order"
    advice = "请按起草、科长审核、分管领导审核、盖章的顺序办理。First drafted, then reviewed, approved, and sealed."


class SignedAlreadyError(RefusedError):
    """The caller signed this edition before; each step is somebody else's."""

    code = "signed_already"
    advice = "您已在本版上签署，下一步须由他人办理。You signed this edition; somebody else has to take the next step."


class OtherContentError(RefusedError):
    """The draft is not what the signer looked at."""

    code = "other_content"
    advice = "草稿已重新生成，请核对后再签署。The draft is not the one that you looked at; look at it and sign again."
    field = "sha256"


class NotSealedError(RefusedError):
    """Nothing is sealed yet that could be restated."""

    code = "not_sealed"
    advice = "报表尚未盖章，请直接重新起草。The report is not sealed; draft it again instead."


class NothingChangedError(RefusedError):
    """No number is another one than in the sealed edition."""

    code = "nothing_changed"
    advice = "数据与已盖章的一版相同，无需更正。Every number is as it was sealed; there is nothing to restate."


_NEXT: Mapping[ReportState, tuple[ReportState, type[ReportFact]]] = {
    ReportState.DRAFTED: (ReportState.REVIEWED, ReportReviewed),
    ReportState.REVIEWED: (ReportState.APPROVED, ReportApproved),
    ReportState.APPROVED: (ReportState.SEALED, ReportSealed),
}
"""What follows a state 经科长和分管领导审核并加盖单位公章后方可报出."""


def draft(
    known: Report | None, about: tuple[str, str, str], days: tuple[date, date], edition: Edition
) -> ReportDrafted:
    """Return the fact that a report was drafted, anew if nothing is sealed; raise AlreadySealedError if it is.

    `about` are the template, the division and the period.
    """
    if known and known.sealed:
        raise AlreadySealedError
    template, division, period = about
    return ReportDrafted(
        report=Report(
            report_id=report_id(template, division, period),
            template=template,
            division=division,
            period=period,
            since=days[0],
            until=days[1],
            state=ReportState.DRAFTED,
            editions=(edition,),
        )
    )


def sign(report: Report, signature: Signature, content: str, files: tuple[ReportFile, ...] = ()) -> ReportFact:
    """Return the fact that the newest edition was brought to the state of a signature; `files` are those of a seal.

    Raise a refusal if the step is not the next one, if the signer signed before, or looked at other content.
    """
    if report.state is ReportState.SEALED:
        raise AlreadySealedError
    state, fact = _NEXT.get(report.state, (None, ReportFact))
    if state is not signature.state:
        raise OutOfOrderError
    edition = report.newest
    if any(one.by == signature.by for one in edition.signatures):
        raise SignedAlreadyError
    if content != edition.content:
        raise OtherContentError
    signed = edition.model_copy(update={"signatures": (*edition.signatures, signature), "files": files})
    return fact(report=_with_newest(report, signed, signature.state))


def restate(report: Report, edition: Edition) -> ReportRestated:
    """Return the fact that another edition was drafted, in place of a draft of it; raise NotSealedError if none is."""
    if not report.sealed:
        raise NotSealedError
    return ReportRestated(
        report=report.model_copy(update={"state": ReportState.DRAFTED, "editions": (*report.sealed, edition)})
    )


def withdraw(report: Report) -> ReportWithdrawn | None:
    """Return the fact that a draft was given up, None if it was; raise AlreadySealedError if there is no draft."""
    if report.state is ReportState.WITHDRAWN:
        return None
    if report.state is ReportState.SEALED:
        raise AlreadySealedError
    state = ReportState.SEALED if report.sealed else ReportState.WITHDRAWN
    return ReportWithdrawn(
        report=report.model_copy(update={"state": state, "editions": report.sealed or report.editions})
    )


def _with_newest(report: Report, edition: Edition, state: ReportState) -> Report:
    return report.model_copy(update={"state": state, "editions": (*report.editions[:-1], edition)})
