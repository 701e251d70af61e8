"""Confirm or reject a move that contests an own stay, and resolve conflicts between stays."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from contracts.envelope import Event
from contracts.registration.conflicts import Conflict
from contracts.registration.notices import Notice, NoticeKind, RejectionReason, notice_id
from contracts.registration.stays import Stay, StayFact, StayState
from services.registration.commands.notices import record_answer
from services.registration.commands.recording import load_own, must_be_current, must_not_be_future, recorded_by
from services.registration.commands.stays import StayEnd, correct_stay, end_stay, retract_arrival, settle_stay
from services.registration.domain import notices, settling
from services.registration.domain.errors import NotContestedError, NotInConflictError, ResolvedAlreadyError
from services.registration.domain.settling import NoticeOwed
from services.registration.service import Registration
from services.registration.views.stays import find_stay
from services.registration.views.transfers import find_notice


class Means(StrEnum):
    """How an office resolves a conflict by a decision about its own stay."""

    RETRACT = "retract"
    END = "end"
    CORRECT = "correct"
    STILL_HERE = "still_here"


@dataclass(frozen=True, slots=True)
class Resolution:
    """The decision of an office about its own stay in a conflict: `end` if it ended, `changes` if it was wrong."""

    means: Means
    stay_id: str
    end: StayEnd | None = None
    changes: Mapping[str, Any] = field(default_factory=dict)


async def confirm_move(
    registration: Registration, stay_id: str, left_on: date | None, causation: str, version: int | None = None
) -> Stay:
    """Confirm that the person of a contested stay moved on; return the stay, ended.

    It ends on `left_on`, or on the first day of the newer stay. The notice of the newer stay's district is answered,
    whether it has arrived yet or not.
    """
    must_not_be_future(registration, left_on=left_on)
    event = await load_own(registration, f"stay/{stay_id}", StayFact)
    if not await recorded_by(registration, event.data.stay.person_id, causation):
        must_be_current(event, version)
        stay, notice = event.data.stay, await _find_contesting(registration, event.data.stay)
        await record_answer(
            registration, notice, lambda answer, at: notices.confirm(notice, answer, at, stay, left_on), causation
        )
    return await settle_stay(registration, event, causation)


async def resolve_conflict(
    registration: Registration, conflict: Conflict, resolution: Resolution, causation: str, version: int | None = None
) -> Stay:
    """Resolve a conflict by a decision about an own stay in it; what follows for the other stays is derived.

    Raise NotInConflictError if the stay is not part of it, ResolvedAlreadyError if it is resolved.
    """
    if resolution.stay_id not in conflict.stays:
        raise NotInConflictError
    event = await load_own(registration, f"stay/{resolution.stay_id}", StayFact)
    own = event.data.stay
    if not conflict.open and not await recorded_by(registration, own.person_id, causation):
        raise ResolvedAlreadyError
    match resolution.means:
        case Means.RETRACT:
            return await retract_arrival(registration, own.stay_id, causation, version)
        case Means.CORRECT:
            return await correct_stay(registration, own.stay_id, resolution.changes, causation, version)
        case Means.STILL_HERE:
            return await _reject_move(registration, event, causation, version)
        case Means.END:
            return await _end_in_conflict(registration, own, resolution.end, causation, version)


async def _end_in_conflict(
    registration: Registration, own: Stay, end: StayEnd | None, causation: str, version: int | None
) -> Stay:
    """End the own stay: as a confirmed move if it is contested and no destination is given, else as a departure."""
    if end is None or (own.state is StayState.CONTESTED and own.contested_by and end.destination is None):
        return await confirm_move(registration, own.stay_id, end.left_on if end else None, causation, version)
    return await end_stay(registration, own.stay_id, end, causation, version)


async def _reject_move(registration: Registration, event: Event[StayFact], causation: str, version: int | None) -> Stay:
    """Reject that the person of a contested stay moved on; return the stay as this leaves it."""
    if not await recorded_by(registration, event.data.stay.person_id, causation):
        must_be_current(event, version)
        notice = await _find_contesting(registration, event.data.stay)
        reason = RejectionReason.STILL_HERE
        await record_answer(
            registration, notice, lambda answer, at: notices.reject(notice, answer, at, reason), causation
        )
    return await settle_stay(registration, event, causation)


async def _find_contesting(registration: Registration, stay: Stay) -> Notice:
    """Return the notice that contests a stay, received or as its sender will send it, with the newest first day.

    Raise NotContestedError if the stay is not contested by a newer one.
    """
    rival = await find_stay(registration.service.database, stay.contested_by or "")
    if stay.state is not StayState.CONTESTED or rival is None:
        raise NotContestedError
    contesting_id = notice_id(NoticeKind.ARRIVAL, rival.stay_id, stay.stay_id)
    owed = NoticeOwed(NoticeKind.ARRIVAL, stay.street, stay.stay_id)
    notice = await find_notice(registration.service.database, contesting_id) or settling.make_notice(
        rival, owed, registration.rules.deadlines, registration.now()
    )
    return notice.model_copy(update={"started_on": rival.started_on})
