"""The rows of surveys, samples and answers and what is counted of them."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from contracts.outreach.questionnaires import SCORED
from contracts.outreach.surveys import AnswerSheet, Sample, Survey
from contracts.reference.divisions import Area
from services.outreach.domain.survey_results import Counted, Tallies, Tally, Trait
from services.outreach.views.pages import find_in_period, in_period
from services.runtime.mongo import Database, Document, Row, make_index

SURVEYS = "surveys"
SAMPLES = "survey_samples"
ANSWERS = "survey_answers"

_GROUPED: dict[Trait, tuple[list[Document], str]] = {
    Trait.SEX: ([], "$traits.sex"),
    Trait.AGE_BAND: ([], "$traits.age_band"),
    Trait.ORIGIN: ([], "$traits.origin"),
    Trait.CATEGORY: ([{"$unwind": "$traits.categories"}], "$traits.categories"),
}
"""How the answers of people of a sample are grouped."""


async def prepare(database: Database) -> None:
    """Make the indexes of surveys and answers."""
    await make_index(database[SURVEYS], [("street", 1), ("opened_on", 1)], name="street")
    await make_index(database[ANSWERS], [("survey_id", 1), ("answered_on", 1)], name="survey")
    tests: Document = {"literacy": True}
    by_unit = [("street", 1), ("answered_on", 1), ("institution_id", 1), ("literacy", 1)]
    await make_index(database[ANSWERS], by_unit, name="literacy", partialFilterExpression=tests)


def survey_row(survey: Survey, sequence: int) -> Row:
    """Return the row of a survey."""
    return Row(SURVEYS, survey.survey_id, sequence, survey.model_dump(mode="json", exclude={"survey_id"}))


def sample_row(sample: Sample, sequence: int) -> Row:
    """Return the row of a sample."""
    return Row(SAMPLES, sample.survey_id, sequence, sample.model_dump(mode="json", exclude={"survey_id"}))


def answer_row(sheet: AnswerSheet, sequence: int) -> Row:
    """Return the row of a respondent's answers; the scores are named after their measures, to be added up."""
    fields = sheet.model_dump(mode="json", exclude={"answer_id", "scores"})
    scores = {score.measure.value: score.model_dump(mode="json", exclude={"measure"}) for score in sheet.scores}
    return Row(ANSWERS, sheet.answer_id, sequence, {**fields, "scores": scores})


async def list_surveys(database: Database, areas: Sequence[Area], since: date, until: date) -> list[Survey]:
    """Return the surveys of areas opened in a period (both days included) by street and day, at most 1,000."""
    found = await find_in_period(database, SURVEYS, areas, "opened_on", (since, until), 1000)
    return [Survey.model_validate({**row, "survey_id": row["_id"]}) for row in found]


async def find_last_answer(database: Database, survey: str) -> date | None:
    """Return the last day on which a survey was answered; None if it was not."""
    query, day = {"survey_id": survey}, {"answered_on": 1}
    async for row in database[ANSWERS].find(query, day, hint="survey").sort("answered_on", -1).limit(1):
        return date.fromisoformat(row["answered_on"])
    return None


async def find_answers(database: Database, survey: str, limit: int) -> list[Document]:
    """Return the answers to a survey by day and id."""
    found = database[ANSWERS].find({"survey_id": survey}, hint="survey")
    return [row async for row in found.sort([("answered_on", 1), ("_id", 1)]).limit(limit)]


async def find_answered(database: Database, answers: Sequence[str]) -> set[str]:
    """Return which of some answers there are, by id."""
    query: Document = {"_id": {"$in": list(answers)}}
    return {row["_id"] async for row in database[ANSWERS].find(query, {"_id": 1})}


async def tally(database: Database, survey: str) -> Tallies:
    """Return what is counted of the answers to a survey."""
    known: Document = {"traits": {"$type": "object"}}
    counts: dict[str, list[Document]] = {
        "everybody": [_group_by(None)],
        "right": [{"$unwind": "$right"}, _count_by("$right")],
        "answered": [{"$unwind": "$chosen"}, _count_by("$chosen.item")],
        "chosen": [
            {"$unwind": "$chosen"},
            {"$unwind": "$chosen.choices"},
            _count_by({"item": "$chosen.item", "choice": "$chosen.choices"}),
        ],
        **{trait: [{"$match": known}, *before, _group_by(by)] for trait, (before, by) in _GROUPED.items()},
    }
    stages: list[Document] = [{"$match": {"survey_id": survey}}, {"$facet": counts}]
    found = (await database[ANSWERS].aggregate(stages, hint="survey").to_list(1))[0]
    everybody = [_tally(row) for row in found["everybody"]]
    return Tallies(
        everybody=everybody[0] if everybody else Tally(0, {}),
        groups={trait: {row["_id"]: _tally(row) for row in found[trait]} for trait in Trait},
        right=_counts(found["right"]),
        answered=_counts(found["answered"]),
        chosen={(row["_id"]["item"], row["_id"]["choice"]): row["count"] for row in found["chosen"]},
    )


def _count_by(by: Any) -> Document:
    return {"$group": {"_id": by, "count": {"$sum": 1}}}


def _group_by(by: str | None) -> Document:
    sums: Document = {"persons": {"$sum": 1}}
    for measure in SCORED:
        at = f"$scores.{measure}"
        sums |= {
            f"{measure}_asked": {"$max": f"{at}.possible"},
            f"{measure}_right": {"$sum": f"{at}.right"},
            f"{measure}_answered": {"$sum": f"{at}.answered"},
            f"{measure}_passed": {"$sum": {"$cond": [f"{at}.passed", 1, 0]}},
        }
    return {"$group": {"_id": by, **sums}}


def _tally(row: Document) -> Tally:
    measures = {
        measure: Counted(row[f"{measure}_right"], row[f"{measure}_answered"], row[f"{measure}_passed"])
        for measure in SCORED
        if row[f"{measure}_asked"] is not None
    }
    return Tally(row["persons"], measures)


def _counts(rows: Sequence[Document]) -> dict[str, int]:
    return {row["_id"]: row["count"] for row in rows}


async def count_literacy_tests(
    database: Database, areas: Sequence[Area], since: date, until: date
) -> list[tuple[str, str | None, int]]:
    """Return how many answered literacy tests in a period (both days included): (street, institution, how many)."""
    unit: Any = {"street": "$street", "institution_id": "$institution_id"}
    stages: list[Document] = [
        {"$match": {**in_period(areas, "answered_on", (since, until)), "literacy": True}},
        {"$group": {"_id": unit, "count": {"$sum": 1}}},
        {"$sort": {"_id.street": 1, "_id.institution_id": 1}},
    ]
    found = database[ANSWERS].aggregate(stages, hint="literacy")
    return [(row["_id"]["street"], row["_id"].get("institution_id"), row["count"]) async for row in found]
