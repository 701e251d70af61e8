"""The journal on a real MongoDB: one insert decides a race, and what was decided can be loaded again."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from pymongo.errors import OperationFailure

from contracts.envelope import narrow
from contracts.facts import ALL_FACTS, by_type
from contracts.registration.stays import StayContested, StayEnded, StayFact, StayRetracted, StayStarted, StayState
from services.runtime.journal import JOURNAL, Commit, Journal, StreamConflictError, mark_sent, read_unsent
from services.runtime.mongo import Database
from tests.support.facts import PEOPLE, STREETS, make_stay

NOW = datetime(2026, 3, 1, tzinfo=UTC)
STAY = make_stay()


def make_journal(database: Database, now: datetime = NOW) -> Journal:
    return Journal(database, "registration", lambda: now, by_type(ALL_FACTS))


def started(journal: Journal, causation: str = "request", day: int = 0) -> Commit:
    return journal.commit(StayStarted(stay=make_stay(day=day)), causation=causation)


async def test_of_two_writers_that_continue_a_stream_at_once_exactly_one_wins(database: Database) -> None:
    one, other = make_journal(database), make_journal(database)
    commits = [started(one, "one"), started(other, "other")]

    taken = await asyncio.gather(one.record([commits[0]]), other.record([commits[1]]))

    assert sorted(map(len, taken)) == [0, 1]
    winner = taken.index({})
    [lost] = taken[1 - winner].values()
    assert lost.causation == ("one", "other")[winner]
    assert await database[JOURNAL].count_documents({}) == 1


async def test_of_many_writers_at_once_exactly_one_wins(database: Database) -> None:
    journals = [make_journal(database) for _ in range(12)]

    answers = await asyncio.gather(
        *(journal.record_one(started(journal, str(n))) for n, journal in enumerate(journals)), return_exceptions=True
    )

    assert [type(answer) for answer in answers].count(StreamConflictError) == 11
    assert answers.count(None) == 1


async def test_who_comes_second_to_a_stream_is_told(database: Database) -> None:
    journal = make_journal(database)
    await journal.record_one(started(journal, "one"))

    with pytest.raises(StreamConflictError):
        await journal.record_one(started(journal, "other"))


async def test_an_attempt_whose_answer_was_lost_is_recognised_as_own(database: Database) -> None:
    journal = make_journal(database)
    commit = started(journal)
    await journal.record([commit])

    again = await journal.record([commit])
    await journal.record_one(commit)

    assert again == {}
    assert await database[JOURNAL].count_documents({}) == 1


async def test_in_a_bulk_each_commit_is_judged_for_itself(database: Database) -> None:
    journal = make_journal(database)
    await journal.record([started(journal, "before", day=1)])

    taken = await journal.record([started(journal, "bulk", day=day) for day in range(3)])

    assert {index: standing.causation for index, standing in taken.items()} == {1: "before"}
    assert await database[JOURNAL].count_documents({}) == 3


async def test_facts_of_one_decision_are_recorded_together_or_not_at_all(database: Database) -> None:
    journal = make_journal(database)
    await journal.record_one(started(journal))
    await journal.record_one(journal.commit(StayEnded(stay=STAY), after=1, causation="left"))

    both = journal.commit(StayEnded(stay=STAY), StayRetracted(stay=STAY), after=1, causation="other")
    with pytest.raises(StreamConflictError):
        await journal.record_one(both)

    newest = await journal.load(f"stay/{STAY.stay_id}", StayFact)
    assert newest is not None
    assert (newest.sequence, newest.causationid) == (2, "left")


async def test_the_newest_fact_of_a_stream_carries_its_state(database: Database) -> None:
    journal = make_journal(database)
    ended = STAY.model_copy(update={"state": StayState.ENDED, "ended_on": STAY.started_on})
    await journal.record_one(started(journal))
    for sequence in range(1, 11):
        await journal.record_one(journal.commit(StayContested(stay=STAY), after=sequence, causation="settle"))
    await journal.record_one(
        journal.commit(StayContested(stay=STAY), StayEnded(stay=ended), after=11, causation="left")
    )

    newest = await journal.load(f"stay/{STAY.stay_id}", StayFact)

    assert newest is not None
    assert newest.data == StayEnded(stay=ended)
    assert newest.sequence == 13


async def test_a_stream_is_not_mistaken_for_one_whose_name_begins_alike(database: Database) -> None:
    journal = make_journal(database)
    await journal.record_one(started(journal))

    assert await journal.load(f"stay/{STAY.stay_id[:-1]}", StayFact) is None
    assert await journal.load("stay/", StayFact) is None
    assert await journal.load(f"stay/{STAY.stay_id}#", StayFact) is None


async def test_the_streams_of_people_are_loaded_with_the_newest_fact_of_each(database: Database) -> None:
    journal = make_journal(database)
    first, second = make_stay(), make_stay(street=STREETS[1], day=3)
    foreign = make_stay(PEOPLE[1])
    await journal.record([journal.commit(StayStarted(stay=stay), causation="r") for stay in (first, second, foreign)])
    await journal.record_one(journal.commit(StayContested(stay=first), after=1, causation="settle"))

    loaded = [narrow(event, StayFact) for event in await journal.load_streams_of([PEOPLE[0]])]

    assert {(event.data.stay.stay_id, event.sequence) for event in loaded} == {
        (first.stay_id, 2),
        (second.stay_id, 1),
    }


async def test_what_is_unsent_is_read_oldest_first_however_late_it_was_written(database: Database) -> None:
    late, early = make_journal(database), make_journal(database, NOW - timedelta(hours=1))
    await late.prepare()
    await late.record([started(late, day=1), started(late, day=2)])
    await early.record([started(early, day=3)])

    unsent = await read_unsent(database, 10)
    await mark_sent(database, [unsent[1]["_id"]], NOW)
    left = await read_unsent(database, 10)

    assert [commit["recorded_at"] for commit in unsent] == [NOW - timedelta(hours=1), NOW, NOW]
    assert [commit["_id"] for commit in left] == [unsent[0]["_id"], unsent[2]["_id"]]


async def test_recording_wakes_the_relay_only_if_something_was_recorded(database: Database) -> None:
    journal = make_journal(database)
    await journal.record([started(journal, "one")])
    woken = journal.recorded.is_set()
    journal.recorded.clear()

    await journal.record([started(journal, "other")])

    assert woken
    assert not journal.recorded.is_set()


async def test_preparing_twice_is_no_mistake(database: Database) -> None:
    journal = make_journal(database)

    await journal.prepare()
    await journal.prepare()

    with pytest.raises(OperationFailure):
        await database[JOURNAL].find({}, hint="no such index").to_list(1)
    assert await read_unsent(database, 1) == []
