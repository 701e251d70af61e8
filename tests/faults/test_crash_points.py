"""A service killed at an exact point of its work loses nothing and does nothing twice."""

import pytest

from tests.faults.crashing import POINTS
from tests.faults.deployment import Deployment
from tests.faults.form import in_form
from tests.faults.load import under_load

RELAYING = ["read, not published", "published, not confirmed to all", "published, not marked", "marked"]
HEARING = ["taken, not written", "written, not acknowledged", "acknowledged"]
DECIDING = ["decided, not recorded", "recorded, not answered"]
SETTLING = ["written, not settled", "settled, not acknowledged"]
SETTLING_PEOPLE = ["written, people not settled", "people settled, not acknowledged"]
ANSWERING = ["recorded, office not answered", "office answered, not acknowledged"]
ALL = {
    "registration": [*RELAYING, *HEARING, *DECIDING, *SETTLING_PEOPLE, *ANSWERING],
    "archives": [*HEARING, *DECIDING, *SETTLING, "published, not marked"],
    "outreach": HEARING,
    "reporting": HEARING,
    "feeds": [*HEARING, "appended, not acknowledged"],
}
SOME = {
    "registration": [RELAYING[0], RELAYING[2], *HEARING[1:], DECIDING[1], SETTLING_PEOPLE[0], ANSWERING[0]],
    "archives": [*HEARING[1:], DECIDING[1], SETTLING[0]],
    "outreach": HEARING[1:],
    "reporting": HEARING[1:],
    "feeds": [*HEARING[1:], "appended, not acknowledged"],
}
CRASHES = in_form(short=SOME, long=ALL)
CALLS = in_form(short=[2], long=[1, 2, 5, 20])
"""At which call of the point the service crashes: under load, later ones meet fuller batches."""


@pytest.mark.parametrize("service", CRASHES)
async def test_a_service_that_crashes_at_any_point_goes_on_where_it_was(houniao: Deployment, service: str) -> None:
    for call in CALLS:
        async with under_load(houniao) as load:
            for point in CRASHES[service]:
                houniao.kill(service)
                houniao.start(service, point, str(call))
                await houniao.crashes(service)
            houniao.start(service)

        await load.must_be_whole()


def test_every_point_is_crashed_at_here_but_for_those_of_imports_files_queues_and_of_sealing_anew() -> None:
    crashed_at = {point for points in ALL.values() for point in points}

    importing = {"import claimed", "batch recorded, progress not saved", "progress saved"}
    filing = {"noted, not stored", "stored, not recorded", "named, not settled"}
    assert set(POINTS) - crashed_at == {*importing, *filing, "confirmed, not kept", "batch sealed anew"}
