"""Histories of what outreach says of those who teach, and of those who are cared for."""

from datetime import timedelta

from hypothesis import strategies as st

from contracts.envelope import Fact
from contracts.outreach.care import (
    CareCase,
    CareCaseClosed,
    CareCaseOpened,
    CareCasePaired,
    CareCaseVisited,
    CareNeed,
    CareVisitWithdrawn,
    CloseReason,
    Help,
    Pairing,
    Visit,
    case_id,
)
from contracts.outreach.counselling import (
    CounsellingHeld,
    CounsellingMonth,
    CounsellingRoom,
    CounsellingRoomClosed,
    CounsellingRoomOpened,
    room_id,
)
from contracts.outreach.educators import (
    Educator,
    EducatorJoined,
    EducatorKind,
    EducatorReleased,
    Term,
    Training,
    TrainingHeld,
    TrainingKind,
    TrainingWithdrawn,
    educator_id,
)
from contracts.outreach.exposures import (
    ExposureEnded,
    ExposureRecorded,
    HazardExposure,
    HazardTraining,
    HazardTrainingHeld,
    HazardTrainingKind,
    HazardTrainingWithdrawn,
    TrainingDue,
    exposure_id,
)
from tests.support.facts import FIRST_DAY, PEOPLE, STREETS, EventList, envelop


@st.composite
def care_histories(draw: st.DrawFn) -> EventList:
    """Make a case that is opened, and perhaps visited, paired and closed."""
    street, person, need = (
        draw(st.sampled_from(STREETS)),
        draw(st.sampled_from(PEOPLE)),
        draw(st.sampled_from(CareNeed)),
    )
    named = {"case_id": case_id(street, person, need), "street": street, "person_id": person, "need": need}
    opened = CareCase(**named, opened_on=FIRST_DAY)
    made = Visit(visit_id="6" * 32, visited_on=FIRST_DAY, visited_by="v-1", help=(Help(kind="goods", quantity=1),))
    visited = opened.model_copy(update={"visits": (made,)})
    undone = visited.model_copy(update={"visits": (made.model_copy(update={"withdrawn": True}),)})
    paired = undone.model_copy(update={"pairing": Pairing(paired_on=FIRST_DAY, staff="v-1")})
    closed = paired.model_copy(update={"closed_on": FIRST_DAY, "close_reason": CloseReason.NEED_MET})
    facts: list[Fact] = [
        CareCaseOpened(case=opened),
        CareCaseVisited(case=visited),
        CareVisitWithdrawn(case=undone),
        CareCasePaired(case=paired),
        CareCaseClosed(case=closed),
    ]
    return envelop(facts[: draw(st.integers(0, 5))], "outreach")


@st.composite
def educator_histories(draw: st.DrawFn) -> EventList:
    """Make a volunteer who joins, and perhaps leaves and joins again, and a training."""
    street, kind = draw(st.sampled_from(STREETS)), EducatorKind.VOLUNTEER
    term = Term(joined_on=FIRST_DAY)
    left = term.model_copy(update={"left_on": FIRST_DAY + timedelta(days=9)})
    again = Term(joined_on=FIRST_DAY + timedelta(days=20))
    known = Educator(educator_id=educator_id(street, kind, "v-1"), street=street, kind=kind, staff="v-1", terms=(term,))
    facts: list[Fact] = [
        EducatorJoined(educator=known),
        EducatorReleased(educator=known.model_copy(update={"terms": (left,)})),
        EducatorJoined(educator=known.model_copy(update={"terms": (left, again)})),
    ]
    held = Training(
        training_id="5" * 32,
        street=street,
        kind=draw(st.sampled_from(TrainingKind)),
        topic="健康素养",
        held_on=FIRST_DAY,
        hours=1.5,
        participants=("v-1",),
        meant_for=(kind,),
    )
    events = envelop(facts[: draw(st.integers(0, 3))], "outreach")
    said: list[Fact] = [
        TrainingHeld(training=held),
        TrainingWithdrawn(training=held.model_copy(update={"withdrawn": True})),
    ]
    return [*events, *envelop(said[: draw(st.integers(0, 2))], "outreach")]


@st.composite
def exposure_histories(draw: st.DrawFn) -> EventList:
    """Make an exposure that is recorded, and perhaps trained for and ended."""
    street, person = draw(st.sampled_from(STREETS)), draw(st.sampled_from(PEOPLE))
    due = TrainingDue(kind=HazardTrainingKind.PRE_JOB, due_on=FIRST_DAY)
    begun = HazardExposure(
        exposure_id=exposure_id(street, person, "dust"),
        street=street,
        person_id=person,
        hazard="dust",
        since=FIRST_DAY,
        due=due,
    )
    told = {"kind": HazardTrainingKind.PRE_JOB, "held_on": FIRST_DAY, "hours": 2}
    training = HazardTraining(training_id="4" * 32, in_time=True, **told)
    trained = begun.model_copy(update={"trainings": (training,)})
    undone = begun.model_copy(update={"trainings": (training.model_copy(update={"withdrawn": True}),)})
    ended = undone.model_copy(update={"until": FIRST_DAY + timedelta(days=9), "due": None})
    facts: list[Fact] = [
        ExposureRecorded(exposure=begun),
        HazardTrainingHeld(exposure=trained),
        HazardTrainingWithdrawn(exposure=undone),
        ExposureEnded(exposure=ended),
    ]
    return envelop(facts[: draw(st.integers(0, 4))], "outreach")


@st.composite
def counselling_histories(draw: st.DrawFn) -> EventList:
    """Make a counselling room that is opened, and perhaps has sessions and is closed."""
    school = "7" * 32
    opened = CounsellingRoom(
        room_id=room_id(school),
        street=draw(st.sampled_from(STREETS)),
        institution_id=school,
        opened_on=FIRST_DAY,
        hours_per_week=10,
    )
    held = opened.model_copy(update={"months": (CounsellingMonth(month="2026-01", sessions=3),)})
    closed = held.model_copy(update={"closed_on": FIRST_DAY})
    facts: list[Fact] = [
        CounsellingRoomOpened(room=opened),
        CounsellingHeld(room=held),
        CounsellingRoomClosed(room=closed),
    ]
    return envelop(facts[: draw(st.integers(0, 3))], "outreach")
