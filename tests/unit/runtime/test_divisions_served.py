"""Which divisions an instance writes for and hears of, and what it looks under, when districts have changed."""

from datetime import UTC, datetime

import pytest

from contracts.envelope import Fact
from contracts.reference.divisions import Area
from services.registration.amqp import routing_keys
from services.runtime.service import Service
from services.runtime.settings import Settings

NOW = datetime(2026, 11, 22, tzinfo=UTC)
BEFORE = datetime(2016, 7, 6, 15, 59, tzinfo=UTC)  # the minute before midnight in Shanghai
MERGED = datetime(2016, 7, 6, 16, 0, tzinfo=UTC)


def make_service(districts: str = "", now: datetime = NOW) -> Service:
    settings = Settings(mongodb_url="mongodb://nowhere", rabbitmq_url="amqp://nowhere", districts=districts)
    return Service("reporting", settings, lambda: now)


@pytest.mark.parametrize(
    ("districts", "division", "served"),
    [
        ("", "320507001", True),
        ("", "110101001", True),
        ("320507", "320507001", True),
        ("320507", "320507", True),
        ("320507", "320812001", False),
        ("320507,320812", "320812001", True),
        ("320812", "320811001", True),
        ("320812", "320811999", True),
        ("320812", "320802", True),
        ("320507", "320811001", False),
        ("320811", "320811001", False),
    ],
)
async def test_an_instance_writes_for_what_stands_in_its_districts(districts: str, division: str, served: bool) -> None:
    assert make_service(districts).serves(division) is served


async def test_a_district_goes_over_at_midnight_in_shanghai() -> None:
    assert make_service("320811", BEFORE).serves("320811001")
    assert not make_service("320812", BEFORE).serves("320811001")
    assert not make_service("320811", MERGED).serves("320811001")
    assert make_service("320812", MERGED).serves("320811001")


async def test_what_is_kept_under_old_codes_is_found_from_the_day_on() -> None:
    assert make_service().areas("320812") == (Area("320812"), Area("320802"), Area("320811"))
    assert make_service(now=BEFORE).areas("320812") == (Area("320812"),)


async def test_an_instance_hears_of_the_districts_that_went_over_to_its_own() -> None:
    service = make_service("320507,320812")
    service.hear(lambda _: NotImplemented, {Fact: ()})

    [(queue, exchange, bound)] = service.listener._bindings
    assert (queue, exchange) == ("reporting.320507-320812", "events")
    assert {key.rpartition(".")[2] for key in bound} - {"*"} == {"320507", "320802", "320811", "320812"}


async def test_the_gate_knows_what_went_over() -> None:
    service = make_service()

    assert service.gate._within("320812", "320811001")
    assert not service.gate._within("320812", "320507001")


async def test_reports_of_old_streets_are_heard_by_whom_they_went_over_to() -> None:
    divisions = make_service().divisions

    heard = routing_keys(divisions, ["320812"])

    assert "320812001.arrival" in heard
    assert "320811001.arrival" in heard
    assert "320802001.departure" in heard
    assert len(heard) == len(set(heard))
    assert len({key.partition(".")[0] for key in heard}) == 17 * 3
    assert len({key.partition(".")[0] for key in routing_keys(divisions, ["320507"])}) == 13
    assert {key.partition(".")[0] for key in routing_keys(divisions, [])} == {"*"}
