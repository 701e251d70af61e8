"""What an office says of its own stay where another contests it: the person moved on, stayed, or never came."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from contracts.registration.conflicts import Conflict
from contracts.registration.notices import Notice, NoticeKind, RejectionReason, notice_id
from contracts.registration.stays import Stay, StayFact, StayState
from services.registration.commands.notices import record_answer
from services.registration.commands.recording import load_own, must_be_current, must_not_be_future, recorded_by
from services.registration.commands.stays import Going, correct_stay, end_stay, retract_arrival, settle_stay
from services.registration.domain import notices, settling
from services.registration.domain.errors import NotContestedError, NotInConflictError, ResolvedAlreadyError
from services.registration.domain.settling import Told
from services.registration.service import Registration
from services.registration.views.stays import find_stay
from services.registration.views.transfers import find_notice


class Means(StrEnum):
    """How an office settles a conflict by what it says of its own stay."""

    RETRACT = "retract"
    END = "end"
    CORRECT = "correct"
    STILL_HERE = "still_here"


@dataclass(frozen=True, slots=True)
class Resolution:
    """What an office says of its own stay in a conflict: `going` where it ended, `changes` where it was wrong."""

    means: Means
    stay_id: str
    going: Going | None = None
    changes: Mapping[str, Any] = field(default_factory=dict)


async def confirm_move(
    registration: Registration, stay_id: str, left_on: date | None, causation: str, version: int | None = None
) -> Stay:
    """Confirm that the person of a contested stay moved on: it ends on the day said, else where the newer one began.

    This answers the notice of the newer stay's district, whether that has arrived by now or not.
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
    registration: Registration, conflict: Conflict, said: Resolution, causation: str, version: int | None = None
) -> Stay:
    """Settle a conflict by what an office says of its own stay in it; what follows for the others is derived."""
    if said.stay_id not in conflict.stays:
        raise NotInConflictError
    own = (await load_own(registration, f"stay/{said.stay_id}", StayFact)).data.stay
    if not conflict.open and not await recorded_by(registration, own.person_id, causation):
        raise ResolvedAlreadyError
    match said.means:
        case Means.RETRACT:
            return await retract_arrival(registration, own.stay_id, causation, version)
        case Means.CORRECT:
            return await correct_stay(registration, own.stay_id, said.changes, causation, version)
        case Means.STILL_HERE:
            return await _stand_by(registration, own.stay_id, causation, version)
        case Means.END:
            return await _end_in_conflict(registration, own, said.going, causation, version)


async def _end_in_conflict(
    registration: Registration, own: Stay, going: Going | None, causation: str, version: int | None
) -> Stay:
    """End the own stay: a contested one for where it is contested from, any other as a departure."""
    if going is None or (own.state is StayState.CONTESTED and own.contested_by and going.destination is None):
        return await confirm_move(registration, own.stay_id, going.left_on if going else None, causation, version)
    return await end_stay(registration, own.stay_id, going, causation, version)


async def _stand_by(registration: Registration, stay_id: str, causation: str, version: int | None) -> Stay:
    """Reject that the person of a contested stay moved on."""
    event = await load_own(registration, f"stay/{stay_id}", StayFact)
    if not await recorded_by(registration, event.data.stay.person_id, causation):
        must_be_current(event, version)
        notice = await _find_contesting(registration, event.data.stay)
        reason = RejectionReason.STILL_HERE
        await record_answer(
            registration, notice, lambda answer, at: notices.reject(notice, answer, at, reason), causation
        )
    return await settle_stay(registration, event, causation)


async def _find_contesting(registration: Registration, stay: Stay) -> Notice:
    """Find the notice by which a stay is contested, or make it as its sender will, with the first day known by now."""
    rival = await find_stay(registration.service.database, stay.contested_by or "")
    if stay.state is not StayState.CONTESTED or rival is None:
        raise NotContestedError
    name = notice_id(NoticeKind.ARRIVAL, rival.stay_id, stay.stay_id)
    told = Told(NoticeKind.ARRIVAL, stay.street, stay.stay_id)
    notice = await find_notice(registration.service.database, name) or settling.make_notice(
        rival, told, registration.rules.deadlines, registration.now()
    )
    return notice.model_copy(update={"started_on": rival.started_on})
