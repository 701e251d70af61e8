"""The rows of questionnaires, and the query for those that may be used."""

from collections.abc import Iterable

from contracts.outreach.questionnaires import Questionnaire
from services.runtime.mongo import Database, Row, make_index

QUESTIONNAIRES = "questionnaires"


async def prepare(database: Database) -> None:
    """Make the index of questionnaires by owner."""
    await make_index(database[QUESTIONNAIRES], [("owner", 1), ("_id", 1)], name="owner")


def questionnaire_row(questionnaire: Questionnaire, sequence: int) -> Row:
    """Return the row of a questionnaire."""
    fields = questionnaire.model_dump(mode="json", exclude={"questionnaire_id"})
    return Row(QUESTIONNAIRES, questionnaire.questionnaire_id, sequence, fields)


async def list_questionnaires(database: Database, owners: Iterable[str]) -> list[Questionnaire]:
    """Return the questionnaires of some divisions, at most 200."""
    query = {"owner": {"$in": list(owners)}}
    found = database[QUESTIONNAIRES].find(query, hint="owner").sort([("owner", 1), ("_id", 1)]).limit(200)
    return [Questionnaire.model_validate({**row, "questionnaire_id": row["_id"]}) async for row in found]
