"""Derive a person's timeline: every fact of the own streams, and of other districts' streams the newest state."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any

from pydantic import BaseModel

from contracts.envelope import Event, Fact, narrow
from contracts.reference.calendar import day_of
from contracts.registration.conflicts import Conflict, ConflictFact
from contracts.registration.notices import Answer, AnswerFact, AnswerState, Notice, NoticeFact, NoticeState
from contracts.registration.people import Person, PersonDied, PersonFact, PersonsMerged, person_stream
from contracts.registration.stays import (
    Ending,
    Stay,
    StayContested,
    StayCorrected,
    StayEnded,
    StayFact,
    StayReaffirmed,
    StayRelocated,
    StayRetracted,
    StayStarted,
    StayState,
    StayTraceFound,
    StayTraceLost,
)
from services.registration.domain.knowledge import Knowledge


class TimelineEntry(BaseModel):
    """One thing that happened in a person's life as it is registered: the day, what, where.

    `recorded_at` is when the own district recorded it; of what other districts recorded only the outcome is known.
    """

    on: date
    what: str
    division: str
    recorded_at: datetime | None = None
    stay_id: str | None = None
    notice_id: str | None = None
    conflict_id: str | None = None
    detail: str | None = None


def derive_timeline(known: Knowledge, facts: Sequence[Event[Fact]]) -> list[TimelineEntry]:
    """Return a person's timeline, oldest first, from what is known and every fact of the own streams."""
    own = {event.subject for event in facts}
    others = sorted(_entries_elsewhere(known, own), key=lambda one: (one.what, one.division))
    entries = [*others, *_entries_of_facts(facts)]  # sorted() is stable: equal times stay in the order of the stream
    return sorted(entries, key=lambda one: (one.on, one.recorded_at is not None, str(one.recorded_at)))


def _entries_of_facts(facts: Sequence[Event[Fact]]) -> Iterator[TimelineEntry]:
    before: dict[str, Fact] = {}
    for event in facts:
        entry = _entry_of(event, before.get(event.subject))
        yield entry.model_copy(update={"recorded_at": event.time})
        before[event.subject] = event.data


def _entry_of(event: Event[Fact], before: Fact | None) -> TimelineEntry:
    match event.data:
        case StayFact():
            return _entry_of_stay(narrow(event, StayFact), before if isinstance(before, StayFact) else None)
        case NoticeFact(notice=notice):
            name = event.type.split(".")[1].removeprefix("notice_")
            return _entry_of_notice(notice, f"{notice.kind}_notice_{name}", day_of(event.time))
        case AnswerFact(answer=answer):
            return _entry_of_answer(answer, event.type.split(".")[1], day_of(event.time))
        case PersonFact(person=person):
            return _entry_of_person(event.data, person, day_of(event.time))
        case ConflictFact(conflict=conflict):
            return _entry_of_conflict(conflict, day_of(event.time), event.type.split(".")[1])
    raise TypeError(event.type)


def _entry_of_stay(event: Event[StayFact], before: StayFact | None) -> TimelineEntry:
    stay = event.data.stay
    day = day_of(event.time)
    match event.data:
        case StayStarted():
            on, what, detail = stay.started_on, "arrived", stay.origin
        case StayEnded():
            on, what, detail = stay.ended_on or day, _how_ended(stay), stay.destination
        case StayCorrected():
            on, what, detail = day, "corrected", _changed(before.stay if before else None, stay)
        case StayRelocated():
            on, what, detail = day, "relocated", stay.community
        case StayContested():
            on, what, detail = day, "contested", stay.contest
        case StayReaffirmed():
            on, what, detail = day, "reaffirmed", None
        case StayRetracted():
            on, what, detail = day, "retracted", None
        case StayTraceLost():
            on, what, detail = stay.trace_lost_on or day, "trace_lost", None
        case StayTraceFound():
            on, what, detail = day, "trace_found", None
        case _:
            on, what, detail = day, event.type.split(".")[1], None
    return TimelineEntry(on=on, what=what, division=stay.street, stay_id=stay.stay_id, detail=detail)


