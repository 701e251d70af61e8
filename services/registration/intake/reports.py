"""Reports of offices, as typed: an arrival, a household, a departure, a reply to a notice."""

from datetime import date
from typing import Annotated, Self

from pydantic import Field, model_validator

from contracts.registration.notices import AnswerState, RejectionReason
from services.registration.intake.documents import DocumentReport, Typed
from services.runtime.bodies import Body

MOST_MEMBERS = 30


class Override(Body):
    """A supervisor's reason to approve a number that fails its check, or that another person has too."""

    tells_who = True
    reason: Typed


class ArrivalReport(DocumentReport):
    """The arrival of one person, as typed."""

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
    """The arrival of a household: each member inherits day, address and origin unless its own are given.

    The guardian of a child without a document is by default the head.
    """

    members: Annotated[tuple[ArrivalReport, ...], Field(max_length=MOST_MEMBERS)] = ()


class DepartureReport(DocumentReport):
    """The departure of a person, as typed.

    With `household` the members of the household in the street left too, except those in `staying`; children without a
    document always leave with their guardian, unless they are in `staying`. A person who was registered `unverified` is
    found by number and name.
    """

    left_on: Typed = ""
    destination: Typed = ""
    reason: Typed = ""
    returning_on: Typed = ""
    household: bool = False
    staying: Annotated[tuple[DocumentReport, ...], Field(max_length=MOST_MEMBERS)] = ()
    name: Typed = ""
    unverified: bool = False


class RowCorrection(ArrivalReport):
    """What is typed anew of a refused row of a register; whatever is absent stays as it was typed."""

    left_on: Typed = ""
    destination: Typed = ""
    leaving_reason: Typed = ""
    returning_on: Typed = ""

    @property
    def changes(self) -> dict[str, str]:
        """Return the texts that are typed anew, by the columns of registers."""
        texts = {name: getattr(self, name) for name in self.model_fields_set}
        return texts | ({"override": self.override.reason} if self.override else {})


class NoticeReply(Body):
    """An office's reply to a notice: received, paired, verified, confirmed (`left_on`) or rejected (`reason`).

    `version` is the version of the answer that the office saw, 0 if there was none.
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
