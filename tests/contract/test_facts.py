"""The register of facts: every fact is in the table, says where it belongs, and never who a person is."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

import contracts
from contracts.archives.announcements import ANNOUNCEMENT_FACTS, DutyAnnounced
from contracts.archives.archives import ARCHIVE_FACTS, Archive, ArchiveFact
from contracts.archives.custody import CUSTODY_FACTS, Custody, CustodyFact, Manifest, Offer
from contracts.archives.enrolments import ENROLMENT_FACTS, Condition, Enrolment, EnrolmentFact
from contracts.archives.entries import Entry, EntryFact, EntryForwarded, EntryRecorded
from contracts.archives.follow_ups import BloodPressure
from contracts.envelope import Fact
from contracts.facts import (
    ALL_FACTS,
    HEALTH_FACTS,
    HEARD_BY,
    OUTREACH_FACTS,
    REPORTING_FACTS,
    TRANSFER_FACTS,
    by_type,
    said_by,
)
from contracts.feeds.subscriptions import SUBSCRIPTION_FACTS, SubscriptionFact, SubscriptionRequested
from contracts.outreach.activities import ACTIVITY_FACTS, Activity, ActivityFact, ActivityKind, Audience
from contracts.outreach.articles import ARTICLE_FACTS, ArticleSubmitted
from contracts.outreach.audiovisuals import PLAY_FACTS, PlayRecorded
from contracts.outreach.boards import BoardFact, BoardInstalled, BoardIssueFact, BoardIssuePosted
from contracts.outreach.care import CARE_FACTS, CareCaseFact, CareCaseOpened
from contracts.outreach.counselling import COUNSELLING_FACTS, CounsellingFact, CounsellingRoomOpened
from contracts.outreach.educators import EDUCATOR_FACTS, EducatorFact, EducatorJoined, TrainingFact, TrainingHeld
from contracts.outreach.exposures import EXPOSURE_FACTS, ExposureFact, ExposureRecorded
from contracts.outreach.honours import HONOUR_FACTS, HonourAwarded, HonourFact
from contracts.outreach.institutions import INSTITUTION_FACTS, InstitutionFact, InstitutionRegistered
from contracts.outreach.materials import MaterialFact, MaterialReceived, MovementRecorded
from contracts.outreach.messages import (
    MESSAGE_FACTS,
    PREFERENCE_FACTS,
    TEMPLATE_FACTS,
    MessageChannel,
    MessageFact,
    Preference,
    PreferenceFact,
    TemplateFact,
    Topic,
)
from contracts.outreach.prescriptions import (
    PRESCRIPTION_FACTS,
    PRESCRIPTION_USE_FACTS,
    PrescriptionFact,
    PrescriptionGiven,
    PrescriptionUseCounted,
)
from contracts.outreach.questionnaires import QUESTIONNAIRE_FACTS, QuestionnaireFact, QuestionnairePublished
from contracts.outreach.sign_ins import SIGN_IN_FACTS, AttendanceRecorded, SignInFact
from contracts.outreach.standing_orders import STANDING_ORDER_FACTS, StandingOrder, StandingOrderFact
from contracts.outreach.supplies import SUPPLY_FACTS, SupplyIssued
from contracts.outreach.surveys import SurveyAnswered, SurveyFact, SurveyOpened, SurveySampleDrawn
from contracts.outreach.year_plans import YEAR_PLAN_FACTS, YearPlanDrafted, YearPlanFact
from contracts.registration.conflicts import CONFLICT_FACTS, ConflictFact
from contracts.registration.notices import ANSWER_FACTS, NOTICE_FACTS, AnswerFact, NoticeFact
from contracts.registration.people import PERSON_FACTS, PersonFact
from contracts.registration.stays import STAY_FACTS, StayFact
from contracts.reporting.figures import FIGURE_FACTS, FigureFact, FigureRecorded
from contracts.reporting.publications import PUBLICATION_FACTS, IndicatorsPublished, PublicationFact
from contracts.reporting.reports import REPORT_FACTS, ReportFact, ReportSealed
from contracts.reporting.supervision import SUPERVISION_FACTS, SupervisionFact, SupervisionHeld
from contracts.reporting.targets import TARGET_FACTS, TargetFact, TargetSet
from tests.support.facts import (
    FIRST_DAY,
    FIRST_MOMENT,
    PEOPLE,
    make_answer,
    make_conflict,
    make_notice,
    make_person,
    make_stay,
)
from tests.support.letters import make_message, make_template
from tests.support.samples import sample_of

SPEAKERS = {
    "registration": (*STAY_FACTS, *TRANSFER_FACTS),
    "archives": (*HEALTH_FACTS, *ANNOUNCEMENT_FACTS),
    "outreach": OUTREACH_FACTS,
    "feeds": SUBSCRIPTION_FACTS,
    "reporting": REPORTING_FACTS,
}
STREET = "320507001"
STAY = make_stay(street=STREET)
ARCHIVE = Archive(person_id=PEOPLE[0], district="320507", street=STREET, opened_at=FIRST_MOMENT)
ENTRY = Entry(
    entry_id="entry-1",
    person_id=PEOPLE[0],
    street=STREET,
    measured_at=FIRST_MOMENT,
    recorded_by="worker",
    content=BloodPressure(systolic=120, diastolic=80),
)
ENROLMENT = Enrolment(
    person_id=PEOPLE[0], condition=Condition.HYPERTENSION, district="320507", street=STREET, enrolled_on=FIRST_DAY
)
CUSTODY = Custody(
    person_id=PEOPLE[0],
    district="320507",
    street=STREET,
    turn=1,
    offer=Offer(
        turn=1,
        to="320812",
        stay_id="1" * 32,
        offered_at=FIRST_MOMENT,
        manifest=Manifest(count=0, sha256="", lines=()),
        archive=ARCHIVE,
    ),
)
ACTIVITY = Activity(
    activity_id="activity-1",
    street=STREET,
    kind=ActivityKind.LECTURE,
    topic="高血压",
    audience=Audience.ELDERLY,
    planned_on=FIRST_DAY,
)
NOTICE = make_notice(make_stay(street="320812001", day=9), STAY)
ANSWER = make_answer(NOTICE)
PERSON = make_person(district="320507")
CONFLICT = make_conflict(STAY, make_stay(street="320812001", day=9))
BOARD = sample_of(BoardInstalled).data.board
BOARD_ISSUE = sample_of(BoardIssuePosted).data.issue
CARE_CASE = sample_of(CareCaseOpened).data.case
COUNSELLING_ROOM = sample_of(CounsellingRoomOpened).data.room
EXPOSURE = sample_of(ExposureRecorded).data.exposure
EDUCATOR = sample_of(EducatorJoined).data.educator
TRAINING = sample_of(TrainingHeld).data.training
INSTITUTION = sample_of(InstitutionRegistered).data.institution
MATERIAL = sample_of(MaterialReceived).data.material
MOVEMENT = sample_of(MovementRecorded).data.movement
ARTICLE = sample_of(ArticleSubmitted).data.article
SUPPLY = sample_of(SupplyIssued).data.supply
PRESCRIPTION = sample_of(PrescriptionGiven).data.prescription
PRESCRIPTION_USE = sample_of(PrescriptionUseCounted).data.use
ANNOUNCEMENT = sample_of(DutyAnnounced).data.announcement
HONOUR = sample_of(HonourAwarded).data.honour
PUBLICATION = sample_of(IndicatorsPublished).data.publication
REPORT = sample_of(ReportSealed).data.report
TARGET = sample_of(TargetSet).data.target
FIGURE = sample_of(FigureRecorded).data.figure
SUPERVISION = sample_of(SupervisionHeld).data.supervision
YEAR_PLAN = sample_of(YearPlanDrafted).data.plan
PLAY = sample_of(PlayRecorded).data.play
QUESTIONNAIRE = sample_of(QuestionnairePublished).data.questionnaire
SURVEY = sample_of(SurveyOpened).data.survey
SAMPLE = sample_of(SurveySampleDrawn).data.sample
SHEET = sample_of(SurveyAnswered).data.sheet
SIGN_IN = sample_of(AttendanceRecorded).data.sign_in
MESSAGE = make_message()
TEMPLATE = make_template()
PREFERENCE = Preference(person_id=PEOPLE[0], street=STREET, refused=(Topic.ACTIVITY,))
ORDER = StandingOrder(owner=STREET, template_id=TEMPLATE.template_id, channel=MessageChannel.SMS, since=FIRST_DAY)
SUBSCRIPTION = sample_of(SubscriptionRequested).data.subscription
IDENTITY = re.compile(r"name|phone|mobile|address(?!ee)|document|number|id_card|passport|email|identity", re.IGNORECASE)


SUBJECTS: dict[type[Fact], dict[str, object]] = {
    StayFact: {"stay": STAY},
    NoticeFact: {"notice": NOTICE},
    AnswerFact: {"answer": ANSWER},
    PersonFact: {"person": PERSON},
    ConflictFact: {"conflict": CONFLICT},
    ArchiveFact: {"archive": ARCHIVE},
    EntryFact: {"entry": ENTRY},
    EntryForwarded: {"entry": ENTRY, "by": "320507", "to": "320812"},
    EnrolmentFact: {"enrolment": ENROLMENT},
    CustodyFact: {"custody": CUSTODY},
    ActivityFact: {"activity": ACTIVITY},
    BoardFact: {"board": BOARD},
    BoardIssueFact: {"issue": BOARD_ISSUE},
    CareCaseFact: {"case": CARE_CASE},
    CounsellingFact: {"room": COUNSELLING_ROOM},
    ExposureFact: {"exposure": EXPOSURE},
    EducatorFact: {"educator": EDUCATOR},
    TrainingFact: {"training": TRAINING},
    InstitutionFact: {"institution": INSTITUTION},
    MaterialFact: {"material": MATERIAL},
    MovementRecorded: {"movement": MOVEMENT},
    PlayRecorded: {"play": PLAY},
    PrescriptionFact: {"prescription": PRESCRIPTION},
    PrescriptionUseCounted: {"use": PRESCRIPTION_USE},
    DutyAnnounced: {"announcement": ANNOUNCEMENT},
    HonourFact: {"honour": HONOUR},
    TargetFact: {"target": TARGET},
    ReportFact: {"report": REPORT},
    PublicationFact: {"publication": PUBLICATION},
    FigureFact: {"figure": FIGURE},
    SupervisionFact: {"supervision": SUPERVISION},
    YearPlanFact: {"plan": YEAR_PLAN},
    QuestionnaireFact: {"questionnaire": QUESTIONNAIRE},
    SurveyFact: {"survey": SURVEY},
    SurveySampleDrawn: {"sample": SAMPLE},
    SurveyAnswered: {"sheet": SHEET},
    SignInFact: {"sign_in": SIGN_IN},
    ArticleSubmitted: {"article": ARTICLE},
    SupplyIssued: {"supply": SUPPLY},
    MessageFact: {"message": MESSAGE},
    TemplateFact: {"template": TEMPLATE},
    PreferenceFact: {"preference": PREFERENCE},
    StandingOrderFact: {"order": ORDER},
    SubscriptionFact: {"subscription": SUBSCRIPTION},
}


def sample(kind: type[Fact]) -> Fact:
    """Make a fact of a kind."""
    subject = next(subject for base, subject in SUBJECTS.items() if issubclass(kind, base))
    return kind.model_validate(subject)


def table() -> dict[str, tuple[str, frozenset[str]]]:
    """Read the table of the package's docstring: a fact, who says it, who hears it."""
    rows = [line.strip("| ").split("|") for line in (contracts.__doc__ or "").splitlines() if line.startswith("| ")]
    told = {}
    for facts, speaker, hearers in [[cell.strip() for cell in row] for row in rows[1:]]:
        hearing = frozenset(HEARD_BY if hearers == "every service" else hearers.split(", "))
        told.update(dict.fromkeys(facts.split(", "), (speaker, hearing)))
    return told


