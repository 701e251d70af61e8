"""Who may be one person, on a real MongoDB: candidates by likeness alone, in any order, until merged or dismissed."""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, date, datetime
from itertools import permutations
from typing import Any

import pytest

from contracts.reference.divisions import Area, Divisions
from contracts.registration.stays import Stay, StayState
from services.registration.domain.arrivals import Arrival
from services.registration.intake.checks import check_arrival
from services.registration.intake.reports import ArrivalReport
from services.registration.vault import SealedIdentity, Vault, VaultSettings
from services.registration.views import duplicates
from services.registration.views.duplicates import FindSurvivors, add_likenesses, likenesses_of, list_pairs, raise_pairs
from services.registration.views.rows import stay_row
from services.registration.views.sealed import IDENTITIES, Insertion, insert_sealed
from services.runtime.mongo import Database, write_rows
from tests.support.facts import STREETS, make_stay
from tests.support.offices import make_arrival

NOW = datetime(2026, 11, 20, 4, tzinfo=UTC)
HERE, THERE = STREETS[0], STREETS[2]
Named = tuple[str, Arrival]


@pytest.fixture
def vault() -> Vault:
    """Return a vault with keys of its own."""
    return Vault(VaultSettings(person_key="00" * 32, sealing_keys="A" * 43 + "=", access_log_keys="00" * 32))


def arrival(order: int, name: str = "王芳", **changes: Any) -> Arrival:
    """Make the arrival of somebody; whoever has the same name is alike, whatever the number."""
    report = ArrivalReport(**make_arrival(order, name=name))
    checked = check_arrival(report, street=HERE, today=date(2026, 11, 20), divisions=Divisions.load())
    assert isinstance(checked, Arrival)
    changed: dict[str, Any] = {
        "birth": date(1990, 1, 1),
        "sex": checked.sex.FEMALE,
        "hukou_division": "310110",
    } | changes
    return checked._replace(**changed)


def named(vault: Vault, *arrivals: Arrival) -> list[Named]:
    return [(vault.person_id_of(*one.document), one) for one in arrivals]


async def keep(database: Database, vault: Vault, people: Sequence[Named], street: str = HERE) -> None:
    """Keep identities and stays of people who arrived in one batch."""
    likenesses = likenesses_of(vault, people)
    sealed = SealedIdentity(b"sealed", "a key", ())
    inserts = [Insertion(person, sealed, date(2026, 3, 1), likenesses[person]) for person in dict(people)]
    raced = await insert_sealed(database, inserts)
    await add_likenesses(database, {person: likenesses[person] for person in raced})
    await raise_pairs(database, likenesses)
    await write_rows(database, [stay_row(make_stay(person, street), 1) for person, _ in people])


async def nobody_merged(_: Collection[str]) -> Mapping[str, str]:
    return {}


async def pairs_in(
    database: Database, division: str, find_survivors: FindSurvivors = nobody_merged
) -> list[tuple[str, str]]:
    found, _ = await list_pairs(database, (Area(division),), "", 100, find_survivors)
    return [pair.people for pair in found]


def pair_of(*people: Named) -> tuple[str, ...]:
    return tuple(sorted(person for person, _ in people))


async def test_two_documents_of_one_likeness_are_a_pair_in_any_order(database: Database, vault: Vault) -> None:
    people = named(vault, arrival(1), arrival(2), arrival(3, "李强"), arrival(4, birth=date(1990, 1, 2)))
    found = []
    for order in permutations(people):
        await database.client.drop_database(database.name)
        await duplicates.prepare(database)
        for person in order:
            await keep(database, vault, [person])
        found.append(await pairs_in(database, "320507"))

    assert found == [[pair_of(people[0], people[1])]] * 24


async def test_one_batch_finds_its_own_pairs_and_those_with_who_was_there(database: Database, vault: Vault) -> None:
    people = named(vault, *(arrival(order) for order in range(1, 4)))
    await keep(database, vault, people[:1])

    await keep(database, vault, people[1:])
    await keep(database, vault, people)

    assert len(await pairs_in(database, HERE)) == 3
    assert await duplicates.find_candidates(database, [people[0][0]]) == {
        people[0][0]: sorted(person for person, _ in people[1:])
    }


async def test_everything_that_was_ever_reported_of_a_person_counts(database: Database, vault: Vault) -> None:
    maiden, married = named(vault, arrival(1, "王芳"), arrival(1, "李芳"))
    other = named(vault, arrival(2, "王芳"))[0]

    await keep(database, vault, [maiden])
    await keep(database, vault, [married])
    await keep(database, vault, [other])

    assert await pairs_in(database, HERE) == [pair_of(maiden, other)]


