"""A batch that archives hears: custody is settled and the summary worked out from one reading of its people."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from contracts.archives.archives import Archive, ArchiveFact, ArchiveState
from contracts.archives.custody import Custody, CustodyFact, CustodyOffered, Manifest, Offer, custody_stream
from contracts.registration.people import Person, PersonDied
from contracts.registration.stays import StayStarted
from deploy.local.stack import Stack
from services.archives import projector
from services.runtime.service import Service
from tests.support.facts import FIRST_DAY, FIRST_MOMENT, envelop, make_stay
from tests.support.instance import Instance, forget_instance

HOME, ORIGIN = "320507", "320812"
PERSON = "e" * 32
NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)


@pytest.fixture
async def service(stack: Stack) -> AsyncIterator[Service]:
    """Return archives of one district, prepared but not started: it hears nothing by itself."""
    instance = Instance(stack, "read-once", HOME, lambda: NOW)
    service: Service = instance.build("archives").state.service
    await service.journal.prepare()
    for step in service._prepare:
        await step(service.database)
    yield service
    service.client.close()
    await forget_instance(stack, instance.name)


async def hear_own(service: Service) -> None:
    """Let the service hear everything that it recorded of the person."""
    recorded: list[Any] = await service.journal.load_history_of([PERSON])
    await projector.hear(service, recorded)


async def test_settling_and_summaries_share_one_reading(service: Service) -> None:
    stay = make_stay(PERSON, f"{HOME}001", 4, recorded=4)
    await projector.hear(service, envelop([StayStarted(stay=stay)]))
    await hear_own(service)
    archive = Archive(person_id=PERSON, district=ORIGIN, street=f"{ORIGIN}001", opened_at=FIRST_MOMENT)
    manifest = Manifest(count=0, sha256="", lines=())
    offer = Offer(turn=1, to=HOME, stay_id=stay.stay_id, offered_at=NOW, manifest=manifest, archive=archive)
    custody = Custody(person_id=PERSON, district=ORIGIN, street=f"{ORIGIN}001", turn=1, offer=offer)

    await service.database.command({"profile": 2})
    await projector.hear(service, envelop([CustodyOffered(custody=custody)], "archives"))
    await service.database.command({"profile": 0})

    reading = {"command.aggregate": "people", "ns": f"{service.database.name}.people"}
    assert await service.database["system.profile"].count_documents(reading) == 1
    answered = await service.journal.load(custody_stream(PERSON, HOME), CustodyFact)
    assert answered
    assert [receipt.accepted for receipt in answered.data.custody.receipts] == [True]
    row = await service.database["archives"].find_one({"_id": f"{PERSON}@{HOME}"})
    assert row
    assert row["chart"]["held"]


async def test_what_settling_recorded_reaches_the_summary_once_it_is_heard(service: Service) -> None:
    await projector.hear(service, envelop([StayStarted(stay=make_stay(PERSON, f"{HOME}001", 4, recorded=4))]))
    await hear_own(service)
    death = PersonDied(person=Person(person_id=PERSON, district=HOME, died_on=FIRST_DAY))

    await projector.hear(service, envelop([death]))
    archive = await service.journal.load(f"archive/{PERSON}@{HOME}", ArchiveFact)
    before = await service.database["archives"].find_one({"_id": f"{PERSON}@{HOME}"})
    await hear_own(service)
    after = await service.database["archives"].find_one({"_id": f"{PERSON}@{HOME}"})

    assert archive
    assert archive.data.archive.state is ArchiveState.CLOSED
    assert before
    assert after
    assert (before["state"], after["state"]) == ("open", "closed")
    assert after["chart"]["sequence"] > before["chart"]["sequence"]
