"""The rows of sign-ins, and the key that signs the codes at doors."""

import secrets

from contracts.outreach.sign_ins import SignIn
from services.runtime.mongo import Database, Document, Row, make_index

SIGN_INS = "sign_ins"
KEYS = "door_keys"


async def prepare(database: Database) -> None:
    """Make the key of the service if there is none, and the index of sign-ins by activity."""
    new: Document = {"key": secrets.token_bytes(32)}
    await database[KEYS].update_one({"_id": "door"}, {"$setOnInsert": new}, upsert=True)
    await make_index(database[SIGN_INS], "activity_id", name="activity")


async def read_key(database: Database) -> bytes:
    """Return the key that signs codes; it never leaves the service, and need not be kept longer than a day."""
    found = await database[KEYS].find_one({"_id": "door"})
    assert found is not None, "it was made before anything was served"
    return bytes(found["key"])


def sign_in_row(sign_in: SignIn, sequence: int) -> Row:
    """Return the row of a sign-in."""
    return Row(SIGN_INS, sign_in.sign_in_id, sequence, sign_in.model_dump(mode="json", exclude={"sign_in_id"}))


async def count_sign_ins(database: Database, activity_id: str) -> tuple[int, int]:
    """Return how many signed in to an activity as a person, and how many by the code at the door."""
    by_code = await database[SIGN_INS].count_documents({"activity_id": activity_id, "person_id": None})
    return await database[SIGN_INS].count_documents({"activity_id": activity_id}) - by_code, by_code
