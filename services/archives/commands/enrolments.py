"""Enrolments begun and ended: load, decide, record."""

from datetime import date

from contracts.archives.enrolments import Condition, Enrolment, EnrolmentEnding, EnrolmentFact, enrolment_stream
from contracts.envelope import Event
from services.archives.commands.recording import continue_stream, load_archive
from services.archives.domain import archives
from services.archives.domain.archives import end_managing, must_hold
from services.runtime.service import Service


async def enrol(service: Service, enrolment: Enrolment, cause: str) -> Enrolment:
    """Begin to manage a person for a condition; return the enrolment as recorded."""
    archive, custody = await load_archive(service, enrolment.person_id, enrolment.district)
    held = must_hold(archive, custody)

    def decide(event: Event[EnrolmentFact] | None) -> EnrolmentFact:
        return archives.enrol(event.data.enrolment if event else None, enrolment, held, service.clock())

    stream = enrolment_stream(enrolment.person_id, enrolment.condition, enrolment.district)
    return (await continue_stream(service, (stream, EnrolmentFact), decide, cause)).enrolment


async def end_enrolment(
    service: Service,
    person_id: str,
    managed: tuple[Condition, str],
    why: tuple[date, EnrolmentEnding],
    cause: str,
) -> Enrolment:
    """Stop managing a person for a (condition, district); return the enrolment. `why` is the day and the reason."""

    def decide(event: Event[EnrolmentFact] | None) -> EnrolmentFact:
        return end_managing(event.data.enrolment if event else None, *why, service.clock())

    subject = (enrolment_stream(person_id, *managed), EnrolmentFact)
    return (await continue_stream(service, subject, decide, cause)).enrolment
