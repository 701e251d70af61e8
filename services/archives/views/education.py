"""The rows of the health education that outreach tells of, from which entries of archives are made."""

from collections.abc import Iterable

from contracts.outreach.prescriptions import Prescription
from contracts.outreach.sign_ins import SignIn
from services.archives.domain.education import Education, attended, prescribed
from services.archives.views.people import rows_of
from services.runtime.mongo import Database, Row, make_index

PRESCRIPTIONS = "prescriptions"
SIGN_INS = "sign_ins"


async def prepare(database: Database) -> None:
    """Make the indexes of prescriptions and sign-ins by person."""
    for collection in (PRESCRIPTIONS, SIGN_INS):
        await make_index(database[collection], "person_id", name="person")


def prescription_row(prescription: Prescription, sequence: int) -> Row:
    """Return the row of a prescription."""
    row = prescription.model_dump(mode="json", exclude={"prescription_id"})
    return Row(PRESCRIPTIONS, prescription.prescription_id, sequence, row)


def sign_in_row(sign_in: SignIn, sequence: int) -> Row:
    """Return the row of a sign-in; it says nothing of a person if nobody knows who came."""
    return Row(SIGN_INS, sign_in.sign_in_id, sequence, sign_in.model_dump(mode="json", exclude={"sign_in_id"}))


async def find_education(database: Database, people: Iterable[str]) -> list[Education]:
    """Return the education that was heard of for people."""
    asked = list(people)
    given = [
        prescribed(Prescription.model_validate({**row, "prescription_id": row["_id"]}))
        async for row in rows_of(database, PRESCRIPTIONS, asked)
    ]
    came = [
        attended(row["person_id"], SignIn.model_validate({**row, "sign_in_id": row["_id"]}))
        async for row in rows_of(database, SIGN_INS, asked)
    ]
    return given + came
