"""The rows of prescriptions and of their use, and queries for them."""

from collections.abc import Sequence
from datetime import date

from contracts.outreach.prescriptions import Prescription, PrescriptionSetting, PrescriptionUse
from contracts.reference.divisions import Area
from services.outreach.views.pages import find_in_period
from services.runtime.mongo import Database, Document, Row, in_areas, make_index

PRESCRIPTIONS = "prescriptions"
PRESCRIPTION_USES = "prescription_uses"


async def prepare(database: Database) -> None:
    """Make the indexes of prescriptions by street and day, and of their use by street and month."""
    await make_index(database[PRESCRIPTIONS], [("street", 1), ("given_on", 1)], name="street")
    await make_index(database[PRESCRIPTION_USES], [("street", 1), ("month", 1)], name="street")


def prescription_row(prescription: Prescription, sequence: int) -> Row:
    """Return the row of a prescription."""
    row = prescription.model_dump(mode="json", exclude={"prescription_id"})
    return Row(PRESCRIPTIONS, prescription.prescription_id, sequence, row)


def use_row(use: PrescriptionUse, sequence: int) -> Row:
    """Return the row of the use of prescriptions in a month."""
    return Row(PRESCRIPTION_USES, use.use_id, sequence, use.model_dump(mode="json", exclude={"use_id"}))


async def list_prescriptions(
    database: Database, areas: Sequence[Area], period: tuple[date, date], limit: int
) -> list[Prescription]:
    """Return the prescriptions that were given in areas in a period (both days included), withdrawn ones too."""
    found = await find_in_period(database, PRESCRIPTIONS, areas, "given_on", period, limit)
    return [Prescription.model_validate({**row, "prescription_id": row["_id"]}) for row in found]


async def sum_use(
    database: Database, areas: Sequence[Area], since: str, until: str
) -> list[tuple[str, PrescriptionSetting, int, int]]:
    """Return patients and prescriptions by institution and setting, of the months since one until another."""
    sums: Document = {"patients": {"$sum": "$patients"}, "given": {"$sum": "$given"}}
    stages: list[Document] = [
        {"$match": {"street": in_areas(areas), "month": {"$gte": since, "$lte": until}}},
        {"$group": {"_id": {"institution": "$institution_id", "setting": "$setting"}, **sums}},
    ]
    found = database[PRESCRIPTION_USES].aggregate(stages, hint="street")
    return [
        (row["_id"]["institution"], PrescriptionSetting(row["_id"]["setting"]), row["patients"], row["given"])
        async for row in found
    ]
