"""The feeds there are: of which facts each tells, and what it may tell of them.

What another system is given of it says its subscription (`contracts.feeds.subscriptions`). Feeds about people tell so
that several look alike; feeds about things, which are nobody's, tell of each.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, StringConstraints

from contracts.archives.archives import ARCHIVE_FACTS, ArchiveState, ClosingReason
from contracts.archives.enrolments import ENROLMENT_FACTS, Condition, EnrolmentEnding
from contracts.envelope import Fact
from contracts.outreach.activities import (
    ActivityCancelled,
    ActivityEvaluated,
    ActivityHeld,
    ActivityKind,
    ActivityPlanned,
    ActivityPublicised,
    ActivityReplanned,
    ActivityState,
    Audience,
    CancelReason,
)
from contracts.reference.divisions import DistrictCode, DivisionCode, StreetCode
from contracts.reference.identity import Sex
from contracts.registration.notices import (
    ANSWER_FACTS,
    NOTICE_FACTS,
    AnswerState,
    NoticeKind,
    NoticeState,
    RejectionReason,
)
from contracts.registration.people import PersonsMerged, PersonsUnmerged
from contracts.registration.stays import STAY_FACTS, StayState
from contracts.reporting.groups import Group
from contracts.reporting.publications import PUBLICATION_FACTS, Suppressible, Unit
from contracts.reporting.reports import Digest, ReportForm, ReportSealed

ToldDay = Annotated[str, StringConstraints(pattern=r"^[0-9]{4}-(?:[0-9]{2}-[0-9]{2}|W[0-9]{2}|[0-9]{2})$")]
"""A day as exactly as the audience hears it: 2026-03-05, the week 2026-W10 (ISO 8601), the month 2026-03."""
Province = Annotated[str, StringConstraints(pattern=r"^[0-9]{2}$")]
"""The first two digits of a division: a province, autonomous region or municipality (GB/T 2260)."""
SMALLEST_CLASS = 5
"""The fewest people who may look alike to an audience: small cells below five leave no district."""


class FeedName(StrEnum):
    """The feeds there are.

    `stays`: where people came to live and left. `transfers`: notices between districts, and their answers. `archives`:
    the life of health archives, and who is managed for what. `activities`: health education that is planned and held.
    `reports`: what was sealed. `indicators`: the numbers that were published of it, each by itself.
    """

    STAYS = "stays"
    TRANSFERS = "transfers"
    ARCHIVES = "archives"
    ACTIVITIES = "activities"
    REPORTS = "reports"
    INDICATORS = "indicators"


class Told(StrEnum):
    """What may have happened, each named like its fact."""

    STARTED = "stay_started"
    CONTESTED = "stay_contested"
    REAFFIRMED = "stay_reaffirmed"
    ENDED = "stay_ended"
    RETRACTED = "stay_retracted"
    CORRECTED = "stay_corrected"
    RELOCATED = "stay_relocated"
    TRACE_LOST = "stay_trace_lost"
    TRACE_FOUND = "stay_trace_found"
    PERSONS_MERGED = "persons_merged"
    PERSONS_UNMERGED = "persons_unmerged"
    NOTICE_SENT = "notice_sent"
    NOTICE_REMINDED = "notice_reminded"
    NOTICE_ESCALATED = "notice_escalated"
    NOTICE_WITHDRAWN = "notice_withdrawn"
    NOTICE_RECEIVED = "notice_received"
    NOTICE_PAIRED = "notice_paired"
    NOTICE_VERIFIED = "notice_verified"
    NOTICE_CONFIRMED = "notice_confirmed"
    NOTICE_REJECTED = "notice_rejected"
    ARCHIVE_OPENED = "archive_opened"
    ARCHIVE_COMPLETED = "archive_completed"
    PAPER_COMPARED = "paper_compared"
    ARCHIVE_CONTINUED = "archive_continued"
    ARCHIVE_CLOSED = "archive_closed"
    ARCHIVE_REOPENED = "archive_reopened"
    CHRONIC_ENROLLED = "chronic_enrolled"
    ENROLMENT_ENDED = "enrolment_ended"
    ACTIVITY_PLANNED = "activity_planned"
    ACTIVITY_REPLANNED = "activity_replanned"
    ACTIVITY_PUBLICISED = "activity_publicised"
    ACTIVITY_HELD = "activity_held"
    ACTIVITY_CANCELLED = "activity_cancelled"
    ACTIVITY_EVALUATED = "activity_evaluated"
    REPORT_SEALED = "report_sealed"
    INDICATORS_PUBLISHED = "indicators_published"


class Attribute(StrEnum):
    """What may be told besides the fact itself; how old somebody is has a coarseness of its own.

    `other_district` is the one at the other end of a notice, `reason` why something was rejected, closed or cancelled.
    """

    STREET = "street"
    STATE = "state"
    STARTED_ON = "started_on"
    ENDED_ON = "ended_on"
    SEX = "sex"
    HUKOU_PROVINCE = "hukou_province"
    PURPOSE = "purpose"
    DIRECTION = "direction"
    NOTICE_KIND = "notice_kind"
    MOVED_ON = "moved_on"
    OTHER_DISTRICT = "other_district"
    OTHER_PROVINCE = "other_province"
    REASON = "reason"
    OPENED_ON = "opened_on"
    CLOSED_ON = "closed_on"
    CONDITION = "condition"
    ENROLLED_ON = "enrolled_on"
    ACTIVITY_ID = "activity_id"
    ACTIVITY_KIND = "activity_kind"
    TOPIC = "topic"
    ADDRESSED = "addressed"
    PLANNED_ON = "planned_on"
    HELD_ON = "held_on"
    ATTENDANCE = "attendance"
    OCCASION = "occasion"
    REPORT_ID = "report_id"
    TEMPLATE = "template"
    DIVISION = "division"
    PERIOD = "period"
    EDITION = "edition"
    FILES = "files"
    INDICATOR = "indicator"
    GROUP = "group"
    UNIT = "unit"
    NUMERATOR = "numerator"
    DENOMINATOR = "denominator"
    VALUE = "value"
    SUPPRESSED = "suppressed"


class Direction(StrEnum):
    """Whether the district that tells of a notice sent it, `out`, or it was sent to it, `in`."""

    OUT = "out"
    IN = "in"


class PublishedFile(BaseModel):
    """A form in which a sealed report is for others: SHA-256 and size in bytes."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    form: ReportForm
    sha256: Digest
    size: int


