"""Drawn years of one person: stays, archives, enrolments and entries, corrected, contested, merged, late and ended."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from hypothesis import strategies as st

from contracts.archives.archives import (
    Archive,
    ArchiveClosed,
    ArchiveCompleted,
    ArchiveOpened,
    ArchiveReopened,
    ArchiveState,
    Closing,
    ClosingReason,
)
from contracts.archives.contents import ChildVisit, EducationReceived, MaternalVisit, PhysicalExam, Vaccination
from contracts.archives.enrolments import ChronicEnrolled, Condition, Enrolment, EnrolmentEnded, EnrolmentEnding
from contracts.archives.entries import Entry, EntryCorrected, EntryRecorded, EntryState, EntryVoided
from contracts.archives.follow_ups import (
    BloodPressure,
    DiabetesFollowUp,
    HypertensionFollowUp,
    MentalHealthFollowUp,
    TuberculosisFollowUp,
)
from contracts.envelope import Fact
from contracts.reference.identity import Sex
from contracts.reference.vaccines import Vaccine
from contracts.registration.notices import (
    Answer,
    AnswerState,
    Notice,
    NoticeConfirmed,
    NoticeKind,
    NoticeReceived,
    NoticeSent,
    NoticeState,
    NoticeWithdrawn,
    RejectionReason,
)
from contracts.registration.people import PersonDied, PersonsMerged
from contracts.registration.stays import (
    Category,
    Contest,
    DestinationKind,
    Ending,
    Stay,
    StayContested,
    StayCorrected,
    StayEnded,
    StayRelocated,
    StayRetracted,
    StayStarted,
    StayState,
)
from tests.support.facts import make_person
from tests.support.oracle import COMMUNITIES, Life

A, B = "a" * 32, "b" * 32
STREETS = ("320507001", "320507002", "320812001")
FIRST = date(2023, 11, 1)
DAYS = st.integers(0, 900).map(lambda number: FIRST + timedelta(days=number))
BOUNDARIES = (
    date(2023, 12, 31),
    date(2024, 1, 1),
    date(2024, 2, 28),
    date(2024, 2, 29),
    date(2024, 3, 1),
    date(2025, 2, 28),
)
SOME_DAY = st.one_of(DAYS, st.sampled_from(BOUNDARIES))
CHILDREN_SINCE = date(2017, 1, 1)
BIRTHS = st.sampled_from(
    (
        date(1940, 5, 4),
        date(1959, 3, 1),
        date(1960, 2, 29),
        date(1975, 7, 1),
        date(1990, 12, 31),
        date(2017, 6, 1),
        date(2020, 2, 29),
        date(2023, 8, 31),
        date(2025, 1, 1),
    )
)

VACCINES = tuple(Vaccine)[:11]
"""Those of the programme."""
STEPS = ((), ("complete",), ("close",), ("complete", "close"), ("close", "reopen", "complete"))
"""What becomes of an archive that was opened."""

Told = list[tuple[date, Fact]]
"""The facts of a stream with the day on which each was said."""


def moment(day: date, hour: int = 4) -> datetime:
    """Return a moment of a day, before noon in China."""
    return datetime.combine(day, time(hour), UTC)


@st.composite
def lives(draw: st.DrawFn) -> tuple[Life, list[Told], bool]:
    """Make a life, all its streams, and whether its two ids were merged."""
    merged = draw(st.booleans())
    ids = (A, B) if merged else (A,)
    birth = draw(BIRTHS)
    described = {"birth": birth, "sex": draw(st.sampled_from((Sex.MALE, Sex.FEMALE)))}
    streams: list[Told] = []
    life = Life()
    before: Stay | None = None
    for number in range(draw(st.integers(1, 4))):
        streams.append(told := draw(_stay_stream(draw(st.sampled_from(ids)), number, described, before)))
        life.stays.append([(on, fact.stay) for on, fact in told])  # type: ignore[attr-defined]  # they are of a stay
        before = life.stays[-1][-1][1]
    places = st.lists(st.tuples(st.sampled_from(ids), st.sampled_from(STREETS)), max_size=3, unique_by=_archive_of)
    for person, street in draw(places):
        streams.append(told := draw(_archive_stream(person, street, described)))
        life.archives.append([(on, fact.archive) for on, fact in told])  # type: ignore[attr-defined]  # of an archive
    for condition in draw(st.lists(st.sampled_from(list(Condition)), max_size=2, unique=True)):
        street = draw(st.sampled_from(STREETS))
        streams.append(told := draw(_enrolment_stream(draw(st.sampled_from(ids)), condition, street)))
        life.enrolments.append([(on, fact.enrolment) for on, fact in told])  # type: ignore[attr-defined]  # of one
    contents = _of_a_child() if birth >= CHILDREN_SINCE else _contents()
    for number in range(draw(st.integers(0, 9))):
        streams.append(told := draw(_entry_stream(draw(st.sampled_from(ids)), number, contents)))
        life.entries.append([(on, fact.entry) for on, fact in told])  # type: ignore[attr-defined]  # of an entry
    about = st.sampled_from((None, *(f"{stay:032x}" for stay in (len(life.stays) - 1,) * 3), f"{0:032x}", f"{15:032x}"))
    exchanges = [
        draw(_exchange_streams(draw(st.sampled_from(ids)), number, about)) for number in range(draw(st.integers(0, 3)))
    ]
    for told, *_ in exchanges:
        streams.append(told)
        life.notices.append([(on, fact.notice) for on, fact in told])  # type: ignore[attr-defined]  # of a notice
    for told in (each for _, *answered in exchanges for each in answered):
        streams.append(told)
        life.answers.append([(on, fact.answer) for on, fact in told])  # type: ignore[attr-defined]  # of an answer
    if merged:
        alias = make_person(A, "320507", merged_into=B, linked=(B,))
        streams.append([(FIRST, PersonsMerged(person=alias))])
    if draw(st.integers(0, 3)) == 0:
        life.died_on = draw(DAYS)
        streams.append([(FIRST, PersonDied(person=make_person(ids[-1], "320812", died_on=life.died_on)))])
    return life, streams, merged


def _archive_of(where: tuple[str, str]) -> tuple[str, str]:
    return where[0], where[1][:6]


@st.composite
def _stay_stream(draw: st.DrawFn, person: str, number: int, described: dict[str, Any], before: Stay | None) -> Told:
    """Make the facts of a stay, which often begins where and when the one before it ended."""
    ended_on = before.ended_on if before and draw(st.booleans()) else None
    day = ended_on or draw(SOME_DAY)
    stay = Stay(
        stay_id=f"{number:032x}",
        person_id=person,
        street=draw(st.sampled_from(STREETS[:2] if ended_on else STREETS)),
        started_on=day,
        recorded_at=moment(day, draw(st.integers(0, 9))),
        hukou_division=draw(st.sampled_from((None, "320507", "342221"))),
        origin=draw(st.sampled_from((None, "342221"))),
        purpose=draw(st.sampled_from((None, "labour"))),
        categories=draw(st.sampled_from(((), (Category.DISABLED,)))),
        community=draw(st.sampled_from((None, *COMMUNITIES))),
        registration_due=draw(st.sampled_from((None, day, day + timedelta(days=3)))),
        **described,
    )
    told: Told = [(day, StayStarted(stay=stay))]
    said = day + timedelta(days=draw(st.integers(0, 60)))
    if draw(st.booleans()):
        stay = stay.model_copy(update={"community": draw(st.sampled_from((None, *COMMUNITIES)))})
        told.append((said, StayRelocated(stay=stay)))
        said += timedelta(days=draw(st.integers(0, 60)))
    match draw(st.sampled_from(("stays", "ends", "ends", "ends", "contested", "retracted", "corrected"))):
        case "ends":
            told.append((said, StayEnded(stay=draw(_ended(stay)))))
        case "contested":
            contested = {"state": StayState.CONTESTED, "contest": Contest.NEWER_STAY}
            told.append((said, StayContested(stay=stay.model_copy(update=contested))))
        case "retracted":
            told.append((said, StayRetracted(stay=stay.model_copy(update={"state": StayState.RETRACTED}))))
        case "corrected":
            moved = stay.model_copy(update={"started_on": draw(SOME_DAY)})
            told += [(said, StayCorrected(stay=moved)), (said, StayEnded(stay=draw(_ended(moved))))]
    return told


@st.composite
def _ended(draw: st.DrawFn, stay: Stay) -> Stay:
    over = stay.started_on + timedelta(days=draw(st.integers(0, 500)))
    lost = draw(st.sampled_from((None, over + timedelta(days=90), over - timedelta(days=9))))
    return stay.model_copy(
        update={
            "state": StayState.ENDED,
            "ended_on": over,
            "ending": draw(st.sampled_from((None, *Ending))),
            "destination": draw(st.sampled_from((None, "342221"))),
            "destination_kind": draw(st.sampled_from((None, *DestinationKind))),
            "trace_lost_on": lost,
        }
    )


@st.composite
def _archive_stream(draw: st.DrawFn, person: str, street: str, described: dict[str, Any]) -> Told:
    day = draw(SOME_DAY)
    archive = Archive(person_id=person, district=street[:6], street=street, opened_at=moment(day), **described)
    told: Told = [(day, ArchiveOpened(archive=archive))]
    for step in draw(
        st.sampled_from(((), ("complete",), ("close",), ("complete", "close"), ("close", "reopen", "complete")))
    ):
        day += timedelta(days=draw(st.integers(1, 200)))
        if step == "complete":
            archive = archive.model_copy(update={"completed_at": moment(day)})
            told.append((day, ArchiveCompleted(archive=archive)))
        elif step == "close":
            closing = Closing(reason=ClosingReason.LOST, closed_on=day, closed_at=moment(day))
            archive = archive.model_copy(update={"state": ArchiveState.CLOSED, "closing": closing})
            told.append((day, ArchiveClosed(archive=archive)))
        else:
            archive = archive.model_copy(update={"state": ArchiveState.OPEN, "closing": None})
            told.append((day, ArchiveReopened(archive=archive)))
    return told


@st.composite
def _enrolment_stream(draw: st.DrawFn, person: str, condition: Condition, street: str) -> Told:
    day = draw(SOME_DAY)
    taken = draw(st.sampled_from((None, None, "320812")))
    enrolment = Enrolment(
        person_id=person,
        condition=condition,
        district=street[:6],
        street=street,
        enrolled_on=day,
        taken_over_from=taken,
    )
    said = day + timedelta(days=draw(st.integers(0, 40)))
    told: Told = [(said, ChronicEnrolled(enrolment=enrolment))]
    if draw(st.booleans()):
        over = said + timedelta(days=draw(st.integers(1, 300)))
        ended = {"ended_on": over, "ending": draw(st.sampled_from(list(EnrolmentEnding)))}
        told.append((over, EnrolmentEnded(enrolment=enrolment.model_copy(update=ended))))
        if draw(st.booleans()):
            again = over + timedelta(days=draw(st.integers(1, 100)))
            told.append((again, ChronicEnrolled(enrolment=enrolment.model_copy(update={"enrolled_on": again}))))
    return told


def _contents() -> st.SearchStrategy[Any]:
    mode = st.sampled_from(("face_to_face", "face_to_face", "phone"))
    systolic, diastolic = st.sampled_from((120, 139, 140, 149, 150)), st.sampled_from((80, 89, 90))
    complete = {
        "haemoglobin": 140, "white_cells": 6.0, "platelets": 200, "urine_protein": "negative",
        "urine_glucose": "negative", "alt": 20, "ast": 20, "bilirubin": 10.0, "creatinine": 70, "urea": 5.0,
        "fasting_glucose": 5.0, "cholesterol": 4.0, "triglycerides": 1.0,
        "low_density_cholesterol": 2.0, "high_density_cholesterol": 1.2,
        "electrocardiogram": "normal", "abdominal_ultrasound": "normal",
    }  # fmt: skip
    return st.one_of(
        st.builds(HypertensionFollowUp, mode=mode, systolic=systolic, diastolic=diastolic),
        st.builds(BloodPressure, mode=st.sampled_from((None, "face_to_face")), systolic=systolic, diastolic=diastolic),
        st.builds(DiabetesFollowUp, mode=mode, fasting_glucose=st.sampled_from((5.5, 6.9, 7.0, 9.0))),
        st.builds(TuberculosisFollowUp, mode=mode, first_home_visit=st.booleans()),
        st.builds(MentalHealthFollowUp, mode=mode, stability=st.just("stable")),
        st.builds(PhysicalExam, guidance_given=st.booleans()),
        st.builds(lambda guided: PhysicalExam(guidance_given=guided, **complete), st.booleans()),
        st.builds(EducationReceived, form=st.just("lecture"), topic=st.just("salt")),
        st.builds(
            MaternalVisit,
            stage=st.sampled_from(("early", "after_birth", "day_42")),
            weeks=st.sampled_from((None, 12, 13)),
            delivered_on=st.one_of(st.none(), st.sampled_from(BOUNDARIES)),
        ),
    )


def _of_a_child() -> st.SearchStrategy[Any]:
    few = st.builds(Vaccination, vaccine=st.sampled_from(("HepB", "MPSV-A", "DTaP")), dose=st.integers(1, 3))
    any_one = st.builds(Vaccination, vaccine=st.sampled_from((*VACCINES, "Flu")), dose=st.integers(1, 5))
    visit = st.builds(ChildVisit, stage=st.sampled_from(("newborn_home", "newborn_home", "year_4")))
    return st.sampled_from((few, any_one, visit, _contents())).flatmap(lambda contents: contents)


@st.composite
def _entry_stream(draw: st.DrawFn, person: str, number: int, contents: st.SearchStrategy[Any]) -> Told:
    day = draw(SOME_DAY)
    entry = Entry(
        entry_id=f"entry-{number}",
        person_id=person,
        street=draw(st.sampled_from(STREETS)),
        measured_at=moment(day, draw(st.sampled_from((4, 15, 16)))),
        recorded_by="worker",
        recorded_at=moment(day, 17),
        content=draw(contents),
    )
    told: Told = [(day + timedelta(days=1), EntryRecorded(entry=entry))]
    later = day + timedelta(days=draw(st.integers(2, 90)))
    match draw(st.sampled_from(("stands", "stands", "stands", "corrected", "voided"))):
        case "corrected":
            update = {"content": draw(contents), "state": EntryState.CORRECTED}
            told.append((later, EntryCorrected(entry=_again(entry, later, update))))
        case "voided":
            told.append((later, EntryVoided(entry=_again(entry, later, {"state": EntryState.VOIDED}))))
    return told


@st.composite
def _exchange_streams(draw: st.DrawFn, person: str, number: int, about: st.SearchStrategy[str | None]) -> list[Told]:
    """Make the facts of a notice, perhaps withdrawn, and of its answer if there is one."""
    day = draw(SOME_DAY)
    within = st.integers(0, 40).map(lambda days: day + timedelta(days=days))
    notice = Notice(
        notice_id=f"{number:032x}",
        kind=draw(st.sampled_from((NoticeKind.DEPARTURE, *NoticeKind))),
        person_id=person,
        sender=draw(st.sampled_from(STREETS)),
        addressee=draw(st.sampled_from((*STREETS, "360981"))),
        stay_id=draw(about),
        started_on=draw(st.one_of(st.none(), SOME_DAY)),
        sent_at=moment(day, draw(st.sampled_from((4, 15, 16)))),
        receipt_due=draw(within),
        answer_due=draw(within),
        completes_on=draw(st.one_of(st.none(), within)),
        remind_on=day,
    )
    sent: Told = [(day + timedelta(days=1), NoticeSent(notice=notice))]
    if draw(st.integers(0, 4)) == 0:
        withdrawn = notice.model_copy(update={"state": NoticeState.WITHDRAWN})
        sent.append((draw(within) + timedelta(days=1), NoticeWithdrawn(notice=withdrawn)))
    return [sent, draw(_answer_stream(notice, day))] if draw(st.booleans()) else [sent]


@st.composite
def _answer_stream(draw: st.DrawFn, notice: Notice, day: date) -> Told:
    received = day + timedelta(days=draw(st.integers(0, 20)))
    answer = Answer(
        notice_id=notice.notice_id,
        person_id=notice.person_id,
        answerer=notice.addressee,
        sender=notice.sender,
        state=AnswerState.RECEIVED,
        received_at=moment(received, draw(st.sampled_from((4, 15, 16)))),
    )
    told: Told = [(received + timedelta(days=1), NoticeReceived(answer=answer))]
    if draw(st.integers(0, 3)):
        answered = received + timedelta(days=draw(st.integers(0, 40)))
        state = draw(st.sampled_from((AnswerState.CONFIRMED, AnswerState.CONFIRMED, *list(AnswerState)[1:])))
        reason = draw(st.sampled_from(list(RejectionReason))) if state is AnswerState.REJECTED else None
        said = {"state": state, "reason": reason, "answered_at": moment(answered, 16)}
        told.append((answered + timedelta(days=1), NoticeConfirmed(answer=answer.model_copy(update=said))))
    return told


def _again(entry: Entry, day: date, update: dict[str, Any]) -> Entry:
    return entry.model_copy(update={**update, "earlier": (entry.as_earlier(),), "recorded_at": moment(day)})


def flatten(streams: Sequence[Told]) -> list[tuple[date, int, Fact]]:
    """Return all facts with the days on which they were said and their sequences."""
    return [(on, sequence, fact) for told in streams for sequence, (on, fact) in enumerate(told, start=1)]
