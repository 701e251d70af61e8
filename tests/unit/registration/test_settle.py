"""Settling: whatever becomes known, in whatever order, districts agree on where a person lives."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.registration import Stay, StayFact, StayState
from services.registration import domain
from services.registration.domain import LIVING, settle
from tests.histories import PEOPLE, STREETS, make_stay, repeated, stays

PATIENT = settings(max_examples=60, deadline=None)
PERSON = PEOPLE[:1]
OVER = (StayState.ENDED, StayState.RETRACTED)


@dataclass
class District:
    """A district as settle sees it: its own streams, and the newest fact heard of everybody's."""

    code: str
    own: dict[str, tuple[int, Stay]] = field(default_factory=dict)
    heard: dict[str, tuple[int, Stay]] = field(default_factory=dict)

    def record(self, fact: StayFact) -> tuple[int, StayFact]:
        """Continue one of the own streams."""
        sequence = self.own[fact.stay.stay_id][0] + 1 if fact.stay.stay_id in self.own else 1
        self.own[fact.stay.stay_id] = sequence, fact.stay
        return sequence, fact

    def hear(self, sequence: int, fact: StayFact) -> list[tuple[int, StayFact]]:
        """Keep what is newest of a stream, then settle; give what was said."""
        if self.heard.get(fact.stay.stay_id, (0, fact.stay))[0] < sequence:
            self.heard[fact.stay.stay_id] = sequence, fact.stay
        own = [stay for _, stay in self.own.values()]
        known = {name: stay for name, (_, stay) in (self.heard | self.own).items()}
        return [self.record(owed) for owed in settle(own, list(known.values()))]


def in_district(stay: Stay, code: str) -> bool:
    return stay.street.startswith(code)


def settled(own: Iterable[Stay], known: Iterable[Stay]) -> dict[str, Stay]:
    """Apply settle until it owes nothing; more than one round would mean that it chases its own tail."""
    state = {stay.stay_id: stay for stay in own}
    world = {stay.stay_id: stay for stay in known} | state
    for fact in list(settle(list(state.values()), list(world.values()))):
        state[fact.stay.stay_id] = world[fact.stay.stay_id] = fact.stay
    assert not list(settle(list(state.values()), list(world.values())))
    return state


@st.composite
def people_with_stays(draw: st.DrawFn) -> list[Stay]:
    """Make one person's stays over districts and streets, some of which ended or were retracted."""
    found = draw(st.lists(stays(people=PERSON), min_size=1, max_size=6, unique_by=lambda stay: stay.stay_id))
    return [draw(st.sampled_from((stay, stay, _ended(stay), _retracted(stay)))) for stay in found]


def _ended(stay: Stay) -> Stay:
    return domain.end(stay, stay.started_on + timedelta(days=1), None).stay


def _retracted(stay: Stay) -> Stay:
    return domain.retract(stay).stay


def claim(stay: Stay) -> tuple[object, ...]:
    return stay.started_on, stay.recorded_at, stay.stay_id


@PATIENT
@given(people_with_stays())
def test_of_everything_known_at_most_one_stay_is_open(known: list[Stay]) -> None:
    after = settled(known, known)

    assert sum(stay.state is StayState.OPEN for stay in after.values()) <= 1


@PATIENT
@given(people_with_stays())
def test_the_open_stay_is_the_latest_one_that_was_not_retracted(known: list[Stay]) -> None:
    latest = max((stay for stay in known if stay.state is not StayState.RETRACTED), key=claim, default=None)

    after = settled(known, known)

    still_open = [stay.stay_id for stay in after.values() if stay.state is StayState.OPEN]
    assert still_open == ([latest.stay_id] if latest and latest.state is StayState.OPEN else [])


@PATIENT
@given(people_with_stays())
def test_a_contested_stay_names_the_next_later_claim(known: list[Stay]) -> None:
    claims = sorted((stay for stay in known if stay.state is not StayState.RETRACTED), key=claim)

    after = settled(known, known)

    for earlier, later in pairwise(claims):
        if earlier.state in LIVING:
            assert after[earlier.stay_id].contested_by == later.stay_id


@PATIENT
@given(people_with_stays())
def test_what_is_over_is_left_alone(known: list[Stay]) -> None:
    said = {fact.stay.stay_id for fact in settle(known, known)}

    assert said.isdisjoint(stay.stay_id for stay in known if stay.state in OVER)


@PATIENT
@given(people_with_stays())
def test_settling_twice_adds_nothing(known: list[Stay]) -> None:
    after = list(settled(known, known).values())

    assert list(settle(after, after)) == []


@PATIENT
@given(people_with_stays(), st.data())
def test_a_district_speaks_of_its_own_stays_alone(known: list[Stay], data: st.DataObject) -> None:
    district = data.draw(st.sampled_from(("320507", "320812")))
    own = [stay for stay in known if in_district(stay, district)]

    said = list(settle(own, known))

    assert all(in_district(fact.stay, district) for fact in said)


@PATIENT
@given(people_with_stays(), st.data())
def test_the_order_and_repetition_in_which_stays_become_known_do_not_matter(
    known: list[Stay], data: st.DataObject
) -> None:
    own = {stay.stay_id: stay for stay in known if in_district(stay, "320507")}
    arrivals = data.draw(repeated(known))

    state: dict[str, Stay] = {}
    world: dict[str, Stay] = {}
    for stay in arrivals:
        world.setdefault(stay.stay_id, stay)
        if stay.stay_id in own:
            state.setdefault(stay.stay_id, stay)
        state = settled(state.values(), world.values())
        world |= state

    assert state == settled(own.values(), known)


