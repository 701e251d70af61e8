"""Histories of facts as services say them, and the ways in which they may be delivered."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any, TypeVar

from hypothesis import strategies as st

from contracts.archives.archives import (
    Archive,
    ArchiveClosed,
    ArchiveCompleted,
    ArchiveOpened,
    ArchiveReopened,
    ArchiveState,
    BasicInformation,
    Closing,
    ClosingReason,
    archive_code,
)
from contracts.archives.custody import Custody, CustodyOffered, CustodyReleased, Line, Manifest, Offer
from contracts.archives.enrolments import ChronicEnrolled, Condition, Enrolment, EnrolmentEnded, EnrolmentEnding
from contracts.archives.entries import Entry, EntryCorrected, EntryForwarded, EntryRecorded, EntryState, EntryVoided
from contracts.archives.follow_ups import BloodPressure
from contracts.archives.forms import Mode
from contracts.envelope import Event, Fact
from contracts.reference.identity import Sex
from contracts.registration.conflicts import ConflictRaised, ConflictResolved
from contracts.registration.notices import (
    Answer,
    AnswerFact,
    AnswerState,
    Notice,
    NoticeConfirmed,
    NoticeEscalated,
    NoticeFact,
    NoticeKind,
    NoticePaired,
    NoticeReceived,
    NoticeRejected,
    NoticeReminded,
    NoticeSent,
    NoticeState,
    NoticeVerified,
    NoticeWithdrawn,
    RejectionReason,
    notice_id,
)
from contracts.registration.people import DeathRetracted, Person, PersonDied, PersonFact, PersonsMerged, PersonsUnmerged
from contracts.registration.stays import (
    DestinationKind,
    Ending,
    Stay,
    StayContested,
    StayCorrected,
    StayEnded,
    StayFact,
    StayReaffirmed,
    StayRelocated,
    StayStarted,
    StayState,
    StayTraceFound,
    StayTraceLost,
)
from contracts.reporting.figures import FigureRecorded, FigureWithdrawn
from contracts.reporting.publications import IndicatorsPublished
from contracts.reporting.reports import REPORT_FACTS
from contracts.reporting.supervision import FindingReviewed, SupervisionHeld, SupervisionWithdrawn
from contracts.reporting.targets import TargetSet, TargetWithdrawn
from services.registration.domain import stays as decisions
from tests.support.care_histories import (
    care_histories,
    counselling_histories,
    educator_histories,
    exposure_histories,
)
from tests.support.facts import (
    DISTRICTS,
    FIRST_DAY,
    FIRST_MOMENT,
    PEOPLE,
    STREETS,
    EventList,
    envelop,
    make_answer,
    make_conflict,
    make_notice,
    make_person,
    make_stay,
)
from tests.support.outreach_histories import (
    activity_histories,
    board_histories,
    honour_histories,
    institution_histories,
    material_histories,
    messaging_histories,
    plan_histories,
    prescription_histories,
)
from tests.support.samples import sample_of
from tests.support.subscriptions import subscription_histories
from tests.support.surveys import survey_histories

Thing = TypeVar("Thing")


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
    earlier = stay.started_on - timedelta(days=draw(st.integers(1, 3)))
    steps: list[StayFact] = [
        decisions.retract(stay),
        StayCorrected(stay=stay.model_copy(update={"started_on": earlier, "purpose": "work"})),
    ]
    if stay.state in decisions.LIVING:
        steps += draw(_steps_of_living(stay))
    if stay.state is StayState.CONTESTED:
        steps.append(StayReaffirmed(stay=stay.model_copy(update={"state": StayState.OPEN, "contested_by": None})))
        steps.append(StayEnded(stay=_ended(stay, 3, ending=Ending.BY_DEFAULT)))
    if stay.trace_lost_on is not None:
        steps.append(StayTraceFound(stay=stay.model_copy(update={"trace_lost_on": None})))
    elif stay.ended_on is not None and stay.ending is Ending.DEPARTED:
        lost_on = stay.ended_on + timedelta(days=91)
        steps.append(StayTraceLost(stay=stay.model_copy(update={"trace_lost_on": lost_on})))
    return draw(st.sampled_from(steps))


@st.composite
def _steps_of_living(draw: st.DrawFn, stay: Stay) -> list[StayFact]:
    rival, community = draw(st.sampled_from(("1" * 32, "2" * 32))), draw(st.sampled_from(("001", "002")))
    departed = {"ending": Ending.DEPARTED, "destination_kind": draw(st.sampled_from(DestinationKind))}
    days = draw(st.integers(0, 9))
    return [
        StayContested(stay=stay.model_copy(update={"state": StayState.CONTESTED, "contested_by": rival})),
        decisions.end(stay, stay.started_on + timedelta(days=days), None),
        StayEnded(stay=_ended(stay, days, **departed)),
        StayRelocated(stay=stay.model_copy(update={"community": community})),
    ]


def _ended(stay: Stay, days: int, **more: Any) -> Stay:
    over = {"state": StayState.ENDED, "ended_on": stay.started_on + timedelta(days=days), "contested_by": None}
    return stay.model_copy(update=over | more)


@st.composite
def stay_histories(draw: st.DrawFn) -> EventList:
    """Make the histories of some people's stays."""
    started = draw(st.lists(stays(), min_size=1, max_size=5, unique_by=lambda stay: stay.stay_id))
    return [event for stay in started for event in envelop(draw(stay_facts(stay)))]


