"""What is said ends alike, whether it was heard soon or late: each test here was a life that did not."""

from datetime import timedelta

import pytest

from contracts.registration.conflicts import ConflictKind, ConflictRaised
from contracts.registration.notices import AnswerState, NoticeFact, NoticeKind, RejectionReason, notice_id
from contracts.registration.people import Person
from contracts.registration.stays import DestinationKind, Ending, StayContested, StayState
from services.registration.domain import notices, people, stays
from services.registration.domain.conflicts import find_conflicts
from services.registration.domain.errors import LeftBeforeArrivingError, NotLivingHereError
from services.registration.domain.knowledge import Knowledge
from services.registration.domain.settling import Now, derive_owed_facts
from services.registration.domain.tasks import TaskKind, derive_tasks
from services.registration.domain.transfers import TransferState, derive_transfers
from tests.simulator.invariants import find_silent_doubles
from tests.support.districts import POLICY, World, noon, rules_of
from tests.support.facts import FIRST_DAY, PEOPLE, STREETS, make_answer, make_notice, make_person, make_stay

OLD, NEW = make_stay(), make_stay(street=STREETS[2], day=30)
REJECTED = make_answer(make_notice(NEW, OLD), AnswerState.REJECTED, reason=RejectionReason.STILL_HERE)


def kinds(known: Knowledge) -> set[ConflictKind]:
    return {conflict.kind for conflict in find_conflicts(known, POLICY)}


def states(known: Knowledge) -> list[TransferState]:
    return [transfer.state for transfer in derive_transfers(known)]


def test_a_dispute_is_over_once_the_first_days_were_in_the_wrong_order() -> None:
    corrected = stays.correct(NEW, {"started_on": FIRST_DAY - timedelta(days=9)}).stay

    before = Knowledge((OLD, NEW), (make_notice(NEW, OLD),), (REJECTED,))
    after = Knowledge((OLD, corrected), (make_notice(NEW, OLD),), (REJECTED,))

    assert kinds(before) == {ConflictKind.DISPUTED}
    assert kinds(after) == set()
    assert TransferState.DISPUTED not in states(after)
    assert after.successor(corrected) == OLD


def test_an_arrival_after_the_death_is_disputed_no_longer_it_contradicts_the_death() -> None:
    died = make_person(died_on=FIRST_DAY + timedelta(days=20))

    known = Knowledge((OLD, NEW), (make_notice(NEW, OLD),), (REJECTED,), (died,))

    assert kinds(known) == {ConflictKind.STAY_AFTER_DEATH}
    assert states(known) == [TransferState.VOID]


@pytest.mark.parametrize("day", [20, 30, 40], ids=["before the move", "on its day", "after it"])
def test_who_hears_of_the_death_before_the_stays_are_ended_knows_what_becomes_of_both(day: int) -> None:
    died = make_person(died_on=FIRST_DAY + timedelta(days=day))

    known = Knowledge((OLD, NEW), (), (), (died,))

    assert list(find_silent_doubles(known, rules_of("310101"))) == []


def test_an_arrival_that_was_declared_over_on_its_first_day_is_as_good_as_retracted() -> None:
    over = stays.end(NEW, NEW.started_on, None).stay

    known = Knowledge((OLD, over), (make_notice(NEW, OLD),), (REJECTED,))

    assert known.claims == [OLD]
    assert kinds(known) == set()
    assert states(known) == [TransferState.VOID]


def test_what_was_confirmed_overlaps_no_stay_that_was_declared_over_on_its_first_day() -> None:
    over = stays.end(NEW, NEW.started_on, None).stay
    confirmed = make_answer(make_notice(NEW, OLD), AnswerState.CONFIRMED, left_on=NEW.started_on + timedelta(days=5))

    known = Knowledge((OLD, over), (make_notice(NEW, OLD),), (confirmed,))

    assert kinds(known) == set()


@pytest.mark.parametrize("ending", [Ending.BY_DEFAULT, Ending.DIED])
def test_a_first_day_is_corrected_past_an_ending_that_merely_followed(ending: Ending) -> None:
    ended = OLD.model_copy(
        update={"state": StayState.ENDED, "ending": ending, "ended_on": FIRST_DAY + timedelta(days=5)}
    )

    corrected = stays.correct(ended, {"started_on": FIRST_DAY + timedelta(days=9)}).stay

    assert (corrected.state, corrected.ended_on, corrected.ending) == (StayState.OPEN, None, None)


def test_a_first_day_is_not_corrected_past_a_departure_that_was_declared() -> None:
    ended = stays.end(OLD, FIRST_DAY + timedelta(days=5), None).stay

    with pytest.raises(LeftBeforeArrivingError):
        stays.correct(ended, {"started_on": FIRST_DAY + timedelta(days=9)})


def test_a_departure_before_the_death_is_taken_although_the_death_was_heard_first() -> None:
    died = OLD.model_copy(
        update={"state": StayState.ENDED, "ending": Ending.DIED, "ended_on": FIRST_DAY + timedelta(days=9)}
    )

    left = stays.end(died, FIRST_DAY + timedelta(days=3), None, DestinationKind.EXTERNAL).stay

    assert (left.ending, left.ended_on) == (Ending.DEPARTED, FIRST_DAY + timedelta(days=3))
    with pytest.raises(NotLivingHereError):
        stays.end(died, FIRST_DAY + timedelta(days=10), None)


