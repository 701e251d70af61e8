"""Settling: whatever becomes known, in whatever order, districts agree on where a person lives."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.registration.stays import Stay, StayState
from services.registration.domain import stays as decisions
from services.registration.domain.knowledge import Knowledge, claim_order
from services.registration.domain.settling import Now, derive_owed_facts
from services.registration.domain.stays import LIVING
from tests.support.districts import World, noon, rules_of
from tests.support.facts import FIRST_DAY, PEOPLE, STREETS, make_stay
from tests.support.histories import repeated, stays

PATIENT = settings(max_examples=60, deadline=None)
PERSON = PEOPLE[:1]
DISTRICTS = ("320507", "320812")
OVER = (StayState.ENDED, StayState.RETRACTED)
TODAY = FIRST_DAY + timedelta(days=20)


def settled(own: Iterable[Stay], known: Iterable[Stay], today: date = TODAY) -> dict[str, Stay]:
    """Apply settle until it owes nothing of stays; more than one round would mean that it chases its own tail."""
    state = {stay.stay_id: stay for stay in own}
    world = {stay.stay_id: stay for stay in known} | state
    for stay in _owed(state, world, today):
        state[stay.stay_id] = world[stay.stay_id] = stay
    assert not _owed(state, world, today)
    return state


def _owed(own: dict[str, Stay], known: dict[str, Stay], today: date) -> list[Stay]:
    facts = derive_owed_facts(Knowledge(tuple(known.values())), rules_of(*DISTRICTS), Now(noon(today), today))
    return [fact.stay for fact in facts if hasattr(fact, "stay") and fact.stay.stay_id in own]


@st.composite
def people_with_stays(draw: st.DrawFn) -> list[Stay]:
    """Make one person's stays over districts and streets, some of which ended or were retracted."""
    found = draw(st.lists(stays(people=PERSON), min_size=1, max_size=6, unique_by=lambda stay: stay.stay_id))
    return [draw(st.sampled_from((stay, stay, _ended(stay), _retracted(stay)))) for stay in found]


def _ended(stay: Stay) -> Stay:
    return decisions.end(stay, stay.started_on + timedelta(days=1), None).stay


def _retracted(stay: Stay) -> Stay:
    return decisions.retract(stay).stay


@PATIENT
@given(people_with_stays())
def test_of_everything_known_at_most_one_stay_is_open(known: list[Stay]) -> None:
    after = settled(known, known)

    assert sum(stay.state is StayState.OPEN for stay in after.values()) <= 1


@PATIENT
@given(people_with_stays())
def test_the_open_stay_is_the_latest_one_that_was_not_retracted(known: list[Stay]) -> None:
    latest = max((stay for stay in known if stay.state is not StayState.RETRACTED), key=claim_order, default=None)

    after = settled(known, known)

    still_open = [stay.stay_id for stay in after.values() if stay.state is StayState.OPEN]
    assert still_open == ([latest.stay_id] if latest and latest.state is StayState.OPEN else [])


@PATIENT
@given(people_with_stays())
def test_a_contested_stay_names_the_next_later_claim_and_one_in_its_own_street_ends_it(known: list[Stay]) -> None:
    claims = sorted((stay for stay in known if stay.state is not StayState.RETRACTED), key=claim_order)

    after = settled(known, known)

    for earlier, later in pairwise(claims):
        if earlier.state in LIVING and earlier.street != later.street:
            assert after[earlier.stay_id].contested_by == later.stay_id
        elif earlier.state in LIVING:
            assert after[earlier.stay_id].ended_on == later.started_on


@PATIENT
@given(people_with_stays())
def test_settling_twice_adds_nothing(known: list[Stay]) -> None:
    after = settled(known, known)

    assert _owed(after, after, TODAY) == []


@PATIENT
@given(people_with_stays(), st.data())
def test_a_district_speaks_of_its_own_stays_alone(known: list[Stay], data: st.DataObject) -> None:
    district = data.draw(st.sampled_from(DISTRICTS))

    said = list(derive_owed_facts(Knowledge(tuple(known)), rules_of(district), Now(noon(TODAY), TODAY)))

    assert all(fact.division[:6] == district for fact in said)


@PATIENT
@given(people_with_stays(), st.data())
def test_the_order_and_repetition_in_which_stays_become_known_do_not_matter(
    known: list[Stay], data: st.DataObject
) -> None:
    own = {stay.stay_id: stay for stay in known if stay.street.startswith("320507")}
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
    world = World(DISTRICTS, TODAY)
    reports = [_Report(stay) for stay in reported]
    while (waiting := [report for report in reports if report.steps]) or world.under_way:
        choice = data.draw(st.integers(0, len(waiting) + len(world.under_way) - 1))
        if choice < len(waiting):
            waiting[choice].take_step(world)
        else:
            world.deliver(choice - len(waiting), again=False)
    return {name: (stay.state, stay.contested_by) for name, stay in world.all_stays().items()}


class _Report:
    """What an office reports of one stay: it starts, and perhaps it ends or was a mistake."""

    def __init__(self, stay: Stay) -> None:
        nothing = {"state": StayState.OPEN, "ended_on": None, "ending": None, "destination_kind": None}
        self._began = stay.model_copy(update=nothing)
        self.steps = ["start", *([stay.state.value] if stay.state in OVER else [])]

    def take_step(self, world: World) -> None:
        """Report the next thing."""
        step = self.steps.pop(0)
        if step == "start":
            world.record(decisions.start(self._began))
            return
        stay = world.at(self._began.street).stay(self._began.stay_id)
        assert stay is not None
        if step == StayState.RETRACTED:
            world.record(decisions.retract(stay))
        else:
            world.record(decisions.end(stay, stay.started_on + timedelta(days=1), None))


def test_a_newer_stay_elsewhere_contests_an_older_one() -> None:
    old, new = make_stay(), make_stay(street=STREETS[2], day=3)

    after = settled([old], [old, new])[old.stay_id]

    assert (after.state, after.contested_by) == (StayState.CONTESTED, new.stay_id)


def test_an_older_stay_elsewhere_contests_nothing() -> None:
    old, new = make_stay(), make_stay(street=STREETS[2], day=3)

    assert settled([new], [old, new])[new.stay_id] == new


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
