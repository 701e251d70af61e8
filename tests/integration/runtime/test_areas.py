"""Areas on a real MongoDB: exactly the codes that lie in them, by ranges of an index and in its order."""

import pytest

from contracts.reference.divisions import Area
from services.runtime.mongo import Database, in_areas, make_index

CODES = [f"3208{district:02d}{street:03d}" for district in (2, 3, 11, 12) for street in range(1, 30)] + [
    "320812",
    "3208",
]


@pytest.mark.parametrize(
    "areas",
    [
        (Area("320812"),),
        (Area("320812001"),),
        (Area(""),),
        (Area("320812"), Area("320802"), Area("320811")),
        (Area("320812", ("320812003", "32081201")), Area("320802001")),
        (Area("3208", ("320812", "320803")), Area("320812007")),
        (Area("999999"),),
    ],
)
async def test_an_area_is_asked_for_by_ranges_of_an_index(database: Database, areas: tuple[Area, ...]) -> None:
    stays = database["stays"]
    await make_index(stays, [("street", 1), ("_id", 1)], name="street")
    await stays.insert_many([{"_id": number, "street": code} for number, code in enumerate(reversed(CODES))])
    query = {"street": in_areas(areas)}

    found = [stay["street"] async for stay in stays.find(query, hint="street").sort([("street", 1), ("_id", 1)])]
    explained = await stays.find(query, hint="street").explain()

    expected = sorted(code for code in CODES if any(code in area for area in areas))
    near = [code for code in CODES if any(code.startswith(area.prefix) for area in areas)]
    assert found == expected
    assert explained["executionStats"]["totalKeysExamined"] <= len(near) + len(areas) + 1