@st.composite
def notice_histories(draw: st.DrawFn, known: Sequence[Stay]) -> EventList:
    """Make notices of an arrival or a departure between stays of one person, and their answers."""
    pairs = [(one, two) for one in known for two in known if one.person_id == two.person_id and one != two]
    elsewhere = [(make_stay(one.person_id, "310101001", 3), one) for one in known]
    drawn = draw(st.lists(st.sampled_from([*pairs, *elsewhere]), max_size=4, unique=True))
    events: EventList = []
    for one, two in drawn:
        kind = draw(st.sampled_from((NoticeKind.ARRIVAL, NoticeKind.DEPARTURE)))
        notice = make_notice(one, two, notice_id=notice_id(kind, one.stay_id, two.stay_id), kind=kind)
        events += envelop(draw(_notice_facts(notice)))
        events += envelop(draw(_answer_facts(make_answer(notice))))
    return events


@st.composite
def _notice_facts(draw: st.DrawFn, notice: Notice) -> list[NoticeFact]:
    facts: list[NoticeFact] = [NoticeSent(notice=notice)]
    for kind, said in (
        (NoticeReminded, {"reminded": True}),
        (NoticeEscalated, {"escalated": True}),
        (NoticeWithdrawn, {"state": NoticeState.WITHDRAWN}),
    ):
        if draw(st.booleans()):
            facts.append(kind(notice=facts[-1].notice.model_copy(update=said)))
    return facts


@st.composite
def _answer_facts(draw: st.DrawFn, answer: Answer) -> list[AnswerFact]:
    facts: list[AnswerFact] = []
    for kind, state in (
        (NoticeReceived, AnswerState.RECEIVED),
        (NoticePaired, AnswerState.PAIRED),
        (NoticeVerified, AnswerState.VERIFIED),
    ):
        if draw(st.booleans()):
            facts.append(kind(answer=answer.model_copy(update={"state": state})))
    fed_back = {"answered_at": answer.received_at + timedelta(days=draw(st.integers(0, 40)))}
    match draw(st.sampled_from(("confirm", "reject", "wait"))):
        case "confirm":
            said = {**fed_back, "state": AnswerState.CONFIRMED, "left_on": FIRST_DAY}
            facts.append(NoticeConfirmed(answer=answer.model_copy(update=said)))
        case "reject":
            said = {**fed_back, "state": AnswerState.REJECTED, "reason": draw(st.sampled_from(RejectionReason))}
            facts.append(NoticeRejected(answer=answer.model_copy(update=said)))
    return facts


@st.composite
def person_histories(draw: st.DrawFn) -> EventList:
    """Make what two districts say of people: deaths and merges, in rings and contradicting each other too, undone."""
    keepers = draw(st.lists(st.tuples(st.sampled_from(PEOPLE), st.sampled_from(DISTRICTS)), max_size=4, unique=True))
    return [event for one, district in keepers for event in envelop(draw(_person_facts(make_person(one, district))))]


@st.composite
def _person_facts(draw: st.DrawFn, person: Person) -> list[PersonFact]:
    facts: list[PersonFact] = []
    for _ in range(draw(st.integers(1, 4))):
        person = facts[-1].person if facts else person
        survivor = draw(st.sampled_from([one for one in PEOPLE if one != person.person_id]))
        linked = tuple(sorted({*person.linked, survivor}))
        steps: list[PersonFact] = [
            DeathRetracted(person=person.model_copy(update={"died_on": None}))
            if person.died_on
            else PersonDied(person=person.model_copy(update={"died_on": FIRST_DAY + timedelta(days=5)})),
            PersonsUnmerged(person=person.model_copy(update={"merged_into": None}))
            if person.merged_into
            else PersonsMerged(person=person.model_copy(update={"merged_into": survivor, "linked": linked})),
        ]
        facts.append(draw(st.sampled_from(steps)))
    return facts


