"""Decisions on reports: each step after the one before, by somebody else, under the content that was looked at."""

from datetime import UTC, date, datetime, timedelta

import pytest

from contracts.refusals import RefusedError
from contracts.reporting.reports import Edition, Report, ReportFile, ReportForm, ReportState, Signature
from services.reporting.domain.reports import (
    AlreadySealedError,
    NotSealedError,
    OtherContentError,
    OutOfOrderError,
    SignedAlreadyError,
    draft,
    restate,
    sign,
    withdraw,
)

T = datetime(2026, 4, 4, tzinfo=UTC)
ABOUT = ("monthly_flow", "320507", "2026-03")
DAYS = (date(2026, 3, 1), date(2026, 3, 31))
STEPS = (ReportState.REVIEWED, ReportState.APPROVED, ReportState.SEALED)
FILES = (ReportFile(form=ReportForm.PDF, sha256="f" * 64, size=9),)


def by(name: str, state: ReportState) -> Signature:
    return Signature(state=state, by=name, role="district", at=T)


def edition(number: int = 1, content: str = "a") -> Edition:
    heard_at = T + timedelta(days=number)
    first = by("clerk", ReportState.DRAFTED)
    return Edition(edition=number, heard_at=heard_at, content=content * 64, signatures=(first,))


def drafted() -> Report:
    return draft(None, ABOUT, DAYS, edition()).report


def signed(report: Report, *steps: ReportState) -> Report:
    for step in steps:
        files = FILES if step is ReportState.SEALED else ()
        report = sign(report, by(f"who {step}", step), report.newest.content, files).report
    return report


def test_each_step_follows_the_one_before() -> None:
    for done in range(3):
        report = signed(drafted(), *STEPS[:done])
        for step in STEPS:
            if step is STEPS[done]:
                assert signed(report, step).state is step
            else:
                with pytest.raises(OutOfOrderError):
                    signed(report, step)


@pytest.mark.parametrize("who", ["clerk", f"who {ReportState.REVIEWED}"])
def test_nobody_signs_twice(who: str) -> None:
    report = signed(drafted(), ReportState.REVIEWED)

    with pytest.raises(SignedAlreadyError):
        sign(report, by(who, ReportState.APPROVED), report.newest.content)


def test_whoever_looked_at_other_content_signs_nothing() -> None:
    with pytest.raises(OtherContentError):
        sign(drafted(), by("supervisor", ReportState.REVIEWED), "b" * 64)


def test_what_is_sealed_is_neither_drafted_nor_signed_nor_withdrawn() -> None:
    sealed = signed(drafted(), *STEPS)

    for again in (
        lambda: draft(sealed, ABOUT, DAYS, edition()),
        lambda: sign(sealed, by("another", ReportState.SEALED), sealed.newest.content),
        lambda: withdraw(sealed),
    ):
        with pytest.raises(AlreadySealedError):
            again()


def test_a_draft_is_made_anew_with_its_signatures_gone() -> None:
    report = signed(drafted(), ReportState.REVIEWED)

    again = draft(report, ABOUT, DAYS, edition(content="b")).report

    assert (again.state, again.editions) == (ReportState.DRAFTED, (edition(content="b"),))


def test_a_restatement_leaves_the_sealed_edition_as_it_is_and_is_signed_in_turn() -> None:
    sealed = signed(drafted(), *STEPS)

    again = signed(restate(sealed, edition(2, "b")).report, *STEPS)

    assert again.editions[0] == sealed.editions[0]
    assert [one.edition for one in again.sealed] == [1, 2]


def test_a_restatement_takes_the_place_of_a_draft_of_one() -> None:
    sealed = signed(drafted(), *STEPS)
    first = restate(sealed, edition(2, "b")).report

    assert restate(first, edition(2, "c")).report.editions == (sealed.editions[0], edition(2, "c"))


def test_what_is_not_sealed_is_not_restated() -> None:
    with pytest.raises(NotSealedError):
        restate(drafted(), edition(2))


def test_a_withdrawn_draft_may_be_drafted_again_and_a_withdrawn_restatement_leaves_what_was_sealed() -> None:
    fact = withdraw(drafted())
    assert fact is not None
    assert withdraw(fact.report) is None
    with pytest.raises(RefusedError):
        signed(fact.report, ReportState.REVIEWED)
    assert draft(fact.report, ABOUT, DAYS, edition()).report.state is ReportState.DRAFTED

    sealed = signed(drafted(), *STEPS)
    left = withdraw(restate(sealed, edition(2)).report)

    assert left is not None
    assert left.report == sealed
