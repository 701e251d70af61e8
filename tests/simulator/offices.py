"""Offices: they say what lives tell them to, answer notices by the truth, and come back to what was refused."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

from contracts.envelope import Fact
from contracts.refusals import RefusedError
from contracts.registration.notices import (
    Answer,
    AnswerFact,
    AnswerState,
    Notice,
    NoticeFact,
    NoticeKind,
    NoticeState,
    RejectionReason,
)
from contracts.registration.people import Person, PersonFact, person_stream
from contracts.registration.stays import Stay, StayState, stay_id
from services.registration.domain import notices, people, stays
from services.registration.domain.errors import NotFoundError
from services.registration.domain.notices import FINAL_ANSWERS
from tests.simulator.lives import (
    Act,
    Arrive,
    Correct,
    Die,
    Leave,
    Lives,
    Manner,
    Merge,
    Relocate,
    Retract,
    Revive,
    Truth,
    Unmerge,
)
from tests.support.districts import District, noon

AGAIN = timedelta(days=7)
TIMES = 60
"""How often an office comes back to what was refused: more than a year."""


@dataclass
class Offices:
    """The offices of one district: what they have to look at, and on which day."""

    district: District
    lives: Lives
    names: dict[str, str]
    desk: dict[str, date] = field(default_factory=dict)
    refused: list[tuple[date, int, Act]] = field(default_factory=list)
    unconfirmed: Counter[str] = field(default_factory=Counter)

    def act(self, act: Act, today: date) -> list[Fact]:
        """Say what an act says, or come back to it."""
        return list(self._try(act, today, TIMES))

    def take_up(self, fact: Fact, today: date) -> None:
        """Put a notice that was heard on the desk."""
        if isinstance(fact, NoticeFact) and fact.addressee == self.district.code:
            about = self.names.get(fact.notice.about or "", fact.notice.notice_id)
            if self.lives.manner(about) is not Manner.IGNORES:
                look_on = today + timedelta(days=self.lives.patience(about))
                self.desk.setdefault(fact.notice.notice_id, look_on)

    def work(self, today: date) -> list[Fact]:
        """Work on what is due to be looked at."""
        facts: list[Fact] = []
        for name in [name for name, day in self.desk.items() if day <= today]:
            del self.desk[name]
            facts += self._answer(name, today)
        waiting, self.refused = self.refused, []
        for day, times, act in waiting:
            if day <= today:
                facts += self._try(act, today, times)
            else:
                self.refused.append((day, times, act))
        return facts

    def next_day(self) -> date | None:
        """Return the first day on which something is to be looked at."""
        return min([*self.desk.values(), *(day for day, _, _ in self.refused)], default=None)

    def _try(self, act: Act, today: date, times: int) -> Iterator[Fact]:
        try:
            yield from self._say(act, today)
        except RefusedError:
            if times:
                self.refused.append((today + AGAIN, times - 1, act))

    def _say(self, act: Act, today: date) -> Iterator[Fact]:
        match act:
            case Arrive():
                yield from self._arrive(act, today)
            case Leave():
                yield stays.end(self._stay(act.stay), act.left_on, act.destination, act.kind, act.returning_on)
            case Correct():
                yield stays.correct(self._stay(act.stay), act.changes)
            case Relocate():
                yield stays.relocate(self._stay(act.stay), act.community, None, None)
            case Retract():
                stay = self._stay(act.stay)
                accepted = any(answer.left_on for answer in self._answers_about(stay))
                yield stays.end(stay, max(act.since, stay.started_on), None) if accepted else stays.retract(stay)
            case Die():
                yield people.die(self._person(act.person), act.died_on, None)
            case Revive():
                yield people.retract_death(self._person(act.person))
            case Merge():
                yield people.merge(self._person(act.person), act.into, (act.into,))
            case Unmerge():
                yield people.unmerge(self._person(act.person))

    def _arrive(self, act: Arrive, today: date) -> Iterator[Fact]:
        name = stay_id(act.person, act.street, act.since)
        self.names[name] = act.stay
        standing = self.district.stay(name)
        if standing is None or standing.state is StayState.RETRACTED:
            stay = Stay(
                stay_id=name,
                person_id=act.person,
                street=act.street,
                started_on=act.since,
                recorded_at=noon(today),
            )
            yield stays.start(stay)

    def _stay(self, label: str) -> Stay:
        person, street, since = label.split("|")
        stay = self.district.stay(stay_id(person, street, date.fromisoformat(since)))
        if stay is None:
            raise NotFoundError
        return stay

    def _person(self, person: str) -> Person:
        code = self.district.code
        _, said = self.district.own.newest.get(person_stream(person, code), (0, None))
        return said.person if isinstance(said, PersonFact) else Person(person_id=person, district=code)

    def _answers_about(self, reached: Stay) -> Iterator[Answer]:
        known = self.district.known.about(reached.person_id)
        told = {notice.notice_id for notice in known.notices if notice.stay_id == reached.stay_id}
        yield from (answer for answer in known.answers if answer.notice_id in told)

    def _answer(self, name: str, today: date) -> Iterator[Fact]:
        notice, answer = self._notice(name)
        if notice.state is NoticeState.WITHDRAWN or (answer is not None and answer.state in FINAL_ANSWERS):
            return
        own = self.names.get(notice.about or "")
        if notice.kind is not NoticeKind.ARRIVAL or own is None:
            yield notices.confirm(notice, answer, noon(today), None, None)
            return
        truth = self.lives.truths[own]
        if truth.who is None or self.lives.manner(own) is Manner.RECEIVES:
            if answer is None:
                yield notices.advance(notice, answer, AnswerState.RECEIVED, noon(today))
        elif truth.went_on_to(self.lives.truths[self.names[notice.stay_id or ""]]):
            yield from self._confirm(notice, answer, truth, today)
        else:
            yield notices.reject(notice, answer, noon(today), RejectionReason.STILL_HERE)

    def _confirm(self, notice: Notice, answer: Answer | None, truth: Truth, today: date) -> Iterator[Fact]:
        own = self.district.stay(notice.about or "")
        try:
            yield notices.confirm(notice, answer, noon(today), own, truth.until)
        except RefusedError:  # such as a day of leaving before a first day that nobody corrects
            self.unconfirmed[notice.notice_id] += 1
            if self.unconfirmed[notice.notice_id] <= TIMES:
                self.desk[notice.notice_id] = today + AGAIN

    def _notice(self, name: str) -> tuple[Notice, Answer | None]:
        _, sent = self.district.known.newest[f"notice/{name}"]
        _, said = self.district.own.newest.get(f"answer/{name}", (0, None))
        assert isinstance(sent, NoticeFact)
        return sent.notice, said.answer if isinstance(said, AnswerFact) else None
