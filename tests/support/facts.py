"""Facts that tests make: a stay, a notice, a person and so on, and the events that say them."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar
from uuid import NAMESPACE_URL, uuid5

from pydantic_core import from_json

from contracts.envelope import Event, Fact, render, unwrap, wrap
from contracts.facts import ALL_FACTS, by_type
from contracts.registration.conflicts import Conflict, ConflictKind, conflict_id
from contracts.registration.notices import (
    Answer,
    AnswerState,
    Notice,
    NoticeKind,
    notice_id,
)
from contracts.registration.people import Person
from contracts.registration.stays import (
    Stay,
    stay_id,
)

PEOPLE = tuple(letter * 32 for letter in "abc")
STREETS = ("320507001", "320507002", "320812001", "320812002")
DISTRICTS = ("320507", "320812")
FIRST_DAY = date(2026, 1, 1)
FIRST_MOMENT = datetime(2026, 1, 1, tzinfo=UTC)

Thing = TypeVar("Thing")
EventList = list[Event[Any]]


def make_stay(person: str = PEOPLE[0], street: str = STREETS[0], day: int = 0, recorded: int = 0, **more: Any) -> Stay:
    """Make a stay that starts some days after the first and was recorded some hours after the first moment."""
    started_on = FIRST_DAY + timedelta(days=day)
    return Stay(
        stay_id=stay_id(person, street, started_on),
        person_id=person,
        street=street,
        started_on=started_on,
        recorded_at=FIRST_MOMENT + timedelta(hours=recorded),
        **more,
    )


def make_notice(arriving: Stay, left: Stay, **more: Any) -> Notice:
    """Make the notice of an arrival to the street that holds an earlier stay."""
    sent_on = FIRST_DAY + timedelta(days=10)
    told = {
        "notice_id": notice_id(NoticeKind.ARRIVAL, arriving.stay_id, left.stay_id),
        "kind": NoticeKind.ARRIVAL,
        "person_id": arriving.person_id,
        "sender": arriving.street,
        "addressee": left.street,
        "stay_id": arriving.stay_id,
        "about": left.stay_id,
        "started_on": arriving.started_on,
        "sent_at": FIRST_MOMENT + timedelta(days=10),
        "receipt_due": sent_on + timedelta(days=30),
        "answer_due": sent_on + timedelta(days=30),
        "completes_on": sent_on + timedelta(days=45),
        "remind_on": sent_on + timedelta(days=25),
    }
    return Notice.model_validate(told | more)


def make_answer(notice: Notice, state: AnswerState = AnswerState.RECEIVED, **more: Any) -> Answer:
    """Make the answer to a notice."""
    return Answer(
        notice_id=notice.notice_id,
        person_id=notice.person_id,
        answerer=notice.addressee,
        sender=notice.sender,
        about=notice.about,
        state=state,
        received_at=FIRST_MOMENT + timedelta(days=11),
        **more,
    )


def make_person(person: str = PEOPLE[0], district: str = "320507", **more: Any) -> Person:
    """Make what a district knows of a person."""
    return Person(person_id=person, district=district, **more)


def make_conflict(one: Stay, other: Stay, **more: Any) -> Conflict:
    """Make a dispute between two stays, as the first one's district keeps it."""
    stays = tuple(sorted((one.stay_id, other.stay_id)))
    return Conflict(
        conflict_id=conflict_id(ConflictKind.DISPUTED, stays),
        district=one.district,
        kind=ConflictKind.DISPUTED,
        person_id=one.person_id,
        stays=stays,
        streets=(one.street, other.street),
        **more,
    )


def envelop(facts: Sequence[Fact], service: str = "registration") -> EventList:
    """Return the facts of one stream as events that a reader gets, rendered and parsed."""
    return [deliver(fact, sequence, service) for sequence, fact in enumerate(facts, start=1)]


def deliver(fact: Fact, sequence: int, service: str = "registration") -> Event[Any]:
    """Return a fact as the event that a reader gets, rendered and parsed."""
    recorded_at = FIRST_MOMENT + timedelta(minutes=sequence)
    event = wrap(
        fact, sequence=sequence, service=service, recorded_at=recorded_at, causation="test", correlation="test"
    )
    named = event.model_copy(update={"id": str(uuid5(NAMESPACE_URL, f"{fact.stream}#{sequence}"))})
    return unwrap(from_json(render(named)), by_type(ALL_FACTS))
