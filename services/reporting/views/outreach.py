"""The rows of what outreach does beside activities, with no more of it than is counted."""

from collections.abc import Collection
from typing import NamedTuple

from contracts.envelope import Fact
from contracts.outreach.articles import ArticleSubmitted
from contracts.outreach.audiovisuals import PlayRecorded
from contracts.outreach.boards import BoardFact, BoardIssueFact
from contracts.outreach.educators import TrainingFact
from contracts.outreach.exposures import ExposureFact
from contracts.outreach.institutions import InstitutionFact
from contracts.outreach.materials import MovementRecorded
from contracts.outreach.prescriptions import PrescriptionUseCounted
from contracts.outreach.surveys import SurveyAnswered
from services.runtime.mongo import Row

OutreachFact = (
    ArticleSubmitted
    | BoardFact
    | BoardIssueFact
    | ExposureFact
    | InstitutionFact
    | MovementRecorded
    | PlayRecorded
    | PrescriptionUseCounted
    | SurveyAnswered
    | TrainingFact
)


class _Kept(NamedTuple):
    """Where the subject of a kind of fact is kept, and what of it; of answers not what was chosen, nor by whom."""

    fact: type[Fact]
    collection: str
    subject: str
    id: str
    fields: Collection[str]


_KEPT = (
    _Kept(ArticleSubmitted, "articles", "article", "article_id", {"submitted_on"}),
    _Kept(BoardFact, "boards", "board", "board_id", {"installed_on", "removed_on"}),
    _Kept(BoardIssueFact, "board_issues", "issue", "issue_id", {"changed_on"}),
    _Kept(ExposureFact, "exposures", "exposure", "exposure_id", {"since", "until", "trainings"}),
    _Kept(
        InstitutionFact,
        "institutions",
        "institution",
        "institution_id",
        {"kind", "joined_on", "opened_on", "closed_on"},
    ),
    _Kept(MovementRecorded, "movements", "movement", "movement_id", {"kind", "direction", "quantity", "moved_on"}),
    _Kept(PlayRecorded, "plays", "play", "play_id", {"played_on", "times", "minutes"}),
    _Kept(PrescriptionUseCounted, "prescription_uses", "use", "use_id", {"setting", "month", "patients", "given"}),
    _Kept(
        SurveyAnswered,
        "survey_answers",
        "sheet",
        "answer_id",
        {"institution_id", "literacy", "answered_on", "scores"},
    ),
    _Kept(TrainingFact, "trainings", "training", "training_id", {"kind", "held_on", "withdrawn"}),
)


def outreach_row(fact: OutreachFact, sequence: int) -> Row:
    """Return the row of something that outreach did."""
    kept = next((one for one in _KEPT if isinstance(fact, one.fact)), None)
    assert kept is not None, f"nothing is kept of {type(fact).__name__}"
    subject = getattr(fact, kept.subject)
    fields = subject.model_dump(mode="json", include={"street", *kept.fields})
    if isinstance(fact, TrainingFact):
        fields["took_part"] = len(fact.training.participants)
    return Row(kept.collection, getattr(subject, kept.id), sequence, fields)
