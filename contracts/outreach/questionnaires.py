"""Questionnaires 问卷 as facts of outreach: items with scored answers, published once an edition and never changed."""

from enum import StrEnum
from hashlib import sha256
from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from contracts.envelope import Fact
from contracts.outreach.messages import Language

ItemCode = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9]{0,7}$")]
"""The code of an item, as it heads a column of a sheet: K1, B12."""
ChoiceCode = Annotated[str, StringConstraints(pattern=r"^[A-Z]$")]
"""The letter of a choice, as it stands on paper."""


class Measure(StrEnum):
    """What an item asks for: 健康知识 and 健康行为 are scored, 满意度 and 需求 are not."""

    KNOWLEDGE = "knowledge"
    BEHAVIOUR = "behaviour"
    SATISFACTION = "satisfaction"
    NEED = "need"


SCORED = (Measure.KNOWLEDGE, Measure.BEHAVIOUR)
"""The measures whose items have right answers, or answers of a healthy life."""


class Wording(BaseModel):
    """A text in one language."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    language: Language
    text: str = Field(min_length=1, max_length=300)


Wordings = Annotated[tuple[Wording, ...], Field(min_length=1, max_length=len(Language))]


class Choice(BaseModel):
    """One of the answers to choose from."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    code: ChoiceCode
    wording: Wordings


class Item(BaseModel):
    """A question with its choices: of a `multiple` one any number may be chosen.

    `right` are the choices of the right answer, all of which and no other must be chosen; who chose them gets `points`.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    code: ItemCode
    measure: Measure
    multiple: bool = False
    wording: Wordings
    choices: tuple[Choice, ...] = Field(min_length=2, max_length=26)
    right: tuple[ChoiceCode, ...] = Field(default=(), max_length=26)
    points: int = Field(default=1, ge=1, le=100)


class Questionnaire(BaseModel):
    """A questionnaire of a district (6 digits) or street (9 digits).

    `threshold` is the share of a measure's points, in percent, from which a person counts as aware, or as living
    healthily. A `literacy` questionnaire is the literacy test 健康素养测试 of which each unit owes so many.
    `questionnaire_id` is natural: an owner has one questionnaire of a series and edition.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    questionnaire_id: str
    owner: str
    series: str
    edition: str
    wording: Wordings
    literacy: bool = False
    threshold: int = Field(default=80, ge=1, le=100)
    questions: tuple[Item, ...] = Field(min_length=1, max_length=100)


def questionnaire_id(owner: str, series: str, edition: str) -> str:
    """Return the id of a questionnaire, derived from its owner, series and edition (32 hexadecimal digits)."""
    return sha256(f"questionnaire|{owner}|{series}|{edition}".encode()).hexdigest()[:32]


class QuestionnaireFact(Fact):
    """A fact of the stream `questionnaire/<questionnaire_id>`."""

    questionnaire: Questionnaire

    @property
    def stream(self) -> str:
        """Return the stream of the questionnaire."""
        return f"questionnaire/{self.questionnaire.questionnaire_id}"

    @property
    def division(self) -> str:
        """Return the district or street whose questionnaire it is."""
        return self.questionnaire.owner


class QuestionnairePublished(QuestionnaireFact):
    """A questionnaire was published; for another wording another edition is."""

    TYPE: ClassVar[str] = "outreach.questionnaire_published.v1"


QUESTIONNAIRE_FACTS: tuple[type[QuestionnaireFact], ...] = (QuestionnairePublished,)