@st.composite
def conflict_histories(draw: st.DrawFn, known: Sequence[Stay]) -> EventList:
    """Make conflicts between stays of one person, raised in each of their districts, some of them resolved."""
    pairs = [(one, two) for one in known for two in known if one.person_id == two.person_id and one != two]
    events: EventList = []
    for one, two in pairs[:3]:
        conflict = make_conflict(one, two)
        if f"conflict/{conflict.conflict_id}@{conflict.district}" in {event.subject for event in events}:
            continue
        resolved = ConflictResolved(conflict=conflict.model_copy(update={"open": False}))
        raised = ConflictRaised(conflict=conflict)
        events += envelop([raised, resolved] if draw(st.booleans()) else [raised])
    return events


@st.composite
def archive_histories(draw: st.DrawFn) -> EventList:
    """Make archives, one for a person and district, with what was entered, managed, handed over and sent on."""
    homes = draw(st.lists(st.tuples(st.sampled_from(PEOPLE), st.sampled_from(STREETS)), max_size=4, unique=True))
    events: EventList = []
    for person, street in {(person, street[:6]): (person, street) for person, street in homes}.values():
        archive = Archive(
            person_id=person,
            district=street[:6],
            street=street,
            opened_at=FIRST_MOMENT,
            birth=draw(st.sampled_from((None, date(1949, 12, 31), date(2023, 2, 28)))),
        )
        events += envelop(draw(_archive_facts(archive)), "archives")
        events += envelop(draw(_custody_facts(archive)), "archives")
        events += envelop(draw(_enrolment_facts(archive)), "archives")
        for number in range(draw(st.integers(0, 2))):
            events += draw(_entry_events(archive, number))
    return events


@st.composite
def _archive_facts(draw: st.DrawFn, archive: Archive) -> list[Fact]:
    code = archive_code(archive.street, "001", 7)
    completed = archive.model_copy(update={"code": code, "completed_at": FIRST_MOMENT, "basic": BasicInformation()})
    closing = Closing(reason=ClosingReason.LOST, closed_on=FIRST_DAY, closed_at=FIRST_MOMENT)
    closed = completed.model_copy(update={"state": ArchiveState.CLOSED, "closing": closing})
    facts = [
        ArchiveOpened(archive=archive),
        ArchiveCompleted(archive=completed),
        ArchiveClosed(archive=closed),
        ArchiveReopened(archive=completed),
    ]
    return list(facts[: draw(st.integers(1, 4))])


@st.composite
def _custody_facts(draw: st.DrawFn, archive: Archive) -> list[Fact]:
    offer = Offer(
        turn=1,
        to=draw(st.sampled_from(STREETS))[:6],
        stay_id="1" * 32,
        offered_at=datetime(2100, 1, 1, tzinfo=UTC),
        manifest=Manifest(count=1, sha256="0", lines=(Line(entry_id="elsewhere", version=1),)),
        archive=archive,
    )
    offered = Custody(
        person_id=archive.person_id, district=archive.district, street=archive.street, turn=1, offer=offer
    )
    released = offered.model_copy(update={"turn": 2, "released": 1, "released_to": offer.to})
    facts = [CustodyOffered(custody=offered), CustodyReleased(custody=released)]
    return list(facts[: draw(st.integers(0, 2))])


@st.composite
def _enrolment_facts(draw: st.DrawFn, archive: Archive) -> list[Fact]:
    enrolment = Enrolment(
        person_id=archive.person_id,
        condition=draw(st.sampled_from(Condition)),
        district=archive.district,
        street=archive.street,
        enrolled_on=FIRST_DAY,
    )
    ended = enrolment.model_copy(update={"ended_on": FIRST_DAY, "ending": EnrolmentEnding.LOST})
    facts = [ChronicEnrolled(enrolment=enrolment), EnrolmentEnded(enrolment=ended)]
    return list(facts[: draw(st.integers(0, 2))])


@st.composite
def _entry_events(draw: st.DrawFn, archive: Archive, number: int) -> EventList:
    """Make an entry that may be corrected and voided, and sent on in any of its versions."""
    entry = Entry(
        entry_id=f"{archive.person_id[0]}-{archive.street}-{number}",
        person_id=archive.person_id,
        street=archive.street,
        measured_at=FIRST_MOMENT,
        recorded_by="worker",
        content=BloodPressure(systolic=draw(st.integers(40, 300)), diastolic=80, mode=Mode.PHONE),
    )
    corrected = EntryCorrected(
        entry=entry.model_copy(update={"state": EntryState.CORRECTED, "earlier": (entry.as_earlier(),)})
    )
    earlier = (entry.as_earlier(), corrected.entry.as_earlier())
    voided = EntryVoided(entry=entry.model_copy(update={"state": EntryState.VOIDED, "earlier": earlier}))
    facts = [EntryRecorded(entry=entry), corrected, voided][: draw(st.integers(1, 3))]
    to = "320812" if archive.district == "320507" else "320507"
    sent = [EntryForwarded(entry=fact.entry, by=archive.district, to=to) for fact in facts if draw(st.booleans())]
    return [*envelop(facts, "archives"), *envelop(sent, "archives")]