def property_names(schema: Any) -> Iterator[str]:
    """Return the names of all properties anywhere in a JSON schema."""
    if isinstance(schema, dict):
        yield from schema.get("properties", {})
        for part in schema.values():
            yield from property_names(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from property_names(part)


def all_kinds(kind: type[Fact] = Fact) -> Iterator[type[Fact]]:
    """Find every fact that the contracts define, whether it is registered or not."""
    for below in kind.__subclasses__():
        if below.__module__.startswith("contracts.") and "TYPE" in vars(below):
            yield below
        yield from all_kinds(below)


def test_the_table_names_every_fact_who_says_it_and_who_hears_it() -> None:
    truth = {
        fact.__name__: (speaker, frozenset(hearer for hearer, heard in HEARD_BY.items() if fact in heard))
        for speaker, facts in SPEAKERS.items()
        for fact in facts
    }

    assert table() == truth


@pytest.mark.parametrize("service", SPEAKERS)
def test_a_service_says_the_facts_that_bear_its_name(service: str) -> None:
    assert set(said_by(service)) == set(SPEAKERS[service])


def test_every_fact_that_is_defined_is_registered_once() -> None:
    assert set(all_kinds()) == set(ALL_FACTS)
    assert len(by_type(ALL_FACTS)) == len(ALL_FACTS)


@pytest.mark.parametrize("kind", ALL_FACTS, ids=lambda kind: kind.__name__)
def test_a_fact_is_named_after_its_service_itself_and_its_version(kind: type[Fact]) -> None:
    speaker = next(service for service, facts in SPEAKERS.items() if kind in facts)
    snake = re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).lower()

    assert f"{speaker}.{snake}.v1" == kind.TYPE


