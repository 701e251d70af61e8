"""Load everything known about a person: what was heard, overlaid with the newest facts of the own journal."""

from collections.abc import Mapping

from contracts.envelope import Event, Fact
from contracts.registration.conflicts import ConflictFact
from contracts.registration.notices import AnswerFact, NoticeFact
from contracts.registration.people import PersonFact
from contracts.registration.stays import StayFact
from services.registration.domain.knowledge import Knowledge
from services.registration.service import Registration


async def load_knowledge(registration: Registration, person_id: str) -> Knowledge:
    """Return everything known about a person, the own journal included; empty if nothing is."""
    known = await registration.find_known_person(person_id)
    own = await registration.service.journal.load_streams_of(known.ids)
    return with_own(known.knowledge, {event.subject: event for event in own})


def with_own(known: Knowledge, own: Mapping[str, Event[Fact]]) -> Knowledge:
    """Return what was heard, overlaid with the newest facts of the own journal (by stream), which are never late."""
    held = {stay.stay_id: stay for stay in known.stays}
    sent = {notice.notice_id: notice for notice in known.notices}
    answers = {answer.notice_id: answer for answer in known.answers}
    records = {(person.person_id, person.district): person for person in known.people}
    conflicts = {(conflict.conflict_id, conflict.district): conflict for conflict in known.conflicts}
    for event in own.values():
        match event.data:
            case StayFact(stay=stay):
                held[stay.stay_id] = stay
            case NoticeFact(notice=notice):
                sent[notice.notice_id] = notice
            case AnswerFact(answer=answer):
                answers[answer.notice_id] = answer
            case PersonFact(person=person):
                records[person.person_id, person.district] = person
            case ConflictFact(conflict=conflict):
                conflicts[conflict.conflict_id, conflict.district] = conflict
    return Knowledge(
        tuple(held.values()),
        tuple(sent.values()),
        tuple(answers.values()),
        tuple(records.values()),
        tuple(conflicts.values()),
        known.current_division,
    )
