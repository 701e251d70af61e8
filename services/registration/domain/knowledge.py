"""All that is known about one person, whoever said it, and the questions that everything else asks of it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from typing import Self

from contracts.registration.conflicts import Conflict
from contracts.registration.notices import Answer, AnswerState, Notice, NoticeKind, NoticeState, notice_id
from contracts.registration.people import Person
from contracts.registration.stays import DestinationKind, Ending, Stay, StayState
from services.registration.domain.notices import FED_BACK
from services.registration.domain.stays import is_declared


@dataclass(frozen=True)
class Left:
    """That the person left a stay, as its office said: declared, or confirmed to another's notice."""

    on: date
    ending: Ending
    destination: str | None
    destination_kind: DestinationKind


@dataclass(frozen=True)
class Knowledge:
    """The newest known state of every stream about one person, under whichever of the person's ids."""

    stays: Sequence[Stay] = ()
    notices: Sequence[Notice] = ()
    answers: Sequence[Answer] = ()
    people: Sequence[Person] = ()
    conflicts: Sequence[Conflict] = ()
    standing: Callable[[str], str] = field(default=str, repr=False, compare=False)
    """Gives the division that stands in a code's place today: a street that was merged or renamed is its heir."""

    @cached_property
    def claims(self) -> list[Stay]:
        """Give the stays that say where the person lived, the present one last.

        The latest first day is the present one, then the latest recording, then the lower street code.
        A retracted stay says nothing, nor does one that was declared over on its first day: that is how an office takes
        back an arrival which was confirmed by then. A person registered under a number that fails its check is matched
        with nothing.
        """
        return sorted((stay for stay in self.stays if _is_claim(stay)), key=claim)

    def is_same_street(self, one: Stay, other: Stay) -> bool:
        """Tell whether two stays are in one street as the divisions stand."""
        return self.standing(one.street) == self.standing(other.street)

    def lies_in(self, street: str, division: str) -> bool:
        """Tell whether a street lies in a division as they stand."""
        return self.standing(street).startswith(self.standing(division))

    @cached_property
    def died_on(self) -> date | None:
        """Give the day of death, the first where districts name several."""
        return min((person.died_on for person in self.people if person.died_on is not None), default=None)

    def having(self, stays: Iterable[Stay]) -> Self:
        """Give what is known once these stays are so."""
        return replace(self, stays=tuple((self.stays_by_id | {stay.stay_id: stay for stay in stays}).values()))

    def successor(self, stay: Stay) -> Stay | None:
        """Give the stay that the person moved on to: the next later claim that its office has not rejected.

        An office that says the person left has dropped its rejection.
        """
        return self._successors.get(stay.stay_id)

    def predecessors(self, stay: Stay) -> list[Stay]:
        """Give the stays that the person moved on from to this one."""
        return [other for other in self.claims if self.successor(other) is stay]

    def disputed(self, stay: Stay) -> list[Stay]:
        """Give the later claims to which the person did not move on, as the stay's office says.

        What was rejected while the order was another is disputed no longer; nor is what starts after the person died.
        """
        if self.left(stay) is not None:
            return []
        return [
            other
            for other in self._later(stay)
            if self.has_rejected(stay, other) and (self.died_on is None or other.started_on <= self.died_on)
        ]

    def is_claim(self, stay: Stay) -> bool:
        """Tell whether a stay says where the person lived: see `claims`."""
        return stay.stay_id in self._places

    def _later(self, stay: Stay) -> list[Stay]:
        place = self._places.get(stay.stay_id)
        return self.claims[place + 1 :] if place is not None else []

    def has_rejected(self, left: Stay, reached: Stay) -> bool:
        """Tell whether the office of one stay rejected that the person moved on to another."""
        return bool(self._rejected) and notice_id(NoticeKind.ARRIVAL, reached.stay_id, left.stay_id) in self._rejected

    def left(self, stay: Stay) -> Left | None:
        """Give when and for where the person left a stay, as far as its office said so."""
        if is_declared(stay) and stay.ended_on is not None:
            kind = stay.destination_kind or _kind_of(stay.destination)
            return Left(stay.ended_on, Ending.DEPARTED, stay.destination, kind)
        said = self._confirmed.get(stay.stay_id)
        return Left(said[0], Ending.CONFIRMED, said[1] or None, _kind_of(said[1])) if said is not None else None

    def notice(self, kind: NoticeKind, stay_id: str, other: str) -> Notice | None:
        """Give the notice of a kind about a stay and another stay, division or notice."""
        return self._notices.get(notice_id(kind, stay_id, other))

    def answer_to(self, kind: NoticeKind, stay_id: str, other: str) -> Answer | None:
        """Give the answer to that notice."""
        return self.answers_by_notice.get(notice_id(kind, stay_id, other))

    def is_taken_back(self, stay: Stay) -> bool:
        """Tell whether the office confirmed that the person moved on to a stay that does not stand any longer."""
        left = self.left(stay)
        confirmed = left is not None and left.ending is Ending.CONFIRMED and self.is_claim(stay)
        return confirmed and self.successor(stay) is None and self.died_on is None

    def is_void_by_death(self, left: Stay, reached: Stay) -> bool:
        """Tell whether the person died before a move was answered; an answer that was overdue by then stays so."""
        if self.died_on is None:
            return False
        notice = self.notice(NoticeKind.ARRIVAL, reached.stay_id, left.stay_id)
        late = notice is not None and notice.state is NoticeState.SENT and notice.escalated
        answer = self.answer_to(NoticeKind.ARRIVAL, reached.stay_id, left.stay_id)
        answered = answer is not None and (answer.state in FED_BACK or self.left(left) is not None)
        return self.died_on <= reached.started_on or not (late or answered)

    def receipt_suffices(self, notice: Notice) -> bool:
        """Tell whether a notice wants to be received and no more: the addressee has nothing to decide."""
        if notice.kind is NoticeKind.ARRIVAL:
            about = self.stays_by_id.get(notice.about or "")
            return about is not None and self.left(about) is not None
        return notice.kind is NoticeKind.DEPARTURE

    def is_met(self, notice: Notice) -> bool:
        """Tell whether the person arrived where a departure said: then the expectation was met, not released."""
        if notice.kind is not NoticeKind.DEPARTURE:
            return False
        stay = self.stays_by_id.get(notice.stay_id or "")
        successor = self.successor(stay) if stay is not None and self.left(stay) is not None else None
        return successor is not None and self.lies_in(successor.street, notice.addressee)

    def due(self, notice: Notice) -> date | None:
        """Say by when a notice wants its next answer; None where it wants nothing more."""
        answer = self.answers_by_notice.get(notice.notice_id)
        if notice.state is NoticeState.WITHDRAWN or (answer is not None and answer.state in FED_BACK):
            return None
        if self.receipt_suffices(notice):
            return notice.receipt_due if answer is None else None
        return notice.answer_due

    @cached_property
    def answers_by_notice(self) -> dict[str, Answer]:
        """Index the answers by the notice that they answer."""
        return {answer.notice_id: answer for answer in self.answers}

    @cached_property
    def stays_by_id(self) -> dict[str, Stay]:
        """Index the stays."""
        return {stay.stay_id: stay for stay in self.stays}

    @cached_property
    def _successors(self) -> dict[str, Stay]:
        found = {}
        for stay in self.claims:
            dropped = self.left(stay) is not None
            later = (other for other in self._later(stay) if dropped or not self.has_rejected(stay, other))
            if (successor := next(later, None)) is not None:
                found[stay.stay_id] = successor
        return found

    @cached_property
    def _confirmed(self) -> dict[str, tuple[date, str]]:
        """Index by stay when and for where the person left it, the first where several notices were confirmed."""
        found: dict[str, tuple[date, str]] = {}
        for answer in self.answers:
            if answer.about is not None and answer.state is AnswerState.CONFIRMED and answer.left_on is not None:
                said = answer.left_on, answer.destination or ""
                found[answer.about] = min(said, found.get(answer.about, said))
        return found

    @cached_property
    def _rejected(self) -> set[str]:
        return {answer.notice_id for answer in self.answers if answer.state is AnswerState.REJECTED}

    @cached_property
    def _places(self) -> dict[str, int]:
        return {stay.stay_id: place for place, stay in enumerate(self.claims)}

    @cached_property
    def _notices(self) -> dict[str, Notice]:
        return {notice.notice_id: notice for notice in self.notices}


def claim(stay: Stay) -> tuple[object, ...]:
    """Order the stays of a person; ids settle what nothing else does."""
    return stay.started_on, stay.recorded_at, -int(stay.street), stay.stay_id


def _is_claim(stay: Stay) -> bool:
    passed = is_declared(stay) and stay.ended_on == stay.started_on
    return stay.state is not StayState.RETRACTED and not stay.unverified and not passed


def _kind_of(destination: str | None) -> DestinationKind:
    return DestinationKind.DIVISION if destination else DestinationKind.UNKNOWN