def test_when_two_people_are_parted_the_other_one_is_settled_as_well() -> None:
    one, other = make_stay(PEOPLE[0], STREETS[0]), make_stay(PEOPLE[1], STREETS[2], day=30)
    world = World(("320507", "320812"), FIRST_DAY + timedelta(days=40))
    world.record(stays.start(one))
    world.record(stays.start(other))
    world.record(people.merge(Person(person_id=PEOPLE[1], district="320812"), PEOPLE[0], ()))
    world.drain()
    contested = world.all_stays()[one.stay_id]

    world.decide(f"person/{PEOPLE[1]}@320812", lambda fact: people.unmerge(fact.person))  # type: ignore[attr-defined]  # a person's fact
    world.drain()

    assert contested.state is StayState.CONTESTED
    assert world.all_stays()[one.stay_id].state is StayState.OPEN


def test_a_late_answer_that_the_person_is_still_here_reaffirms_what_ended_by_default() -> None:
    world = World(("320507", "320812"), FIRST_DAY + timedelta(days=31))
    world.record(stays.start(OLD))
    world.record(stays.start(NEW))
    world.let_everything_fall_due()
    ended = world.all_stays()[OLD.stay_id]

    world.record(notices.reject(_sent(world).notice, None, noon(world.today), RejectionReason.STILL_HERE))
    world.let_everything_fall_due()

    assert (ended.state, ended.ending) == (StayState.ENDED, Ending.BY_DEFAULT)
    assert world.all_stays()[OLD.stay_id].state is StayState.OPEN
    assert [transfer.state for transfer in world.transfers(PEOPLE[0])] == [TransferState.DISPUTED]


def test_what_reopens_a_stay_raises_its_conflict_at_once() -> None:
    near = make_stay(street=STREETS[2], day=1)
    ended = OLD.model_copy(update={"state": StayState.ENDED, "ending": Ending.BY_DEFAULT, "ended_on": near.started_on})

    said = list(derive_owed_facts(Knowledge((ended, near)), rules_of("320507"), Now(noon(FIRST_DAY), FIRST_DAY)))

    assert [fact.TYPE for fact in said] == [StayContested.TYPE, ConflictRaised.TYPE]


@pytest.mark.parametrize("answer", [None, AnswerState.RECEIVED], ids=["not received", "received"])
def test_a_notice_that_wants_an_answer_tells_the_corrected_day_and_is_confirmed_by_it(
    answer: AnswerState | None,
) -> None:
    world = World(("320507", "320812"), FIRST_DAY + timedelta(days=31))
    world.record(stays.start(OLD))
    world.record(stays.start(NEW))
    world.drain()
    corrected = NEW.started_on - timedelta(days=7)
    if answer is not None:
        world.record(notices.advance(_sent(world).notice, None, answer, noon(world.today)))

    world.decide(f"stay/{NEW.stay_id}", lambda fact: stays.correct(fact.stay, {"started_on": corrected}))  # type: ignore[attr-defined]  # a stay's fact
    world.drain()
    said = make_answer(_sent(world).notice, answer) if answer is not None else None
    world.record(notices.confirm(_sent(world).notice, said, noon(world.today), OLD, None))
    world.drain()

    assert _sent(world).notice.started_on == corrected
    assert world.all_stays()[OLD.stay_id].ended_on == corrected
    assert kinds(world.districts["320507"].heard.about(PEOPLE[0])) == set()


def test_a_notice_that_was_answered_stays_as_it_was_answered() -> None:
    world = World(("320507", "320812"), FIRST_DAY + timedelta(days=31))
    world.record(stays.start(OLD))
    world.record(stays.start(NEW))
    world.drain()
    world.record(notices.confirm(_sent(world).notice, None, noon(world.today), OLD, None))
    world.drain()

    world.decide(f"stay/{NEW.stay_id}", lambda fact: stays.correct(fact.stay, {"started_on": FIRST_DAY}))  # type: ignore[attr-defined]  # a stay's fact
    world.drain()

    assert _sent(world).notice.started_on == NEW.started_on


def test_a_move_that_was_confirmed_while_it_was_taken_back_is_on_both_lists_until_one_side_says_more() -> None:
    world = World(("320507", "320812"), FIRST_DAY + timedelta(days=31))
    world.record(stays.start(OLD))
    world.record(stays.start(NEW))
    world.drain()
    world.record(notices.confirm(_sent(world).notice, None, noon(world.today), OLD, None))
    world.decide(f"stay/{NEW.stay_id}", lambda fact: stays.retract(fact.stay))  # type: ignore[attr-defined]  # a stay's fact
    world.drain()
    meanwhile = _tasks(world)

    world.decide(
        f"stay/{OLD.stay_id}",
        lambda fact: stays.correct(fact.stay, {"destination_kind": DestinationKind.EXTERNAL}),  # type: ignore[attr-defined]  # a stay's fact
    )
    world.drain()

    assert meanwhile == {(TaskKind.CHECK_STAY, OLD.street), (TaskKind.EXPECT_ARRIVAL, NEW.street)}
    assert _tasks(world) == set()
    assert {transfer.state for transfer in world.transfers(PEOPLE[0])} == {
        TransferState.EXTERNAL_CLOSED,
        TransferState.VOID,
    }


def _tasks(world: World) -> set[tuple[TaskKind, str]]:
    one, other = [derive_tasks(world.districts[code].heard.about(PEOPLE[0])) for code in world.codes]
    assert one == other
    return {(task.kind, task.division) for task in one}


def _sent(world: World) -> NoticeFact:
    name = notice_id(NoticeKind.ARRIVAL, NEW.stay_id, OLD.stay_id)
    _, sent = world.districts["320507"].heard.newest[f"notice/{name}"]
    assert isinstance(sent, NoticeFact)
    return sent