def _changed(before: Stay | None, after: Stay) -> str | None:
    if before is None:
        return None
    names = [name for name in type(after).model_fields if name != "registration_due"]  # which follows from the others
    return " ".join(name for name in names if getattr(before, name) != getattr(after, name)) or None


def _how_ended(stay: Stay) -> str:
    return {Ending.DIED: "died", Ending.BY_DEFAULT: "left_by_default"}.get(stay.ending or Ending.DEPARTED, "left")


def _entry_of_notice(notice: Notice, what: str, on: date) -> TimelineEntry:
    return TimelineEntry(on=on, what=what, division=notice.sender, notice_id=notice.notice_id, detail=notice.addressee)


def _entry_of_answer(answer: Answer, what: str, on: date) -> TimelineEntry:
    return TimelineEntry(on=on, what=what, division=answer.answerer, notice_id=answer.notice_id, detail=answer.reason)


def _entry_of_person(fact: PersonFact, person: Person, day: date) -> TimelineEntry:
    match fact:
        case PersonDied():
            return TimelineEntry(on=person.died_on or day, what="death_recorded", division=person.district)
        case PersonsMerged():
            return TimelineEntry(on=day, what="merged", division=person.district, detail=person.merged_into)
    return TimelineEntry(on=day, what=fact.TYPE.split(".")[1], division=person.district)


def _entry_of_conflict(conflict: Conflict, day: date, what: str) -> TimelineEntry:
    return TimelineEntry(
        on=day, what=what, division=conflict.district, conflict_id=conflict.conflict_id, detail=conflict.kind
    )


def _entries_elsewhere(known: Knowledge, own: set[str]) -> Iterator[TimelineEntry]:
    for stay in known.stays:
        if f"stay/{stay.stay_id}" not in own:
            yield from _entries_of_stay(stay)
    for notice in known.notices:
        if f"notice/{notice.notice_id}" not in own:
            yield from _entries_of_notice(notice)
    for answer in known.answers:
        if f"answer/{answer.notice_id}" not in own:
            yield _entry_of_answer(answer, "notice_received", day_of(answer.received_at))
            if answer.answered_at is not None and answer.state is not AnswerState.RECEIVED:
                yield _entry_of_answer(answer, f"notice_{answer.state}", day_of(answer.answered_at))
    for person in known.people:
        elsewhere = person_stream(person.person_id, person.district) not in own
        if elsewhere and person.died_on is not None:
            yield TimelineEntry(on=person.died_on, what="death_recorded", division=person.district)


def _entries_of_notice(notice: Notice) -> Iterator[TimelineEntry]:
    sent_on = day_of(notice.sent_at)
    yield _entry_of_notice(notice, f"{notice.kind}_notice_sent", sent_on)
    if notice.state is NoticeState.WITHDRAWN:
        yield _entry_of_notice(notice, f"{notice.kind}_notice_withdrawn", sent_on)


def _entries_of_stay(stay: Stay) -> Iterator[TimelineEntry]:
    here: dict[str, Any] = {"division": stay.street, "stay_id": stay.stay_id}
    yield TimelineEntry(on=stay.started_on, what="arrived", detail=stay.origin, **here)
    if stay.state is StayState.RETRACTED:
        yield TimelineEntry(on=day_of(stay.recorded_at), what="retracted", **here)
    if stay.state is StayState.CONTESTED:
        yield TimelineEntry(on=stay.started_on, what="contested", detail=stay.contest, **here)
    if stay.ended_on is not None:
        yield TimelineEntry(on=stay.ended_on, what=_how_ended(stay), detail=stay.destination, **here)
    if stay.trace_lost_on is not None:
        yield TimelineEntry(on=stay.trace_lost_on, what="trace_lost", **here)
