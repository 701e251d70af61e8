"""Indexes: a newer version's definition takes the place of an older one's under the same name."""

from services.runtime.mongo import Database, make_index


async def test_an_index_that_was_defined_otherwise_is_replaced(database: Database) -> None:
    collection = database["stays"]
    await make_index(collection, [("street", 1), ("state", 1)], name="street")

    await make_index(collection, [("street", 1), ("_id", 1)], name="street")

    found = await collection.index_information()
    assert found["street"]["key"] == [("street", 1), ("_id", 1)]