@pytest.mark.parametrize("kind", ALL_FACTS, ids=lambda kind: kind.__name__)
def test_a_fact_is_a_past_participle_in_the_fields_words(kind: type[Fact]) -> None:
    assert re.search(r"(ed|Drawn|Given|Held|Sent|Set|Withdrawn|Lost|Found)$", kind.__name__)
    assert not re.search(r"(Event|Updated|Changed|Created|Deleted)$", kind.__name__)


@pytest.mark.parametrize(
    ("kinds", "stream", "place", "person", "addressee"),
    [
        (STAY_FACTS, f"stay/{STAY.stay_id}", STREET, PEOPLE[0], "320507"),
        (NOTICE_FACTS, f"notice/{NOTICE.notice_id}", "320812001", PEOPLE[0], "320507"),
        (ANSWER_FACTS, f"answer/{NOTICE.notice_id}", STREET, PEOPLE[0], "320812"),
        (PERSON_FACTS, f"person/{PEOPLE[0]}@320507", "320507", PEOPLE[0], "320507"),
        (CONFLICT_FACTS, f"conflict/{CONFLICT.conflict_id}@320507", "320507", PEOPLE[0], "320507"),
        (ARCHIVE_FACTS, f"archive/{PEOPLE[0]}@320507", STREET, PEOPLE[0], "320507"),
        ((EntryRecorded,), "entry/entry-1", STREET, PEOPLE[0], "320507"),
        ((EntryForwarded,), "forwarded/entry-1@320507>320812", "320507", PEOPLE[0], "320812"),
        (ENROLMENT_FACTS, f"enrolment/{PEOPLE[0]}:hypertension@320507", STREET, PEOPLE[0], "320507"),
        (CUSTODY_FACTS, f"custody/{PEOPLE[0]}@320507", STREET, PEOPLE[0], "320507"),
        (ACTIVITY_FACTS, "activity/activity-1", STREET, None, "320507"),
        (SIGN_IN_FACTS, f"sign_in/{SIGN_IN.sign_in_id}", STREET, SIGN_IN.person_id, "320507"),
        ((BoardInstalled,), f"board/{BOARD.board_id}", STREET, None, "320507"),
        ((BoardIssuePosted,), f"board_issue/{BOARD_ISSUE.issue_id}", STREET, None, "320507"),
        (CARE_FACTS, f"care_case/{CARE_CASE.case_id}", STREET, CARE_CASE.person_id, "320507"),
        (COUNSELLING_FACTS, f"counselling_room/{COUNSELLING_ROOM.room_id}", STREET, None, "320507"),
        (EXPOSURE_FACTS, f"exposure/{EXPOSURE.exposure_id}", STREET, EXPOSURE.person_id, "320507"),
        (EDUCATOR_FACTS, f"educator/{EDUCATOR.educator_id}", STREET, None, "320507"),
        ((TrainingHeld,), f"training/{TRAINING.training_id}", STREET, None, "320507"),
        (INSTITUTION_FACTS, f"institution/{INSTITUTION.institution_id}", STREET, None, "320507"),
        ((MaterialReceived,), f"material/{MATERIAL.material_id}", STREET, None, "320507"),
        ((MovementRecorded,), f"movement/{MOVEMENT.movement_id}", STREET, None, "320507"),
        (ARTICLE_FACTS, f"article/{ARTICLE.article_id}", STREET, None, "320507"),
        (SUPPLY_FACTS, f"supply/{SUPPLY.supply_id}", STREET, None, "320507"),
        (PLAY_FACTS, f"play/{PLAY.play_id}", STREET, None, "320507"),
        (
            PRESCRIPTION_FACTS,
            f"prescription/{PRESCRIPTION.prescription_id}",
            STREET,
            PRESCRIPTION.person_id,
            "320507",
        ),
        (PRESCRIPTION_USE_FACTS, f"prescription_use/{PRESCRIPTION_USE.use_id}", STREET, None, "320507"),
        (ANNOUNCEMENT_FACTS, f"announcement/{ANNOUNCEMENT.announcement_id}", STREET, ANNOUNCEMENT.person_id, "320507"),
        (HONOUR_FACTS, f"honour/{HONOUR.honour_id}", STREET, None, "320507"),
        (REPORT_FACTS, f"report/{REPORT.report_id}", "320507", None, "320507"),
        (PUBLICATION_FACTS, f"publication/{PUBLICATION.report_id}", "320507", None, "320507"),
        (TARGET_FACTS, f"target/{TARGET.target_id}", "320507", None, "320507"),
        (SUPERVISION_FACTS, f"supervision/{SUPERVISION.supervision_id}", STREET, None, "320507"),
        (FIGURE_FACTS, f"figure/{FIGURE.figure_id}", "320507", None, "320507"),
        (YEAR_PLAN_FACTS, f"year_plan/{YEAR_PLAN.plan_id}", STREET, None, "320507"),
        (QUESTIONNAIRE_FACTS, f"questionnaire/{QUESTIONNAIRE.questionnaire_id}", "320507", None, "320507"),
        ((SurveyOpened,), f"survey/{SURVEY.survey_id}", STREET, None, "320507"),
        ((SurveySampleDrawn,), f"survey_sample/{SURVEY.survey_id}", STREET, None, "320507"),
        ((SurveyAnswered,), f"survey_answer/{SHEET.answer_id}", STREET, SHEET.person_id, "320507"),
        (MESSAGE_FACTS, f"message/{MESSAGE.message_id}", STREET, PEOPLE[0], "320507"),
        (TEMPLATE_FACTS, f"template/{TEMPLATE.template_id}", "320507", None, "320507"),
        (PREFERENCE_FACTS, f"preference/{PEOPLE[0]}@320507", STREET, PEOPLE[0], "320507"),
        (STANDING_ORDER_FACTS, f"standing_order/{STREET}", STREET, None, "320507"),
        (SUBSCRIPTION_FACTS, f"subscription/{SUBSCRIPTION.subscription_id}", "320507", None, "320507"),
    ],
    ids=[
        "stay",
        "notice",
        "answer",
        "person",
        "conflict",
        "archive",
        "entry",
        "forwarded",
        "enrolment",
        "custody",
        "activity",
        "sign-in",
        "board",
        "board_issue",
        "case of care",
        "counselling room",
        "exposure",
        "educator",
        "training",
        "institution",
        "material",
        "movement",
        "article",
        "supply",
        "play",
        "prescription",
        "prescription use",
        "announcement",
        "honour",
        "report",
        "publication",
        "target",
        "supervision",
        "figure",
        "year plan",
        "questionnaire",
        "survey",
        "survey sample",
        "survey answer",
        "message",
        "template",
        "preference",
        "standing order",
        "subscription",
    ],
)
def test_a_fact_names_its_stream_place_person_and_who_must_hear_it(
    kinds: tuple[type[Fact], ...], stream: str, place: str, person: str | None, addressee: str
) -> None:
    for fact in map(sample, kinds):
        assert fact.stream == stream
        assert fact.division == place
        assert fact.person_id == person
        assert fact.addressee == addressee


@pytest.mark.parametrize("kind", ALL_FACTS, ids=lambda kind: kind.__name__)
def test_no_fact_has_a_field_that_says_who_a_person_is(kind: type[Fact]) -> None:
    names = set(property_names(kind.model_json_schema()))

    assert names, "a schema without properties would prove nothing"
    assert not [name for name in names if IDENTITY.search(name)]


@pytest.mark.parametrize("kind", ALL_FACTS, ids=lambda kind: kind.__name__)
def test_a_fact_ignores_what_it_does_not_know_and_can_not_be_changed(kind: type[Fact]) -> None:
    fact = sample(kind)

    read = kind.model_validate({**fact.model_dump(mode="json"), "tomorrow": "new"})

    assert read == fact
    assert kind.model_config.get("frozen") is True


def test_every_service_hears_facts_that_somebody_says() -> None:
    for heard in HEARD_BY.values():
        assert set(heard) <= set(ALL_FACTS)
    assert set(ALL_FACTS) == {fact for heard in HEARD_BY.values() for fact in heard}


def test_what_a_district_says_of_custody_is_heard_by_those_it_deals_with() -> None:
    fact = sample(CUSTODY_FACTS[0])

    assert fact.addressees == ("320507", "320812")
