"""Makes histories of facts as services say them, and the ways in which they may be delivered."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any, TypeVar
from uuid import NAMESPACE_URL, uuid5

from hypothesis import strategies as st
from pydantic_core import from_json

from contracts.archives import Archive, ArchiveOpened, BloodPressure, Entry, EntryRecorded
from contracts.envelope import Event, Fact, render, unwrap, wrap
from contracts.facts import ALL_FACTS, by_type
from contracts.identity import Sex
from contracts.outreach import Activity, ActivityHeld, ActivityKind, ActivityPlanned, ActivityState, Audience
from contracts.registration import (
    Stay,
    StayContested,
    StayFact,
    StayReaffirmed,
    StayStarted,
    StayState,
    stay_id,
)
from contracts.transfers import (
    Answer,
    AnswerState,
    Conflict,
    ConflictKind,
    Notice,
    NoticeKind,
    Person,
    conflict_id,
    notice_id,
)
from services.registration.domain import stays as decisions

PEOPLE = tuple(letter * 32 for letter in "abc")
STREETS = ("320507001", "320507002", "320812001", "320812002")
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
    """Put the facts of one stream into the envelopes that a reader gets, after a journey over the wire."""
    return [_delivered(fact, sequence, service) for sequence, fact in enumerate(facts, start=1)]


def _delivered(fact: Fact, sequence: int, service: str) -> Event[Any]:
    recorded_at = FIRST_MOMENT + timedelta(minutes=sequence)
    event = wrap(
        fact, sequence=sequence, service=service, recorded_at=recorded_at, causation="test", correlation="test"
    )
    named = event.model_copy(update={"id": str(uuid5(NAMESPACE_URL, f"{fact.stream}#{sequence}"))})
    return unwrap(from_json(render(named)), by_type(ALL_FACTS))


@st.composite
def stays(draw: st.DrawFn, people: Sequence[str] = PEOPLE, streets: Sequence[str] = STREETS) -> Stay:
    """Make any stay as it was reported; same first days and same moments of recording are frequent."""
    return make_stay(
        draw(st.sampled_from(people)),
        draw(st.sampled_from(streets)),
        draw(st.integers(0, 4)),
        draw(st.integers(0, 2)),
        birth=draw(st.sampled_from((None, date(1949, 12, 31), date(2020, 2, 29)))),
        sex=draw(st.sampled_from(Sex)),
        hazard=draw(st.sampled_from((None, "none", "dust"))),
    )


@st.composite
def stay_facts(draw: st.DrawFn, stay: Stay) -> list[StayFact]:
    """Make a stay's whole history, each step one that registration could have recorded."""
    facts: list[StayFact] = [StayStarted(stay=stay)]
    for _ in range(draw(st.integers(0, 4))):
        facts.append(draw(_next_facts(facts[-1].stay)))
        if facts[-1].stay.state is StayState.RETRACTED:
            break
    return facts


@st.composite
def _next_facts(draw: st.DrawFn, stay: Stay) -> StayFact:
    steps = ["retract"]
    if stay.state in decisions.LIVING:
        steps += ["contest", "contest", "end"]
    if stay.state is StayState.CONTESTED:
        steps += ["reaffirm"]
    match draw(st.sampled_from(steps)):
        case "retract":
            return decisions.retract(stay)
        case "end":
            return decisions.end(stay, stay.started_on + timedelta(days=draw(st.integers(0, 9))), None)
        case "contest":
            contested = {"state": StayState.CONTESTED, "contested_by": draw(st.sampled_from(("1" * 32, "2" * 32)))}
            return StayContested(stay=stay.model_copy(update=contested))
        case _:
            return StayReaffirmed(stay=stay.model_copy(update={"state": StayState.OPEN, "contested_by": None}))


@st.composite
def stay_histories(draw: st.DrawFn) -> EventList:
    """Make the histories of some people's stays."""
    started = draw(st.lists(stays(), min_size=1, max_size=5, unique_by=lambda stay: stay.stay_id))
    return [event for stay in started for event in envelop(draw(stay_facts(stay)))]


@st.composite
def archive_histories(draw: st.DrawFn) -> EventList:
    """Make archives, one for a person and district, and entries in them."""
    homes = draw(st.lists(st.tuples(st.sampled_from(PEOPLE), st.sampled_from(STREETS)), max_size=4, unique=True))
    events: EventList = []
    for person, street in {(person, street[:6]): (person, street) for person, street in homes}.values():
        archive = Archive(person_id=person, district=street[:6], street=street, opened_at=FIRST_MOMENT)
        events += envelop([ArchiveOpened(archive=archive)], "archives")
        for number in range(draw(st.integers(0, 2))):
            entry = Entry(
                entry_id=f"{person[0]}-{street}-{number}",
                person_id=person,
                street=street,
                measured_at=FIRST_MOMENT,
                recorded_by="worker",
                content=BloodPressure(systolic=draw(st.integers(40, 300)), diastolic=80),
            )
            events += envelop([EntryRecorded(entry=entry)], "archives")
    return events


@st.composite
def activity_histories(draw: st.DrawFn) -> EventList:
    """Make activities that are planned, and some of them held."""
    events: EventList = []
    for number in range(draw(st.integers(0, 3))):
        planned = Activity(
            activity_id=f"activity-{number}",
            street=draw(st.sampled_from(STREETS)),
            kind=draw(st.sampled_from(ActivityKind)),
            topic="高血压",
            audience=draw(st.sampled_from(Audience)),
            planned_on=FIRST_DAY,
        )
        held = planned.model_copy(update={"state": ActivityState.HELD, "held_on": FIRST_DAY, "attendance": 31})
        facts: list[Fact] = [ActivityPlanned(activity=planned)]
        facts += [ActivityHeld(activity=held)] if draw(st.booleans()) else []
        events += envelop(facts, "outreach")
    return events


@st.composite
def histories(draw: st.DrawFn) -> EventList:
    """Make a history of everything that all services say."""
    return [*draw(stay_histories()), *draw(archive_histories()), *draw(activity_histories())]


@st.composite
def repeated(draw: st.DrawFn, things: Sequence[Thing]) -> list[Thing]:
    """Put things into any order, some of them more than once."""
    again = draw(st.lists(st.sampled_from(list(things)), max_size=6)) if things else []
    return list(draw(st.permutations([*things, *again])))


@st.composite
def batches(draw: st.DrawFn, events: Sequence[Event[Any]]) -> list[EventList]:
    """Deliver events in any order, any of them more than once, split into messages anywhere."""
    delivered = draw(repeated(events))
    cuts = sorted(draw(st.sets(st.integers(1, max(1, len(delivered) - 1)), max_size=6)))
    edges = [0, *cuts, len(delivered)]
    return [delivered[start:end] for start, end in pairwise(edges) if start < end]


def heard_by(events: Sequence[Event[Any]], facts: Sequence[type[Fact]]) -> EventList:
    """Keep the events that a service hears."""
    return [event for event in events if isinstance(event.data, tuple(facts))]
