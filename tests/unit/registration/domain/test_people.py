"""A death ends every stay at once, and the moves that were open then."""

from datetime import date, timedelta

import pytest

from contracts.registration.notices import NoticeFact, NoticeKind, NoticeState, RejectionReason, notice_id
from contracts.registration.stays import Ending, Stay, StayState
from services.registration.domain import notices, people, stays
from services.registration.domain.transfers import TransferState
from tests.support.districts import World, noon
from tests.support.facts import FIRST_DAY, PEOPLE, STREETS, make_person, make_stay

OLD, NEW = make_stay(), make_stay(street=STREETS[2], day=30)
DIED = FIRST_DAY + timedelta(days=40)


@pytest.fixture
def world() -> World:
    """Return two districts that know of a move between them."""
    world = World(("320507", "320812"), FIRST_DAY + timedelta(days=35))
    world.record(stays.start(OLD))
    world.record(stays.start(NEW))
    world.drain()
    return world


def die(world: World) -> None:
    world.record(people.die(make_person(district="320812"), DIED, None))
    world.drain()


def told(world: World) -> tuple[StayState, Ending | None, date | None]:
    stay = world.all_stays()[OLD.stay_id]
    return stay.state, stay.ending, stay.ended_on


def notice_of(world: World, arrived: Stay = NEW, left: Stay = OLD) -> NoticeFact:
    _, fact = world.districts["320507"].heard.newest[
        f"notice/{notice_id(NoticeKind.ARRIVAL, arrived.stay_id, left.stay_id)}"
    ]
    assert isinstance(fact, NoticeFact)
    return fact


def states(world: World) -> list[TransferState]:
    one, other = (world.transfers(PEOPLE[0], code) for code in world.codes)
    assert one == other
    return [transfer.state for transfer in one]


def test_a_stay_moved_on_from_ends_where_the_next_began_and_nobody_is_asked_any_more(world: World) -> None:
    die(world)

    assert told(world) == (StayState.ENDED, Ending.BY_DEFAULT, NEW.started_on)
    assert states(world) == [TransferState.VOID]
    assert notice_of(world).notice.state is NoticeState.WITHDRAWN
    assert world.overdue() == {}


def test_a_death_that_was_a_mistake_leaves_the_move_as_open_as_it_was(world: World) -> None:
    die(world)

    world.decide(f"person/{PEOPLE[0]}@320812", lambda fact: people.retract_death(fact.person))  # type: ignore[attr-defined]  # a person's fact
    world.drain()

    assert told(world) == (StayState.CONTESTED, None, None)
    assert states(world) == [TransferState.ARRIVED_UNMATCHED]
    assert notice_of(world).notice.state is NoticeState.SENT


def test_an_answer_that_was_overdue_at_the_death_stays_overdue(world: World) -> None:
    world.pass_days(31)
    assert states(world) == [TransferState.OVERDUE]

    die(world)

    assert told(world) == (StayState.ENDED, Ending.BY_DEFAULT, NEW.started_on)
    assert states(world) == [TransferState.COMPLETED_BY_DEFAULT]
    assert notice_of(world).notice.state is NoticeState.SENT


def test_a_move_that_was_confirmed_before_the_death_is_complete(world: World) -> None:
    left_on = NEW.started_on - timedelta(days=2)
    world.record(notices.confirm(notice_of(world).notice, None, noon(world.today), OLD, left_on))
    world.drain()

    die(world)

    assert told(world) == (StayState.ENDED, Ending.CONFIRMED, left_on)
    assert states(world) == [TransferState.COMPLETED]
    assert notice_of(world).notice.state is NoticeState.SENT


def test_where_the_offices_differ_on_the_move_a_death_does_not_settle_it(world: World) -> None:
    world.record(notices.reject(notice_of(world).notice, None, noon(world.today), RejectionReason.STILL_HERE))
    world.drain()

    die(world)

    assert told(world) == (StayState.ENDED, Ending.DIED, DIED)
    assert states(world) == [TransferState.DISPUTED]


def test_a_departure_that_is_declared_after_the_death_completes_no_move_that_died_with_the_person(world: World) -> None:
    die(world)

    world.record(stays.end(world.all_stays()[OLD.stay_id], NEW.started_on - timedelta(days=3), None))
    world.drain()

    assert told(world) == (StayState.ENDED, Ending.DEPARTED, NEW.started_on - timedelta(days=3))
    assert states(world) == [TransferState.VOID]


def test_of_several_moves_each_stay_ends_where_the_next_began(world: World) -> None:
    last = make_stay(street=STREETS[0], day=35)
    world.record(stays.start(last))
    world.drain()

    die(world)

    ended = [world.all_stays()[stay.stay_id].ended_on for stay in (OLD, NEW, last)]
    assert ended == [NEW.started_on, last.started_on, DIED]
    assert states(world) == [TransferState.VOID, TransferState.VOID]