async def test_what_agrees_is_told_and_what_nobody_knows_does_not_agree(database: Database, vault: Vault) -> None:
    await keep(database, vault, named(vault, arrival(1), arrival(2)))
    unknown = {"hukou_division": None, "sex": arrival(1).sex.UNKNOWN}
    await keep(database, vault, named(vault, arrival(3, "李强", **unknown), arrival(4, "李强", **unknown)), THERE)

    [here], [there] = [
        (await list_pairs(database, (Area(street),), "", 10, nobody_merged))[0] for street in (HERE, THERE)
    ]

    assert here.agrees == ("name", "birth", "sex", "hukou")
    assert there.agrees == ("name", "birth")
    assert here.streets == {person: [HERE] for person in here.people}


async def test_a_pair_is_listed_wherever_one_of_the_two_stays(database: Database, vault: Vault) -> None:
    one, other, third = named(vault, arrival(1), arrival(2), arrival(3))
    await keep(database, vault, [one], HERE)
    await keep(database, vault, [other], THERE)
    retracted: Stay = make_stay(third[0], STREETS[1], state=StayState.RETRACTED)
    await write_rows(database, [stay_row(retracted, 1)])

    assert await pairs_in(database, HERE) == await pairs_in(database, THERE[:6]) == [pair_of(one, other)]
    assert await pairs_in(database, STREETS[1]) == []


async def test_a_dismissed_pair_is_not_raised_again(database: Database, vault: Vault) -> None:
    one, other = people = named(vault, arrival(1), arrival(2))
    await keep(database, vault, people)
    pair = await duplicates.find_pair(database, other[0], one[0])
    assert pair is not None

    await duplicates.dismiss(database, pair, "clerk", "两人同时在场", NOW)
    await duplicates.dismiss(database, pair, "another", "again", NOW)
    await keep(database, vault, people)

    assert await pairs_in(database, HERE) == []
    assert await duplicates.find_candidates(database, [one[0], other[0]]) == {}
    kept = await database[duplicates.DUPLICATES].find_one({})
    assert kept is not None
    assert (kept["by"], kept["reason"], kept["at"]) == ("clerk", "两人同时在场", NOW)


async def test_who_was_merged_is_no_candidate_and_is_one_again_when_unmerged(database: Database, vault: Vault) -> None:
    one, other, third = named(vault, arrival(1), arrival(2), arrival(3))
    await keep(database, vault, [one, other, third])

    async def merged(people: Collection[str]) -> Mapping[str, str]:
        return {other[0]: one[0]} if other[0] in people else {}

    assert pair_of(one, other) not in await pairs_in(database, HERE, find_survivors=merged)
    assert len(await pairs_in(database, HERE, find_survivors=merged)) == 2
    assert pair_of(one, other) in await pairs_in(database, HERE)


async def test_pages_give_every_pair_once(database: Database, vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duplicates, "BATCH_SIZE", 7)
    await keep(database, vault, named(vault, *(arrival(order) for order in range(1, 9))))
    seen, cursor = [], ""
    while True:
        found, following = await list_pairs(database, (Area(HERE),), cursor, 5, nobody_merged)
        seen += [pair.people for pair in found]
        if following is None:
            break
        cursor = following

    assert len(seen) == len(set(seen)) == 28
    assert seen == sorted(seen)


async def test_a_likeness_that_too_many_share_tells_nothing(database: Database, vault: Vault) -> None:
    people = named(vault, *(arrival(order) for order in range(1, duplicates.MOST_ALIKE + 2)))
    await keep(database, vault, people[:-1])
    assert len(await pairs_in(database, HERE)) == 100

    await keep(database, vault, people[-1:])

    assert await pairs_in(database, HERE) == []


async def test_who_is_erased_is_in_no_pair_and_stays_erased(database: Database, vault: Vault) -> None:
    one, other = people = named(vault, arrival(1), arrival(2))
    await keep(database, vault, people)

    await database[IDENTITIES].update_one({"_id": one[0]}, {"$unset": {"sealed": "", "likenesses": ""}})
    await duplicates.forget(database, one[0])
    await keep(database, vault, people)

    assert await pairs_in(database, HERE) == []
    assert await duplicates.find_candidates(database, [other[0]]) == {}


async def test_looking_for_the_alike_goes_by_an_index(database: Database, vault: Vault) -> None:
    await duplicates.prepare(database)
    await keep(database, vault, named(vault, arrival(1), arrival(2)))

    plan = await database[IDENTITIES].find({"likenesses": {"$in": ["0" * 32]}}).explain()

    assert "IXSCAN" in str(plan["queryPlanner"]["winningPlan"])
