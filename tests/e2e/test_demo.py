"""The story of the demo: people invented alike everywhere, taken in, seen in five services, and not doubled."""

import asyncio
from collections import Counter
from datetime import date

from contracts.reference.divisions import Divisions
from contracts.reference.identity import DocumentType, number_problem
from deploy.demo.client import open_client
from deploy.demo.loading import TARGETS, load
from deploy.demo.people import DISTRICTS, invent_people
from deploy.local.stack import Stack

AS_OF = date(2026, 11, 20)
FEW = 300
LISTED = {"/care-cases": "cases", "/exposures": "exposures", "/counselling-rooms": "rooms"}


def test_the_same_people_are_invented_every_time_and_nobody_shares_a_number() -> None:
    people = invent_people(2000, AS_OF, Divisions.load())

    assert people == invent_people(2000, AS_OF, Divisions.load())
    assert len({person.document_number for person in people}) == 2000


def test_every_number_is_valid_and_nobodys() -> None:
    for person in invent_people(12_000, AS_OF, Divisions.load()):
        assert number_problem(DocumentType.ID_CARD, person.document_number) is None
        assert person.document_number.startswith("00")


def test_there_are_all_ages_and_both_districts() -> None:
    people = invent_people(2000, AS_OF, Divisions.load())

    ages = [person.age(AS_OF) for person in people]
    assert min(ages) == 0
    assert sum(6 <= age <= 14 for age in ages) > 100
    assert sum(age >= 65 for age in ages) > 50
    assert {person.district for person in people} == set(DISTRICTS)


def test_the_demo_is_seen_everywhere_and_loading_it_twice_adds_nobody(deployment: Stack) -> None:
    once = load(deployment, people=FEW)

    assert 0.8 * FEW < sum(found.reported for found in once.values()) < FEW
    for found in once.values():
        assert found.agree
        assert found.audiences["children"] > 0
    assert sum(found.position for found in once.values()) > FEW

    cared = asyncio.run(count_cared(deployment))
    assert cared["/trainings"] == 2 * len(DISTRICTS)
    assert all(cared.values())

    surveyed = asyncio.run(count_answers(deployment))
    assert len(surveyed) == 2 * len(DISTRICTS)
    assert all(surveyed)

    stood = asyncio.run(count_standings(deployment))
    assert min(stood.values()) > 0
    assert stood.keys() > {"achieved", "unmeasured"}

    assert load(deployment, people=FEW, again=True) == once
    assert load(deployment, people=FEW) == once
    assert asyncio.run(count_cared(deployment)) == cared
    assert asyncio.run(count_answers(deployment)) == surveyed


async def count_cared(deployment: Stack) -> dict[str, int]:
    """Return how many trainings, cases of care, exposures and counselling rooms the districts of the demo have."""
    counted: Counter[str] = Counter()
    period = {"since": "2020-01-01", "until": "2099-12-31"}
    async with open_client(deployment) as client:
        for district in DISTRICTS:
            trainings = await client.get("outreach", "/trainings", "district", district, division=district, **period)
            counted["/trainings"] += len(trainings)
            for path, name in LISTED.items():
                page = await client.get("outreach", path, "district", district, division=district)
                counted[path] += len(page[name])
    return dict(counted)


async def count_standings(deployment: Stack) -> dict[str, int]:
    """Return how many targets of the demo stand how."""
    counted: Counter[str] = Counter()
    async with open_client(deployment) as client:
        for district in DISTRICTS:
            page = await client.get("reporting", "/targets", "district", district, division=district, limit=500)
            assert len(page["targets"]) == TARGETS.read_text(encoding="utf-8").count("\n") - 1
            found = await client.get("reporting", "/targets/standings", "district", district, division=district)
            counted.update(one["standing"] for one in found["standings"])
    return dict(counted)


async def count_answers(deployment: Stack) -> list[int]:
    """Return how many people answered each survey of the demo."""
    period = {"since": "2020-01-01", "until": "2099-12-31"}
    answered: list[int] = []
    async with open_client(deployment) as client:
        for district in DISTRICTS:
            for survey in await client.get("outreach", "/surveys", "district", district, division=district, **period):
                found = await client.get("outreach", f"/surveys/{survey['survey_id']}/results", "district", district)
                answered.append(found["persons"])
    return answered