@PATIENT
@given(people_with_stays(), st.data())
def test_districts_that_hear_each_other_late_in_any_order_and_twice_end_alike(
    reported: list[Stay], data: st.DataObject
) -> None:
    one, other = (_live_through(reported, data) for _ in range(2))

    assert one == other
    assert sum(state is StayState.OPEN for state, _ in one.values()) <= 1


def _live_through(reported: Sequence[Stay], data: st.DataObject) -> dict[str, tuple[StayState, str | None]]:
    """Let two districts record what was reported, and deliver what they say to both at any time."""
    districts = [District("320507"), District("320812")]
    reports = [_Report(stay, _of(districts, stay)) for stay in reported]
    under_way: list[tuple[District, int, StayFact]] = []

    def say(said: Iterable[tuple[int, StayFact]]) -> None:
        under_way.extend((hearer, sequence, fact) for sequence, fact in said for hearer in districts)

    while (waiting := [report for report in reports if report.steps]) or under_way:
        choice = data.draw(st.integers(0, len(waiting) + len(under_way) - 1))
        if choice < len(waiting):
            say([waiting[choice].take_step()])
        else:
            hearer, sequence, fact = under_way.pop(choice - len(waiting))
            for _ in range(data.draw(st.sampled_from((1, 1, 1, 2)))):
                say(hearer.hear(sequence, fact))
    final = {name: stay for district in districts for name, (_, stay) in district.own.items()}
    return {name: (stay.state, stay.contested_by) for name, stay in final.items()}


class _Report:
    """What an office reports of one stay: it starts, and perhaps it ends or was a mistake."""

    def __init__(self, stay: Stay, district: District) -> None:
        self._began = stay.model_copy(update={"state": StayState.OPEN, "ended_on": None})
        self._district = district
        self.steps = ["start", *([stay.state.value] if stay.state in OVER else [])]

    def take_step(self) -> tuple[int, StayFact]:
        """Report the next thing; give what the district says."""
        step = self.steps.pop(0)
        if step == "start":
            return self._district.record(domain.start(self._began))
        _, now = self._district.own[self._began.stay_id]
        decide = domain.retract if step == StayState.RETRACTED else _end_a_day_later
        return self._district.record(decide(now))


def _end_a_day_later(stay: Stay) -> StayFact:
    return domain.end(stay, stay.started_on + timedelta(days=1), None)


def _of(districts: Iterable[District], stay: Stay) -> District:
    return next(district for district in districts if in_district(stay, district.code))


def test_a_newer_stay_elsewhere_contests_an_older_one() -> None:
    old, new = make_stay(), make_stay(street=STREETS[2], day=3)

    after = settled([old], [old, new])[old.stay_id]

    assert (after.state, after.contested_by) == (StayState.CONTESTED, new.stay_id)


def test_an_older_stay_elsewhere_contests_nothing() -> None:
    old, new = make_stay(), make_stay(street=STREETS[2], day=3)

    assert list(settle([new], [old, new])) == []


def test_the_report_of_a_stay_in_between_changes_who_contests() -> None:
    first, second, third = (make_stay(street=STREETS[n], day=n) for n in range(3))
    contested = settled([first], [first, third])[first.stay_id]

    after = settled([contested], [contested, second, third])[first.stay_id]

    assert (contested.contested_by, after.contested_by) == (third.stay_id, second.stay_id)


def test_retracting_the_rival_reaffirms_the_stay() -> None:
    old, new = make_stay(), make_stay(street=STREETS[2], day=3)
    contested = settled([old], [old, new])[old.stay_id]

    after = settled([contested], [contested, _retracted(new)])[old.stay_id]

    assert (after.state, after.contested_by) == (StayState.OPEN, None)


def test_retracting_one_of_two_rivals_leaves_the_stay_contested_by_the_other() -> None:
    first, second, third = (make_stay(street=STREETS[n], day=n) for n in range(3))
    contested = settled([first], [first, second, third])[first.stay_id]

    after = settled([contested], [contested, _retracted(second), third])[first.stay_id]

    assert (after.state, after.contested_by) == (StayState.CONTESTED, third.stay_id)


def test_a_rival_that_ended_still_contests_since_the_person_did_move_on() -> None:
    old, new = make_stay(), _ended(make_stay(street=STREETS[2], day=3))

    after = settled([old], [old, new])[old.stay_id]

    assert (after.state, after.contested_by) == (StayState.CONTESTED, new.stay_id)


@PATIENT
@given(people_with_stays())
def test_confirming_ends_each_contested_stay_where_its_rival_starts(known: list[Stay]) -> None:
    after = settled(known, known)

    for stay in after.values():
        if stay.state is StayState.CONTESTED:
            rival = after[stay.contested_by or ""]
            assert domain.confirm(stay, rival).stay.ended_on == rival.started_on


@PATIENT
@given(people_with_stays())
def test_once_every_contest_is_confirmed_no_two_stays_overlap(known: list[Stay]) -> None:
    living = [stay for stay in known if stay.state in LIVING]
    after = settled(living, living)

    over = [domain.confirm(stay, after[stay.contested_by]).stay for stay in after.values() if stay.contested_by]
    left = [stay for stay in after.values() if not stay.contested_by]

    ordered = sorted([*over, *left], key=claim)
    for earlier, later in pairwise(ordered):
        assert earlier.ended_on is not None
        assert earlier.ended_on <= later.started_on
