"""The table at the head of each service: it says and hears the facts that are named there, and no other."""

from collections.abc import Mapping
from importlib import import_module

import pytest

from contracts.envelope import Fact
from contracts.facts import ALL_FACTS, HEARD_BY
from tests.support.ledger import EVERYWHERE

NAMES = {fact.__name__: fact for fact in ALL_FACTS}
WORDS = {"I say": {"yes", "no"}, "I hear": {"of every district", "of districts served", "no"}}


def read_table(service: str) -> Mapping[str, Mapping[str, str]]:
    """Return the table of a service's docstring: what it says of each fact, by column."""
    lines = (import_module(f"services.{service}").__doc__ or "").splitlines()
    (_, *columns), _, *rows = (
        [cell.strip() for cell in line.strip("|").split("|")] for line in lines if line[:1] == "|"
    )
    named = [(name, dict(zip(columns, cells, strict=True))) for facts, *cells in rows for name in facts.split(", ")]
    assert len(dict(named)) == len(named), "each fact stands in the table once"
    return dict(named)


def named(service: str, column: str, *words: str) -> set[type[Fact]]:
    """Return the facts of which a service's table says one of some words in a column."""
    return {NAMES[name] for name, said in read_table(service).items() if said[column] in words}


@pytest.mark.parametrize("service", HEARD_BY)
def test_a_service_names_its_facts_in_words_that_all_services_use(service: str) -> None:
    table = read_table(service)

    assert table.keys() <= NAMES.keys()
    assert [row.keys() for row in table.values()] == [WORDS.keys()] * len(table)
    assert not [(name, row) for name, row in table.items() for column in WORDS if row[column] not in WORDS[column]]


@pytest.mark.parametrize("service", HEARD_BY)
def test_a_service_says_what_it_says_it_says(service: str) -> None:
    assert named(service, "I say", "yes") == {fact for fact in ALL_FACTS if fact.TYPE.startswith(f"{service}.")}


@pytest.mark.parametrize("service", HEARD_BY)
def test_a_service_hears_what_it_says_it_hears(service: str) -> None:
    assert named(service, "I hear", "of every district", "of districts served") == set(HEARD_BY[service])


@pytest.mark.parametrize("service", HEARD_BY)
def test_a_service_hears_of_every_district_what_it_says_it_hears_of_every_district(service: str) -> None:
    assert named(service, "I hear", "of every district") == set(EVERYWHERE.get(service, ()))


@pytest.mark.parametrize("service", HEARD_BY)
def test_a_service_names_nothing_that_it_neither_says_nor_hears(service: str) -> None:
    assert not [name for name, row in read_table(service).items() if set(row.values()) == {"no"}]
