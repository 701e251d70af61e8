"""The rows of residents, and the sizes of audiences."""

from collections.abc import Sequence
from datetime import date

from contracts.outreach.activities import Audience
from contracts.reference.divisions import Area
from contracts.registration.categories import NOT_EXPOSED, born_between
from contracts.registration.stays import Stay, StayState
from services.outreach.domain.audiences import AUDIENCES
from services.runtime.mongo import Database, Document, Row, in_areas

RESIDENTS = "residents"

_ADDRESSED = {"person_id", "street", "state", "birth", "sex", "hazard"}


def resident_row(stay: Stay, sequence: int) -> Row:
    """Return the row of a stay: the household, and the fields that decide whether the person belongs to an audience.

    Whoever arrived alone is a household of one, known by the id of the person.
    """
    household = stay.household_id or stay.person_id
    fields = {**stay.model_dump(mode="json", include=_ADDRESSED), "household": household}
    return Row(RESIDENTS, stay.stay_id, sequence, fields)


async def count_audiences(database: Database, areas: Sequence[Area], today: date) -> dict[Audience, int]:
    """Return how many residents of areas belong to each audience on a day."""
    sizes = {}
    for audience in Audience:
        sizes[audience] = await database[RESIDENTS].count_documents(_query(audience, areas, today), hint="street")
    return sizes


def _query(audience: Audience, areas: Sequence[Area], today: date) -> Document:
    wanted = AUDIENCES[audience]
    query: Document = {"street": in_areas(areas), "state": StayState.OPEN.value}
    if not wanted.of_any_age:
        after, until = born_between(wanted, today)
        query["birth"] = {"$gt": after.isoformat(), "$lte": until.isoformat()}
    if wanted.women_only:
        query["sex"] = "female"
    if wanted.hazard_only:
        query["hazard"] = {"$nin": list(NOT_EXPOSED)}
    return query
