"""Surveys 问卷调查 as facts of outreach: opened and closed, the sample drawn, one answer sheet a respondent."""

from datetime import date
from enum import StrEnum
from hashlib import sha256
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field

from contracts.envelope import Fact, PersonId
from contracts.outreach.questionnaires import ChoiceCode, ItemCode, Measure
from contracts.outreach.segments import Segment
from contracts.reference.divisions import StreetCode
from contracts.reference.identity import Sex
from contracts.registration.categories import PersonCategory

LARGEST_SAMPLE = 2000
"""People of one sample at most, so that a fact that names them stays small."""


class SurveyRound(StrEnum):
    """Which of two surveys it is, before or after what was done for health; or the only one."""

    SINGLE = "single"
    BEFORE = "before"
    AFTER = "after"


class Way(StrEnum):
    """How a survey is answered: 纸质, 面访, 手机."""

    PAPER = "paper"
    INTERVIEW = "interview"
    PHONE = "phone"


class SamplePlan(BaseModel):
    """Whom a sample is drawn from, and how many."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    segment: Segment = Segment()
    size: int = Field(ge=1, le=LARGEST_SAMPLE)


class Survey(BaseModel):
    """A survey of a street or of one of its institutions, by an edition of a questionnaire.

    With a `plan` the people of a sample answer, each known by id; without one whoever comes does, of whom nothing is
    known. `before` is the survey with which one of the round `after` is compared. `target` is the plan whose rates it
    is measured by. `literacy` is the questionnaire's.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    survey_id: str
    street: StreetCode
    institution_id: str | None = None
    questionnaire_id: str
    literacy: bool = False
    round: SurveyRound = SurveyRound.SINGLE
    before: str | None = None
    ways: tuple[Way, ...]
    plan: SamplePlan | None = None
    target: str | None = None
    opened_on: date
    closed_on: date | None = None


class SurveyFact(Fact):
    """A fact of the stream `survey/<survey_id>`."""

    survey: Survey

    @property
    def stream(self) -> str:
        """Return the stream of the survey."""
        return f"survey/{self.survey.survey_id}"

    @property
    def division(self) -> str:
        """Return the street that asks."""
        return self.survey.street


class SurveyOpened(SurveyFact):
    """A survey may be answered from a day on."""

    TYPE: ClassVar[str] = "outreach.survey_opened.v1"


class SurveyClosed(SurveyFact):
    """A survey is answered no more."""

    TYPE: ClassVar[str] = "outreach.survey_closed.v1"


class Sample(BaseModel):
    """The people of a survey's sample, by id, in the order in which they were drawn.

    `population` is how many residents the segment meant on the day; with the same ones, the same `seed` draws the same
    people. Sheets may name a person by the place in the sample, counted from 1.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    survey_id: str
    street: StreetCode
    plan: SamplePlan
    seed: int
    population: int
    drawn_on: date
    people: tuple[PersonId, ...] = Field(max_length=LARGEST_SAMPLE)


class SurveySampleDrawn(Fact):
    """A sample was drawn, once a survey; the only fact of the stream `survey_sample/<survey_id>`."""

    TYPE: ClassVar[str] = "outreach.survey_sample_drawn.v1"

    sample: Sample

    @property
    def stream(self) -> str:
        """Return the stream of the sample."""
        return f"survey_sample/{self.sample.survey_id}"

    @property
    def division(self) -> str:
        """Return the street that asks."""
        return self.sample.street


class Chosen(BaseModel):
    """What was chosen of an item."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    item: ItemCode
    choices: tuple[ChoiceCode, ...] = Field(min_length=1, max_length=26)


class Score(BaseModel):
    """How a measure of the questionnaire was answered.

    `right` of `answered` items were right; `passed` says whether `points` reach the threshold of `possible` ones, in
    which items that were left out count too.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    measure: Measure
    right: int
    answered: int
    points: int
    possible: int
    passed: bool


class Traits(BaseModel):
    """What was registered of a respondent on the day of answering; `origin` is the province (2 digits)."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    sex: Sex = Sex.UNKNOWN
    age_band: str | None = None
    origin: str | None = None
    categories: tuple[PersonCategory, ...] = ()


class AnswerSheet(BaseModel):
    """One respondent's answers; `answer_id` follows from the survey's, with which it begins, and who answered.

    `person_id` and `traits` are those of a person of the sample; of who answered without one nothing is known.
    `serial` is what stands on the paper of such a one. `interviewer` is a
    staff number or account, never a name. `right` are the items that were answered rightly.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    answer_id: str
    survey_id: str
    street: StreetCode
    institution_id: str | None = None
    literacy: bool = False
    way: Way
    answered_on: date
    person_id: PersonId | None = None
    traits: Traits | None = None
    serial: str | None = None
    interviewer: str | None = None
    chosen: tuple[Chosen, ...]
    right: tuple[ItemCode, ...] = ()
    scores: tuple[Score, ...] = ()


class SurveyAnswered(Fact):
    """Somebody answered a survey, once; the only fact of the stream `survey_answer/<answer_id>`."""

    TYPE: ClassVar[str] = "outreach.survey_answered.v1"

    sheet: AnswerSheet

    @property
    def stream(self) -> str:
        """Return the stream of the answer."""
        return f"survey_answer/{self.sheet.answer_id}"

    @property
    def division(self) -> str:
        """Return the street that asks."""
        return self.sheet.street

    @property
    def person_id(self) -> str | None:
        """Return the id of who answered, if it is known."""
        return self.sheet.person_id


def answer_id(survey: str, respondent: str) -> str:
    """Return the id of a respondent's answers to a survey."""
    return f"{survey}-{sha256(f'{survey}|{respondent}'.encode()).hexdigest()[:32]}"


SURVEY_FACTS: tuple[type[Fact], ...] = (SurveyOpened, SurveyClosed, SurveySampleDrawn, SurveyAnswered)