@st.composite
def target_histories(draw: st.DrawFn) -> EventList:
    """Make a target, a yearly figure and a visit that are told, perhaps anew, and perhaps withdrawn."""
    target, figure = sample_of(TargetSet).data, sample_of(FigureRecorded).data
    anew = TargetSet(target=target.target.model_copy(update={"value": 0.9}))
    again = FigureRecorded(figure=figure.figure.model_copy(update={"value": 9}))
    targets: list[Fact] = [target, anew, TargetWithdrawn(target=anew.target.model_copy(update={"withdrawn": True}))]
    figures: list[Fact] = [figure, again, FigureWithdrawn(figure=again.figure.model_copy(update={"withdrawn": True}))]
    held, reviewed = sample_of(SupervisionHeld).data, sample_of(FindingReviewed).data
    withdrawn = SupervisionWithdrawn(supervision=reviewed.supervision.model_copy(update={"withdrawn": True}))
    visits: list[Fact] = [held, reviewed, withdrawn]
    told = [facts[: draw(st.integers(0, 3))] for facts in (targets, figures, visits)]
    return [event for facts in told for event in envelop(facts, "reporting")]


@st.composite
def rounds(draw: st.DrawFn) -> EventList:
    """Draw a round that one worker typed in one day for more people than the histories know, mended here and there."""
    events: EventList = []
    for number in range(draw(st.integers(4, 9))):
        pressures = draw(st.lists(st.sampled_from((128, 132)), min_size=1, max_size=3))
        entry = Entry(
            entry_id=f"round-{number}",
            person_id=f"{number:032x}",
            street=draw(st.sampled_from(STREETS[:1] * 4 + STREETS[1:2])),
            measured_at=FIRST_MOMENT,
            recorded_by="nurse",
            content=BloodPressure(systolic=pressures[0], diastolic=80),
        )
        facts: list[Fact] = [EntryRecorded(entry=entry)]
        for systolic in pressures[1:]:
            content = BloodPressure(systolic=systolic, diastolic=80)
            changed = {"state": EntryState.CORRECTED, "earlier": (*entry.earlier, entry.as_earlier())}
            entry = entry.model_copy(update={**changed, "recorded_by": "doctor", "content": content})
            facts.append(EntryCorrected(entry=entry))
        if draw(st.integers(0, 5)) == 0:
            voided = {"state": EntryState.VOIDED, "earlier": (*entry.earlier, entry.as_earlier())}
            facts.append(EntryVoided(entry=entry.model_copy(update=voided)))
        events += envelop(facts, "archives")
    return events


@st.composite
def report_histories(draw: st.DrawFn) -> EventList:
    """Make a report that is drafted, signed, sealed, restated, and its restatement withdrawn, up to any step.

    What was sealed may be published, for the first time and again.
    """
    facts = [sample_of(kind).data for kind in REPORT_FACTS]
    first = sample_of(IndicatorsPublished).data
    second = IndicatorsPublished(publication=first.publication.model_copy(update={"edition": 2}))
    told = facts[: draw(st.integers(0, len(facts)))], [first, second][: draw(st.integers(0, 2))]
    return [event for stream in told for event in envelop(stream, "reporting")]


@st.composite
def histories(draw: st.DrawFn) -> EventList:
    """Make a history of everything that all services say."""
    stays = draw(stay_histories())
    known = list({event.subject: event.data.stay for event in stays}.values())
    return [
        *stays,
        *draw(notice_histories(known)),
        *draw(person_histories()),
        *draw(conflict_histories(known)),
        *draw(archive_histories()),
        *draw(activity_histories()),
        *draw(board_histories()),
        *draw(care_histories()),
        *draw(counselling_histories()),
        *draw(educator_histories()),
        *draw(exposure_histories()),
        *draw(institution_histories()),
        *draw(material_histories()),
        *draw(messaging_histories()),
        *draw(prescription_histories()),
        *draw(plan_histories()),
        *draw(honour_histories()),
        *draw(target_histories()),
        *draw(survey_histories()),
        *draw(report_histories()),
        *draw(subscription_histories()),
    ]


@st.composite
def repeated(draw: st.DrawFn, things: Sequence[Thing]) -> list[Thing]:
    """Return things in any order, some of them more than once."""
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
