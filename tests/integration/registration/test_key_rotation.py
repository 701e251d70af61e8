"""Rotating the sealing keys on a real MongoDB: everything, exactly once, never over what a service wrote meanwhile."""

import secrets
from datetime import date
from typing import Any

import pytest
from cryptography.fernet import Fernet

from contracts.reference.identity import DocumentType
from services.registration.commands import rotation as rotating
from services.registration.commands.rotation import fill_index, find_stale, rotate
from services.registration.domain.identities import Identity
from services.registration.domain.searches import by_name, by_number
from services.registration.vault import Vault, VaultSettings
from services.registration.views.name_differences import NameDifference, raise_differences
from services.registration.views.sealed import (
    PLACES,
    Insertion,
    Replacement,
    count_stale,
    erase_identity,
    find_erasures,
    find_sealed,
    insert_sealed,
    keep_refused,
    keep_register,
    read_stale,
    replace_sealed,
    replace_seals,
)
from services.registration.views.searches import find_sought
from services.runtime.clock import system_clock
from services.runtime.delivery import Delivery
from services.runtime.mongo import Database
from services.runtime.parked import PARKED, Parked

OLD, NEW, LOST = (Fernet.generate_key().decode() for _ in range(3))
PERSON_KEY, LOG_KEY = secrets.token_hex(32), secrets.token_hex(32)
PEOPLE = 1203
DAY = date(2026, 3, 1)
EVERYWHERE = {"identities": PEOPLE, "name_differences": 1, "refused_rows": 2, "parked": 1, "import_files": 1}


def vault(*keys: str) -> Vault:
    return Vault(VaultSettings(person_key=PERSON_KEY, sealing_keys=",".join(keys), access_log_keys=LOG_KEY))


def quiet(*_: Any) -> None:
    pass


def identity(number: int, name: str = "李小满") -> Identity:
    return Identity(name=name, document_type=DocumentType.PASSPORT, document_number=f"E{number:08d}")


def person(number: int) -> str:
    return f"{number:032x}"


@pytest.fixture
async def database(database: Database) -> Database:
    """Return a database in which something lies sealed with the old key in every place, and one tombstone."""
    old = vault(OLD)
    inserts = [Insertion(person(number), old.seal(identity(number)), DAY, ()) for number in range(PEOPLE)]
    await insert_sealed(database, inserts)
    await erase_identity(database, person(PEOPLE), system_clock())
    named = NameDifference(person(7), "digest", old.seal_bytes("王大暑".encode()), "320507001", "a-stay", DAY, DAY)
    await raise_differences(database, [named])
    await keep_refused(database, "an-import", {3: old.seal_bytes(b"3"), 4: old.seal_bytes(b"4")})
    await keep_register(database, "an-import", old.seal_bytes(b"register"), "a.csv", system_clock())
    parked = Parked(database, system_clock)
    parked.seal_with(old.seal_bytes, old.open_bytes)
    await parked.park(Delivery("offices", b"report"), "malformed")
    return database


async def opened_with(database: Database, only: Vault) -> dict[str, int]:
    """Open everything with one vault, and count it."""
    counts: dict[str, int] = {}
    for place in PLACES:
        async for document in database[place.collection].find({place.field: {"$exists": True}}):
            assert only.open_bytes(document[place.field])
            assert document["sealed_with"] == only.sealing_key
            counts[place.collection] = counts.get(place.collection, 0) + 1
    return counts


async def test_everything_is_sealed_anew_and_opens_with_the_new_key_alone(database: Database) -> None:
    rotation = await rotate(database, vault(NEW, OLD), quiet)

    assert dict(rotation.sealed_anew) == EVERYWHERE
    assert rotation.left == {}
    assert await opened_with(database, vault(NEW)) == EVERYWHERE
    sealed = await find_sealed(database, [person(7), person(PEOPLE)])
    assert {name: vault(NEW).open(content) for name, content in sealed.items()} == {person(7): identity(7)}
    assert await find_erasures(database, [person(PEOPLE)])


async def test_people_are_found_before_a_rotation_and_after_it_by_the_new_key_alone(database: Database) -> None:
    async def find(only: Vault) -> set[str]:
        found = find_sought(database, only.digests(by_number("E00000007")))
        return {name async for batch in found for name in batch}

    before = await find(vault(NEW, OLD)), await find(vault(NEW))
    await rotate(database, vault(NEW, OLD), quiet)
    after = await find(vault(NEW)), await find(vault(OLD))

    assert before == after == ({person(7)}, set())


async def test_whom_an_earlier_version_sealed_is_found_once_the_index_is_filled(database: Database) -> None:
    keys = vault(NEW, OLD)
    await database["identities"].update_many({}, {"$unset": {"found_by": 1}})
    await replace_sealed(
        database,
        [
            Replacement(
                person(0), (await find_sealed(database, [person(0)]))[person(0)], vault(LOST).seal(identity(0)), DAY
            )
        ],
    )
    await database["identities"].update_one({"_id": person(0)}, {"$unset": {"found_by": 1}})

    filled = await fill_index(database, keys), await fill_index(database, keys)

    assert filled == (PEOPLE - 1, 0)
    found = [batch async for batch in find_sought(database, keys.digests(by_name("李小满")))]
    assert sum(map(len, found)) == PEOPLE - 1
    assert {name for batch in found for name in batch}.isdisjoint({person(0), person(PEOPLE)})


