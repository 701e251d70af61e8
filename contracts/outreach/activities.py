"""Health-education activities as facts of outreach: planned, publicised, held, cancelled, evaluated."""

from datetime import date
from enum import StrEnum
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from contracts.envelope import Fact
from contracts.outreach.evidence import Evidence
from contracts.outreach.segments import Segment
from contracts.reference.divisions import StreetCode


class ActivityKind(StrEnum):
    """The kinds of activity that the plans name: 讲座, 咨询, 义诊, 结对, 宣传, 培训, 入户, 关怀, 竞赛."""

    LECTURE = "lecture"
    CONSULTATION = "consultation"
    FREE_CLINIC = "free_clinic"
    PAIRING = "pairing"
    CAMPAIGN = "campaign"
    TRAINING = "training"
    HOME_VISIT = "home_visit"
    CARE_ACTION = "care_action"
    COMPETITION = "competition"


class Audience(StrEnum):
    """Whom an activity addresses: everyone, children 0-6, pupils 6-14, women 15-49, elderly 65+, hazard workers."""

    EVERYONE = "everyone"
    CHILDREN = "children"
    PUPILS = "pupils"
    WOMEN = "women"
    ELDERLY = "elderly"
    HAZARD_WORKERS = "hazard_workers"


class ActivityState(StrEnum):
    """How far an activity is."""

    PLANNED = "planned"
    PUBLICISED = "publicised"
    HELD = "held"
    CANCELLED = "cancelled"
    EVALUATED = "evaluated"


class Channel(StrEnum):
    """How people were told of an activity: 公告, 短信, 微信, 广播, 电视, 公共屏幕, 折页, 上门."""

    NOTICE = "notice"
    SMS = "sms"
    WECHAT = "wechat"
    RADIO = "radio"
    TELEVISION = "television"
    SCREEN = "screen"
    LEAFLET = "leaflet"
    DOOR_TO_DOOR = "door_to_door"


class CancelReason(StrEnum):
    """Why an activity was cancelled."""

    WEATHER = "weather"
    OUTBREAK = "outbreak"
    SPEAKER = "speaker"
    VENUE = "venue"
    MERGED = "merged"
    OTHER = "other"


class BudgetItem(StrEnum):
    """What money is for: 执行费用, 志愿者费用, 宣传费用, 资料, 场地, 其他."""

    EXECUTION = "execution"
    VOLUNTEERS = "volunteers"
    PUBLICITY = "publicity"
    MATERIALS = "materials"
    VENUE = "venue"
    OTHER = "other"


class BudgetLine(BaseModel):
    """Money planned and spent for one item, in fen (1/100 yuan); `spent` is None until it is known."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    item: BudgetItem
    planned: int
    spent: int | None = None


class CountedBy(StrEnum):
    """How those who came were counted: each signed in as a person, each by the code at the door, or heads."""

    PERSON = "person"
    CODE = "code"
    HEADS = "heads"


class Evaluation(BaseModel):
    """How an activity was found: of `asked` participants so many were satisfied, and so many knew the core message."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    evaluated_on: date
    asked: int
    satisfied: int
    knew: int | None = None


class Activity(BaseModel):
    """A health-education activity of a street; `attendance` is the head count once it was held.

    `recorded_on` is the day on which the plan was recorded. Speakers and volunteers are staff numbers or accounts,
    never names. `occasion` is the code of the health day or campaign that it is part of. `segment` says more exactly
    than `audience` whom it addresses. `evidence` is all that was handed in.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    activity_id: str
    street: StreetCode
    kind: ActivityKind
    topic: str
    audience: Audience
    planned_on: date
    state: ActivityState = ActivityState.PLANNED
    held_on: date | None = None
    attendance: int | None = None
    institution_id: str | None = None
    recorded_on: date | None = None
    occasion: str | None = None
    segment: Segment | None = None
    speakers: tuple[str, ...] = ()
    volunteers: tuple[str, ...] = ()
    budget: tuple[BudgetLine, ...] = ()
    channels: tuple[Channel, ...] = ()
    publicised_on: date | None = None
    counted_by: CountedBy | None = None
    cancelled_on: date | None = None
    cancel_reason: CancelReason | None = None
    evaluation: Evaluation | None = None
    evidence: tuple[Evidence, ...] = ()
    evidence_complete_on: date | None = None


class ActivityFact(Fact):
    """A fact of the stream `activity/<activity_id>`."""

    activity: Activity

    @property
    def stream(self) -> str:
        """Return the stream of the activity."""
        return f"activity/{self.activity.activity_id}"

    @property
    def division(self) -> str:
        """Return the street that organises the activity."""
        return self.activity.street


class ActivityPlanned(ActivityFact):
    """A street planned an activity."""

    TYPE: ClassVar[str] = "outreach.activity_planned.v1"


class ActivityReplanned(ActivityFact):
    """The activity was put off to another day, or is about something else."""

    TYPE: ClassVar[str] = "outreach.activity_replanned.v1"


class ActivityPublicised(ActivityFact):
    """People were told of the activity."""

    TYPE: ClassVar[str] = "outreach.activity_publicised.v1"


class ActivityHeld(ActivityFact):
    """The activity took place; people were counted."""

    TYPE: ClassVar[str] = "outreach.activity_held.v1"


class ActivityCancelled(ActivityFact):
    """The activity will not take place."""

    TYPE: ClassVar[str] = "outreach.activity_cancelled.v1"


class ActivityEvaluated(ActivityFact):
    """Participants were asked what they thought of the activity and what they know."""

    TYPE: ClassVar[str] = "outreach.activity_evaluated.v1"


class ActivityBudgeted(ActivityFact):
    """Money was planned or spent for the activity."""

    TYPE: ClassVar[str] = "outreach.activity_budgeted.v1"


class EvidenceFiled(ActivityFact):
    """A file was handed in that proves the activity."""

    TYPE: ClassVar[str] = "outreach.evidence_filed.v1"


class EvidencePackCompleted(ActivityFact):
    """The evidence of the activity has every item that its kind needs, and was handed in as a whole."""

    TYPE: ClassVar[str] = "outreach.evidence_pack_completed.v1"


ACTIVITY_FACTS: tuple[type[ActivityFact], ...] = (
    ActivityPlanned,
    ActivityReplanned,
    ActivityPublicised,
    ActivityHeld,
    ActivityCancelled,
    ActivityEvaluated,
    ActivityBudgeted,
    EvidenceFiled,
    EvidencePackCompleted,
)
