"""What feeds keeps of a stay, and what it never keeps."""

from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from contracts.envelope import Event, Fact
from contracts.reference.identity import Sex
from contracts.registration.stays import STAY_FACTS, DestinationKind, Stay, StayEnded, StayStarted, StayState
from services.feeds.domain.entries import make_entries
from tests.support.facts import envelop, make_stay
from tests.support.models import any_of
from tests.support.samples import sample_of

PATIENT = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
KEPT = {"street", "state", "started_on", "ended_on", "sex", "purpose", "person_id", "stay_id"}
"""Fields of a stay that an entry keeps as they are."""
BLURRED = {"birth", "hukou_division"}
"""Fields of which an entry keeps the year and the province alone."""


def enter(stay: Stay) -> dict[str, Any]:
    (event,) = envelop([StayStarted(stay=stay)])
    return keep(event)


def keep(event: Event[Fact]) -> dict[str, Any]:
    (entry,) = make_entries(event)
    return entry.kept


def test_an_entry_says_where_when_and_what_kind_of_person() -> None:
    stay = make_stay(
        state=StayState.ENDED,
        ended_on=date(2026, 2, 1),
        birth=date(1988, 4, 17),
        sex=Sex.FEMALE,
        hukou_division="520526",
        purpose="labour",
    )

    (event,) = envelop([StayEnded(stay=stay)])

    assert keep(event)["data"] == {
        "street": "320507001",
        "state": "ended",
        "started_on": "2026-01-01",
        "ended_on": "2026-02-01",
        "birth_year": 1988,
        "sex": "female",
        "hukou_province": "52",
        "purpose": "labour",
    }


def test_what_is_not_known_is_none() -> None:
    nothing = {"ended_on", "birth_year", "hukou_province", "purpose"}

    assert {name for name, value in enter(make_stay())["data"].items() if value is None} == nothing


@pytest.mark.parametrize("kind", STAY_FACTS, ids=lambda kind: kind.__name__)
def test_an_entry_knows_its_fact_whose_it_is_and_its_place_in_the_stream(kind: type[Fact]) -> None:
    event = sample_of(kind)

    entry = keep(event)

    assert (entry["id"], entry["type"], entry["sequence"]) == (event.id, kind.TYPE, event.sequence)
    assert (entry["person_id"], f"stay/{entry['stay_id']}") == (event.personid, event.subject)


@PATIENT
@given(one=any_of(Stay), other=any_of(Stay))
def test_nothing_else_that_is_known_of_a_stay_makes_any_difference_to_its_entry(one: Stay, other: Stay) -> None:
    alike = other.model_copy(update={name: getattr(one, name) for name in KEPT | BLURRED})

    assert {**enter(alike), "id": ""} == {**enter(one), "id": ""}


def test_of_a_birthday_the_year_is_kept_and_of_the_household_the_province() -> None:
    one = make_stay(birth=date(1988, 1, 1), hukou_division="520526")
    other = make_stay(birth=date(1988, 12, 31), hukou_division="522301")

    assert enter(one) == enter(other)
    assert enter(one) != enter(make_stay(birth=date(1989, 1, 1), hukou_division="520526"))
    assert enter(one) != enter(make_stay(birth=date(1988, 1, 1), hukou_division="530526"))


def test_what_somebody_typed_or_decided_at_the_office_is_never_kept() -> None:
    left_out: dict[str, Any] = {
        "origin": "341204",
        "destination": "310110",
        "dwelling": "rented",
        "hazard": "noise",
        "community": "朱泾社区",
        "grid": "320507001003",
        "relationship": "daughter",
        "household_id": "d" * 32,
        "guardian_id": "e" * 32,
        "contested_by": "f" * 32,
        "destination_kind": DestinationKind.EXTERNAL,
    }

    text = str(enter(make_stay(**left_out)))

    assert not [value for value in left_out.values() if value in text]


def test_who_and_what_caused_a_fact_is_never_kept() -> None:
    event = sample_of(StayStarted)

    text = str(keep(event))

    assert event.causationid
    assert event.causationid not in text
    assert event.correlationid not in text
