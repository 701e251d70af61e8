"""Anything that offices may say, delivered in any order: a machine that looks for a history that breaks."""

import os
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from contracts.envelope import Fact
from contracts.refusals import RefusedError
from contracts.registration.notices import Answer, AnswerFact, AnswerState, Notice, NoticeFact, RejectionReason
from contracts.registration.people import Person, PersonFact, person_stream
from contracts.registration.stays import DestinationKind, Stay, StayState, stay_id
from services.registration.domain import notices, people, stays
from services.registration.domain.people import ids_concerned
from tests.simulator.invariants import Settled, find_silent_doubles, transfers_of
from tests.support.districts import Held, World, noon, stays_in
from tests.support.facts import FIRST_DAY, PEOPLE

CODES = ("320507", "320812", "310101")
STREETS = ("320507001", "320507002", "320812001", "310101001")
LONG = os.environ.get("HOUNIAO_SIMULATE") == "long"
DAYS = st.integers(-6, 6)


class AnyHistory(RuleBasedStateMachine):
    """Offices say whatever is not refused, true or not; messages arrive at any time, some twice."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World(CODES, FIRST_DAY + timedelta(days=60))

    def say(self, *facts: Fact) -> None:
        for fact in facts:
            self.world.record(fact)
            self._settled_by(fact.division[:6], fact)

    def own_stays(self) -> list[Stay]:
        return sorted(self.world.all_stays().values(), key=lambda stay: stay.stay_id)

    def open_notices(self) -> list[tuple[Notice, Answer | None]]:
        """Return the notices that have reached their addressees, with the answers as far as there are."""
        found = []
        for code, district in self.world.districts.items():
            for _, fact in list(district.known.newest.values()):
                if isinstance(fact, NoticeFact) and fact.addressee == code:
                    _, said = district.own.newest.get(f"answer/{fact.notice.notice_id}", (0, None))
                    found.append((fact.notice, said.answer if isinstance(said, AnswerFact) else None))
        return sorted(found, key=lambda pair: pair[0].notice_id)

    def person(self, person: str, code: str) -> Person:
        _, said = self.world.districts[code].own.newest.get(person_stream(person, code), (0, None))
        return said.person if isinstance(said, PersonFact) else Person(person_id=person, district=code)

    @rule(person=st.sampled_from(PEOPLE), street=st.sampled_from(STREETS), day=st.integers(0, 50))
    def arrive(self, person: str, street: str, day: int) -> None:
        since = FIRST_DAY + timedelta(days=day)
        name = stay_id(person, street, since)
        standing = self.world.at(street).stay(name)
        if standing is None or standing.state is StayState.RETRACTED:
            at = noon(self.world.today)
            self.say(stays.start(Stay(stay_id=name, person_id=person, street=street, started_on=since, recorded_at=at)))

    @precondition(lambda self: self.own_stays())
    @rule(data=st.data(), days=DAYS, kind=st.sampled_from(DestinationKind), to=st.sampled_from((None, *STREETS)))
    def leave(self, data: st.DataObject, days: int, kind: DestinationKind, to: str | None) -> None:
        stay = data.draw(st.sampled_from(self.own_stays()))
        to = to if kind is DestinationKind.DIVISION else None
        kind = kind if to or kind is not DestinationKind.DIVISION else DestinationKind.UNKNOWN
        self._try(lambda: stays.end(stay, stay.started_on + timedelta(days=days), to, kind))

    @precondition(lambda self: self.own_stays())
    @rule(data=st.data(), days=DAYS, field=st.sampled_from(("started_on", "ended_on")))
    def correct(self, data: st.DataObject, days: int, field: str) -> None:
        stay = data.draw(st.sampled_from(self.own_stays()))
        self._try(lambda: stays.correct(stay, {field: stay.started_on + timedelta(days=days)}))

    @precondition(lambda self: self.own_stays())
    @rule(data=st.data())
    def retract(self, data: st.DataObject) -> None:
        stay = data.draw(st.sampled_from(self.own_stays()))
        self._try(lambda: stays.retract(stay))

    @precondition(lambda self: self.open_notices())
    @rule(data=st.data(), state=st.sampled_from(AnswerState), days=DAYS)
    def answer(self, data: st.DataObject, state: AnswerState, days: int) -> None:
        notice, answer = data.draw(st.sampled_from(self.open_notices()))
        own, at = self.world.at(notice.addressee).stay(notice.about or ""), noon(self.world.today)
        left_on = notice.started_on + timedelta(days=days) if notice.started_on else None
        match state:
            case AnswerState.CONFIRMED:
                self._try(lambda: notices.confirm(notice, answer, at, own, left_on))
            case AnswerState.REJECTED:
                self._try(lambda: notices.reject(notice, answer, at, RejectionReason.STILL_HERE))
            case step:
                self._try(lambda: notices.advance(notice, answer, step, at))

    @rule(person=st.sampled_from(PEOPLE), code=st.sampled_from(CODES), day=st.integers(0, 50))
    def die(self, person: str, code: str, day: int) -> None:
        self._try(lambda: people.die(self.person(person, code), FIRST_DAY + timedelta(days=day), None))

    @rule(person=st.sampled_from(PEOPLE), code=st.sampled_from(CODES))
    def revive(self, person: str, code: str) -> None:
        self._try(lambda: people.retract_death(self.person(person, code)))

    @rule(pair=st.sampled_from([(one, two) for one in PEOPLE for two in PEOPLE]), code=st.sampled_from(CODES))
    def merge(self, pair: tuple[str, str], code: str) -> None:
        alias, survivor = pair
        one_person = self.world.districts[code].known.one_person(survivor)[1]
        self._try(lambda: people.merge(self.person(alias, code), survivor, one_person))

    @rule(person=st.sampled_from(PEOPLE), code=st.sampled_from(CODES))
    def unmerge(self, person: str, code: str) -> None:
        self._try(lambda: people.unmerge(self.person(person, code)))

    @precondition(lambda self: self.world.under_way)
    @rule(data=st.data(), again=st.booleans())
    def deliver(self, data: st.DataObject, again: bool) -> None:
        index = data.draw(st.integers(0, len(self.world.under_way) - 1))
        code, _, fact = self.world.under_way[index]
        self.world.deliver(index, again=again)
        self._settled_by(code, fact)

    @rule(days=st.sampled_from((1, 10, 60)), code=st.sampled_from(CODES))
    def let_days_pass(self, days: int, code: str) -> None:
        self.world.today += timedelta(days=days)
        self.world.sweep(code)

    @rule()
    def hear_everything(self) -> None:
        self.world.drain()

    def _settled_by(self, code: str, fact: Fact) -> None:
        """Check that a district which has just settled a person owes nothing more."""
        district = self.world.districts[code]
        for person in district.known.people_among(ids_concerned(fact)):
            assert district.owed(person, self.world.today) == []

    def _try(self, decide: Any) -> None:
        try:
            fact = decide()
        except RefusedError:
            return
        self.say(fact)

    @invariant()
    def nobody_has_two_stays_silently(self) -> None:
        for district in self.world.districts.values():
            for person in district.known.people():
                assert list(find_silent_doubles(district.known.about(person), district.rules)) == []

    @invariant()
    def who_is_open_is_the_present_claim_or_has_rejected_what_came_later(self) -> None:
        for district in self.world.districts.values():
            for stay in stays_in(district.own):
                if stay.state is StayState.OPEN:
                    known = district.known.about(stay.person_id)
                    assert known.successor(stay) is None or not known.is_claim(stay)

    @invariant()
    def whoever_knows_of_a_death_has_no_open_stay_of_the_dead(self) -> None:
        for district in self.world.districts.values():
            for stay in stays_in(district.own):
                assert stay.state is not StayState.OPEN or district.known.about(stay.person_id).died_on is None

    def teardown(self) -> None:
        self.world.let_everything_fall_due()
        first, *others = self.world.districts.values()
        fresh = Held(reversed(self.world.said))
        for person in first.heard.people():
            known = first.heard.about(person)
            assert list(Settled(known, self.world.today).broken()) == []
            views = [transfers_of(held.about(person)) for held in (fresh, *(other.heard for other in others))]
            assert views == [transfers_of(known)] * len(views)
            for district in self.world.districts.values():
                assert district.owed(person, self.world.today) == []


TestAnyHistory = AnyHistory.TestCase
TestAnyHistory.settings = settings(
    max_examples=int(os.environ.get("HOUNIAO_HISTORIES", "60")),
    stateful_step_count=40,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate] + [Phase.shrink] * LONG,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)
"""Thousands of steps: 60 histories of 40, more by HOUNIAO_HISTORIES."""
