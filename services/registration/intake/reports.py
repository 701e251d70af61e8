"""Reports as offices type them: an arrival, a household, a departure, a reply to a notice."""

from datetime import date
from typing import Annotated, Self

from pydantic import Field, model_validator

from contracts.registration.notices import AnswerState, RejectionReason
from services.registration.intake.documents import DocumentReport, Typed
from services.runtime.bodies import Body

MOST_MEMBERS = 30


class Override(Body):
    """A supervisor's approval of a number that fails its check, or that somebody else has too, and why."""

    tells_who = True
    reason: Typed


class ArrivalReport(DocumentReport):
    """One line of an office's arrivals register, as typed."""

    name: Typed = ""
    sex: Typed = ""
    ethnic_group: Typed = ""
    hukou_division: Typed = ""
    hukou_address: Typed = ""
    phone: Typed = ""
    address: Typed = ""
    community: Typed = ""
    grid: Typed = ""
    dwelling: Typed = ""
    arrived_on: Typed = ""
    origin: Typed = ""
    purpose: Typed = ""
    employer: Typed = ""
    hazard: Typed = ""
    disabled: Typed = ""
    left_behind: Typed = ""
    hardship: Typed = ""
    relationship: Typed = ""
    household_document_type: Typed = ""
    household_document_number: Typed = ""
    note: Typed = ""
    override: Override | None = None


class HouseholdReport(ArrivalReport):
    """An arrival with whoever arrived along: each member inherits day, address and origin where it says nothing else.

    A child without a document is the head's where it names no guardian.
    """

    members: Annotated[tuple[ArrivalReport, ...], Field(max_length=MOST_MEMBERS)] = ()


class DepartureReport(DocumentReport):
    """What an office says about a person who left, as typed.

    With `household` everybody of the household in the street left too, but for who is `staying`; children without a
    document always follow their guardian, unless they are staying. Who was registered `unverified` is found by number
    and name.
    """

    left_on: Typed = ""
    destination: Typed = ""
    reason: Typed = ""
    returning_on: Typed = ""
    household: bool = False
    staying: Annotated[tuple[DocumentReport, ...], Field(max_length=MOST_MEMBERS)] = ()
    name: Typed = ""
    unverified: bool = False


class NoticeReply(Body):
    """What an office says to a notice: received, paired, verified, confirmed (`left_on`) or rejected (`reason`).

    `version` is that of the answer which the office looked at, 0 where there was none.
    """

    state: AnswerState
    version: Annotated[int | None, Field(ge=0)] = None
    left_on: date | None = None
    reason: RejectionReason | None = None

    @model_validator(mode="after")
    def _reason_for_rejecting(self) -> Self:
        if (self.state is AnswerState.REJECTED) != (self.reason is not None):
            raise ValueError("仅 rejected 须填 reason。A rejection has a reason, nothing else has.")
        return self
