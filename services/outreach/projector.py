"""Facts in, rows out: outreach keeps what it says, and residents to count audiences."""

from collections.abc import Iterator, Sequence
from typing import assert_never

from contracts.archives.announcements import DutyAnnounced
from contracts.envelope import Event, narrow
from contracts.outreach.activities import ActivityFact
from contracts.outreach.articles import ArticleSubmitted
from contracts.outreach.audiovisuals import PlayRecorded
from contracts.outreach.boards import BoardFact, BoardIssueFact
from contracts.outreach.care import CareCaseFact
from contracts.outreach.counselling import CounsellingFact
from contracts.outreach.educators import EducatorFact, TrainingFact
from contracts.outreach.exposures import ExposureFact
from contracts.outreach.honours import HonourFact
from contracts.outreach.institutions import InstitutionFact
from contracts.outreach.materials import MaterialFact, MovementRecorded
from contracts.outreach.messages import MessageFact, PreferenceFact, TemplateFact
from contracts.outreach.prescriptions import PrescriptionFact, PrescriptionUseCounted
from contracts.outreach.questionnaires import QuestionnaireFact
from contracts.outreach.sign_ins import SignInFact
from contracts.outreach.standing_orders import StandingOrderFact
from contracts.outreach.supplies import SupplyIssued
from contracts.outreach.surveys import SurveyAnswered, SurveyFact, SurveySampleDrawn
from contracts.outreach.year_plans import YearPlanFact
from contracts.registration.stays import StayFact
from services.outreach.commands.materials import record_movements
from services.outreach.commands.year_plans import plan_activities
from services.outreach.views.activities import activity_row
from services.outreach.views.announcements import announcement_row
from services.outreach.views.articles import article_row
from services.outreach.views.audiovisuals import play_row
from services.outreach.views.boards import board_row, issue_row
from services.outreach.views.care import care_case_row
from services.outreach.views.counselling import counselling_room_row
from services.outreach.views.educators import educator_row, training_row
from services.outreach.views.exposures import exposure_row
from services.outreach.views.honours import honour_row
from services.outreach.views.institutions import institution_row
from services.outreach.views.materials import material_row, movement_row
from services.outreach.views.messages import messaging_row
from services.outreach.views.prescriptions import prescription_row, use_row
from services.outreach.views.questionnaires import questionnaire_row
from services.outreach.views.residents import resident_row
from services.outreach.views.sign_ins import sign_in_row
from services.outreach.views.supplies import supply_row
from services.outreach.views.surveys import answer_row, sample_row, survey_row
from services.outreach.views.year_plans import plan_row
from services.runtime.changes import Topics
from services.runtime.mongo import Row, write_rows
from services.runtime.service import Service

Placed = InstitutionFact | HonourFact | YearPlanFact
Shown = BoardFact | BoardIssueFact | PlayRecorded | ArticleSubmitted
Caring = CareCaseFact | CounsellingFact | ExposureFact | EducatorFact | TrainingFact
HandedOut = MaterialFact | MovementRecorded | SupplyIssued | PrescriptionFact | PrescriptionUseCounted
MessagingFact = MessageFact | TemplateFact | PreferenceFact | StandingOrderFact
Asking = QuestionnaireFact | SurveyFact | SurveySampleDrawn | SurveyAnswered
Said = Placed | Shown | Caring | HandedOut | MessagingFact | Asking
Heard = StayFact | DutyAnnounced | ActivityFact | SignInFact | Said

TOPICS: Topics = {
    StayFact: ("audiences", "newcomers", "care", "exposures", "households"),
    DutyAnnounced: (),  # messages follow, which tell of themselves
    ActivityFact: ("activities", "calendar", "compliance"),
    SignInFact: ("activities", "newcomers"),
    InstitutionFact: ("institutions", "compliance"),
    HonourFact: ("honours",),
    YearPlanFact: ("year-plans", "calendar", "compliance"),
    BoardFact: ("boards", "compliance"),
    BoardIssueFact: ("boards", "board-issues", "compliance"),
    PlayRecorded: ("plays", "compliance"),
    ArticleSubmitted: ("articles", "compliance"),
    CareCaseFact: ("care-cases", "care"),
    CounsellingFact: ("counselling-rooms", "compliance"),
    ExposureFact: ("exposures",),
    EducatorFact: ("educators", "trainings"),
    TrainingFact: ("trainings", "educators", "compliance"),
    MaterialFact: ("materials", "compliance"),
    MovementRecorded: ("materials", "households", "compliance"),
    SupplyIssued: ("supplies",),
    PrescriptionFact: ("prescriptions", "newcomers"),
    PrescriptionUseCounted: ("prescriptions", "compliance"),
    MessageFact: ("messages", "message-requests", "letters", "newcomers"),
    TemplateFact: ("message-templates",),
    PreferenceFact: ("people",),
    StandingOrderFact: ("message-templates",),
    QuestionnaireFact: ("questionnaires",),
    SurveyFact: ("surveys",),
    SurveySampleDrawn: ("surveys",),
    SurveyAnswered: ("surveys",),
}
"""What is read otherwise once a fact was heard."""


