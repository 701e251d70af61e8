"""Who counts otherwise: from what was known at a moment and what is known now, and by which facts."""

from datetime import date
from typing import Any

from services.reporting.domain.days import number_of
from services.reporting.domain.person import STREAMS, Contribution, as_known
from services.reporting.domain.restating import (
    Counts,
    Difference,
    HeardFact,
    changed,
    heard_since,
    measures_of,
    tell_differences,
)
from services.reporting.domain.things import THINGS
from services.reporting.views.rows import ABOUT_PEOPLE, PEOPLE
from tests.support.ledger import ROWS
from tests.support.reports import composed

STREET = "320507001"
DAYS = date(2026, 2, 28), date(2026, 3, 31)


def row(*heard: str) -> dict[str, Any]:
    """Return a row whose versions were heard at moments, in the order of their sequences."""
    versions = [
        {"sequence": order, "heard_at": moment, "said_at": "2026-01-01", "left": order}
        for order, moment in enumerate(heard, start=1)
    ]
    earlier = {str(version["sequence"]): version for version in versions[:-1]}
    return {"_id": "s1", **versions[-1], **({"earlier": earlier} if earlier else {})}


def counts(measure: str, since: date, until: date | None = None, told: str = "fm") -> Contribution:
    return Contribution(measure, STREET, told, number_of(since), 2**30 if until is None else number_of(until))


def test_a_row_is_known_by_the_newest_version_that_was_heard() -> None:
    known = row("2026-04-01", "2026-04-03", "2026-04-05")

    assert as_known(known, "2026-03-31") is None
    assert as_known(known, "2026-04-04") == (
        {"_id": "s1", "sequence": 2, "heard_at": "2026-04-03", "said_at": "2026-01-01", "left": 2}
        | {"earlier": {"1": {"sequence": 1, "heard_at": "2026-04-01", "said_at": "2026-01-01", "left": 1}}}
    )
    assert as_known(known, "2026-04-05") == known


def test_an_older_version_that_was_heard_late_was_not_known() -> None:
    known = as_known(row("2026-04-09", "2026-04-01"), "2026-04-02")

    assert known is not None
    assert known["sequence"] == 2
    assert "earlier" not in known


def test_the_streams_of_all_that_is_counted_are_known() -> None:
    kept = {collection: stream for stream, collection in ROWS["reporting"].items()}

    assert {collection: kept[collection] for collection in (PEOPLE, *ABOUT_PEOPLE, *THINGS)} == {**STREAMS}


def test_the_facts_that_were_heard_since_are_named_by_stream_and_sequence() -> None:
    facts = list(heard_since("stays", [row("2026-04-01", "2026-04-05")], "2026-04-01"))

    assert facts == [HeardFact(stream="stay/s1", sequence=2, said_at="2026-01-01", heard_at="2026-04-05")]


def test_what_somebody_counts_in_otherwise_is_told_as_it_stands_and_as_it_grew() -> None:
    before = [counts("resident", date(2026, 3, 2)), counts("flow.in", date(2026, 3, 2))]
    after = [counts("resident", date(2026, 2, 1)), counts("flow.in", date(2026, 2, 1))]

    found = changed(before, after, {"resident", "flow.in+"}, DAYS)

    assert found == {Counts("flow.in+", STREET, "f"): (1, 0)}


def test_who_is_registered_otherwise_counts_in_another_group() -> None:
    before, after = [counts("resident", date(2026, 3, 2))], [counts("resident", date(2026, 3, 2), told="rm")]

    found = changed(before, after, {"resident"}, DAYS)

    assert found == {Counts("resident", STREET, "f"): (1, 0), Counts("resident", STREET, "r"): (0, 1)}


def test_an_interval_that_ended_before_the_last_day_is_over() -> None:
    before, after = [counts("resident", date(2026, 3, 2))], [counts("resident", date(2026, 3, 2), date(2026, 3, 31))]

    assert changed(before, after, {"resident"}, DAYS) == {Counts("resident", STREET, "f"): (1, 0)}
    assert changed(before, [counts("resident", date(2026, 3, 2), date(2026, 4, 1))], {"resident"}, DAYS) == {}


def test_measures_that_grow_in_the_period_are_told_from_those_that_stand_at_its_end() -> None:
    assert {"resident", "flow.in+", "flow.deaths+", "resident.archived"} <= measures_of(composed())


def test_differences_are_complete_if_they_make_up_for_every_number_of_the_whole() -> None:
    table = composed().tables[0]
    before = composed().model_copy(update={"tables": (table,)})
    more = [
        line.model_copy(update={"cells": (int(str(line.cells[0])) + 1, *line.cells[1:])})
        if line.division in {STREET, "320507"}
        else line
        for line in table.lines
    ]
    after = before.model_copy(update={"tables": (table.model_copy(update={"lines": tuple(more)}),)})
    about = {"measure": "resident", "division": STREET, "registration": "f", "before": 0, "after": 1, "facts": ()}
    somebody = Difference(subject="7" * 32, **about)

    assert tell_differences(before, after, [somebody]).complete
    assert not tell_differences(before, after, []).complete
    assert [one.division for one in tell_differences(before, after, []).numbers] == [STREET, "320507"]
