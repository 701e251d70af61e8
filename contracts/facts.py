"""The register of all facts, from which schemas, samples and readers are made."""

from collections.abc import Iterable, Mapping

from contracts.archives.announcements import ANNOUNCEMENT_FACTS
from contracts.archives.archives import ARCHIVE_FACTS
from contracts.archives.custody import CUSTODY_FACTS
from contracts.archives.enrolments import ENROLMENT_FACTS
from contracts.archives.entries import ENTRY_FACTS
from contracts.envelope import Fact
from contracts.feeds.feeds import TOLD_FACTS
from contracts.feeds.subscriptions import SUBSCRIPTION_FACTS
from contracts.outreach.activities import ACTIVITY_FACTS
from contracts.outreach.articles import ARTICLE_FACTS
from contracts.outreach.audiovisuals import PLAY_FACTS
from contracts.outreach.boards import BOARD_FACTS
from contracts.outreach.care import CARE_FACTS
from contracts.outreach.counselling import COUNSELLING_FACTS
from contracts.outreach.educators import EDUCATOR_FACTS, TRAINING_FACTS
from contracts.outreach.exposures import EXPOSURE_FACTS
from contracts.outreach.honours import HONOUR_FACTS
from contracts.outreach.institutions import INSTITUTION_FACTS
from contracts.outreach.materials import MATERIAL_FACTS, MovementRecorded
from contracts.outreach.messages import MESSAGING_FACTS
from contracts.outreach.prescriptions import PRESCRIPTION_FACTS, PRESCRIPTION_USE_FACTS
from contracts.outreach.questionnaires import QUESTIONNAIRE_FACTS
from contracts.outreach.sign_ins import SIGN_IN_FACTS
from contracts.outreach.standing_orders import STANDING_ORDER_FACTS
from contracts.outreach.supplies import SUPPLY_FACTS
from contracts.outreach.surveys import SURVEY_FACTS, SurveyAnswered
from contracts.outreach.year_plans import YEAR_PLAN_FACTS
from contracts.registration.conflicts import CONFLICT_FACTS
from contracts.registration.notices import ANSWER_FACTS, NOTICE_FACTS
from contracts.registration.people import PERSON_FACTS
from contracts.registration.stays import STAY_FACTS
from contracts.reporting.figures import FIGURE_FACTS
from contracts.reporting.publications import PUBLICATION_FACTS
from contracts.reporting.reports import REPORT_FACTS
from contracts.reporting.supervision import SUPERVISION_FACTS
from contracts.reporting.targets import TARGET_FACTS

HEALTH_FACTS: tuple[type[Fact], ...] = (*ARCHIVE_FACTS, *ENTRY_FACTS, *ENROLMENT_FACTS, *CUSTODY_FACTS)
"""What archives says of somebody's health and archive, and of who keeps it."""

TRANSFER_FACTS: tuple[type[Fact], ...] = (*NOTICE_FACTS, *ANSWER_FACTS, *PERSON_FACTS, *CONFLICT_FACTS)
"""All facts of registration besides stays."""

OUTREACH_FACTS: tuple[type[Fact], ...] = (
    *ACTIVITY_FACTS,
    *ARTICLE_FACTS,
    *BOARD_FACTS,
    *CARE_FACTS,
    *COUNSELLING_FACTS,
    *EDUCATOR_FACTS,
    *EXPOSURE_FACTS,
    *HONOUR_FACTS,
    *INSTITUTION_FACTS,
    *MATERIAL_FACTS,
    *MESSAGING_FACTS,
    *PLAY_FACTS,
    *PRESCRIPTION_FACTS,
    *PRESCRIPTION_USE_FACTS,
    *QUESTIONNAIRE_FACTS,
    *SIGN_IN_FACTS,
    *STANDING_ORDER_FACTS,
    *SUPPLY_FACTS,
    *SURVEY_FACTS,
    *TRAINING_FACTS,
    *YEAR_PLAN_FACTS,
)
"""All facts of outreach."""

COUNTED_OUTREACH_FACTS: tuple[type[Fact], ...] = (
    *ARTICLE_FACTS,
    *BOARD_FACTS,
    *EXPOSURE_FACTS,
    *INSTITUTION_FACTS,
    MovementRecorded,
    *PLAY_FACTS,
    *PRESCRIPTION_USE_FACTS,
    SurveyAnswered,
    *TRAINING_FACTS,
)
"""What outreach does beside activities and that numbers tell of."""

REPORTING_FACTS: tuple[type[Fact], ...] = (
    *TARGET_FACTS,
    *FIGURE_FACTS,
    *SUPERVISION_FACTS,
    *REPORT_FACTS,
    *PUBLICATION_FACTS,
)
"""All facts of reporting."""

ALL_FACTS: tuple[type[Fact], ...] = (
    *STAY_FACTS,
    *TRANSFER_FACTS,
    *HEALTH_FACTS,
    *ANNOUNCEMENT_FACTS,
    *OUTREACH_FACTS,
    *SUBSCRIPTION_FACTS,
    *REPORTING_FACTS,
)

HEARD_BY: Mapping[str, tuple[type[Fact], ...]] = {
    "registration": (*STAY_FACTS, *TRANSFER_FACTS),
    "archives": (*STAY_FACTS, *PERSON_FACTS, *HEALTH_FACTS, *PRESCRIPTION_FACTS, *SIGN_IN_FACTS),
    "outreach": (*STAY_FACTS, *ANNOUNCEMENT_FACTS, *OUTREACH_FACTS),
    "reporting": (
        *STAY_FACTS,
        *TRANSFER_FACTS,
        *HEALTH_FACTS,
        *ACTIVITY_FACTS,
        *COUNTED_OUTREACH_FACTS,
        *TARGET_FACTS,
        *FIGURE_FACTS,
        *SUPERVISION_FACTS,
        *REPORT_FACTS,
    ),
    "feeds": (*TOLD_FACTS, *SUBSCRIPTION_FACTS),
}
"""Which service hears which facts; its queue is bound to these and nothing else."""


def said_by(service: str) -> tuple[type[Fact], ...]:
    """Return the facts that a service says, which are all that its journal has."""
    return tuple(fact for fact in ALL_FACTS if fact.TYPE.startswith(f"{service}."))


def by_type(facts: Iterable[type[Fact]]) -> dict[str, type[Fact]]:
    """Return facts by the type in their envelope, e.g. `registration.stay_started.v1`."""
    return {fact.TYPE: fact for fact in facts}