@dataclass(frozen=True)
class FeedKind:
    """What a feed tells: of which facts, which attributes with which values (None where it is not known) besides.

    Where it is about people, so many look alike (`k`); some feeds tell years of birth. `health` are the facts that say
    something of somebody's health.
    """

    facts: tuple[type[Fact], ...]
    attributes: Mapping[Attribute, Any]
    about_people: bool = True
    tells_ages: bool = False
    health: tuple[type[Fact], ...] = ()

    @property
    def told(self) -> tuple[Told, ...]:
        """Return the names of the facts that it tells of."""
        return tuple(map(name_told, self.facts))


def name_told(fact: type[Fact]) -> Told:
    """Return by which name an audience is told of a fact: `stay_started`."""
    return Told(fact.TYPE.split(".")[1])


FEEDS: Mapping[FeedName, FeedKind] = {
    FeedName.STAYS: FeedKind(
        facts=(*STAY_FACTS, PersonsMerged, PersonsUnmerged),
        attributes={
            Attribute.STREET: StreetCode,
            Attribute.STATE: StayState,
            Attribute.STARTED_ON: ToldDay,
            Attribute.ENDED_ON: ToldDay,
            Attribute.SEX: Sex,
            Attribute.HUKOU_PROVINCE: Province,
            Attribute.PURPOSE: str,
        },
        tells_ages=True,
    ),
    FeedName.TRANSFERS: FeedKind(
        facts=(*NOTICE_FACTS, *ANSWER_FACTS),
        attributes={
            Attribute.STREET: StreetCode,
            Attribute.DIRECTION: Direction,
            Attribute.NOTICE_KIND: NoticeKind,
            Attribute.STATE: NoticeState | AnswerState,
            Attribute.MOVED_ON: ToldDay,
            Attribute.OTHER_DISTRICT: DistrictCode,
            Attribute.OTHER_PROVINCE: Province,
            Attribute.REASON: RejectionReason,
        },
    ),
    FeedName.ARCHIVES: FeedKind(
        facts=(*ARCHIVE_FACTS, *ENROLMENT_FACTS),
        attributes={
            Attribute.STREET: StreetCode,
            Attribute.STATE: ArchiveState,
            Attribute.OPENED_ON: ToldDay,
            Attribute.CLOSED_ON: ToldDay,
            Attribute.REASON: ClosingReason | EnrolmentEnding,
            Attribute.SEX: Sex,
            Attribute.CONDITION: Condition,
            Attribute.ENROLLED_ON: ToldDay,
            Attribute.ENDED_ON: ToldDay,
        },
        tells_ages=True,
        health=ENROLMENT_FACTS,
    ),
    FeedName.ACTIVITIES: FeedKind(
        facts=(
            ActivityPlanned,
            ActivityReplanned,
            ActivityPublicised,
            ActivityHeld,
            ActivityCancelled,
            ActivityEvaluated,
        ),
        attributes={
            Attribute.STREET: StreetCode,
            Attribute.ACTIVITY_ID: str,
            Attribute.ACTIVITY_KIND: ActivityKind,
            Attribute.STATE: ActivityState,
            Attribute.TOPIC: str,
            Attribute.ADDRESSED: Audience,
            Attribute.PLANNED_ON: ToldDay,
            Attribute.HELD_ON: ToldDay,
            Attribute.ATTENDANCE: int,
            Attribute.OCCASION: str,
            Attribute.REASON: CancelReason,
        },
        about_people=False,
    ),
    FeedName.REPORTS: FeedKind(
        facts=(ReportSealed,),
        attributes={
            Attribute.STREET: StreetCode,
            Attribute.REPORT_ID: str,
            Attribute.TEMPLATE: str,
            Attribute.DIVISION: DivisionCode,
            Attribute.PERIOD: str,
            Attribute.EDITION: int,
            Attribute.FILES: list[PublishedFile],
        },
        about_people=False,
    ),
    FeedName.INDICATORS: FeedKind(
        facts=PUBLICATION_FACTS,
        attributes={
            Attribute.STREET: StreetCode,
            Attribute.REPORT_ID: str,
            Attribute.TEMPLATE: str,
            Attribute.DIVISION: DivisionCode,
            Attribute.PERIOD: str,
            Attribute.EDITION: int,
            Attribute.INDICATOR: str,
            Attribute.GROUP: Group,
            Attribute.UNIT: Unit,
            Attribute.NUMERATOR: int | float,
            Attribute.DENOMINATOR: int | float,
            Attribute.VALUE: int | float,
            Attribute.SUPPRESSED: list[Suppressible],
        },
        about_people=False,
    ),
}
"""What each feed tells."""

TOLD_FACTS: tuple[type[Fact], ...] = tuple(fact for kind in FEEDS.values() for fact in kind.facts)
"""All facts that some feed tells of."""


def told_type(kind: str) -> str:
    """Return the type of what is told of a type of fact: `feeds.stay_started.v2`.

    What is told of stays has its second shape: it names nobody, under no pseudonym either.
    """
    name = kind.split(".")[1]
    return f"feeds.{name}.v{2 if name.startswith('stay_') else 1}"
