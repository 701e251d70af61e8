"""Everything known about one person from all districts, and the questions that the other rules ask of it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from typing import Self

from contracts.registration.conflicts import Conflict
from contracts.registration.notices import Answer, AnswerState, Notice, NoticeKind, NoticeState, notice_id
from contracts.registration.people import Person
from contracts.registration.stays import DestinationKind, Ending, Stay, StayState
from services.registration.domain.notices import FINAL_ANSWERS
from services.registration.domain.stays import is_declared


@dataclass(frozen=True)
class Leaving:
    """That the person left a stay: its office declared it, or confirmed it in answer to a notice."""

    on: date
    ending: Ending
    destination: str | None
    destination_kind: DestinationKind


@dataclass(frozen=True)
class Knowledge:
    """The newest known state of every stream about one person, under all of the person's ids."""

    stays: Sequence[Stay] = ()
    notices: Sequence[Notice] = ()
    answers: Sequence[Answer] = ()
    people: Sequence[Person] = ()
    conflicts: Sequence[Conflict] = ()
    current_division: Callable[[str], str] = field(default=str, repr=False, compare=False)
    """Returns the division that a code stands for today: the heir of a street that was merged or renamed."""

    @cached_property
    def claims(self) -> list[Stay]:
        """Return the stays that count as places where the person lived, the present one last.

        The present one has the latest first day, then the latest recording, then the lower street code. Retracted stays
        do not count, nor do those that were declared ended on their first day: so an office takes back an arrival that
        is confirmed already. Unverified stays, under a number that fails its check, do not count either.
        """
        return sorted((stay for stay in self.stays if _is_claim(stay)), key=claim_order)

    @property
    def places(self) -> set[str]:
        """Return every division that knows of the person: by a stay, or by a notice of either side."""
        of_notices = {place for notice in self.notices for place in (notice.sender, notice.addressee)}
        return of_notices.union(stay.street for stay in self.stays)

    def is_same_street(self, one: Stay, other: Stay) -> bool:
        """Return whether two stays are in the same street by today's divisions."""
        return self.current_division(one.street) == self.current_division(other.street)

    def lies_in(self, street: str, division: str) -> bool:
        """Return whether a street lies in a division by today's divisions."""
        return self.current_division(street).startswith(self.current_division(division))

    @cached_property
    def died_on(self) -> date | None:
        """Return the day of death, the earliest if districts recorded several; None if none is recorded."""
        return min((person.died_on for person in self.people if person.died_on is not None), default=None)

    def with_stays(self, stays: Iterable[Stay]) -> Self:
        """Return the same knowledge with these stays added or replaced."""
        return replace(self, stays=tuple((self.stays_by_id | {stay.stay_id: stay for stay in stays}).values()))

    def successor(self, stay: Stay) -> Stay | None:
        """Return the stay that the person moved on to: the next later claim that this stay's office has not rejected.

        None if there is no such claim. An office that says the person left has dropped its rejection.
        """
        return self._successors.get(stay.stay_id)

    def predecessors(self, stay: Stay) -> list[Stay]:
        """Return the stays from which the person moved on to this one."""
        return [other for other in self.claims if self.successor(other) is stay]

    def disputed(self, stay: Stay) -> list[Stay]:
        """Return the later claims that the stay's office rejected: it says that the person did not move on to them.

        A rejected claim that is no longer the later one is not disputed, nor is one that starts after the death.
        """
        if self.leaving(stay) is not None:
            return []
        return [
            other
            for other in self._later(stay)
            if self.has_rejected(stay, other) and (self.died_on is None or other.started_on <= self.died_on)
        ]

    def is_claim(self, stay: Stay) -> bool:
        """Return whether a stay counts as a place where the person lived: see `claims`."""
        return stay.stay_id in self._positions

    def _later(self, stay: Stay) -> list[Stay]:
        position = self._positions.get(stay.stay_id)
        return self.claims[position + 1 :] if position is not None else []

    def has_rejected(self, left: Stay, reached: Stay) -> bool:
        """Return whether the office of the left stay rejected that the person moved on to the reached one."""
        return bool(self._rejected) and notice_id(NoticeKind.ARRIVAL, reached.stay_id, left.stay_id) in self._rejected

    def leaving(self, stay: Stay) -> Leaving | None:
        """Return when and for where the person left a stay; None if its office has not said that the person left."""
        if is_declared(stay) and stay.ended_on is not None:
            kind = stay.destination_kind or _destination_kind(stay.destination)
            return Leaving(stay.ended_on, Ending.DEPARTED, stay.destination, kind)
        said = self._confirmed.get(stay.stay_id)
        if said is None:
            return None
        left_on, destination = said
        return Leaving(left_on, Ending.CONFIRMED, destination or None, _destination_kind(destination))

    def notice(self, kind: NoticeKind, stay_id: str, other: str) -> Notice | None:
        """Return the notice of a kind about a stay and another stay, division or notice; None if there is none."""
        return self._notices.get(notice_id(kind, stay_id, other))

    def answer_to(self, kind: NoticeKind, stay_id: str, other: str) -> Answer | None:
        """Return the answer to that notice; None if there is none."""
        return self.answers_by_notice.get(notice_id(kind, stay_id, other))

    def is_taken_back(self, stay: Stay) -> bool:
        """Return whether the office confirmed a move to a stay that does not count any more: it was taken back."""
        leaving = self.leaving(stay)
        confirmed = leaving is not None and leaving.ending is Ending.CONFIRMED and self.is_claim(stay)
        return confirmed and self.successor(stay) is None and self.died_on is None

    def is_void_by_death(self, left: Stay, reached: Stay) -> bool:
        """Return whether a move is void because the person died before it, or before it was answered.

        A later death does not void a move whose answer is overdue.
        """
        if self.died_on is None:
            return False
        notice = self.notice(NoticeKind.ARRIVAL, reached.stay_id, left.stay_id)
        late = notice is not None and notice.state is NoticeState.SENT and notice.escalated
        answer = self.answer_to(NoticeKind.ARRIVAL, reached.stay_id, left.stay_id)
        answered = answer is not None and (answer.state in FINAL_ANSWERS or self.leaving(left) is not None)
        return self.died_on <= reached.started_on or not (late or answered)

    def receipt_suffices(self, notice: Notice) -> bool:
        """Return whether a notice needs only a receipt, because the addressee has nothing to decide."""
        if notice.kind is NoticeKind.ARRIVAL:
            about = self.stays_by_id.get(notice.about or "")
            return about is not None and self.leaving(about) is not None
        return notice.kind is NoticeKind.DEPARTURE

    def is_met(self, notice: Notice) -> bool:
        """Return whether the person arrived where a notice of departure said; then it is met, not withdrawn."""
        if notice.kind is not NoticeKind.DEPARTURE:
            return False
        stay = self.stays_by_id.get(notice.stay_id or "")
        successor = self.successor(stay) if stay is not None and self.leaving(stay) is not None else None
        return successor is not None and self.lies_in(successor.street, notice.addressee)

    def due(self, notice: Notice) -> date | None:
        """Return the day on which the next answer to a notice is due; None if none is."""
        answer = self.answers_by_notice.get(notice.notice_id)
        if notice.state is NoticeState.WITHDRAWN or (answer is not None and answer.state in FINAL_ANSWERS):
            return None
        if self.receipt_suffices(notice):
            return notice.receipt_due if answer is None else None
        return notice.answer_due

    @cached_property
    def answers_by_notice(self) -> dict[str, Answer]:
        """Return the answers by the notice that they answer."""
        return {answer.notice_id: answer for answer in self.answers}

    @cached_property
    def stays_by_id(self) -> dict[str, Stay]:
        """Return the stays by id."""
        return {stay.stay_id: stay for stay in self.stays}

    @cached_property
    def _successors(self) -> dict[str, Stay]:
        found = {}
        for stay in self.claims:
            has_left = self.leaving(stay) is not None
            later = (other for other in self._later(stay) if has_left or not self.has_rejected(stay, other))
            if (successor := next(later, None)) is not None:
                found[stay.stay_id] = successor
        return found

    @cached_property
    def _confirmed(self) -> dict[str, tuple[date, str]]:
        """Return by stay when and for where the person left it; the earliest if several notices were confirmed."""
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
    def _positions(self) -> dict[str, int]:
        return {stay.stay_id: position for position, stay in enumerate(self.claims)}

    @cached_property
    def _notices(self) -> dict[str, Notice]:
        return {notice.notice_id: notice for notice in self.notices}


def claim_order(stay: Stay) -> tuple[object, ...]:
    """Return the sort key of a person's stays: see `Knowledge.claims`; ids make the order total."""
    return stay.started_on, stay.recorded_at, -int(stay.street), stay.stay_id


def _is_claim(stay: Stay) -> bool:
    taken_back = is_declared(stay) and stay.ended_on == stay.started_on
    return stay.state is not StayState.RETRACTED and not stay.unverified and not taken_back


def _destination_kind(destination: str | None) -> DestinationKind:
    return DestinationKind.DIVISION if destination else DestinationKind.UNKNOWN
