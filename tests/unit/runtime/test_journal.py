"""The journal's documents: one insert for a decision, named after its place in its stream."""

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic_core import from_json

from contracts.archives.custody import Custody, CustodyOffered, Receipt
from contracts.envelope import Fact
from contracts.facts import ALL_FACTS, by_type
from contracts.registration.stays import StayEnded, StayRetracted, StayStarted
from services.runtime.journal import Commit, Journal, _commit_document
from tests.support.facts import make_stay

NOW = datetime(2026, 3, 1, tzinfo=UTC)
STAY = make_stay()
RECEIPT = Receipt(origin="320812", offer_turn=1, turn=1, accepted=True, answered_at=NOW, count=0, sha256="0" * 64)


class NoDatabase:
    """Stands where a database is not asked for anything."""

    def __getitem__(self, _: str) -> None:
        return None


def commit(*facts: Fact, after: int = 0) -> Commit:
    database: Any = NoDatabase()
    journal = Journal(database, "registration", lambda: NOW, by_type(ALL_FACTS))
    return journal.commit(*facts, after=after, causation="request")


def test_a_commit_is_named_after_its_stream_and_first_sequence() -> None:
    document = _commit_document(commit(StayStarted(stay=STAY)))

    assert document["_id"] == f"stay/{STAY.stay_id}#00000001"
    assert document["stream"] == f"stay/{STAY.stay_id}"
    assert document["person_id"] == STAY.person_id
    assert document["causation_id"] == "request"
    assert document["recorded_at"] == NOW
    assert document["sent_at"] is None


@pytest.mark.parametrize(("after", "name"), [(1, "#00000002"), (9, "#00000010"), (98, "#00000099"), (99, "#00000100")])
def test_the_order_of_names_is_the_order_of_the_stream(after: int, name: str) -> None:
    document = _commit_document(commit(StayStarted(stay=STAY), after=after))

    assert document["_id"].endswith(name)


def test_several_facts_of_one_stream_are_one_document_and_count_on() -> None:
    document = _commit_document(commit(StayEnded(stay=STAY), StayRetracted(stay=STAY), after=4))

    events = [from_json(fact["event"]) for fact in document["facts"]]
    assert document["_id"].endswith("#00000005")
    assert [event["sequence"] for event in events] == [5, 6]
    assert [fact["id"] for fact in document["facts"]] == [event["id"] for event in events]
    assert {event["causationid"] for event in events} == {"request"}


def test_a_fact_carries_the_key_under_which_it_is_published() -> None:
    document = _commit_document(commit(StayStarted(stay=STAY)))

    assert [fact["key"] for fact in document["facts"]] == ["registration.stay_started.v1.320507"]


def test_a_fact_that_two_districts_must_hear_has_a_further_key() -> None:
    offered = CustodyOffered(
        custody=Custody(person_id=STAY.person_id, district="320507", street="320507001", receipts=(RECEIPT,))
    )

    [fact] = _commit_document(commit(offered))["facts"]

    assert fact["key"] == "archives.custody_offered.v1.320507"
    assert fact["also"] == ["archives.custody_offered.v1.320812"]


def test_what_is_sent_from_memory_is_the_oldest_and_no_more_than_asked_for() -> None:
    database: Any = NoDatabase()
    journal = Journal(database, "registration", lambda: NOW, by_type(ALL_FACTS))
    journal._buffered.extend({"_id": str(number), "recorded_at": number} for number in range(4))

    assert journal.oldest_buffered == 0
    assert [document["_id"] for document in journal.take_buffered(2)] == ["0", "1"]
    journal.forget_buffered({"2"})
    assert [document["_id"] for document in journal.take_buffered(9)] == ["3"]
    assert journal.oldest_buffered is None