async def test_a_second_rotation_finds_nothing_to_do(database: Database) -> None:
    await rotate(database, vault(NEW, OLD), quiet)

    again = await rotate(database, vault(NEW, OLD), quiet)

    assert sum(again.sealed_anew.values()) == 0
    assert await find_stale(database, vault(NEW, OLD)) == {}


async def test_a_check_counts_by_key_and_changes_nothing(database: Database) -> None:
    old = vault(OLD).sealing_key
    await database["identities"].update_one({"_id": person(0)}, {"$unset": {"sealed_with": 1}})

    found = await find_stale(database, vault(NEW, OLD))

    assert found == {
        "identities": {"unknown": 1, old: PEOPLE - 1},
        "name_differences": {old: 1},
        "refused_rows": {old: 2},
        "parked": {old: 1},
        "import_files": {old: 1},
    }
    assert await find_stale(database, vault(NEW, OLD)) == found


async def test_what_an_earlier_version_sealed_without_a_mark_is_sealed_anew_too(database: Database) -> None:
    await database["identities"].update_many({}, {"$unset": {"sealed_with": 1}})

    await rotate(database, vault(NEW, OLD), quiet)

    assert await opened_with(database, vault(NEW)) == EVERYWHERE


async def test_a_rotation_that_was_killed_goes_on_with_what_is_left(database: Database) -> None:
    def die(*_: Any) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await rotate(database, vault(NEW, OLD), die)
    resumed = await rotate(database, vault(NEW, OLD), quiet)

    assert resumed.sealed_anew["identities"] == PEOPLE - 500
    assert await opened_with(database, vault(NEW)) == EVERYWHERE


async def test_what_a_service_wrote_after_it_was_read_is_never_overwritten(database: Database) -> None:
    both = vault(NEW, OLD)
    [place] = [place for place in PLACES if place.collection == "identities"]
    read = await read_stale(database, place, both.sealing_key, "")
    before = (await find_sealed(database, [person(0)]))[person(0)]
    newer = Replacement(person(0), before, vault(OLD, NEW).seal(identity(0, "王大暑")), DAY)
    assert await replace_sealed(database, [newer]) == []
    await erase_identity(database, person(1), system_clock())

    replaced = await replace_seals(database, place, [(name, content, both.reseal(content)) for name, content in read])
    await rotate(database, both, quiet)

    assert replaced == len(read) - 2
    found = await find_sealed(database, [person(0), person(1)])
    assert {name: vault(NEW).open(content).name for name, content in found.items()} == {person(0): "王大暑"}


async def test_a_service_that_still_seals_with_the_old_key_is_told(database: Database) -> None:
    """As if the second step, the new key first everywhere, had been left out at one process."""
    slow = vault(OLD, NEW)
    looks = 0

    async def write() -> None:
        await database["identities"].delete_one({"_id": "0"})
        await insert_sealed(database, [Insertion("0", slow.seal(identity(0)), DAY, ())])

    original = count_stale

    async def count_after_a_write(*arguments: Any) -> dict[str, int]:
        nonlocal looks
        looks += 1
        await write()
        return await original(*arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rotating, "count_stale", count_after_a_write)
        rotation = await rotate(database, vault(NEW, OLD), quiet)

    assert rotation.left == {"identities": {slow.sealing_key: 1}}
    assert looks == 3 * len(PLACES)


async def test_what_none_of_the_keys_opens_is_told_and_left_alone(database: Database) -> None:
    lost = vault(LOST).seal(identity(5))
    before = (await find_sealed(database, [person(5)]))[person(5)]
    await replace_sealed(database, [Replacement(person(5), before, lost, DAY)])

    rotation = await rotate(database, vault(NEW, OLD), quiet)

    assert rotation.unopened == {"identities": 1}
    assert rotation.left == {"identities": {lost.sealed_with: 1}}
    assert (await find_sealed(database, [person(5)]))[person(5)] == lost.content


async def test_the_beginning_of_what_is_too_large_to_park_is_sealed_too(database: Database) -> None:
    keeper = vault(OLD)
    parked = Parked(database, system_clock)
    parked.seal_with(keeper.seal_bytes, keeper.open_bytes)
    body = "李小满".encode() * 1_500_000

    await parked.park(Delivery("offices", body, headers={"who": "李小满"}), "malformed")

    document = await database[PARKED].find_one({"is_cut": True})
    assert document is not None
    assert "李小满".encode() not in document["body"]
    assert keeper.open_bytes(document["body"]) == b"{'who': '" + "李小满".encode() + b"'}\n" + body[:1024]
