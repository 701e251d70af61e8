"""Entries: what feeds keeps of a fact, from which each audience is told no more than it may be.

An entry of a feed about people knows whose it is, to count those who look alike; that leaves feeds in no form. What is
kept for telling has a value for every attribute of its feed.
"""

from collections.abc import Iterator
from datetime import date
from typing import Any, NamedTuple, assert_never, cast

from contracts.archives.archives import ArchiveFact
from contracts.archives.enrolments import EnrolmentFact
from contracts.envelope import Event, Fact, render_time
from contracts.feeds.feeds import FEEDS, SMALLEST_CLASS, Direction, FeedName, PublishedFile
from contracts.outreach.activities import ActivityFact
from contracts.reference.calendar import day_of
from contracts.registration.notices import AnswerFact, NoticeFact
from contracts.registration.people import PersonFact
from contracts.registration.stays import Stay, StayFact
from contracts.reporting.publications import Publication, PublicationFact
from contracts.reporting.reports import ReportSealed

Json = dict[str, Any]
AboutPeople = StayFact | PersonFact | NoticeFact | AnswerFact | ArchiveFact | EnrolmentFact
ToldFact = AboutPeople | ActivityFact | ReportSealed | PublicationFact


class Entry(NamedTuple):
    """What is kept of a fact, and in the pages of which feed and district."""

    feed: FeedName
    district: str
    kept: Json


def make_entries(event: Event[Any]) -> Iterator[Entry]:
    """Yield what is kept of a fact for each feed and district that tells of it; a notice has two ends.

    There is no day of birth in it, no address below the street, no cause, no measurement.
    """
    district, fact = event.division[:6], cast(ToldFact, event.data)
    match fact:
        case StayFact(stay=stay):
            yield _keep(FeedName.STAYS, district, event, stay_id=stay.stay_id, data=_tell_stay(stay))
        case PersonFact():
            yield _keep(FeedName.STAYS, district, event, data={"birth_year": None})
        case NoticeFact() | AnswerFact():
            yield from _keep_both_ends(event)
        case ArchiveFact() | EnrolmentFact():
            yield _keep(FeedName.ARCHIVES, district, event, data=_tell_archive(fact))
        case ActivityFact():
            yield _keep(FeedName.ACTIVITIES, district, event, data=_tell_activity(fact))
        case ReportSealed():
            yield _keep(FeedName.REPORTS, district, event, data=_tell_report(fact))
        case PublicationFact(publication=publication):
            yield from _keep_each_value(event, publication)
        case never:
            assert_never(never)


def _keep(feed: FeedName, district: str, event: Event[Fact], *, data: Json, **more: str) -> Entry:
    """Return an entry with the values that are known of its feed's attributes, and None for the others."""
    kept = {
        "id": event.id,
        "type": event.type,
        "time": render_time(event.time),
        "sequence": event.sequence,
        "person_id": event.personid if FEEDS[feed].about_people else None,
        "data": {**dict.fromkeys(map(str, FEEDS[feed].attributes)), **data},
    }
    return Entry(feed, district, {**kept, **more})


def _tell_stay(stay: Stay) -> Json:
    return {
        "street": stay.street,
        "state": stay.state.value,
        "started_on": _day(stay.started_on),
        "ended_on": _day(stay.ended_on),
        "birth_year": stay.birth.year if stay.birth else None,
        "sex": stay.sex.value,
        "hukou_province": stay.hukou_division[:2] if stay.hukou_division else None,
        "purpose": stay.purpose,
    }


def _keep_both_ends(event: Event[NoticeFact | AnswerFact]) -> Iterator[Entry]:
    """Yield what the sender's district may tell of a notice, and what the addressee's may."""
    sender, addressee, data = _tell_notice(event.data)
    ends = ((Direction.OUT, sender, addressee), (Direction.IN, addressee, sender))
    for direction, here, there in ends:
        known = {
            "street": _street(here),
            "direction": direction.value,
            "other_district": there[:6],
            "other_province": there[:2],
        }
        _, district, kept = _keep(FeedName.TRANSFERS, here[:6], event, data={**data, **known})
        yield Entry(FeedName.TRANSFERS, district, {**kept, "id": f"{event.id}:{direction}"})


def _tell_notice(fact: NoticeFact | AnswerFact) -> tuple[str, str, Json]:
    """Return who sent a notice, to whom, and what is told of the notice or its answer whichever end tells it."""
    if isinstance(fact, AnswerFact):
        answer, reason = fact.answer, fact.answer.reason.value if fact.answer.reason else None
        told = {"state": answer.state.value, "moved_on": _day(answer.left_on), "reason": reason}
        return answer.sender, answer.answerer, told
    notice = fact.notice
    told = {"notice_kind": notice.kind.value, "state": notice.state.value, "moved_on": _day(notice.started_on)}
    return notice.sender, notice.addressee, told


def _tell_archive(fact: ArchiveFact | EnrolmentFact) -> Json:
    if isinstance(fact, EnrolmentFact):
        enrolment = fact.enrolment
        return {
            "street": enrolment.street,
            "condition": enrolment.condition.value,
            "enrolled_on": _day(enrolment.enrolled_on),
            "ended_on": _day(enrolment.ended_on),
            "reason": enrolment.ending.value if enrolment.ending else None,
            "birth_year": None,
        }
    archive = fact.archive
    return {
        "street": archive.street,
        "state": archive.state.value,
        "opened_on": _day(day_of(archive.opened_at)),
        "closed_on": _day(archive.closing.closed_on) if archive.closing else None,
        "reason": archive.closing.reason.value if archive.closing else None,
        "sex": archive.sex.value,
        "birth_year": archive.birth.year if archive.birth else None,
    }


def _tell_activity(fact: ActivityFact) -> Json:
    activity = fact.activity
    attendance = activity.attendance
    return {
        "street": activity.street,
        "activity_id": activity.activity_id,
        "activity_kind": activity.kind.value,
        "state": activity.state.value,
        "topic": activity.topic,
        "addressed": activity.audience.value,
        "planned_on": _day(activity.planned_on),
        "held_on": _day(activity.held_on),
        "attendance": None if attendance is not None and 0 < attendance < SMALLEST_CLASS else attendance,
        "occasion": activity.occasion,
        "reason": activity.cancel_reason.value if activity.cancel_reason else None,
    }


def _tell_report(fact: ReportSealed) -> Json:
    report, sealed = fact.report, fact.report.newest
    files = (PublishedFile.model_validate(file.model_dump()) for file in sealed.files if file.published)
    return {
        "street": _street(report.division),
        "report_id": report.report_id,
        "template": report.template,
        "division": report.division,
        "period": report.period,
        "edition": sealed.edition,
        "files": [file.model_dump(mode="json") for file in files],
    }


def _keep_each_value(event: Event[Fact], publication: Publication) -> Iterator[Entry]:
    """Yield each number that was published, in its order; what is suppressed is in none of them."""
    about = publication.model_dump(mode="json", include={"report_id", "template", "period", "edition"})
    for order, value in enumerate(publication.values):
        data = {**about, "street": _street(value.division), **value.model_dump(mode="json")}
        feed, district, kept = _keep(FeedName.INDICATORS, event.division[:6], event, data=data)
        yield Entry(feed, district, {**kept, "id": f"{event.id}:{order}"})


def _street(division: str) -> str | None:
    """Return a division if it is a street; what is a district's own, of no street, has three zeros."""
    return division if len(division) == len("320507001") and not division.endswith("000") else None


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None
