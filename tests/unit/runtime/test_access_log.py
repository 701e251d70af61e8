"""The access log's chain: what was altered, taken out, put in or reordered is found at the entry where it begins."""

import hmac
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest

from services.runtime.access_log.log import Access, Entry, chain, find_fault
from services.runtime.access_log.log import _document as document_of

KEY, OTHER_KEY = b"k" * 32, b"o" * 32
NOON = datetime(2026, 3, 1, 4, 0, 0, 123456, tzinfo=UTC)


def entries(count: int, key: bytes = KEY, reason: str = "核实") -> list[Entry]:
    made: list[Entry] = []
    for number in range(count):
        access = Access(
            by="clerk",
            role="clerk",
            division="320507001",
            action="identity_read",
            reason=f"{reason} {number}",
            person_id=f"{number:032x}",
            street="320812002",
        )
        made.append(chain(access, made[-1] if made else None, NOON + timedelta(seconds=number), key))
    return made


def first_fault(documents: list[dict[str, Any]], *keys: bytes) -> tuple[int, str] | None:
    last = None
    for place, document in enumerate(documents, start=1):
        fault = find_fault(document, last, keys or [KEY])
        if fault is not None:
            return place, fault.split(":")[0]
        last = Entry.model_validate({**document, "position": document["_id"]})
    return None


def documents(count: int, **changes: Any) -> list[dict[str, Any]]:
    return [document_of(entry) for entry in entries(count, **changes)]


def test_a_chain_as_it_was_made_has_no_fault() -> None:
    made = entries(5)

    assert first_fault([document_of(entry) for entry in made]) is None
    assert [entry.position for entry in made] == [1, 2, 3, 4, 5]
    assert made[0].previous == "0" * 64
    assert made[0].at == NOON.replace(microsecond=123000)
    assert [entry.previous for entry in made[1:]] == [entry.hash for entry in made[:-1]]


def test_another_program_can_verify_a_log_from_this_description() -> None:
    content = (
        '{"action":"identity_read","at":"2026-03-01T04:00:00.123+00:00","by":"clerk","division":"320507001",'
        f'"person_id":"{"0" * 32}","position":1,"previous":"{"0" * 64}","reason":"核实 0","role":"clerk",'
        '"street":"320812002"}'
    )

    [entry] = entries(1)

    assert entry.hash == sha256(content.encode()).hexdigest()
    assert entry.seal == hmac.digest(KEY, entry.hash.encode(), "sha256").hex()


def test_people_stand_in_an_entry_that_has_any_and_in_no_other() -> None:
    one = Access(by="clerk", role="clerk", division="320507001", action="names_read", reason="核实")

    alone, several = (chain(access, None, NOON, KEY) for access in (one, one.model_copy(update={"people": ("a", "b")})))

    assert "people" not in document_of(alone)
    assert document_of(several)["people"] == ["a", "b"]
    assert find_fault(document_of(several), None, [KEY]) is None
    assert find_fault({**document_of(several), "people": ["a"]}, None, [KEY]) is not None
    assert find_fault({**document_of(alone), "people": []}, None, [KEY]) is not None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("at", NOON + timedelta(hours=1)),
        ("by", "somebody else"),
        ("role", "district"),
        ("division", "320507002"),
        ("action", "access_log_read"),
        ("reason", "curious"),
        ("person_id", "f" * 32),
        ("person_id", None),
        ("street", "320507009"),
        ("previous", "1" * 64),
        ("hash", "1" * 64),
        ("seal", "1" * 64),
        ("seen_from", ["32"]),
        ("unheard_of", 1),
        ("_id", 7),
        ("_id", "3"),
    ],
)
def test_a_change_of_any_field_is_found_where_it_is(field: str, value: object) -> None:
    changed = documents(5)
    changed[2][field] = value

    found = first_fault(changed)

    assert found is not None
    assert found[0] == 3


@pytest.mark.parametrize("field", sorted(documents(1)[0]))
def test_a_field_taken_away_is_found(field: str) -> None:
    changed = documents(3)
    del changed[1][field]

    found = first_fault(changed)

    assert found is not None
    assert found[0] == 2


def test_an_entry_taken_out_of_the_middle_or_the_beginning_is_found() -> None:
    whole = documents(5)

    assert first_fault(whole[:2] + whole[3:]) == (3, "missing")
    assert first_fault(whole[1:]) == (1, "missing")


def test_entries_in_another_order_are_found_even_if_they_are_renumbered() -> None:
    swapped = documents(4)
    swapped[1], swapped[2] = {**swapped[2], "_id": 2}, {**swapped[1], "_id": 3}

    assert first_fault(swapped) == (2, "altered")


def test_who_rewrites_the_whole_chain_without_the_key_is_found_at_once() -> None:
    assert first_fault(documents(5, key=OTHER_KEY, reason="invented")) == (1, "forged")


def test_who_writes_on_from_the_middle_without_the_key_is_found_there() -> None:
    honest = entries(3)
    forged = chain(Access.model_validate(honest[0].model_dump()), honest[-1], NOON, OTHER_KEY)

    assert first_fault([document_of(entry) for entry in (*honest, forged)]) == (4, "forged")


def test_entries_sealed_with_an_older_key_still_hold() -> None:
    old = entries(2, key=OTHER_KEY)
    new = chain(Access.model_validate(old[0].model_dump()), old[-1], NOON, KEY)
    both = [document_of(entry) for entry in (*old, new)]

    assert first_fault(both, KEY, OTHER_KEY) is None
    assert first_fault(both, KEY) == (1, "forged")


def test_time_never_runs_backwards_in_the_log() -> None:
    [first] = entries(1)

    late = chain(Access.model_validate(first.model_dump()), first, NOON - timedelta(minutes=1), KEY)

    assert late.at == first.at


def test_an_entry_can_be_read_from_the_readers_divisions_and_the_persons() -> None:
    [document] = documents(1)

    assert document["seen_from"] == ["32", "3205", "320507", "320507001", "3208", "320812", "320812002"]