def changes(event: Event[Heard]) -> Iterator[Row]:
    """Yield the rows that a fact writes."""
    match event.data:
        case StayFact(stay=stay):
            yield resident_row(stay, event.sequence)
        case DutyAnnounced(announcement=announcement):
            yield announcement_row(announcement, event.sequence)
        case ActivityFact(activity=activity):
            yield activity_row(activity, event.sequence)
        case SignInFact(sign_in=sign_in):
            yield sign_in_row(sign_in, event.sequence)
        case MessageFact() | TemplateFact() | PreferenceFact() | StandingOrderFact() as said:
            yield messaging_row(said, event.sequence)
        case CareCaseFact() | CounsellingFact() | ExposureFact() | EducatorFact() | TrainingFact() as cared:
            yield _caring_row(cared, event.sequence)
        case (
            MaterialFact()
            | MovementRecorded()
            | SupplyIssued()
            | PrescriptionFact()
            | PrescriptionUseCounted() as given
        ):
            yield _handed_out_row(given, event.sequence)
        case QuestionnaireFact() | SurveyFact() | SurveySampleDrawn() | SurveyAnswered() as asked:
            yield _asking_row(asked, event.sequence)
        case InstitutionFact() | HonourFact() | YearPlanFact() as placed:
            yield _placed_row(placed, event.sequence)
        case _:
            yield _shown_row(event.data, event.sequence)


def _placed_row(fact: Placed, sequence: int) -> Row:
    """Return the row of where people are reached, what is honoured there, and what is planned."""
    match fact:
        case InstitutionFact(institution=institution):
            return institution_row(institution, sequence)
        case HonourFact(honour=honour):
            return honour_row(honour, sequence)
        case YearPlanFact(plan=plan):
            return plan_row(plan, sequence)
        case never:
            assert_never(never)


def _shown_row(fact: Shown, sequence: int) -> Row:
    """Return the row of what was put up, played or written."""
    match fact:
        case BoardFact(board=board):
            return board_row(board, sequence)
        case BoardIssueFact(issue=issue):
            return issue_row(issue, sequence)
        case PlayRecorded(play=play):
            return play_row(play, sequence)
        case ArticleSubmitted(article=article):
            return article_row(article, sequence)
        case never:
            assert_never(never)


def _caring_row(fact: Caring, sequence: int) -> Row:
    """Return the row of who is cared for or exposed at work, who teaches, who was trained."""
    match fact:
        case CareCaseFact(case=case):
            return care_case_row(case, sequence)
        case CounsellingFact(room=room):
            return counselling_room_row(room, sequence)
        case ExposureFact(exposure=exposure):
            return exposure_row(exposure, sequence)
        case EducatorFact(educator=educator):
            return educator_row(educator, sequence)
        case TrainingFact(training=training):
            return training_row(training, sequence)


def _asking_row(fact: Asking, sequence: int) -> Row:
    """Return the row of a questionnaire, a survey, its sample or an answer to it."""
    match fact:
        case QuestionnaireFact(questionnaire=questionnaire):
            return questionnaire_row(questionnaire, sequence)
        case SurveyFact(survey=survey):
            return survey_row(survey, sequence)
        case SurveySampleDrawn(sample=sample):
            return sample_row(sample, sequence)
        case SurveyAnswered(sheet=sheet):
            return answer_row(sheet, sequence)


def _handed_out_row(fact: HandedOut, sequence: int) -> Row:
    """Return the row of what people were given."""
    match fact:
        case MaterialFact(material=material):
            return material_row(material, sequence)
        case MovementRecorded(movement=movement):
            return movement_row(movement, sequence)
        case SupplyIssued(supply=supply):
            return supply_row(supply, sequence)
        case PrescriptionFact(prescription=prescription):
            return prescription_row(prescription, sequence)
        case PrescriptionUseCounted(use=use):
            return use_row(use, sequence)
        case never:
            assert_never(never)


async def hear(service: Service, events: Sequence[Event[Heard]]) -> None:
    """Write the rows of a batch of events; record the movements that materials tell of, and what plans plan."""
    await write_rows(service.database, [row for event in events for row in changes(event)])
    materials = [narrow(event, MaterialFact) for event in events if isinstance(event.data, MaterialFact)]
    await record_movements(service, materials)
    await plan_activities(
        service, [narrow(event, YearPlanFact) for event in events if isinstance(event.data, YearPlanFact)]
    )
