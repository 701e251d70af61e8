"""The rows of sign-ins."""

from contracts.outreach.sign_ins import SignIn
from services.runtime.mongo import Database, Row, make_index

SIGN_INS = "sign_ins"


async def prepare(database: Database) -> None:
    """Make the index of sign-ins by activity."""
    await make_index(database[SIGN_INS], "activity_id", name="activity")


def sign_in_row(sign_in: SignIn, sequence: int) -> Row:
    """Return the row of a sign-in."""
    return Row(SIGN_INS, sign_in.sign_in_id, sequence, sign_in.model_dump(mode="json", exclude={"sign_in_id"}))


async def count_sign_ins(database: Database, activity_id: str) -> tuple[int, int]:
    """Return how many signed in to an activity as a person, and how many by the code at the door."""
    by_code = await database[SIGN_INS].count_documents({"activity_id": activity_id, "person_id": None})
    return await database[SIGN_INS].count_documents({"activity_id": activity_id}) - by_code, by_code
